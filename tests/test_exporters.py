"""Rows in files: the quick way is Scrapy's own, and each format holds the values."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.exporters import CsvItemExporter, JsonLinesItemExporter

from gorgias_crawler.feeds.formats import (
    HeaderedCsvItemExporter,
    JsonLinesExporter,
)
from gorgias_crawler.items import COLUMNS, Message, Ticket
from gorgias_crawler.job import readers
from gorgias_crawler.job.readers import Layout

# Numbers that everybody spells alike: others have an exponent, or are none.
NUMBER = st.integers() | st.integers(-999, 999).map(lambda n: n / 8)
SCALAR = st.none() | st.booleans() | NUMBER | st.text()
VALUE = st.recursive(
    SCALAR | st.lists(st.text(), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
ITEM = st.fixed_dictionaries(dict.fromkeys(COLUMNS[:6], VALUE))
MESSAGE = st.builds(Message, **dict.fromkeys(COLUMNS[:6], VALUE))
TICKET = st.builds(Ticket, channel=VALUE, subject=VALUE)
NAMES = st.lists(st.sampled_from(COLUMNS[:6]), min_size=1, unique=True)


def as_cell(value):
    """Say what we write of objects and of lists of more than text: JSON."""
    is_text = isinstance(value, list) and all(isinstance(v, str) for v in value)
    is_json = isinstance(value, dict | list) and not is_text
    return json.dumps(value, ensure_ascii=False) if is_json else value


def exported(exporter_class, items, fields, **options):
    file = io.BytesIO()
    exporter = exporter_class(file, fields_to_export=fields, **options)
    exporter.start_exporting()
    for item in items:
        exporter.export_item(item)
    exporter.finish_exporting()
    return file.getvalue()


@given(
    rows=st.lists(ITEM, min_size=1, max_size=3),
    names=NAMES,
    are_renamed=st.booleans(),
    options=st.sampled_from(
        [{}, {"include_headers_line": False}, {"join_multivalued": ";"}]
    ),
)
def test_a_csv_file_is_byte_for_byte_that_of_scrapy(rows, names, are_renamed, options):
    fields = {name: f"Of {name}" for name in names} if are_renamed else names
    ours = [Message(message_id=1, **row) for row in rows]
    theirs = [{name: as_cell(value) for name, value in row.items()} for row in rows]
    assert exported(HeaderedCsvItemExporter, ours, fields, **options) == exported(
        CsvItemExporter, theirs, fields, **options
    )


@given(
    items=st.lists(MESSAGE | TICKET | st.just({"made": 1}), max_size=3),
    names=NAMES,
    made=st.sampled_from([[], ["made"]]),
    are_renamed=st.booleans(),
    options=st.sampled_from(
        [{}, {"encoding": "utf-16"}]
        + [{"encoding": "UTF8", **more} for more in ({}, {"sort_keys": True})]
    ),
)
def test_json_lines_are_byte_for_byte_those_of_scrapy(
    items, names, made, are_renamed, options
):
    asked = [*names, *made]
    fields = {name: name.upper() for name in asked} if are_renamed else asked
    ours, theirs = (
        exported(exporter, items, fields, **options)
        for exporter in (JsonLinesExporter, JsonLinesItemExporter)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1e300, b"1e300"),
        (float("nan"), b"null"),
        (2**200, str(2**200).encode()),
        (datetime(2025, 3, 1, tzinfo=UTC), b'"2025-03-01T00:00:00Z"'),
        ({Decimal("1.10")}, b'["1.10"]'),
        ({True: 1}, b'{"true": 1}'),
        (Request("https://a.example"), b'"<Request GET https://a.example>"'),
    ],
)
def test_whatever_a_pipeline_gives_becomes_json(value, line):
    item = Message(ticket_id=1, body=value)
    written = exported(JsonLinesExporter, [item], ["body"], encoding="utf-8")
    assert written == b'{"body": %b}\n' % line


@pytest.mark.parametrize("is_for_spreadsheets", [False, True])
@given(rows=st.lists(ITEM, min_size=1, max_size=3))
def test_what_is_written_verifies(tmp_path_factory, is_for_spreadsheets, rows):
    messages = [
        Message(message_id=1, **(row | {"ticket_id": number}))
        for number, row in enumerate(rows)
    ]
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_bytes(
        exported(
            HeaderedCsvItemExporter,
            messages,
            COLUMNS,
            is_for_spreadsheets=is_for_spreadsheets,
        )
    )
    with path.open("rb") as file:
        rows_read = list(readers.read(file, Layout("csv", "utf-8-sig")))
    assert [row["ticket_id"] for row in rows_read] == [str(n) for n in range(len(rows))]
