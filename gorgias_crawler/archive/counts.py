"""What is there and what is missing, counted."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gorgias_crawler.archive import states, walks
from gorgias_crawler.archive.doubts import LAG_US
from gorgias_crawler.archive.file import Archive


@dataclass(frozen=True)
class Totals:
    """Counts over the whole archive.

    ``expected`` is the number of messages that the tickets should have, as far as it
    is known.
    """

    tickets: int
    expected: int
    messages: int
    due: int
    gone: int


def totals(archive: Archive) -> Totals:
    """Count the archive."""
    row = archive.db.execute(
        f"SELECT count(*), coalesce(sum({states.EXPECTED}), 0), "
        "(SELECT count(*) FROM message), count(nullif(due, 0)), "
        "coalesce(sum(gone), 0) FROM ticket"
    ).fetchone()
    return Totals(*row)


def failures(archive: Archive) -> list[tuple[int, str]]:
    """Return the tickets that could not be fetched, with the reasons."""
    return archive.db.execute(
        "SELECT ticket_id, reason FROM failure ORDER BY ticket_id"
    ).fetchall()


def noted(archive: Archive) -> list[tuple[int, int, int]]:
    """Return (ticket id, its listing's count, its own URL's count) where they differ.

    Of more than 1,000 the first are returned.
    """
    return archive.db.execute(
        "SELECT id, messages_count, settled_rows FROM ticket "
        "INDEXED BY ticket_counts WHERE settled_count IS messages_count "
        "AND settled_rows <> messages_count AND NOT gone ORDER BY id LIMIT 1000"
    ).fetchall()


def miscounted(archive: Archive) -> list[tuple[int, int, int]]:
    """Return (ticket id, expected, archived count) of complete tickets that differ."""
    return archive.db.execute(
        f"SELECT id, {states.EXPECTED}, {states.ARCHIVED} AS archived FROM ticket "
        f"WHERE due = 0 AND NOT gone AND {states.EXPECTED} <> archived ORDER BY id"
    ).fetchall()


def of_tickets(archive: Archive) -> Iterator[tuple[int, int, int | None, int | None]]:
    """Yield each ticket's id with its numbers of messages.

    They are those archived, those expected, and those that its listing counted: where
    the last two differ, the ticket's own answers have refuted the listing.
    """
    yield from archive.db.execute(
        f"SELECT id, {states.ARCHIVED}, {states.EXPECTED}, messages_count FROM ticket ORDER BY id"
    )


def is_listed(archive: Archive) -> bool:
    """Tell whether a listing of all tickets has come to its end."""
    listing = walks.get(archive, walks.LISTING)
    return listing is not None and listing.done


def is_complete(archive: Archive) -> bool:
    """Tell whether every listed ticket is archived with all its messages."""
    due = archive.value("SELECT 1 FROM ticket WHERE due > 0 LIMIT 1")
    is_read = archive.facts.reread_run is None
    return (
        is_listed(archive) and is_read and due is None and not unconfirmed(archive, 1)
    )


def due_tickets(
    archive: Archive, after: int, limit: int, run: int, now_us: int
) -> list[int]:
    """Return up to *limit* due tickets with ids above *after*, ascending.

    Those that failed in run number *run* are left to the next, those that are doubted
    to the moment when a second answer counts. While a sample is asked for, the tickets
    that it decides about wait.
    """
    return archive.column(
        "SELECT id FROM ticket WHERE due >= ? AND due > 0 AND id > ? AND NOT EXISTS "
        "(SELECT 1 FROM failure WHERE ticket_id = ticket.id AND run = ?) "
        "AND NOT EXISTS (SELECT 1 FROM doubt WHERE ticket_id = ticket.id "
        # One far ahead was noted by a clock that has been put back since.
        "AND ready_us > ? AND ready_us <= ?) ORDER BY id LIMIT ?",
        *(
            states.DUE_BY_URL if states.is_sampling(archive) else states.DUE_BY_WALK,
            after,
            run,
        ),
        *(now_us, now_us + LAG_US, limit),
    )


def unconfirmed(archive: Archive, limit: int, but: Iterable[int] = ()) -> list[int]:
    """Return up to *limit* tickets, *but* some, of which only asking by id tells.

    They are tickets of archived messages that no listing showed, and tickets that the
    last listing showed no more.
    """
    return archive.column(
        "SELECT id FROM ticket WHERE listed < ? AND id NOT IN "
        "(SELECT value FROM json_each(?)) ORDER BY listed, id LIMIT ?",
        *(archive.facts.listing or 0, json.dumps(list(but)), limit),
    )


def listed_tickets(archive: Archive) -> int:
    """Count the tickets that a list has shown."""
    count: int = archive.value("SELECT count(*) FROM ticket WHERE listed >= 0")
    return count


def has_older_tickets(archive: Archive, than_us: int) -> bool:
    """Tell whether the listing has shown a ticket that was last updated before then.

    The present one: what it does not show any more may be deleted.
    """
    older = (
        "SELECT 1 FROM ticket WHERE listed = ? AND updated_us BETWEEN 1 AND ? LIMIT 1"
    )
    listing = archive.facts.listing or 0
    return archive.value(older, listing, than_us - 1) is not None


def is_listed_ticket(archive: Archive, ticket_id: int) -> bool:
    """Tell whether a list has ever shown a ticket."""
    listed = "SELECT 1 FROM ticket WHERE id = ? AND listed >= 0"
    return archive.value(listed, ticket_id) is not None


def has_changed_since(archive: Archive, run: int) -> bool:
    """Tell whether a run after *run* has seen a ticket or object change or go."""
    # A cross join is not reordered: the index is searched for each of the few kinds.
    changed = (
        "SELECT 1 FROM ticket WHERE changed_run > ? UNION ALL "
        "SELECT 1 FROM kind CROSS JOIN object ON object.kind = kind.name "
        "AND changed_run > ? UNION ALL "
        "SELECT 1 FROM deleted WHERE run > ? LIMIT 1"
    )
    return archive.value(changed, run, run, run) is not None


def are_left_out(archive: Archive, ticket_ids: Iterable[int]) -> bool:
    """Tell whether the present listing did not show some tickets that one has shown."""
    left_out = (
        "SELECT 1 FROM ticket WHERE listed BETWEEN 0 AND ? - 1 "
        "AND id IN (SELECT value FROM json_each(?)) LIMIT 1"
    )
    ids = json.dumps(list(ticket_ids))
    return archive.value(left_out, archive.facts.listing or 0, ids) is not None


def check_due_index(archive: Archive) -> None:
    """Raise what SQLite raises of damage where the table has due tickets no index has.

    Reads the whole table: before a run is called complete.
    """
    _check_equal(archive, "ticket NOT INDEXED WHERE due > 0", "ticket WHERE due > 0")


def check_message_index(archive: Archive) -> None:
    """Raise what SQLite raises of damage where messages are not those of their index.

    Reads the whole table: where no row is read, which would show it.
    """
    _check_equal(archive, "message NOT INDEXED", "message INDEXED BY message_in_order")


def _check_equal(archive: Archive, table: str, index: str) -> None:
    # In one statement: a crawl may write meanwhile.
    equal = f"(SELECT count(*) FROM {table}) = (SELECT count(*) FROM {index})"
    if not archive.value(f"SELECT {equal}"):
        raise sqlite3.DatabaseError("an index disagrees with its table")


def incomplete(archive: Archive) -> int:
    """Count the tickets of which something is still to fetch."""
    count: int = archive.value(
        f"SELECT count(*) FROM ticket WHERE NOT {states.IS_COMPLETE}"
    )
    return count
