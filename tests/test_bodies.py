"""HTML bodies as text: readable, nothing is lost, and no mail is too much."""

import re
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.emit.html_text import html_to_text

# Each is a way to write words, or what is between them, that a mail may have.
TAGS = (
    "p div span b blockquote li ul ol td tr table o:p pre a title noscript template svg "
    "textarea option html body br head select iframe plaintext caption x"
)
MARKUP = [
    *(f"<{tag}>" for tag in TAGS.split(" ")), *(f"</{tag}>" for tag in TAGS.split(" ")),
    "<", ">", "&", "<<", "</", "</>", "<>", "&amp", "&#9;", "&#x;", "<3", "<!>", "<!-->",
    "<?>", "'", '"', "=", "/>",
    "<p hidden>", '<p style="display:none">', "<a href=x>", "<!DOCTYPE html>",
    "<!-- comment -->", "<![if !mso]>", "<![endif]>", "<![CDATA[", "]]>", "<!--", "-->",
    "<style>p {}</style>", "<script>x<y</script>", '<td colspan="1000" width="9999">',
    "<p title='a>b'>", "\n", "\0", "&" + "#" + "9" * 5000 + ";",
]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello &amp; welcome</p><p>Bye</p>", "Hello & welcome\n\nBye\n"),
        ("a<br>b", "a\nb"),
        ("a</br>b", "a\nb"),
        ("fi<span>r</span>st", "first"),
        ("<div><div><div>a</div></div></div>", "a"),
        ('<a href="https://x.example/1">order</a>', "[order](https://x.example/1)"),
        ('<a href="https://x.example"><img alt="Logo"></a>', "[[Logo]](https://x.example)"),
        ('<?xml version="1.0" encoding="latin-1"?><p>é</p>', "é\n"),
        ('<meta charset="latin-1"><p>é\U0001f600</p>', "é\U0001f600\n"),
        ("<style>p {}</style><!-- c --><img src=x>", ""),
        ("<!-- only -->", ""),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a  b\n"),
        ("<ol><li>a<li>b</ol><ul><li>c", "1. a\n2. b\n* c"),
        ("<p>a</p>\n<p>b", "a\n\nb"),
        ("a<br><br>b", "a\n\nb"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("see <a href='x'>it </a>now", "see [it](x) now"),
        ("<p>1 &lt; 2 &copy 3 &unknown; &amp;amp;</p>", "1 < 2 \xa9 3 &unknown; &amp;\n"),
        ("<p>Ann <ann@x.example> <https://x.example/1> 1 < 2 <3", "Ann <ann@x.example> <https://x.example/1> 1 < 2 <3"),
    ],
)  # fmt: skip
def test_html_becomes_the_text_that_a_reader_sees(html, text):
    assert html_to_text(html) == text


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
    assert html_to_text(body) == text


@pytest.mark.parametrize(
    "html",
    [
        "<html><body><p>first words</p></body></html><p>last words</p>",
        "<p>first words</p></body></html>last words",
        "<html>first words</html><html><body>and</body></html><!-- no --><p>last words",
        "<title>first words</title><template>and</template><p hidden>last words",
        "<p>first words<p title='never closed>last words",
        "<p>first words<!-- never closed <b>last words",
        "<p>first words<style>never closed<p>last words",
        "<p>first words <a href=x last words",
    ],
)
def test_no_place_of_a_mail_loses_its_words(html):
    text = html_to_text(html)
    assert "first words" in text
    assert "last words" in text


@given(st.lists(st.sampled_from(MARKUP), max_size=30))
def test_no_order_of_markup_loses_a_word(pieces):
    html = "".join(f"{piece} w{number}w " for number, piece in enumerate(pieces))
    seen = re.sub(r"<!(?=--).*?--!?>", "", html, flags=re.DOTALL)
    expected = re.findall(r"w\d+w", seen)
    found = re.findall(r"w\d+w", html_to_text(html))
    assert set(expected) <= set(found)
    assert sorted(set(found)) == sorted(found)


@given(st.lists(st.sampled_from(MARKUP) | st.text(max_size=5), max_size=30))
def test_a_text_is_bounded_by_its_html(pieces):
    html = "".join(pieces)
    assert len(html_to_text(html)) <= 3 * len(html)


HOSTILE: dict[str, Callable[[int], str]] = {
    "a wide table": lambda n: f"<table><tr><td>{'x' * 5000}</td></tr><tr>{'<td>a' * n}",
    "many columns": lambda n: "<table>" + '<tr><td colspan="1000" width="99999">a' * n,
    "deep tables": lambda n: "<table><tr><td>a" * n,
    "deep": lambda n: "<div>a" * n + "</b>" * n,
    "deep lists": lambda n: "<ol>" * n + "<li>a" * n,
    "deep quotes": lambda n: "<blockquote>a" * n,
    "empty": lambda n: "<b>" * n,
    "words": lambda n: "a " * n,
    "comments without an end": lambda n: "<!--" * n,
    "styles without an end": lambda n: "<style></styl" * n,
    "data without an end": lambda n: "<![CDATA[" * n,
    "declarations without an end": lambda n: "<?x" * n,
    "tags without an end": lambda n: '<a "' * n,
    "values without an end": lambda n: "<a =\"> '" * n,
    "quotes around ends": lambda n: '<a =">" ' * n,
    "one long name": lambda n: "<" + "a" * n,
    "many attributes": lambda n: "<a " + "a " * n + "=" * n + ">",
    "addresses": lambda n: '<a href="x">' * n,
    "ampersands": lambda n: "&amp" * n + "&" * n + "&#" + "9" * n + ";",
    "line breaks": lambda n: "a<br>" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_takes_more_than_linear_time(name):
    # Most took minutes and more where a part of the reading was quadratic.
    html = HOSTILE[name](200_000)
    assert len(html_to_text(html)) <= 3 * len(html)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_takes_more_memory_than_a_small_multiple_of_its_size(name):
    html = HOSTILE[name](10_000)
    tracemalloc.start()
    html_to_text(html)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 25 * len(html)  # a tree takes 50 to 200 times as much


@pytest.mark.parametrize("tag", ["div", "blockquote", "span", "table><tr><td"])
@pytest.mark.parametrize("depth", [254, 255, 300, 2_000, 50_000])
def test_no_depth_of_nesting_loses_a_word(tag, depth):
    html = f"<p>before</p>{f'<{tag}>' * depth}<p>within</p>{'</div>' * depth}<p>after"
    assert re.findall("before|within|after", html_to_text(html)) == [
        "before", "within", "after"
    ]  # fmt: skip


def test_a_text_of_11_mb_is_not_cut():
    assert len(html_to_text(f"<p>{'word ' * 2_200_000}")) >= 10_999_999
