"""Contract C10: a value has its column's type in typed formats, or is set apart."""

import json
import sqlite3
from contextlib import closing
from dataclasses import make_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.feeds.typed import TypedRows, microseconds, utc_text
from gorgias_crawler.items import Type
from gorgias_crawler.items.columns import column

# type, value as Gorgias gives it, value in a typed format
FITS = [
    (Type.INTEGER, 2_190_000_000, 2_190_000_000),
    (Type.INTEGER, 2**63 - 1, 2**63 - 1),
    (Type.INTEGER, -(2**63), -(2**63)),
    (Type.NUMBER, 1.5, 1.5),
    (Type.NUMBER, 3, 3.0),
    (Type.BOOLEAN, False, False),
    (Type.TEXT, "", ""),
    (Type.INSTANT, "1970-01-01T00:00:01.5+00:00", 1_500_000),
    (Type.INSTANT, "1970-01-01T00:00:01", 1_000_000),
    (Type.INSTANT, "1970-01-01 00:00:01", 1_000_000),
    (Type.INSTANT, "1970-01-01T01:00:01+0100", 1_000_000),
    (Type.INSTANT, "1969-12-31T23:59:59.999999+00:00", -1),
    (Type.TEXTS, [], []),
    (Type.TEXTS, ["a", "b"], ["a", "b"]),
    (Type.INTEGERS, [1, 2], [1, 2]),
    (Type.JSON, {"7": None}, '{"7":null}'),
    (Type.JSON, {"7": 2**70}, f'{{"7":{2**70}}}'),  # more than a machine's word
    (Type.JSON, "a", '"a"'),
    (None, "as it is", "as it is"),
    (None, 1, "1"),
]
MISFITS = [
    (Type.INTEGER, 2**63),
    (Type.INTEGER, -(2**63) - 1),
    (Type.INTEGER, "7"),
    (Type.INTEGER, True),
    (Type.INTEGER, 1.0),
    (Type.NUMBER, 2**53 + 1),
    (Type.NUMBER, True),
    (Type.NUMBER, "1.5"),
    (Type.BOOLEAN, 1),
    (Type.BOOLEAN, "true"),
    (Type.TEXT, {"error": "x"}),
    (Type.INSTANT, ""),
    (Type.INSTANT, "0000-00-00 00:00:00"),
    (Type.INSTANT, "0001-01-01T00:00:00+14:00"),
    (Type.INSTANT, 1_700_000_000),
    (Type.TEXTS, "a,b"),
    (Type.TEXTS, ["a", None]),
    (Type.INTEGERS, [1, "2"]),
    (Type.INTEGERS, [2**63]),
]


def typed(type_, value):
    row = make_dataclass("Row", [("name", Any, column("", "", type_))])
    if type_ is None:
        row = make_dataclass("Row", [])  # then it is a pipeline's
    rows = TypedRows(row, ["name"], microseconds)
    return *rows.values({"name": value}), rows.misfits


@pytest.mark.parametrize(("type_", "value", "held"), FITS)
def test_a_value_of_its_columns_type_is_held_as_that_type(type_, value, held):
    found = typed(type_, value)
    assert found == (held, None, 0)
    assert type(found[0]) is type(held)


@pytest.mark.parametrize(("type_", "value"), MISFITS)
def test_a_value_of_another_type_is_set_apart_and_counted_never_lost(type_, value):
    held, others, misfits = typed(type_, value)
    assert (held, misfits) == (None, 1)
    assert json.loads(others) == {"name": value}


@pytest.mark.parametrize("type_", [*Type, None])
def test_what_is_not_there_stays_empty(type_):
    assert typed(type_, None) == (None, None, 0)


@given(st.datetimes(timezones=st.timezones()))
def test_every_instant_is_the_same_one_in_each_format(at):
    if not 1 < at.year < 9999:
        return  # in UTC it may be of a year that is none
    at = at.astimezone(UTC)  # a time that a clock skipped is equal to none
    us = microseconds(at.isoformat())
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us) == at
    text = utc_text(at.isoformat())
    assert datetime.fromisoformat(text).replace(tzinfo=UTC) == at


@given(st.lists(st.datetimes(), min_size=2))
def test_instants_in_sqlite_sort_as_text_and_are_read_by_its_functions(times):
    texts = [utc_text(at.isoformat()) for at in times]
    assert sorted(texts) == [utc_text(at.isoformat()) for at in sorted(times)]
    with closing(sqlite3.connect(":memory:")) as db:
        for at, text in zip(times, texts, strict=True):
            (read,) = db.execute("SELECT datetime(?)", (text,)).fetchone()
            assert read == at.replace(microsecond=0).isoformat(" ")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_no_value_makes_it_fail_and_each_can_be_had_back(value):
    for type_ in [*Type, None]:
        held, others, _ = typed(type_, value)
        if type_ is Type.JSON and value is not None:
            assert json.loads(held) == value
        elif type_ is not None and type_ is not Type.INSTANT:
            assert held == value or json.loads(others or "{}") == {"name": value}
