"""Whether an archive holds together, and whether a file is what the archive says."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.archive.compression import BAD_BLOB, unpacked
from gorgias_crawler.durable import file_sha256
from gorgias_crawler.emit.cells import json_text, safe_cell
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.items import Message
from gorgias_crawler.wording import many

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, ZstdFile
else:
    from backports.zstd import ZstdError, ZstdFile  # a dependency of Scrapy's

Row = dict[str, Any]
_WHYS: dict[type[Exception], str] = {
    UnicodeDecodeError: "it is not text in UTF-8",
    json.JSONDecodeError: "it is not JSON",
    csv.Error: "it is not CSV",
    ValueError: "a ticket_id is not a number",
    AttributeError: "a row is not a JSON object",
    TypeError: "it does not hold a list of rows",
    EOFError: "it is cut off",
    zlib.error: "it is not gzip data",
    gzip.BadGzipFile: "it is not gzip data",
    lzma.LZMAError: "it is not xz data",
    ZstdError: "it is not Zstandard data",
}
_COMPRESSED: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": ZstdFile,
}
_UNREADABLE: tuple[type[Exception], ...] = (*_WHYS, OSError)


def damages(archive: Archive) -> Iterator[str]:
    """Yield a sentence for all that cannot be read in *archive*."""
    try:
        for (answer,) in archive.db.execute("PRAGMA integrity_check(5)"):
            if answer != "ok":
                yield str(answer)
        yield from _unreadable(archive, "ticket")
        yield from _unreadable(archive, "message")
    except sqlite3.DatabaseError as error:
        yield str(error)


def gaps(archive: Archive) -> Iterator[str]:
    """Yield a sentence for all that is missing in an *archive* that can be read."""
    if not counts.is_listed(archive):
        yield "the listing of tickets is not finished"
    for ticket_id, listed, archived in counts.miscounted(archive):
        yield f"ticket {ticket_id}: {archived:,} messages archived, {listed:,} counted"
    for ticket_id, reason in counts.failures(archive):
        yield f"ticket {ticket_id}: could not be fetched ({reason})"
    if missing := counts.not_whole(archive):
        yield f"not whole yet: {many(missing, 'ticket')}"
    if unconfirmed := counts.unconfirmed(archive, 100):
        yield f"still to be asked for by id: {many(len(unconfirmed), 'ticket')}"


def _unreadable(archive: Archive, table: str) -> Iterator[str]:
    for id_, raw in archive.db.execute(f"SELECT id, raw FROM {table}"):  # noqa: S608
        try:
            found = json.loads(unpacked(raw)).get("id")
        except (*BAD_BLOB, ValueError, AttributeError, TypeError):
            found = None
        if found != id_:
            yield f"{table} {id_}: the archived object cannot be read"


def hash_problems(path: Path, recorded: str | None) -> Iterator[str]:
    """Yield a sentence where the file at *path* has not the *recorded* SHA-256."""
    try:
        if recorded is not None and file_sha256(path) != recorded:
            yield f"{path}: it was changed since it was written (its SHA-256 differs)"
    except OSError as error:
        yield f"{path}: it cannot be read ({error.strerror})"


def file_problems(
    path: Path,
    expected: Iterable[Message],
    names: Mapping[str, str],
    *,
    is_for_spreadsheets: bool,
) -> Iterator[str]:
    """Yield a sentence for each ticket whose rows are not the *expected* ones.

    *names* are those that columns have in the file, where they differ.
    *is_for_spreadsheets* is ``GORGIAS_SPREADSHEET_SAFE``, which CSV files differ by.
    Raises `ConfigurationError` where the format of the file is unknown.
    """
    to_cell = _json_value
    if ".csv" in path.suffixes:
        to_cell = _safe_csv_cell if is_for_spreadsheets else _csv_cell
    read = _reader(path)
    wanted = groupby(expected, key=lambda message: message.ticket_id)
    try:
        columns = {name: column for column, name in names.items()}
        found = _by_ticket(_rows(path, read, columns))
        theirs = next(found, None)
        for ticket_id, messages in wanted:
            while theirs is not None and theirs[0] < ticket_id:
                yield f"ticket {theirs[0]}: in the file, not in the archive"
                theirs = next(found, None)
            if theirs is None or theirs[0] > ticket_id:
                yield f"ticket {ticket_id}: in the archive, not in the file"
                continue
            yield from _difference(ticket_id, list(messages), theirs[1], to_cell)
            theirs = next(found, None)
        while theirs is not None:
            yield f"ticket {theirs[0]}: in the file, not in the archive"
            theirs = next(found, None)
    except _UnreadableError as error:
        yield str(error)


class _UnreadableError(Exception):
    """A file is not what its name says; the text says how, without its words."""


def _rows(
    path: Path, read: Callable[[IO[str]], Iterator[Row]], columns: Mapping[str, str]
) -> Iterator[tuple[int, Row]]:
    """Yield the rows with their ticket ids; *columns* by their names in the file."""
    number = 0
    try:
        with _opened(path) as file:
            for read_row in read(file):
                row = {columns.get(key, key): cell for key, cell in read_row.items()}
                yield _ticket_id(row), row
                number += 1
    except _UNREADABLE as error:
        raise _UnreadableError(
            f"after {many(number, 'row')} it cannot be read: {_why(error)}"
        ) from None


def _ticket_id(row: Row) -> int:
    if row.get("ticket_id") is None:
        raise ConfigurationError(
            "The file has no column ticket_id, so its rows cannot be told apart: "
            "verify a file that has one."
        )
    return int(row["ticket_id"])


def _why(error: Exception) -> str:
    known = (why for kind, why in _WHYS.items() if isinstance(error, kind))
    return next(known, None) or getattr(error, "strerror", None) or "reading fails"


def _difference(
    ticket_id: int,
    messages: list[Message],
    rows: list[Row],
    to_cell: Callable[[Message, str], Any],
) -> Iterator[str]:
    if len(messages) != len(rows):
        yield (
            f"ticket {ticket_id}: {len(rows):,} rows in the file, "
            f"{len(messages):,} messages in the archive"
        )
        return
    for message, row in zip(messages, rows, strict=True):
        names = [name for name, value in row.items() if value != to_cell(message, name)]
        if names:
            yield (
                f"ticket {ticket_id}: message {message.message_id} differs in "
                f"{', '.join(names)}"
            )


def _by_ticket(rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, list[Row]]]:
    for ticket_id, group in groupby(rows, key=lambda row: row[0]):
        yield ticket_id, [row for _, row in group]


def _csv_cell(message: Message, name: str) -> str:
    value = getattr(message, name, None)
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ",".join(value)
    if isinstance(value, dict | list):
        return json_text(value)
    return "" if value is None else str(value)


def _safe_csv_cell(message: Message, name: str) -> str:
    cell = _csv_cell(message, name)
    is_text = isinstance(getattr(message, name, None), str | list | dict)
    return safe_cell(cell) if is_text else cell


def _json_value(message: Message, name: str) -> Any:
    return getattr(message, name, None)


def _opened(path: Path) -> IO[str]:
    # utf-8-sig reads a file with or without a byte order mark
    if open_compressed := _COMPRESSED.get(path.suffix.lower()):
        return io.TextIOWrapper(open_compressed(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _reader(path: Path) -> Callable[[IO[str]], Iterator[Row]]:
    readers = {".csv": _read_csv, ".jsonl": _read_lines, ".json": _read_array}
    for suffix in path.suffixes:
        if suffix in readers:
            return readers[suffix]
    raise ConfigurationError(
        f"{path}: only files named .csv, .jsonl and .json (also compressed) can be verified."
    )


def _read_csv(file: IO[str]) -> Iterator[Row]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # bodies of many MB
    yield from csv.DictReader(file)


def _read_lines(file: IO[str]) -> Iterator[Row]:
    for line in file:
        row = json.loads(line)
        messages = row.pop("messages", [{}])
        yield from ({**row, **message} for message in messages)


def _read_array(file: IO[str]) -> Iterator[Row]:
    yield from json.load(file)
