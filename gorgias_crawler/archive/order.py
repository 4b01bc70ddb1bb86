"""Everything in the order of the file: tickets by id, messages of each by time."""

import sqlite3
from collections.abc import Iterator

from gorgias_crawler.archive import counts
from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import IS_COMPLETE

Messages = Iterator[tuple[int, bytes]]
"""The ids of messages, and their JSON."""


def in_order(
    archive: Archive, changed_since: int = 0, *, only_complete: bool = False
) -> Iterator[tuple[tuple[int, bytes], Messages]]:
    """Yield every ticket's id and JSON with its messages', in the order of the file.

    Left out are tickets that have not changed in the run *changed_since* or later, nor
    have their messages; with *only_complete* those that have something to fetch, too.
    Reads in short transactions, so that the write-ahead log can be emptied meanwhile.
    At its end raises `sqlite3.DatabaseError` where it has passed another number of
    tickets than there are, or the index that leads to messages lacks some.
    """
    passed, version = 0, _data_version(archive)
    # Read by the table itself: the conditions' own indexes would be sorted each time.
    for batch in archive.batches(
        f"SELECT id, raw, changed_run, {IS_COMPLETE} FROM ticket NOT INDEXED "
        "WHERE id > ? ORDER BY id"
    ):
        passed += len(batch)
        for id_, raw, changed_run, is_complete in batch:
            if changed_run >= changed_since and (is_complete or not only_complete):
                yield (id_, unpacked(raw)), _messages_of(archive, id_)
    counts.check_message_index(archive)
    there = archive.value("SELECT count(*) FROM ticket NOT INDEXED")
    # Else a crawl is at work: what it brings or erases was not passed.
    if passed != there and version == _data_version(archive):
        raise sqlite3.DatabaseError("not every ticket can be reached")


def _messages_of(archive: Archive, ticket_id: int) -> Messages:
    for id_, raw in archive.db.execute(
        "SELECT id, raw FROM message WHERE ticket_id = ? ORDER BY created_us, id",
        (ticket_id,),
    ):
        yield id_, unpacked(raw)


def _data_version(archive: Archive) -> int:
    """Return what changes when another process writes the archive."""
    version: int = archive.value("PRAGMA data_version")
    return version


def unfinished(archive: Archive) -> Iterator[bytes]:
    """Yield the JSON of every listed ticket that has something to fetch."""
    incomplete = f"SELECT raw FROM ticket WHERE NOT {IS_COMPLETE} AND length(raw)"
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
