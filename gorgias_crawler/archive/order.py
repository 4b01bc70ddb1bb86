"""Everything in the order of the file: tickets by id, messages of each by time."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import IS_WHOLE

_BATCH = 100  # tickets read by two queries; of their messages one is held at a time
_LAST = 2**63 - 1  # the largest id that there can be

Messages = Iterator[tuple[int, bytes]]
"""The ids of messages, and their JSON."""

_Row = tuple[int, int, bytes]  # a message's ticket, its id, and what is archived


@dataclass(frozen=True, slots=True)
class ArchivedTicket:
    """A ticket's JSON, and the run that last saw it or its messages change."""

    id: int
    raw: bytes
    changed_run: int


def in_order(
    archive: Archive, *, only_whole: bool = False
) -> Iterator[tuple[ArchivedTicket, Messages]]:
    """Yield every ticket with its messages' JSON, in the order of the file.

    *only_whole* leaves out tickets that have something to fetch. Reads in short
    transactions, so that the write-ahead log can be emptied meanwhile. At its end
    raises `sqlite3.DatabaseError` where it has passed other numbers of tickets and
    messages than the tables hold: an index that leads to them is damaged.
    """
    # Read by the table itself: the conditions' own indexes would be sorted each time.
    batches = (
        f"SELECT id, raw, changed_run, {IS_WHOLE} FROM ticket NOT INDEXED "
        f"WHERE id > ? ORDER BY id LIMIT {_BATCH}"
    )
    after, passed = 0, _Passed(archive)
    while batch := archive.db.execute(batches, (after,)).fetchall():
        passed.tickets += len(batch)
        last = batch[-1][0] if len(batch) == _BATCH else _LAST
        messages = passed.counted(after, last)
        for id_, raw, changed_run, is_whole in batch:
            mine = messages.of(id_)
            if is_whole or not only_whole:
                yield ArchivedTicket(id_, unpacked(raw), changed_run), mine
        messages.skip()
        after = last
    passed.check()


def unfinished(archive: Archive) -> Iterator[bytes]:
    """Yield the JSON of every listed ticket that has something to fetch."""
    incomplete = f"SELECT raw FROM ticket WHERE NOT {IS_WHOLE} AND length(raw)"
    for (raw,) in archive.db.execute(incomplete):
        yield unpacked(raw)


def ticket(archive: Archive, id_: int) -> bytes | None:
    """Return the JSON of one ticket, None where no listing has shown it."""
    raw = archive.value("SELECT raw FROM ticket WHERE id = ?", id_)
    return unpacked(raw) if raw else None


def tickets(archive: Archive, changed_since: int = 0) -> Iterator[bytes]:
    """Yield the JSON of every ticket that a listing has shown, ordered by id.

    What has not changed in the run *changed_since* or later is left out.
    """
    for batch in archive.batches(
        "SELECT id, raw FROM ticket WHERE id > ? AND length(raw) > 0 "
        "AND changed_run >= ? ORDER BY id",
        changed_since,
    ):
        for _, raw in batch:
            yield unpacked(raw)


class _Passed:
    """How many tickets and messages were passed, to be held against the tables."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.tickets = self.messages = 0
        self._version = self._data_version()

    def _data_version(self) -> int:
        """Return what changes when another process writes the archive."""
        version: int = self.archive.value("PRAGMA data_version")
        return version

    def counted(self, after: int, last: int) -> "_OfTickets":
        """Return the messages of tickets above *after*, up to *last*; count them."""
        found = self.archive.db.execute(
            "SELECT ticket_id, id, raw FROM message WHERE ticket_id > ? AND ticket_id <= ? "
            "ORDER BY ticket_id, created_us, id",
            (after, last),
        )
        return _OfTickets(self._count(found))

    def _count(self, found: Iterator[_Row]) -> Iterator[_Row]:
        for message in found:
            self.messages += 1
            yield message

    def check(self) -> None:
        """Raise `sqlite3.DatabaseError` where something was not passed."""
        if self._data_version() != self._version:
            return  # a crawl is at work: what it brings is not there yet
        for table, number in (("ticket", self.tickets), ("message", self.messages)):
            there = self.archive.value(f"SELECT count(*) FROM {table} NOT INDEXED")
            if there != number:
                raise sqlite3.DatabaseError("an index disagrees with its table")


class _OfTickets:
    """Messages in the order of their tickets, handed out ticket by ticket."""

    def __init__(self, messages: Iterator[_Row]) -> None:
        self._groups = groupby(messages, key=itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, ticket_id: int) -> Messages:
        """Yield the messages of a ticket, passing over those of tickets before it."""
        while self._next is not None and self._next[0] < ticket_id:
            self._next = next(self._groups, None)
        if self._next is not None and self._next[0] == ticket_id:
            for _, id_, raw in self._next[1]:
                yield id_, unpacked(raw)

    def skip(self) -> None:
        """Pass over all that is left."""
        while self._next is not None:
            self._next = next(self._groups, None)
