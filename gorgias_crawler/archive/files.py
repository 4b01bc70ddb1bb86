"""Files: what refers to them, what was fetched of them, and what could not be.

A file is known by the path of its address. What refers to it is read again of all that
has changed (`unread`), so `file_of` can be made anew from messages and recordings at
any time. A file is

===========  ==================================================================
to fetch     until its bytes are stored; ``reason`` says why the last run failed
missed       one run was told that Gorgias does not have it
missing      two runs in a row were: it is not asked for any more
stored       with its size, SHA-256 and type
elsewhere    at another host than Gorgias's; it is not asked for
===========  ==================================================================
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.file import Archive

MISSES = 2
"""In so many runs in a row must Gorgias not have a file to be believed."""

_IS_HERE = "path >= '/' AND path < '0'"  # a path; the others are whole addresses
_TO_FETCH = f"sha256 IS NULL AND misses < {MISSES} AND {_IS_HERE}"


@dataclass(frozen=True)
class Reference:
    """An address in an object: the file's path, and where it is to be stored."""

    path: str
    stored_as: str


@dataclass(frozen=True)
class Stored:
    """What was stored of a file."""

    size: int
    sha256: str
    content_type: str


@dataclass(frozen=True)
class FileTotals:
    """Counts of files; ``bytes`` are those of all that are ``stored``."""

    known: int
    stored: int
    bytes: int
    missed: int
    missing: int
    elsewhere: int

    @property
    def to_fetch(self) -> int:
        """How many are neither stored nor missing at Gorgias."""
        return self.known - self.stored - self.missed - self.missing


def totals(archive: Archive) -> FileTotals:
    """Count the files of the archive."""
    row = archive.db.execute(
        f"SELECT count(CASE WHEN {_IS_HERE} THEN 1 END), count(sha256), "
        "coalesce(sum(bytes), 0), count(CASE WHEN sha256 IS NULL AND misses BETWEEN 1 "
        f"AND {MISSES - 1} THEN 1 END), count(CASE WHEN sha256 IS NULL AND misses >= "
        f"{MISSES} THEN 1 END), count(CASE WHEN NOT ({_IS_HERE}) THEN 1 END) FROM file"
    ).fetchone()
    return FileTotals(*row)


def are_known(archive: Archive) -> bool:
    """Tell whether the archive knows of any file."""
    return archive.value("SELECT 1 FROM file LIMIT 1") is not None


def were_asked_for_since(archive: Archive, run: int) -> bool:
    """Tell whether a run after *run* has asked for a file: rows name where they are."""
    asked = "SELECT 1 FROM file WHERE asked_run > ? LIMIT 1"
    return archive.value(asked, run) is not None


# What refers to them.


def unread(
    archive: Archive, since_run: int
) -> Iterator[Iterator[tuple[int, int, bytes]]]:
    """Yield the messages of tickets that changed in *since_run* or later.

    They come as (ticket id, id, JSON), those of a hundred tickets at once.
    """
    for batch in archive.batches(
        "SELECT id FROM ticket WHERE id > ? AND changed_run >= ? ORDER BY id", since_run
    ):
        found = archive.db.execute(
            "SELECT ticket_id, id, raw FROM message WHERE ticket_id IN "
            "(SELECT value FROM json_each(?)) ORDER BY ticket_id, created_us, id",
            (json.dumps([id_ for (id_,) in batch]),),
        )
        yield ((ticket_id, id_, unpacked(raw)) for ticket_id, id_, raw in found)


def refer(
    archive: Archive, kind: str, found: Iterable[tuple[int, Iterable[Reference]]]
) -> None:
    """Note which files objects of *kind* refer to: (id, their references) of each."""
    with archive.transaction() as db:
        for id_, references in found:
            db.execute("DELETE FROM file_of WHERE kind = ? AND id = ?", (kind, id_))
            for position, its in enumerate(references):
                db.execute(
                    "INSERT INTO file_of VALUES (?, ?, ?, ?)",
                    (kind, id_, position, its.path),
                )
                db.execute(
                    "INSERT OR IGNORE INTO file (path, stored_as) VALUES (?, ?)",
                    (its.path, its.stored_as),
                )


def forget_references(archive: Archive) -> None:
    """Forget what refers to files and is not there itself."""
    with archive.transaction() as db:
        db.execute(
            "DELETE FROM file_of WHERE NOT EXISTS (SELECT 1 FROM message "
            "WHERE file_of.kind = 'messages' AND message.id = file_of.id) "
            "AND NOT EXISTS (SELECT 1 FROM object "
            "WHERE object.kind = file_of.kind AND object.id = file_of.id)"
        )


def of_message(archive: Archive, id_: int) -> list[tuple[str, str]]:
    """Return (path, where it is) of the stored files of a message, in their order."""
    return archive.db.execute(
        "SELECT path, stored_as FROM file_of JOIN file USING (path) "
        "WHERE kind = 'messages' AND id = ? AND sha256 IS NOT NULL ORDER BY position",
        (id_,),
    ).fetchall()


# What was fetched of them.


def due(archive: Archive, run: int) -> Iterator[Reference]:
    """Yield the files to fetch, but for those that *run* has asked for already."""
    for batch in archive.batches(
        f"SELECT path, stored_as FROM file WHERE {_TO_FETCH} AND path > ? "
        "AND asked_run <> ? ORDER BY path",
        run,
        after="",
    ):
        yield from (Reference(*row) for row in batch)


def note_stored(archive: Archive, path: str, stored: Stored, run: int) -> None:
    """Note that a file stands where it belongs."""
    with archive.transaction() as db:
        db.execute(
            "UPDATE file SET bytes = ?, sha256 = ?, content_type = ?, misses = 0, "
            "reason = NULL, asked_run = ? WHERE path = ?",
            (stored.size, stored.sha256, stored.content_type, run, path),
        )


def note_missing(archive: Archive, path: str, reason: str, run: int) -> int:
    """Note that *run* was told that Gorgias does not have a file.

    Returns in how many runs in a row that was so.
    """
    with archive.transaction() as db:
        (misses,) = db.execute(
            "UPDATE file SET misses = misses + 1, reason = ?, asked_run = ? "
            "WHERE path = ? RETURNING misses",
            (reason, run, path),
        ).fetchone()
    return int(misses)


def note_failed(archive: Archive, path: str, reason: str, run: int) -> None:
    """Note why *run* could not fetch a file."""
    with archive.transaction() as db:
        db.execute(
            "UPDATE file SET misses = 0, reason = ?, asked_run = ? WHERE path = ?",
            (reason, run, path),
        )


def ask_again(archive: Archive, paths: Iterable[str]) -> None:
    """Note that files are to be fetched, whatever was known of them."""
    with archive.transaction() as db:
        db.executemany(
            "UPDATE file SET bytes = NULL, sha256 = NULL, content_type = NULL, "
            "misses = 0 WHERE path = ?",
            ((path,) for path in paths),
        )


def missing(archive: Archive) -> list[str]:
    """Return the paths of the files that Gorgias is known not to have."""
    return archive.column(
        f"SELECT path FROM file WHERE sha256 IS NULL AND misses >= {MISSES}"
    )


def stored(archive: Archive) -> Iterator[list[tuple[str, str, int, str]]]:
    """Yield all stored files, in batches: (path, where it is, bytes, SHA-256)."""
    return archive.batches(
        "SELECT path, stored_as, bytes, sha256 FROM file "
        "WHERE sha256 IS NOT NULL AND path > ? ORDER BY path",
        after="",
    )


def unreferenced(archive: Archive, limit: int) -> list[Reference]:
    """Return up to *limit* files that nothing refers to any more."""
    rows = archive.db.execute(
        "SELECT path, stored_as FROM file WHERE NOT EXISTS "
        "(SELECT 1 FROM file_of WHERE file_of.path = file.path) LIMIT ?",
        (limit,),
    )
    return [Reference(*row) for row in rows]


def forget(archive: Archive, paths: Iterable[str]) -> int:
    """Forget files that have been deleted; return how many of them were stored."""
    gone = json.dumps(list(paths))
    which = "FROM file WHERE path IN (SELECT value FROM json_each(?))"
    with archive.transaction() as db:
        (were_stored,) = db.execute(f"SELECT count(sha256) {which}", (gone,)).fetchone()
        db.execute(f"DELETE {which}", (gone,))
    return int(were_stored)


_OWNERS = (
    "file_of LEFT JOIN message ON file_of.kind = 'messages' AND message.id = file_of.id"
)


@dataclass(frozen=True)
class NotStored:
    """A file that a run was refused: what refers to it, and why it is not stored.

    ``ticket_id`` is None for what belongs to no ticket.
    """

    kind: str
    id: int
    ticket_id: int | None
    reason: str
    misses: int


def not_stored(archive: Archive, limit: int) -> list[NotStored]:
    """Return up to *limit* files that could not be fetched, failures first."""
    rows = archive.db.execute(
        "SELECT file_of.kind, file_of.id, message.ticket_id, reason, misses "
        f"FROM {_OWNERS} JOIN file USING (path) "
        "WHERE sha256 IS NULL AND reason IS NOT NULL "
        "GROUP BY path ORDER BY misses, file_of.kind, file_of.id LIMIT ?",
        (limit,),
    )
    return [NotStored(*row) for row in rows]


def whose(archive: Archive, path: str) -> str:
    """Say what refers to a file, without its name, which customers chose."""
    row = archive.db.execute(
        f"SELECT file_of.kind, file_of.id, message.ticket_id FROM {_OWNERS} "
        "WHERE path = ? ORDER BY file_of.kind, file_of.id LIMIT 1",
        (path,),
    ).fetchone()
    if row is None:
        return "of a message that was deleted"
    kind, id_, ticket_id = row
    if kind != "messages":
        return f"of recording {id_}"
    return f"of message {id_} (ticket {ticket_id})"
