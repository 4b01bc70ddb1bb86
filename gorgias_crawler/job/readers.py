"""How files that were exported are read: each format by a reader of its own.

No reader of ours takes pickle or marshal files: those are known by their SHA-256 alone.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any
from xml.etree import ElementTree as ET

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, ZstdFile
else:
    from backports.zstd import ZstdError, ZstdFile  # a dependency of Scrapy's

Row = dict[str, Any]

UNREADABLE: dict[type[Exception], str] = {
    UnicodeError: "it is not text in its encoding",
    json.JSONDecodeError: "it is not JSON",
    csv.Error: "it is not CSV, or has rows of another length",
    ET.ParseError: "it is not XML",
    ValueError: "an id is not a number",
    AttributeError: "a row is not a JSON object",
    KeyError: "a row lacks a column",
    TypeError: "it does not hold a list of rows",
    EOFError: "it is cut off",
    zlib.error: "it is not gzip data",
    gzip.BadGzipFile: "it is not gzip data",
    lzma.LZMAError: "it is not xz data",
    ZstdError: "it is not zst data",
    sqlite3.Error: "it is not an SQLite file as `export` writes it",
    OSError: "it is not what its name says",
    ImportError: "the library that reads it is missing",
}
"""What a reader raises where a file is not what its name says, and what that means."""


@dataclass(frozen=True)
class Layout:
    """How a file is written, as far as its reader must know.

    ``columns`` are the names in the file, needed where it has no header. ``options``
    are those of the format (``item_export_kwargs`` in Scrapy). ``compressed`` are the
    endings of what compresses it, the outermost last (``[".gz"]``).
    """

    format: str
    encoding: str = "utf-8"
    columns: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    compressed: Sequence[str] = ()


def can_read(layout: Layout) -> bool:
    """Tell whether there is a reader for files that are written so."""
    return layout.format in _READERS and set(layout.compressed) <= set(_OPENERS)


def read(file: IO[bytes], layout: Layout) -> Iterator[Row]:
    """Yield the rows of *file*; raise what the reader raises where it cannot go on.

    A text format gives text, JSON its values. Of conversations each message is a row.
    """
    for ending in reversed(layout.compressed):
        file = _OPENERS[ending](file)
    yield from _READERS[layout.format](file, layout)


def layout_of_name(name: str) -> Layout:
    """Return how a file is written, as far as its *name* tells."""
    *_, plain, last = ["", "", *PurePath(name.lower()).suffixes]
    if last in _OPENERS:
        return Layout(plain[1:], "utf-8-sig", compressed=[last])
    return Layout(last[1:], "utf-8-sig")  # with or without a byte order mark


def header(file: IO[bytes], layout: Layout) -> list[str]:
    """Return the first line of a CSV file. Raises what `read` does."""
    with _text(file, layout) as text:
        return next(csv.reader(text), [])


def first_row(file: IO[bytes], layout: Layout) -> tuple[Row, str]:
    """Return the first row of *file*, empty where there is none, and the format.

    A file that is named as JSON Lines may hold conversations. Raises what `read` does.
    """
    first = next(read(file, layout), {})
    if layout.format in _LINES and isinstance(first.get("messages"), list):
        messages = first.pop("messages")
        return {**first, **messages[0]}, "conversations"
    return first, layout.format


# What csv.reader takes of the options that csv.writer had.
_DIALECT = {"delimiter", "quotechar", "escapechar", "doublequote", "dialect"}


def _csv(file: IO[bytes], layout: Layout) -> Iterator[Row]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # bodies of many MB
    given = layout.options
    dialect = {name: given[name] for name in _DIALECT & set(given)}
    if given.get("quoting") == csv.QUOTE_NONE:
        dialect["quoting"] = csv.QUOTE_NONE
    with _text(file, layout) as text:
        rows = csv.reader(text, **dialect)
        has_header = given.get("include_headers_line", True)
        names = next(rows, []) if has_header else list(layout.columns)
        for row in rows:
            if len(row) != len(names):
                raise csv.Error(f"{len(row)} cells in a row of {len(names)} columns")
            yield dict(zip(names, row, strict=True))


def _json_lines(file: IO[bytes], layout: Layout) -> Iterator[Row]:
    with _text(file, layout, newline="\n") as text:
        yield from map(json.loads, text)


def _json_array(file: IO[bytes], layout: Layout) -> Iterator[Row]:
    with _text(file, layout) as text:
        yield from json.load(text)


def _conversations(file: IO[bytes], layout: Layout) -> Iterator[Row]:
    for ticket in _json_lines(file, layout):
        for message in ticket.pop("messages", ()):  # none of one that was deleted
            yield {**ticket, **message}


def _xml(file: IO[bytes], layout: Layout) -> Iterator[Row]:
    item = layout.options.get("item_element", "item")
    # expat itself limits how far entities expand
    for _, element in ET.iterparse(file):  # noqa: S314
        if element.tag == item:
            yield {column.tag: _xml_value(column) for column in element}
            element.clear()


def _xml_value(column: ET.Element) -> str | list[str]:
    if len(column):
        return [value.text or "" for value in column]
    return column.text or ""


def _parquet(file: IO[bytes], _layout: Layout) -> Iterator[Row]:
    from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415  # optional

    try:
        for batch in parquet.ParquetFile(file).iter_batches():
            yield from batch.to_pylist()
    except ArrowInvalid:
        raise OSError from None


def _sqlite(file: IO[bytes], _layout: Layout) -> Iterator[Row]:
    """Yield the rows of all kinds; a column has the name of its kind before its own."""
    uri = f"{Path(file.name).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        kinds = db.execute("SELECT DISTINCT kind FROM about_columns ORDER BY kind")
        for (kind,) in kinds.fetchall():
            rows = db.execute(f'SELECT * FROM "{kind}"')  # noqa: S608
            names = [f"{kind}.{name}" for name, *_ in rows.description]
            yield from (dict(zip(names, row, strict=True)) for row in rows)


@contextmanager
def _text(
    file: IO[bytes], layout: Layout, newline: str = ""
) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(file, layout.encoding, newline=newline)
    try:
        yield text
    finally:
        text.detach()  # whoever has opened the file closes it


_LINES = ("jsonlines", "jsonl", "jl")
TYPED = {"parquet": _parquet, "sqlite": _sqlite}
"""The readers of formats that hold types. The file of SQLite needs a name."""

_READERS: dict[str, Callable[[IO[bytes], Layout], Iterator[Row]]] = {
    **TYPED,
    "csv": _csv,
    "json": _json_array,
    **dict.fromkeys(_LINES, _json_lines),
    "xml": _xml,
    "conversations": _conversations,
}
_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": ZstdFile,
}
