"""The values of a row as formats with types hold them, and none of them lost."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from gorgias_crawler.items import Type
from gorgias_crawler.items.columns import columns

OTHER_VALUES = "other_values"
"""The column of what does not fit: JSON text of a column's name to its value."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_MISFIT = object()
_LARGEST = 2**63  # integers of Parquet and SQLite have 64 bits

# A ticket's dates come again with each of its messages.
_AT_HAND = 256

Instant = Callable[[str], Any]
"""Makes of a date what a format holds as an instant; raises `ValueError`."""


@lru_cache(_AT_HAND)
def microseconds(text: str) -> int:
    """Return a date as microseconds since 1970; without an offset it is UTC.

    Raises `ValueError`.
    """
    return (_utc(text) - _EPOCH) // _US


@lru_cache(_AT_HAND)
def utc_text(text: str) -> str:
    """Return a date as SQLite's own functions write it, in UTC.

    Only then does a column compare with ``datetime('now', '-30 days')`` as text, and
    sort (https://www.sqlite.org/lang_datefunc.html). Raises `ValueError`.
    """
    return _utc(text).replace(tzinfo=None).isoformat(" ", "microseconds")


def _utc(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    try:
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


@dataclass(frozen=True)
class TypedColumn:
    """A column of a typed format: its name there, and what it is.

    ``type`` is None where it is not known: a column that a pipeline has made.
    """

    name: str
    type: Type | None
    meaning: str
    source: str


class TypedRows:
    """Makes typed values of the items of one class.

    ``columns`` are those of the format, in their order, `OTHER_VALUES` last.
    ``misfits`` counts the values that are not of their column's type.
    """

    def __init__(
        self, row: type, fields: Mapping[str, str] | Iterable[str] | None, at: Instant
    ) -> None:
        """Take the columns of the class *row*, or *fields* of them.

        *fields* may be a mapping, then to the names in the file. *at* makes of a date
        what the format holds as an instant.
        """
        known = columns(row)
        names = fields or list(known)
        self._fields = tuple(names)
        self._titles = tuple(names.values() if isinstance(names, Mapping) else names)
        found = [known.get(name) for name in self._fields]
        self.columns = [
            TypedColumn(title, **(field.metadata if field else _UNKNOWN))
            for title, field in zip(self._titles, found, strict=True)
        ]
        self._converters = [_converter(column.type, at) for column in self.columns]
        self.columns.append(_OF_OTHER_VALUES)
        self.misfits = 0

    def values(self, item: Any) -> list[Any]:
        """Return the typed values of *item*; ``None`` stays ``None``."""
        get = item.get if hasattr(item, "get") else partial(getattr, item)
        given = [get(name, None) for name in self._fields]
        typed = [
            None if value is None else convert(value)
            for convert, value in zip(self._converters, given, strict=True)
        ]
        others = self._set_apart(typed, given) if _MISFIT in typed else None
        typed.append(others)
        return typed

    def _set_apart(self, typed: list[Any], given: list[Any]) -> str:
        others = {}
        for index, value in enumerate(typed):
            if value is _MISFIT:
                typed[index] = None
                others[self._titles[index]] = given[index]
        self.misfits += len(others)
        return _json(others)


_UNKNOWN = {"type": None, "meaning": "", "source": ""}
_OF_OTHER_VALUES = TypedColumn(
    OTHER_VALUES,
    Type.JSON,
    "values that are not of their column's type, which is then empty: name of the "
    "column to the value as Gorgias gives it",
    "",
)


def _integer(value: Any) -> Any:
    # Not isinstance: a truth is an int for Python.
    if type(value) is int and -_LARGEST <= value < _LARGEST:
        return value
    return _MISFIT


def _number(value: Any) -> Any:
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and abs(value) <= 2**53:  # a float holds those exactly
        return float(value)
    return _MISFIT


def _boolean(value: Any) -> Any:
    return value if type(value) is bool else _MISFIT


def _text(value: Any) -> Any:
    return value if type(value) is str else _MISFIT


def _any_text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    # What is no JSON can come from a pipeline alone.
    return json.dumps(value, ensure_ascii=False, default=str)


def _texts(value: Any) -> Any:
    is_right = type(value) is list and all(type(entry) is str for entry in value)
    return value if is_right else _MISFIT


def _integers(value: Any) -> Any:
    is_right = type(value) is list and _MISFIT not in map(_integer, value)
    return value if is_right else _MISFIT


_CONVERTERS: dict[Type | None, Callable[[Any], Any]] = {
    Type.INTEGER: _integer,
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
    Type.TEXT: _text,
    Type.TEXTS: _texts,
    Type.INTEGERS: _integers,
    Type.JSON: _json,
    None: _any_text,
}


def _converter(type_: Type | None, instant: Instant) -> Callable[[Any], Any]:
    if type_ is not Type.INSTANT:
        return _CONVERTERS[type_]

    def to_instant(value: Any) -> Any:
        try:
            return instant(value) if type(value) is str else _MISFIT
        except ValueError:
            return _MISFIT

    return to_instant
