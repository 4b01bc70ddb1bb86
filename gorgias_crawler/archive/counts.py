"""What is there and what is missing, counted."""

from dataclasses import dataclass

from gorgias_crawler.archive import walks
from gorgias_crawler.archive.facts import listing_number
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.tickets import DUE_BY_URL, DUE_BY_WALK, is_sampling

EXPECTED = "coalesce(answered, messages_count)"
"""How many messages a ticket should have, as far as it is known."""

ARCHIVED = "(SELECT count(*) FROM message WHERE ticket_id = ticket.id)"
"""How many it has in the archive."""

IS_WHOLE = f"(due = 0 OR (due = {DUE_BY_WALK} AND {EXPECTED} = {ARCHIVED}))"
"""Whether nothing of a ticket is missing. A walk through messages settles all its
tickets at its end; by the counts, many are whole before."""


@dataclass(frozen=True)
class Totals:
    """Counts over the whole archive.

    ``expected`` is the number of messages that the tickets should have, as far as it
    is known. ``noted`` tickets have another number of messages than their listing
    says, as their own message URL confirmed.
    """

    tickets: int
    expected: int
    messages: int
    due: int
    failed: int
    gone: int
    noted: int


def totals(archive: Archive) -> Totals:
    """Count the archive."""
    row = archive.db.execute(
        f"SELECT count(*), coalesce(sum({EXPECTED}), 0), "
        "(SELECT count(*) FROM message), count(nullif(due, 0)), "
        "(SELECT count(*) FROM failure), coalesce(sum(gone), 0), "
        "count(CASE WHEN answered <> messages_count AND NOT gone THEN 1 END) "
        "FROM ticket"
    ).fetchone()
    return Totals(*row)


def failures(archive: Archive) -> list[tuple[int, str]]:
    """Return the tickets that could not be fetched, with the reasons."""
    return archive.db.execute(
        "SELECT ticket_id, reason FROM failure ORDER BY ticket_id"
    ).fetchall()


def noted(archive: Archive) -> list[tuple[int, int, int]]:
    """Return (ticket id, its listing's count, its own URL's count) where they differ.

    Of more than 1,000 the first are returned; `totals` counts all.
    """
    return archive.db.execute(
        "SELECT id, messages_count, answered FROM ticket INDEXED BY ticket_counts "
        "WHERE answered <> messages_count AND NOT gone ORDER BY id LIMIT 1000"
    ).fetchall()


def miscounted(archive: Archive) -> list[tuple[int, int, int]]:
    """Return (ticket id, expected, archived count) of settled tickets that differ."""
    return archive.db.execute(
        f"SELECT id, {EXPECTED}, {ARCHIVED} AS archived FROM ticket "
        f"WHERE due = 0 AND NOT gone AND {EXPECTED} <> archived ORDER BY id"
    ).fetchall()


def is_listed(archive: Archive) -> bool:
    """Tell whether a listing of all tickets has come to its end."""
    listing = walks.get(archive, walks.LISTING)
    return listing is not None and listing.done


def is_complete(archive: Archive) -> bool:
    """Tell whether every listed ticket is archived with all its messages."""
    due = archive.db.execute("SELECT 1 FROM ticket WHERE due > 0 LIMIT 1").fetchone()
    return is_listed(archive) and due is None and not unconfirmed(archive, 1)


def due_tickets(archive: Archive, after: int, limit: int, run: int) -> list[int]:
    """Return up to *limit* due tickets with ids above *after*, ascending.

    Those that failed in run number *run* are left to the next. While a sample is
    asked for, the tickets that it decides about wait.
    """
    rows = archive.db.execute(
        "SELECT id FROM ticket WHERE due >= ? AND due > 0 AND id > ? AND NOT EXISTS "
        "(SELECT 1 FROM failure WHERE ticket_id = ticket.id AND run = ?) "
        "ORDER BY id LIMIT ?",
        (DUE_BY_URL if is_sampling(archive) else DUE_BY_WALK, after, run, limit),
    )
    return [id_ for (id_,) in rows]


def unconfirmed(archive: Archive, limit: int) -> list[int]:
    """Return up to *limit* ids of tickets that only asking for them can settle.

    They are tickets of archived messages that no listing showed, and tickets that
    the last listing showed no more.
    """
    rows = archive.db.execute(
        "SELECT id FROM ticket WHERE listed < ? LIMIT ?",
        (listing_number(archive), limit),
    )
    return [id_ for (id_,) in rows]


def not_whole(archive: Archive) -> int:
    """Count the tickets of which something is still to fetch."""
    (count,) = archive.db.execute(
        f"SELECT count(*) FROM ticket WHERE NOT {IS_WHOLE}"
    ).fetchone()
    return int(count)


def messages_of_tickets(archive: Archive, *, only_whole: bool = False) -> int:
    """Count the messages, read from their table and from no index.

    *only_whole* leaves out those of tickets that have something to fetch.
    """
    which = (
        f"WHERE ticket_id NOT IN (SELECT id FROM ticket WHERE NOT {IS_WHOLE})"
        if only_whole
        else ""
    )
    (count,) = archive.db.execute(
        f"SELECT count(*) FROM message NOT INDEXED {which}"
    ).fetchone()
    return int(count)
