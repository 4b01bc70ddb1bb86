"""Each format with each option that is accepted is read as it was written."""

import csv
import io
import json
import marshal
import pickle
from typing import Any

import pytest

from gorgias_crawler.job import readers
from gorgias_crawler.job.readers import Layout
from gorgias_crawler.sandbox import Answer, World
from tests.crawling import opened_shop

BODIES = {
    "control": "bell \x07, unit \x1f, nul \0, and \ufffe",
    "lone return": "lone\rreturn",
    "line ends": "a\r\nb\nc\rd\u2028e\u0085f",
    "signs": "'\"<b>&amp;]]>;,\t|\\ é\U0001f600 ",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, may_fork):
    """A shop with hostile bodies, none of them a control character of XML."""
    path = tmp_path_factory.mktemp("shop")
    with opened_shop(path, World(tickets=8), forks=may_fork) as shop:
        bodies = [body for name, body in BODIES.items() if name != "control"]
        write_bodies(shop, bodies)
        assert shop.crawl().status == 0
        yield shop


def write_bodies(shop, bodies):
    def rewrite(call):
        answer = shop.sandbox.answer(call)
        if call.path != "/api/messages":
            return answer
        page = json.loads(answer.body)
        for message in page["data"]:
            message["body_text"] = bodies[message["id"] % len(bodies)]
        return Answer(answer.status, json.dumps(page).encode())

    shop.sandbox.on_request = rewrite


def export(shop, uri, options):
    feeds = {uri: {"overwrite": True, **options}}
    return shop.run("export", "job", "-s", f"FEEDS={json.dumps(feeds)}")


GZIP = "scrapy.extensions.postprocessing.GzipPlugin"
ACCEPTED: dict[str, dict[str, Any]] = {
    "csv": {"format": "csv"},
    "csv by tabs": {"format": "csv", "item_export_kwargs": {"delimiter": "\t"}},
    "csv quoted": {"format": "csv", "item_export_kwargs": {"quoting": 1}},
    "csv quoted text": {"format": "csv", "item_export_kwargs": {"quoting": 2}},
    "csv of Excel": {"format": "csv", "item_export_kwargs": {"dialect": "excel-tab"}},
    "csv without a header": {
        "format": "csv",
        "item_export_kwargs": {"include_headers_line": False},
    },
    "csv renamed": {"format": "csv", "fields": {"message_id": "No.", "body": "Text"}},
    "csv.gz": {"format": "csv", "postprocessing": [GZIP]},
    "json": {"format": "json"},
    "json indented": {"format": "json", "indent": 2},
    "json sorted": {"format": "json", "item_export_kwargs": {"sort_keys": True}},
    "json lines": {"format": "jsonl"},
    "json lines in ascii": {
        "format": "jsonl",
        "encoding": "ascii",
        "item_export_kwargs": {"ensure_ascii": True},
    },
    "conversations": {"format": "conversations"},
    "conversations renamed": {
        "format": "conversations",
        "fields": {"ticket_id": "id", "message_id": "No.", "body": "Text"},
    },
    "xml": {"format": "xml"},
    "xml indented": {"format": "xml", "indent": 4},
    "xml in latin-1": {"format": "xml", "encoding": "latin-1"},
    "xml of all columns": {
        "format": "xml",
        "fields": ["body", "tags", "custom_fields"],
    },
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_accepted_option_gives_a_file_that_its_reader_takes(finished, name):
    options = {"fields": ["message_id", "body"], **ACCEPTED[name]}
    ended = export(finished, "out", options)
    assert ended.status == 0, ended.log
    columns = options["fields"]
    layout = Layout(
        options["format"],
        options.get("encoding", "utf-8"),
        list(columns.values() if isinstance(columns, dict) else columns),
        options.get("item_export_kwargs", {}),
        [".gz"] if "postprocessing" in options else [],
    )
    with (finished.path / "out").open("rb") as file:
        bodies = [
            row.get("Text", row.get("body")) for row in readers.read(file, layout)
        ]
    assert len(bodies) == len(finished.expected())
    assert set(bodies) == {body for name, body in BODIES.items() if name != "control"}


REFUSED: dict[str, dict[str, Any]] = {
    "csv in utf-16": {"format": "csv", "encoding": "utf-16"},
    "json lines with a mark": {"format": "jsonl", "encoding": "utf-8-sig"},
    "json lines in utf-16": {"format": "jsonl", "encoding": "utf-16"},
    "json with marks": {"format": "json", "encoding": "utf-8-sig"},
    "csv in ascii": {"format": "csv", "encoding": "ascii"},
    "csv that loses": {
        "format": "csv",
        "item_export_kwargs": {"errors": "ignore", "delimiter": ";"},
        "encoding": "latin-1",
    },
    "csv by words": {"format": "csv", "item_export_kwargs": {"delimiter": "ab"}},
    "csv never quoted": {"format": "csv", "item_export_kwargs": {"quoting": 3}},
    "csv with an unknown option": {"format": "csv", "item_export_kwargs": {"sep": ";"}},
    "json lines on many lines": {
        "format": "jsonl",
        "item_export_kwargs": {"indent": 2},
    },
    "two columns of one name": {
        "format": "json",
        "fields": {"body": "a", "status": "a"},
    },
    "a column twice": {"format": "csv", "fields": ["body", "body"]},
    "xml with blanks in names": {"format": "xml", "fields": {"body": "The text"}},
    "xml with a root that is none": {
        "format": "xml",
        "item_export_kwargs": {"root_element": "a b"},
    },
    "messages under messages": {
        "format": "conversations",
        "fields": {"ticket_id": "messages", "body": "body"},
    },
    "conversations with an unknown option": {
        "format": "conversations",
        "item_export_kwargs": {"sort_keys": True},
    },
    "raw lzma": {
        "format": "csv",
        "postprocessing": ["scrapy.extensions.postprocessing.LZMAPlugin"],
        "lzma_format": 3,
        "lzma_filters": [{"id": 33}],
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_loses_something_is_refused_before_anything_is_written(
    finished, name
):
    ended = export(finished, "refused", REFUSED[name])
    assert ended.status == 1, ended.log
    assert "Traceback" not in ended.log
    last = ended.log.strip().splitlines()[-1]
    assert "The feed refused (FEEDS, -o or -O)" in last
    assert not (finished.path / "refused").exists()


def test_an_indent_that_would_be_ignored_is_refused_where_nothing_takes_it(finished):
    indent = ("-s", "FEED_EXPORT_INDENT=2")
    ended = finished.run("export", "job", "-O", "refused.jsonl", *indent)
    assert ended.status == 1
    assert (
        "FEED_EXPORT_INDENT=2 is for JSON and XML files, and none is named" in ended.log
    )
    both = ("-O", "out.jsonl", "-O", "out.json")
    assert finished.run("export", "job", *both, *indent).status == 0
    assert (finished.path / "out.json").read_text().startswith("[\n{\n  ")
    assert finished.crawl(*both, *indent).status == 0
    assert finished.run("verify", "job").status == 0
    assert finished.crawl().status == 0  # as it was


def test_a_line_end_that_hides_a_lone_return_is_refused_where_python_does_not_quote_it(
    finished,
):
    ended = export(
        finished,
        "lines",
        {"format": "csv", "item_export_kwargs": {"lineterminator": "\n"}},
    )
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(["a\rb", "c"])
    quotes_it = '"' in line.getvalue()  # a fact of this Python's, mended in 3.11.9
    assert ended.status == (0 if quotes_it else 1), ended.log
    assert (finished.path / "lines").exists() == quotes_it


def test_the_refusal_names_the_option_to_change(finished):
    options = {"format": "jsonl", "encoding": "utf-8-sig", "fields": ["body"]}
    ended = export(finished, "refused", options)
    assert "change FEED_EXPORT_ENCODING=utf-8-sig." in ended.log


@pytest.mark.parametrize("format_", ["pickle", "marshal"])
def test_pythons_own_formats_hold_the_values(finished, format_):
    options = {"format": format_, "fields": ["message_id", "body", "tags"]}
    assert export(finished, "out", options).status == 0
    load: Any = pickle.load if format_ == "pickle" else marshal.load
    with (finished.path / "out").open("rb") as file:
        rows = [load(file) for _ in finished.expected()]
        assert file.read() == b""
    assert {row["body"] for row in rows} <= set(BODIES.values())


def test_xml_never_holds_what_no_parser_takes(open_shop):
    shop = open_shop(tickets=2)
    write_bodies(shop, [BODIES["control"]])
    (shop.path / "out.xml").write_text("of last night")
    ended = shop.crawl("-O", "out.xml")
    assert ended.status == 3
    assert "the control character U+0007, for which XML has no way" in ended.last_lines
    assert "bell" not in ended.log
    assert (shop.path / "out.xml").read_text() == "of last night"
    assert shop.run("export", "job", "-O", "out.csv").status == 0
