"""Tickets and messages go into the archive, and tickets become due or settled by it.

A message is keyed by its id: under whatever ticket it appears, it is there once.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from gorgias_crawler.api import Message, Ticket
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.compression import packed
from gorgias_crawler.archive.file import Archive

DUE_BY_WALK = 1
DUE_BY_URL = 2
DUE_AS_SAMPLE = 3

NOT_LISTED = -1
"""``listed`` of a ticket that only its messages have shown."""


@dataclass
class Changes:
    """What a run brought: counts of tickets, and of messages erased with them."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    vanished: int = 0
    erased_messages: int = 0


def put_tickets(
    archive: Archive, tickets: Iterable[Ticket], listing: int, changes: Changes
) -> None:
    """Insert or update tickets, inside of a transaction, and note what is due.

    *listing* is the number of the listing that they were seen in; *changes* is
    counted up.
    """
    for ticket in tickets:
        old = archive.db.execute(
            "SELECT due, listed, updated_us, messages_count, answered, gone "
            "FROM ticket WHERE id = ?",
            (ticket.id,),
        ).fetchone()
        same = (ticket.updated_us, ticket.messages_count)
        # What is listed is not gone, whatever its message URL said.
        is_unchanged = old and old[2:4] == same and not old[5]
        # Without a count a deletion shows nowhere: a new listing asks for the ticket.
        if is_unchanged and (ticket.messages_count is not None or old[1] == listing):
            archive.db.execute(
                "UPDATE ticket SET listed = ?, raw = ? WHERE id = ?",
                (listing, packed(ticket.raw), ticket.id),
            )
            continue
        is_new = not old or old[1] == NOT_LISTED
        changes.new += is_new
        changes.changed += not is_new
        # A sampled ticket that has changed tells nothing of the walk any more.
        due = max(_due(archive, ticket), min(old[0], DUE_BY_URL) if old else 0)
        if old and due == DUE_BY_WALK and old[4] not in (None, old[3]):
            # Its count is known to be wrong: if it agrees, that may be by accident.
            due = DUE_BY_URL
        archive.db.execute(
            "INSERT OR REPLACE INTO ticket "
            "(id, updated_us, messages_count, due, listed, raw) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                ticket.id,
                ticket.updated_us,
                ticket.messages_count,
                due,
                listing,
                packed(ticket.raw),
            ),
        )
        # What is staged belongs to the ticket as it was before.
        forget_staged(archive, ticket.id)


def _due(archive: Archive, ticket: Ticket) -> int:
    if ticket.messages_count is None or _has(archive, ticket.id, "AND unsent"):
        return DUE_BY_URL
    if ticket.messages_count == 0 and not _has(archive, ticket.id):
        return 0
    if archive.fact("complete_us") is None and _has(archive, ticket.id):
        return DUE_BY_URL  # See `settling.settle_walk` for walks that are not whole.
    if is_sampling(archive) or walks.get(archive, walks.NEWEST_MESSAGES) is not None:
        # The walk has passed the newest messages: it misses what has come since, and
        # a deletion beside it would make the count agree.
        return DUE_BY_URL
    return DUE_BY_WALK


def is_sampling(archive: Archive) -> bool:
    """Tell whether a sample decides, when its answers are there, about a walk."""
    return archive.fact("sample_equal") is not None


def _has(archive: Archive, ticket_id: int, condition: str = "") -> bool:
    row = archive.db.execute(
        f"SELECT 1 FROM message WHERE ticket_id = ? {condition} LIMIT 1",
        (ticket_id,),
    )
    return row.fetchone() is not None


def put_messages(archive: Archive, messages: Iterable[Message]) -> None:
    """Insert or update messages of any tickets, inside of a transaction.

    A message that names no ticket belongs to no row of the export and is left out.
    """
    placed = [row for row in messages if row.ticket_id is not None]
    moving = json.dumps([(row.id, row.ticket_id) for row in placed])
    move(archive, f"SELECT {_AT.format(0)}, {_AT.format(1)} FROM json_each(?)", moving)
    archive.db.executemany(
        "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)",
        (columns(row, row.ticket_id) for row in placed),
    )


_AT = "json_extract(value, '$[{}]')"


def move(archive: Archive, moving: str, value: str | int) -> None:
    """Note, inside of a transaction, which tickets messages go to and leave.

    *moving* selects the messages' ids with the tickets that they are in now. A ticket
    that no listing has shown is noted, to be asked for by its id. One that a message
    leaves becomes due; most of those have vanished in a merge.
    """
    archive.db.execute(
        "INSERT OR IGNORE INTO ticket (id, updated_us, due, listed, raw) "
        f"WITH moving (id, now_in) AS ({moving}) "
        f"SELECT now_in, 0, {DUE_BY_WALK}, {NOT_LISTED}, x'' FROM moving",
        (value,),
    )
    archive.db.execute(
        f"UPDATE ticket SET due = max(due, {DUE_BY_URL}) WHERE id IN "
        f"(WITH moving (id, now_in) AS ({moving}) SELECT ticket_id FROM message "
        "JOIN moving USING (id) WHERE ticket_id <> now_in)",
        (value,),
    )


def settle(archive: Archive, ticket_id: int) -> None:
    """Forget a ticket's failure and its staged pages, inside of a transaction."""
    archive.db.execute("DELETE FROM failure WHERE ticket_id = ?", (ticket_id,))
    forget_staged(archive, ticket_id)


def forget_staged(archive: Archive, ticket_id: int) -> None:
    """Begin a ticket's pages again, inside of a transaction."""
    archive.db.execute("DELETE FROM staged WHERE asked_ticket_id = ?", (ticket_id,))
    walks.forget(archive, walks.of_ticket(ticket_id))


def forget_tickets(archive: Archive, ticket_ids: Iterable[int]) -> int:
    """Erase tickets that the account does not have any more, with their messages.

    Runs inside of a transaction. Returns how many messages were erased.
    """
    erased = 0
    for ticket_id in ticket_ids:
        erased += archive.db.execute(
            "DELETE FROM message WHERE ticket_id = ?", (ticket_id,)
        ).rowcount
        archive.db.execute("DELETE FROM ticket WHERE id = ?", (ticket_id,))
        settle(archive, ticket_id)
    return erased


def columns(row: Message, ticket_id: int | None) -> tuple[object, ...]:
    """Return *row* as one of the table of messages, under the ticket *ticket_id*."""
    return (row.id, ticket_id, row.created_us, row.unsent, packed(row.raw))
