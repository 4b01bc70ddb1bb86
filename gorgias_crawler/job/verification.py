"""Whether an archive holds together, and where two files of rows differ."""

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import chain, groupby, zip_longest
from typing import Any

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.archive.compression import BAD_BLOB, unpacked
from gorgias_crawler.items import decoded
from gorgias_crawler.job.readers import UNREADABLE, Row
from gorgias_crawler.wording import many


def damages(archive: Archive) -> Iterator[str]:
    """Yield a sentence for what is wrong in the file of *archive*, and what is hit."""
    try:
        answers = archive.db.execute("PRAGMA integrity_check(5)").fetchall()
        if answers != [("ok",)]:
            yield from (str(answer) for (answer,) in answers)
            yield from unreadable(archive)
    except sqlite3.DatabaseError as error:
        yield str(error)


def unreadable(archive: Archive) -> Iterator[str]:
    """Yield a sentence for each ticket and message of *archive* that cannot be read."""
    for table in ("ticket", "message"):
        yield from _unreadable(archive, table)


def gaps(archive: Archive) -> Iterator[str]:
    """Yield a sentence for all that is missing in an *archive* that can be read."""
    if not counts.is_listed(archive):
        yield "the listing of tickets is not finished"
    for ticket_id, listed, archived in counts.miscounted(archive):
        yield f"ticket {ticket_id}: {archived:,} messages archived, {listed:,} counted"
    for ticket_id, reason in counts.failures(archive):
        yield f"ticket {ticket_id}: could not be fetched ({reason})"
    if missing := counts.incomplete(archive):
        yield f"not whole yet: {many(missing, 'ticket')}"
    if unconfirmed := counts.unconfirmed(archive, 100):
        yield f"still to be asked for by id: {many(len(unconfirmed), 'ticket')}"


def _unreadable(archive: Archive, table: str) -> Iterator[str]:
    for id_, raw in archive.db.execute(f"SELECT id, raw FROM {table}"):  # noqa: S608
        try:
            found = decoded(unpacked(raw)).get("id")
        except (*BAD_BLOB, ValueError, AttributeError, TypeError):
            found = None
        if found != id_:
            yield f"{table} {id_}: the archived object cannot be read"


def differences(
    expected: Iterator[Row], found: Iterator[Row], names: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each ticket or object whose rows are not as *expected*.

    *names* are those that columns have in the files, where they differ. Rows without an
    id are held against each other in their order. No sentence holds a value but ids.
    """
    theirs = _Counted(found)
    try:
        wanted, mine = _peeked(expected)
        there, rows = _peeked(iter(theirs))
        if key := _key(wanted or there or {}, names):
            yield from _by_id(mine, rows, key, names)
        else:
            yield from _in_order(mine, rows)
    except tuple(UNREADABLE) as error:
        yield f"after {many(theirs.count, 'row')} it cannot be read: {why(error)}"


def _peeked(rows: Iterator[Row]) -> tuple[Row | None, Iterator[Row]]:
    first = next(rows, None)
    return first, chain([] if first is None else [first], rows)


def why(error: Exception) -> str:
    """Return why a file cannot be read, without the words in it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return next(w for kind, w in UNREADABLE.items() if isinstance(error, kind))


class _Counted:
    """Rows, counted as they are read."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            row.keys()  # of what is no object this fails
            yield row
            self.count += 1


def _key(row: Row, names: Mapping[str, str]) -> str | None:
    """Return the column whose ids ascend from row to row, as it is called in *row*."""
    keys = (names.get(name, name) for name in ("ticket_id", "id"))
    return next((key for key in keys if key in row), None)


def _by_id(
    expected: Iterator[Row], found: Iterator[Row], key: str, names: Mapping[str, str]
) -> Iterator[str]:
    what = "ticket" if key == names.get("ticket_id", "ticket_id") else "id"
    groups = groupby(found, lambda row: int(row[key]))
    id_, rows = _next(groups)
    for wanted, mine in groupby(expected, lambda row: int(row[key])):
        while id_ is not None and id_ < wanted:
            yield f"{what} {id_}: in the file, not in the archive"
            id_, rows = _next(groups)
        if id_ is None or id_ > wanted:
            yield f"{what} {wanted}: in the archive, not in the file"
            continue
        yield from _within(f"{what} {wanted}", list(mine), rows, names)
        id_, rows = _next(groups)
    while id_ is not None:
        yield f"{what} {id_}: in the file, not in the archive"
        id_, rows = _next(groups)


def _next(groups: Iterator[tuple[int, Iterator[Row]]]) -> tuple[int | None, list[Row]]:
    id_, rows = next(groups, (None, iter(())))
    return id_, list(rows)


def _within(
    whose: str, mine: list[Row], theirs: list[Row], names: Mapping[str, str]
) -> Iterator[str]:
    if len(mine) != len(theirs):
        yield f"{whose}: {len(theirs):,} rows in the file, {len(mine):,} in the archive"
        return
    message = names.get("message_id", "message_id")
    for number, (wanted, row) in enumerate(zip(mine, theirs, strict=True), 1):
        if differing := _columns_that_differ(wanted, row):
            which = (
                f"message {wanted[message]}" if message in wanted else f"row {number}"
            )
            yield f"{whose}: {which} differs in {differing}"


def _in_order(expected: Iterator[Row], found: Iterator[Row]) -> Iterator[str]:
    for number, (wanted, row) in enumerate(zip_longest(expected, found), 1):
        if row is None:
            yield f"row {number:,} and those after it: in the archive, not in the file"
            return
        if wanted is None:
            yield f"row {number:,} and those after it: in the file, not in the archive"
            return
        if differing := _columns_that_differ(wanted, row):
            yield f"row {number:,}: differs in {differing}"


def _columns_that_differ(wanted: Row, row: Row) -> str:
    missing: Any = object()
    names = dict.fromkeys([*wanted, *row])
    differing = [n for n in names if wanted.get(n, missing) != row.get(n, missing)]
    ours = [name for name in differing if name in wanted]
    # what only the file calls a column may be anything, also what somebody wrote
    others = ["columns that only the file has"] if len(ours) < len(differing) else []
    return ", ".join([*ours, *others])
