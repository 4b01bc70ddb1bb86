"""Rows whose columns are read when they are looked at.

Most of a row's time goes into columns, and a file takes nine of them; but pipelines see
them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Self

from gorgias_crawler.items.columns import Json

Readers = Mapping[str, Callable[[Json], Any]]


class LazyColumns(dict[str, Any]):
    """The columns of one object: each is read when it is looked at, and then kept.

    *readers* take them out of the object, by their names.
    """

    __slots__ = ("readers", "source")

    def __init__(self, source: Json, readers: Readers) -> None:
        super().__init__()
        self.source = source
        self.readers = readers

    def __missing__(self, name: str) -> Any:
        """Read a column. Raises `KeyError` where the object has none of the name."""
        value = self[name] = self.readers[name](self.source)
        return value


class LazyRow:
    """Base of a row that is made of an object and what several rows share.

    A row that is made by its constructor has all columns at once.
    """

    __slots__ = ("_readers", "_shared", "_source")
    _source: Json
    _readers: Readers
    _shared: LazyColumns

    @classmethod
    def of(cls, source: Json, readers: Readers, shared: LazyColumns) -> Self:
        """Return a row of *source*, with columns of *shared*; others are None."""
        row = cls.__new__(cls)
        row._source, row._readers, row._shared = source, readers, shared  # noqa: SLF001
        return row

    def __getattr__(self, name: str) -> Any:
        """Read a column that nobody has looked at yet."""
        if name[0] == "_":
            raise AttributeError(name)
        value = None
        if name in self._readers:
            value = self._readers[name](self._source)
        elif name in self._shared.readers:
            value = self._shared[name]
        elif name not in {field.name for field in fields(self)}:  # type: ignore[arg-type]
            raise AttributeError(name)
        setattr(self, name, value)
        return value
