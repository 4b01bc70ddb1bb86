"""Everything in the order of the file: tickets by id, messages of each by time."""

import math
import sqlite3
from collections.abc import Generator, Iterator
from itertools import groupby
from operator import itemgetter

from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.counts import IS_WHOLE, messages_of_tickets
from gorgias_crawler.archive.file import Archive

_BATCH = 100  # tickets read by two queries; of their messages one is held at a time


def in_order(
    archive: Archive, *, only_whole: bool = False
) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """Yield every ticket's JSON with its messages' JSON, in the order of the file.

    *only_whole* leaves out tickets that have something to fetch. Reads in short
    transactions, so that the write-ahead log can be emptied meanwhile.

    Raises `sqlite3.DatabaseError` at the end where the archive counts more or fewer
    messages than were read: an index then disagrees with its table. What another
    process has changed meanwhile cannot be judged.
    """
    which = f"AND {IS_WHOLE}" if only_whole else ""
    version = _data_version(archive)
    expected = messages_of_tickets(archive, only_whole=only_whole)
    found = 0
    after = 0
    while batch := archive.db.execute(
        f"SELECT id, raw FROM ticket WHERE id > ? {which} ORDER BY id LIMIT {_BATCH}",
        (after,),
    ).fetchall():
        found += yield from _with_messages(archive, batch)
        after = batch[-1][0]
    if found != expected and version == _data_version(archive):
        raise sqlite3.DatabaseError(
            f"{found} messages are in an index, {expected} in the table"
        )


def _data_version(archive: Archive) -> int:
    """Return a number that differs after another process has written."""
    (version,) = archive.db.execute("PRAGMA data_version").fetchone()
    return int(version)


def unfinished(archive: Archive) -> Iterator[bytes]:
    """Yield the JSON of every listed ticket that has something to fetch."""
    for (raw,) in archive.db.execute(
        f"SELECT raw FROM ticket WHERE NOT {IS_WHOLE} AND length(raw)"
    ):
        yield unpacked(raw)


def listed_tickets(archive: Archive) -> Iterator[bytes]:
    """Yield the JSON of every ticket that a listing has shown."""
    for (raw,) in archive.db.execute("SELECT raw FROM ticket WHERE length(raw) > 0"):
        yield unpacked(raw)


def _with_messages(
    archive: Archive, tickets: list[tuple[int, bytes]]
) -> Generator[tuple[bytes, Iterator[bytes]], None, int]:
    """Yield each of *tickets* with its messages; return how many those are."""
    count = 0

    def counted(group: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
        nonlocal count
        for _, raw in group:
            count += 1
            yield raw

    messages = archive.db.execute(
        "SELECT ticket_id, raw FROM message WHERE ticket_id BETWEEN ? AND ? "
        "ORDER BY ticket_id, created_us, id",
        (tickets[0][0], tickets[-1][0]),
    )
    groups = groupby(messages, key=itemgetter(0))
    ticket_id, group = next(groups, _NO_GROUP)
    for id_, raw in tickets:
        while ticket_id < id_:
            ticket_id, group = next(groups, _NO_GROUP)
        mine = counted(group if ticket_id == id_ else iter(()))
        yield unpacked(raw), map(unpacked, mine)
        for _ in mine:  # those of a ticket that nobody wanted count, too
            pass
    return count


_NO_GROUP: tuple[float, Iterator[tuple[int, bytes]]] = (math.inf, iter(()))
