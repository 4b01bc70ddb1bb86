"""HTML bodies as text: readable, and nothing is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.emit.bodies import html_to_text

TO_TEXT = html_to_text()
TAGS = [
    "p",
    "div",
    "span",
    "b",
    "blockquote",
    "li",
    "ul",
    "td",
    "tr",
    "table",
    "a",
    "o:p",
]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello &amp; welcome</p><p>Bye</p>", "Hello & welcome\n\nBye\n"),
        ("a<br>b", "a\nb"),
        ("fi<span>r</span>st", "first"),
        ("<div><div><div>a</div></div></div>", "a"),
        ('<a href="https://x.example/1">order</a>', "[order](https://x.example/1)"),
        ('<a href="https://x.example"><img alt="Logo"></a>', "[[Logo]](https://x.example)"),
        ('<?xml version="1.0" encoding="latin-1"?><p>é</p>', "é\n"),
        ('<meta charset="latin-1"><p>é\U0001f600</p>', "é\U0001f600\n"),
        ("<style>p {}</style><!-- c --><img src=x>", ""),
        ("<!-- only -->", ""),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a  b\n"),
    ],
)  # fmt: skip
def test_html_becomes_the_text_that_a_reader_sees(html, text):
    assert TO_TEXT(html) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", ""),
        ("one\n\ntwo  three\n", "one\n\ntwo  three\n"),
        ("Ann <ann@example.org>\nwrote: 1 < 2", "Ann <ann@example.org>\nwrote: 1 < 2"),
        ("Tom &amp; Jerry\n&#39;s", "Tom & Jerry\n's"),
        ("https://x.example/?a=1&copy=2", "https://x.example/?a=1&copy=2"),
    ],
)
def test_text_in_the_place_of_html_keeps_its_lines(body, text):
    assert TO_TEXT(body) == text


@pytest.mark.parametrize("tag", ["div", "blockquote", "span", "table><tr><td"])
@pytest.mark.parametrize("depth", [254, 255, 300, 2_000, 5_000])
def test_no_depth_of_nesting_loses_a_word(tag, depth):
    html = f"<p>before</p>{f'<{tag}>' * depth}<p>within</p>{'</div>' * depth}<p>after"
    assert re.findall("before|within|after", TO_TEXT(html)) == [
        "before", "within", "after"
    ]  # fmt: skip


def test_a_text_of_11_mb_is_not_cut():  # 10 MB are a limit of the parser
    assert len(TO_TEXT(f"<p>{'word ' * 2_200_000}")) >= 10_999_999


@given(st.lists(st.sampled_from([*TAGS, *(f"/{tag}" for tag in TAGS)]), max_size=30))
def test_no_order_of_tags_loses_a_word(tags):
    html = "".join(f"<{tag}>w{number}w " for number, tag in enumerate(tags))
    found = re.findall(r"w\d+w", TO_TEXT(html))
    assert sorted(found) == sorted(f"w{number}w" for number in range(len(tags)))
