"""How a column of a row is declared, and how its value is taken out of an object.

A source names where the value stands: ``ticket.customer.email``; ``[]`` takes each
entry of a list that is not empty, ``{}`` each value of an object, and ``else`` what is
taken where the first is empty (of a list then its first entry):
``ticket.assignee_user.email else ticket.assignee_user.name``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from enum import Enum
from operator import attrgetter, methodcaller
from types import MappingProxyType
from typing import Any, TypeVar, dataclass_transform, get_type_hints

Json = Mapping[str, Any]
Reader = Callable[[Any], Any]
"""What takes a column out of an object, None where it is missing."""


class Type(Enum):
    """What a column holds, in every format that knows types.

    An instant is text as Gorgias gives it, without an offset UTC. ``JSON`` is an
    object or list whose keys are not known beforehand, such as values by id: it
    becomes the text of its JSON, never columns.
    """

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    INSTANT = "instant"
    TEXTS = "list of text"
    INTEGERS = "list of integers"
    JSON = "JSON"


Row = TypeVar("Row")


def column(meaning: str, source: str | None = None, type_: Type | None = None) -> Any:
    """Return a dataclass field, None by default, that says what it is.

    *meaning* is for the tables of columns, *source* where the value comes from. A class
    that is made by `row_of` need not say what follows from name and annotation.
    """
    said = {"meaning": meaning, "source": source, "type": type_}
    metadata = {key: value for key, value in said.items() if value is not None}
    return field(default=None, metadata=metadata)


@dataclass_transform()
def row_of(source: str) -> Callable[[type[Row]], type[Row]]:
    """Return what makes a dataclass of the columns of an object called *source*.

    A column that names no source is the object's value of its own name. Its type is
    that of its annotation.
    """

    def made(class_: type[Row]) -> type[Row]:
        hints = get_type_hints(class_, include_extras=True)
        for name, declared in vars(class_).items():
            if isinstance(declared, Field):
                (type_,) = hints[name].__metadata__
                implied = {"source": f"{source}.{name}", "type": type_}
                declared.metadata = MappingProxyType(implied | dict(declared.metadata))
        return dataclass(slots=True)(class_)

    return made


def same_column(row: type, name: str) -> Any:
    """Return the column *name* of another *row*, for a row that has it, too."""
    return field(default=None, metadata=columns(row)[name].metadata)


def columns(row: type) -> dict[str, Field[Any]]:
    """Return the columns of *row* by their names, in their order."""
    return {column.name: column for column in fields(row)}


def source_of(row: type) -> str:
    """Return what the sources of *row* call the object that it is a row of."""
    first, *_ = columns(row).values()
    return str(first.metadata["source"]).partition(".")[0]


def types(row: type) -> dict[str, Type]:
    """Return the type of each column of *row*, in their order."""
    return {name: column.metadata["type"] for name, column in columns(row).items()}


class Values:
    """Takes the values of the columns *names* out of rows that declare all of them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        # Of one name alone it would not return a tuple.
        self._get = attrgetter("__class__", *self._names)
        self._has_all: dict[type, bool] = {}

    def of(self, item: Any) -> Sequence[Any] | None:
        """Return the values, None where *item* is no row of ours with all columns."""
        row = type(item)
        if row not in self._has_all:
            known = columns(row).values() if is_dataclass(row) else ()
            ours = {column.name for column in known if "type" in column.metadata}
            self._has_all[row] = ours.issuperset(self._names) and bool(self._names)
        return self._get(item)[1:] if self._has_all[row] else None


def reader(row: type, of: str) -> Callable[[Json], dict[str, Any]]:
    """Return what takes the columns of *row* out of an object that is called *of*.

    Columns with other sources are left out. No shape of an object makes it fail; what
    is missing is None.
    """
    each = readers(row, of)

    def read(value: Json) -> dict[str, Any]:
        return {name: read_one(value) for name, read_one in each.items()}

    return read


def readers(row: type, of: str) -> dict[str, Reader]:
    """Return for each column of *row* what takes it out of an object called *of*."""
    return {
        name: _reader_of(column.metadata["source"])
        for name, column in columns(row).items()
        if column.metadata["source"].startswith(f"{of}.")
    }


def _reader_of(source: str) -> Reader:
    key = source.partition(".")[2]
    if key.isidentifier():  # most columns are the object's own values
        return methodcaller("get", key)
    first, *others = (_at(path.partition(".")[2]) for path in source.split(" else "))
    if not others:
        return first

    def read(value: Any) -> Any:
        for read_one in (first, *others):
            found = read_one(value)
            if found:
                return found[0] if isinstance(found, list) else found
        return None

    return read


_LIST_OR_OBJECT = re.compile(r"(\[\]|\{\})\.?")


def _at(path: str) -> Reader:
    """Return what takes what stands at *path*; None where something is missing."""
    way, *many = _LIST_OR_OBJECT.split(path, maxsplit=1)
    keys = way.split(".")
    each = _EACH[many[0]](_at(many[1])) if many else None

    def read(value: Any) -> Any:
        for key in keys:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return each(value) if each else value

    return read


def _entries(read: Reader) -> Reader:
    def read_each(found: Any) -> list[Any]:
        if not found or not isinstance(found, list):  # most are empty
            return []
        return [value for value in map(read, found) if value]

    return read_each


def _values(read: Reader) -> Reader:
    return lambda found: (
        {key: read(entry) for key, entry in found.items()}
        if found and isinstance(found, dict)
        else None
    )


_EACH = {"[]": _entries, "{}": _values}
