"""Tickets and messages go into the archive, and tickets become due or settled by it.

A message is keyed by its id: under whatever ticket it appears, it is there once.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from gorgias_crawler.api import Message, Page, Ticket
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.codec import packed
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
        _forget_staged(archive, ticket.id)


def _due(archive: Archive, ticket: Ticket) -> int:
    if ticket.messages_count is None or _has(archive, ticket.id, "AND unsent"):
        return DUE_BY_URL
    if ticket.messages_count == 0 and not _has(archive, ticket.id):
        return 0
    if archive.fact("complete_us") is None and _has(archive, ticket.id):
        return DUE_BY_URL  # See `reckoning.settle_walk` for walks that are not whole.
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
    _move(archive, f"SELECT {_AT.format(0)}, {_AT.format(1)} FROM json_each(?)", moving)
    archive.db.executemany(
        "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)",
        (_columns(row, row.ticket_id) for row in placed),
    )


_AT = "json_extract(value, '$[{}]')"


def _move(archive: Archive, moving: str, value: str | int) -> None:
    """Note which tickets messages go to and leave.

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


def store_ticket_page(archive: Archive, ticket_id: int, page: Page[Message]) -> None:
    """Store a page of a ticket's own message URL.

    Earlier pages wait in a stage and replace what was archived of the ticket with the
    last page, not before: a kill in between loses nothing old.
    """
    with archive.transaction() as db:
        db.executemany(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?, ?)",
            (
                (*_columns(row, row.ticket_id or ticket_id), ticket_id)
                for row in page.rows
            ),
        )
        if page.next_cursor is None:
            _unstage(archive, ticket_id)
        else:
            db.execute(
                "INSERT OR REPLACE INTO walk (name, cursor) VALUES (?, ?)",
                (walks.of_ticket(ticket_id), page.next_cursor),
            )


def restart_ticket(archive: Archive, ticket_id: int) -> None:
    """Begin a ticket's pages again, because its cursor was refused."""
    with archive.transaction():
        _forget_staged(archive, ticket_id)


def _unstage(archive: Archive, ticket_id: int) -> None:
    _note_sample(archive, ticket_id)
    _move(
        archive, "SELECT id, ticket_id FROM staged WHERE asked_ticket_id = ?", ticket_id
    )
    archive.db.execute(
        "DELETE FROM message WHERE ticket_id = ?1 AND id NOT IN "
        "(SELECT id FROM staged WHERE asked_ticket_id = ?1)",
        (ticket_id,),
    )
    archive.db.execute(
        "INSERT OR REPLACE INTO message "
        "SELECT id, ticket_id, created_us, unsent, raw FROM staged "
        "WHERE asked_ticket_id = ?",
        (ticket_id,),
    )
    archive.db.execute(
        "UPDATE ticket SET due = 0, gone = 0, answered = "
        "(SELECT count(*) FROM message WHERE ticket_id = ?1) WHERE id = ?1",
        (ticket_id,),
    )
    _settle(archive, ticket_id)


def _settle(archive: Archive, ticket_id: int) -> None:
    archive.db.execute("DELETE FROM failure WHERE ticket_id = ?", (ticket_id,))
    _forget_staged(archive, ticket_id)


def tidy_settled(archive: Archive) -> None:
    """Forget, inside of a transaction, failures and pages of tickets that are settled."""
    settled = "IN (SELECT id FROM ticket WHERE due = 0)"
    archive.db.execute(f"DELETE FROM failure WHERE ticket_id {settled}")
    for (ticket_id,) in archive.db.execute(
        f"SELECT DISTINCT asked_ticket_id FROM staged WHERE asked_ticket_id {settled}"
    ).fetchall():
        _forget_staged(archive, ticket_id)


def _forget_staged(archive: Archive, ticket_id: int) -> None:
    archive.db.execute("DELETE FROM staged WHERE asked_ticket_id = ?", (ticket_id,))
    walks.forget(archive, walks.of_ticket(ticket_id))


def _note_sample(archive: Archive, ticket_id: int) -> None:
    """Note whether a sampled ticket's own answer is what the walk had brought."""
    (differing,) = archive.db.execute(
        "SELECT count(*) FROM ("
        "SELECT id FROM message WHERE ticket_id = ?1 UNION "
        "SELECT id FROM staged WHERE asked_ticket_id = ?1 EXCEPT "
        "SELECT message.id FROM message JOIN staged USING (id) "
        "WHERE message.ticket_id = ?1 AND asked_ticket_id = ?1)",
        (ticket_id,),
    ).fetchone()
    archive.db.execute(
        "UPDATE fact SET value = value + 1 WHERE name = ? "
        "AND EXISTS (SELECT 1 FROM ticket WHERE id = ? AND due = ?)",
        (
            "sample_differing" if differing else "sample_equal",
            ticket_id,
            DUE_AS_SAMPLE,
        ),
    )


def store_gone(archive: Archive, ticket_id: int) -> None:
    """Record that a ticket's message URL says 404: it has no messages any more."""
    with archive.transaction() as db:
        db.execute("DELETE FROM message WHERE ticket_id = ?", (ticket_id,))
        db.execute(
            "UPDATE ticket SET due = 0, gone = 1, answered = 0 WHERE id = ?",
            (ticket_id,),
        )
        _settle(archive, ticket_id)


def store_failure(archive: Archive, ticket_id: int, reason: str, run: int) -> None:
    """Record that a ticket cannot be fetched in this run; it stays due."""
    with archive.transaction() as db:
        db.execute(
            "INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", (ticket_id, reason, run)
        )


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
        _settle(archive, ticket_id)
    return erased


def _columns(row: Message, ticket_id: int | None) -> tuple[object, ...]:
    return (row.id, ticket_id, row.created_us, row.unsent, packed(row.raw))
