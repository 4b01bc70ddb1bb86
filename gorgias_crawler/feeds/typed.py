"""The values of a row as formats with types hold them, and none of them lost."""

import json
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Annotated, Any

import msgspec
from itemadapter import ItemAdapter

from gorgias_crawler.api.dates import us_of
from gorgias_crawler.items import Type
from gorgias_crawler.items.columns import Values, columns
from gorgias_crawler.wording import many

logger = logging.getLogger(__name__)

OTHER_VALUES = "other_values"
"""The column of what does not fit: JSON text of a column's name to its value."""

# A ticket's dates come again with each of its messages.
_AT_HAND = 256

_WITHOUT_OFFSET = len("2025-03-01 08:00:00.000000")

Convert = Callable[[Any], Any]
"""Makes of a value what a format holds; raises `ValueError` where it does not fit."""


@lru_cache(_AT_HAND)
def microseconds(text: str) -> int:
    """Return a date as microseconds since 1970; without an offset it is UTC.

    Raises `ValueError`, and `TypeError` for what is no text.
    """
    return us_of(_utc(text))


@lru_cache(_AT_HAND)
def utc_text(text: str) -> str:
    """Return a date as SQLite's own functions write it, in UTC.

    Only then does a column compare with ``datetime('now', '-30 days')`` as text, and
    sort (https://www.sqlite.org/lang_datefunc.html). Raises `ValueError`, and
    `TypeError` for what is no text.
    """
    return _utc(text).isoformat(" ", "microseconds")[:_WITHOUT_OFFSET]


def _utc(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is UTC:
        return instant
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
        self, row: type, fields: Mapping[str, str] | Iterable[str] | None, at: Convert
    ) -> None:
        """Take the columns of the class *row*, or *fields* of them.

        *fields* may be a mapping, then to the names in the file. *at* makes of a date
        what the format holds as an instant.
        """
        known = columns(row)
        names = fields or list(known)
        self._fields = tuple(names)
        self._values = Values(names)
        titles = names.values() if isinstance(names, Mapping) else names
        found = [known.get(name) for name in self._fields]
        self.columns = [
            TypedColumn(title, **(field.metadata if field else _UNKNOWN))
            for title, field in zip(titles, found, strict=True)
        ]
        converters = {**_CONVERTERS, Type.INSTANT: at}
        self._converters = {
            index: converters[column.type]
            for index, column in enumerate(self.columns)
            if column.type in converters
        }
        checked = [_CHECKED.get(column.type, Any) for column in self.columns]
        self._checked = msgspec.defstruct(
            "Row", [(f"c{n}", c | None) for n, c in enumerate(checked)], array_like=True
        )
        self.columns.append(_OF_OTHER_VALUES)
        self.misfits = 0

    def values(self, item: Any) -> list[Any]:
        """Return the typed values of *item*; ``None`` stays ``None``."""
        given = self._values.of(item)
        if given is None:
            given = [ItemAdapter(item).get(name) for name in self._fields]
        typed = list(given)
        try:
            for index, convert in self._converters.items():
                if (value := typed[index]) is not None:
                    typed[index] = convert(value)
            # At once: a look at each value took ten times as long (measured).
            msgspec.convert(typed, self._checked)
        except (ValueError, TypeError):
            return self._one_by_one(given)
        typed.append(None)
        return typed

    def _one_by_one(self, given: Sequence[Any]) -> list[Any]:
        """Return the typed values, and what does not fit as JSON."""
        typed: list[Any] = []
        others = {}
        for index, value in enumerate(given):
            column = self.columns[index]
            checked = partial(msgspec.convert, type=_CHECKED.get(column.type, Any))
            try:
                convert = self._converters.get(index, checked)
                typed.append(None if value is None else convert(value))
            except (ValueError, TypeError):
                typed.append(None)
                others[column.name] = value
        self.misfits += len(others)
        return [*typed, compact_json(others) if others else None]


def tell_misfits(count: int) -> None:
    """Warn of *count* values that are not of their column's type, if there are any."""
    if count:
        logger.warning(
            "%s not of the type of the column: each stands in the column %s of its row.",
            many(count, "value"),
            OTHER_VALUES,
        )


_UNKNOWN = {"type": None, "meaning": "", "source": ""}
_OF_OTHER_VALUES = TypedColumn(
    OTHER_VALUES,
    Type.JSON,
    "values that are not of their column's type, which is then empty: name of the "
    "column to the value as Gorgias gives it",
    "",
)


def _number(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and abs(value) <= 2**53:  # a float holds those exactly
        return float(value)
    raise ValueError


def _any_text(value: Any) -> str:
    return value if isinstance(value, str) else compact_json(value)


# What is no JSON can come from a pipeline alone.
_encoded = msgspec.json.Encoder(enc_hook=str).encode


def compact_json(value: Any) -> str:
    """Return *value* as JSON without spaces; what is no JSON as text of its own."""
    try:
        return _encoded(value).decode()
    except OverflowError:  # an integer of more than 64 bits
        compact = (",", ":")
        return json.dumps(value, ensure_ascii=False, separators=compact, default=str)


# Integers of Parquet and SQLite have 64 bits.
_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

_CHECKED: dict[Type | None, Any] = {
    Type.INTEGER: _INTEGER,
    Type.BOOLEAN: bool,
    Type.TEXT: str,
    Type.TEXTS: list[str],
    Type.INTEGERS: list[_INTEGER | None],  # a size that Gorgias does not tell is None
}
"""What values of these types are held as, which they must be already."""

_CONVERTERS: dict[Type | None, Convert] = {
    Type.NUMBER: _number,
    Type.JSON: compact_json,
    None: _any_text,
}
