"""The JSON of a list, taken apart: each row with the place of its very text.

The archive keeps that text. To write rows anew from their values took a fifth of the
time per page, and would not keep numbers as they were sent.
"""

import json
import re
from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

MAX_SIGNS = 1_000_000
"""Strings, brackets and commas of a page. A hundred tickets with all their fields have
20,000; a million can become 100 MB of Python objects (measured: docs/security.md)."""

# A string that does not end is one to the end: it is not read twice.
_SIGN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode

Row = TypeVar("Row")
MakeRow = Callable[[Any, int, int], Row]


def is_too_much(text: str) -> bool:
    """Tell whether JSON has more than `MAX_SIGNS`, before any object is made of it."""
    if len(text) <= MAX_SIGNS:
        return False
    signs = sum(map(text.count, "[{,")) + text.count('"') // 2 + 1
    if signs <= MAX_SIGNS:  # those in strings included, and counted in no time
        return False
    return next(islice(_SIGN.finditer(text), MAX_SIGNS, None), None) is not None


def take_apart(
    text: str, name: str, make_row: MakeRow[Row]
) -> tuple[dict[str, Any], list[Row] | None]:
    """Return an object's values without *name*, and the array there as its rows.

    *make_row* makes a row of each value and of where its text begins and ends, one
    after another: the values of one row alone are in memory. Rows are None where no
    array is at *name*. Raises `ValueError` where *text* is no JSON object.
    """
    values: dict[str, Any] = {}
    rows: list[Row] | None = None
    at = _after(text, "{", _skip(text, 0))
    is_empty = text[at : at + 1] == "}"
    while not is_empty:
        key, at = _decode(text, at)
        if not isinstance(key, str):
            raise ValueError("a key is not a string")  # noqa: TRY004  # as json does
        at = _after(text, ":", _skip(text, at))
        if key == name and text[at : at + 1] == "[":
            rows, at = _array(text, at, make_row)
        else:
            values[key], at = _decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            break
        at = _after(text, ",", at)
    if _skip(text, at + 1) != len(text):
        raise ValueError("more than one value")
    return values, rows


def _array(text: str, at: int, make_row: MakeRow[Row]) -> tuple[list[Row], int]:
    rows: list[Row] = []
    at = _after(text, "[", at)
    if text[at : at + 1] == "]":
        return rows, at + 1
    while True:
        value, end = _decode(text, at)
        rows.append(make_row(value, at, end))
        del value  # it may be large: the next one is not made beside it
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            return rows, at + 1
        at = _after(text, ",", at)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None  # it matches nothing, too
    return space.end()


def _after(text: str, sign: str, at: int) -> int:
    """Return where the value begins that follows *sign*, which must stand at *at*."""
    if text[at : at + 1] != sign:
        raise ValueError(f"{sign!r} is missing")
    return _skip(text, at + 1)
