"""How a column of a row is declared, and how its value is taken out of an object.

A source names where the value stands: ``ticket.customer.email``; ``[]`` takes each
entry of a list that is not empty, ``{}`` each value of an object, and ``else`` what is
taken where the first is empty (of a list then its first entry):
``ticket.assignee_user.email else ticket.assignee_user.name``.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, field, fields
from enum import Enum
from typing import Any

Json = Mapping[str, Any]


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


def column(meaning: str, source: str, type_: Type) -> Any:
    """Return a dataclass field, None by default, that says what it is.

    *meaning* is for the tables of columns, *source* where the value comes from.
    """
    metadata = {"meaning": meaning, "source": source, "type": type_}
    return field(default=None, metadata=metadata)


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


def reader(row: type, of: str) -> Callable[[Json], dict[str, Any]]:
    """Return what takes the columns of *row* out of an object that is called *of*.

    Columns with other sources are left out. No shape of an object makes it fail; what
    is missing is None.
    """
    sources = {
        name: column.metadata["source"]
        for name, column in columns(row).items()
        if column.metadata["source"].startswith(f"{of}.")
    }
    own = {name: path for name, path in map(_own_key, sources.items()) if path}
    nested = {n: _alternatives(s) for n, s in sources.items() if n not in own}

    def read(value: Json) -> dict[str, Any]:
        # Most columns are the object's own values: to take those at once halves time.
        get = value.get
        found = {name: get(key) for name, key in own.items()}
        for name, paths in nested.items():
            found[name] = _first(value, paths)
        return found

    return read


def readers(row: type, of: str) -> dict[str, Callable[[Json], Any]]:
    """Return for each column of *row* what takes it out of an object called *of*."""
    return {
        name: _reader_of(column.metadata["source"])
        for name, column in columns(row).items()
        if column.metadata["source"].startswith(f"{of}.")
    }


def _reader_of(source: str) -> Callable[[Json], Any]:
    _, key = _own_key(("", source))
    if key:
        return lambda value: value.get(key)
    paths = _alternatives(source)
    return lambda value: _first(value, paths)


Steps = tuple[tuple[str, str], ...]  # keys, and what stands there: "", "[]" or "{}"


def _own_key(source: tuple[str, str]) -> tuple[str, str]:
    name, path = source
    key = path.partition(".")[2]
    return name, key if key.isidentifier() else ""


def _alternatives(source: str) -> tuple[Steps, ...]:
    return tuple(_steps(path) for path in source.split(" else "))


def _steps(path: str) -> Steps:
    return tuple(
        (step.rstrip("[]{}"), step[len(step.rstrip("[]{}")) :])
        for step in path.split(".")[1:]
    )


def _first(value: Json, paths: tuple[Steps, ...]) -> Any:
    if len(paths) == 1:
        return _at(value, paths[0])
    for path in paths:
        found = _at(value, path)
        if found:
            return found[0] if isinstance(found, list) else found
    return None


def _at(value: Any, path: Steps) -> Any:
    """Return what stands at *path*, None where something on the way is missing."""
    for index, (key, many) in enumerate(path):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
        if many:
            return _EACH[many](value, path[index + 1 :])
    return value


def _each_entry(value: Any, path: Steps) -> list[Any]:
    entries = value if isinstance(value, list) else []
    found = (_at(entry, path) for entry in entries)
    return [entry for entry in found if entry]


def _each_value(value: Any, path: Steps) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not value:
        return None
    return {key: _at(entry, path) for key, entry in value.items()}


_EACH: dict[str, Callable[[Any, Steps], Any]] = {"[]": _each_entry, "{}": _each_value}
