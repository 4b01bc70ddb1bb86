"""Tickets and messages go into the archive, and what becomes due by them.

A message is keyed by its id: under whatever ticket it appears, it is there once.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gorgias_crawler.api.pages import Message, Ticket
from gorgias_crawler.archive import states
from gorgias_crawler.archive.compression import are_alike, packed
from gorgias_crawler.archive.file import Archive

NOT_LISTED = -1
"""``listed`` of a ticket that only its messages have shown."""

DOUBTED = -2
"""``listed`` of a ticket that an event says is deleted, until its own answer tells."""


@dataclass
class Changes:
    """What run number ``run`` brought: counts of tickets, or of objects of a kind.

    Of tickets alone: ``gone`` ones are listed though their messages answer 404;
    ``vanished`` ones were deleted. ``orphans`` are messages of tickets that no list
    shows. ``lacking`` are tickets whose own answers lack all that is counted, so far,
    or (true) what is archived.
    """

    run: int
    new: int = 0
    changed: int = 0
    gone: int = 0
    vanished: int = 0
    erased_messages: int = 0
    orphans: int = 0
    lacking: dict[int, bool] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many are new or changed."""
        return self.new + self.changed


def put_tickets(
    archive: Archive, tickets: Iterable[Ticket], listing: int, changes: Changes
) -> None:
    """Insert or update tickets, inside of a transaction, and note what is due.

    *listing* is the number of the listing that they were seen in; *changes* is
    counted up.
    """
    found = {ticket.id: ticket for ticket in tickets}
    ids = json.dumps(list(found))
    old = {
        id_: columns
        for id_, *columns in archive.db.execute(
            "SELECT id, due, listed, updated_us, messages_count, gone, settled_count, "
            "settled_rows, raw, changed_run FROM ticket WHERE id IN "
            "(SELECT value FROM json_each(?))",
            (ids,),
        )
    }
    note_there(archive, "tickets", ids)
    state = states.Listed(archive)
    for ticket in found.values():
        raw, changed_run = packed(ticket.raw), changes.run
        if ticket.id in old:
            *known, old_raw, was_changed_in = old[ticket.id]
            due = _due_of_known(archive, ticket, known, state, listing, changes)
            if old_raw and are_alike(old_raw, raw):
                changed_run = was_changed_in
        else:
            due = state.due_of_new(ticket)
            changes.new += 1
        archive.db.execute(
            "INSERT INTO ticket (id, updated_us, messages_count, due, listed, raw, "
            "changed_run) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "updated_us = excluded.updated_us, due = excluded.due, gone = 0, "
            "messages_count = excluded.messages_count, listed = excluded.listed, "
            "raw = excluded.raw, changed_run = excluded.changed_run",
            (
                *(ticket.id, ticket.updated_us, ticket.messages_count),
                *(due, listing, raw, changed_run),
            ),
        )


def note_there(archive: Archive, kind: str, ids: str) -> None:
    """Note that objects are there (*ids* in JSON), whatever was found missing before.

    Runs inside of a transaction.
    """
    archive.db.execute(
        "DELETE FROM deleted WHERE kind = ? AND id IN (SELECT value FROM json_each(?))",
        (kind, ids),
    )


def _due_of_known(  # of one page all but two
    archive: Archive,
    ticket: Ticket,
    known: list[Any],
    state: states.Listed,
    listing: int,
    changes: Changes,
) -> int:
    due, listed, updated_us, count, gone, settled_count, settled_rows = known
    # What is listed is not gone, whatever its message URL said.
    is_same = (updated_us, count, gone) == (ticket.updated_us, ticket.messages_count, 0)
    # Without a count a deletion shows nowhere: a new listing asks for the ticket.
    if is_same and (count is not None or listed == listing):
        return int(due)
    changes.new += listed == NOT_LISTED
    changes.changed += listed != NOT_LISTED
    # What is staged belongs to the ticket as it was before.
    states.forget_staged(archive, ticket.id)
    is_miscounted = settled_rows is not None and settled_count != settled_rows
    return state.due_of_changed(ticket, due, is_miscounted=is_miscounted)


def put_messages(archive: Archive, messages: Iterable[Message], run: int) -> None:
    """Insert or update messages of any tickets that *run* has read, in a transaction.

    A message that names no ticket belongs to no row of the export and is left out.
    """
    placed = [columns(m, m.ticket_id) for m in messages if m.ticket_id is not None]
    store(archive, placed, run)


Columns = tuple[int, int, int, bool, bytes]
"""A message as its table has it: id, ticket, creation, whether it is unsent, JSON."""


def columns(message: Message, ticket_id: int) -> Columns:
    """Return *message* as its table has it, under the ticket *ticket_id*."""
    created_us, unsent = message.created_us, message.unsent
    return (message.id, ticket_id, created_us, unsent, packed(message.raw))


def store(archive: Archive, messages: list[Columns], run: int) -> None:
    """Store messages that *run* has read, in a transaction; note whose tickets change.

    A ticket that no listing has shown is noted, to be asked for by its id. One that a
    message leaves becomes due; most of those have vanished in a merge.
    """
    _move(archive, json.dumps([message[:2] for message in messages]))
    ids = json.dumps([message[0] for message in messages])
    old = {
        id_: (ticket_id, raw)
        for id_, ticket_id, raw in archive.db.execute(
            "SELECT id, ticket_id, raw FROM message WHERE id IN "
            "(SELECT value FROM json_each(?))",
            (ids,),
        )
    }
    note_there(archive, "messages", ids)
    changed = set()
    for id_, ticket_id, _, _, raw in messages:
        was_in, was = old.get(id_, (None, b""))
        if was_in != ticket_id or not are_alike(was, raw):
            changed |= {ticket_id, was_in}
    archive.db.executemany(
        "INSERT OR REPLACE INTO message "
        "(id, ticket_id, created_us, unsent, raw, read_run) VALUES (?, ?, ?, ?, ?, ?)",
        ((*message, run) for message in messages),
    )
    note_changed(archive, changed - {None}, run)


def note_changed(archive: Archive, ticket_ids: Iterable[int | None], run: int) -> None:
    """Note, inside of a transaction, that *run* saw messages of tickets change."""
    archive.db.execute(
        "UPDATE ticket SET changed_run = :run WHERE changed_run <> :run AND id "
        "IN (SELECT value FROM json_each(:ids))",
        {"run": run, "ids": json.dumps(list(ticket_ids))},
    )


_MOVING = (
    "(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS now_in "
    "FROM json_each(?)) AS moving"
)


def _move(archive: Archive, moving: str) -> None:
    archive.db.execute(
        "INSERT OR IGNORE INTO ticket (id, updated_us, due, listed, raw) "
        f"SELECT now_in, 0, {states.DUE_BY_WALK}, {NOT_LISTED}, x'' FROM {_MOVING}",
        (moving,),
    )
    archive.db.execute(
        f"UPDATE ticket SET due = max(due, {states.DUE_BY_URL}) WHERE id IN "
        f"(SELECT ticket_id FROM message JOIN {_MOVING} USING (id) "
        "WHERE ticket_id <> now_in)",
        (moving,),
    )


def forget_tickets(
    archive: Archive, ticket_ids: Iterable[int], changes: Changes
) -> None:
    """Erase tickets that the account does not have any more, with their messages.

    Runs inside of a transaction. *changes* is counted up. What was deleted leaves its
    id; a ticket that no list has ever shown was never there.
    """
    for ticket_id in ticket_ids:
        listed = archive.value("SELECT listed FROM ticket WHERE id = ?", ticket_id)
        erased = erase_messages(archive, "ticket_id = ?", (ticket_id,), changes.run)
        if listed in (None, NOT_LISTED):
            changes.orphans += erased
            known = archive.facts.orphan_messages or 0
            archive.facts.orphan_messages = known + erased
        else:
            changes.vanished += 1
            changes.erased_messages += erased
            archive.db.execute(
                "INSERT OR REPLACE INTO deleted VALUES ('tickets', ?, ?)",
                (ticket_id, changes.run),
            )
        archive.db.execute("DELETE FROM ticket WHERE id = ?", (ticket_id,))
        states.note_complete(archive, ticket_id)


def erase_messages(
    archive: Archive, which: str, values: tuple[int | str, ...], run: int
) -> int:
    """Erase the messages that the condition *which* selects, inside of a transaction.

    Returns how many there were; each leaves its id.
    """
    archive.db.execute(
        "INSERT OR REPLACE INTO deleted "
        f"SELECT 'messages', id, {run:d} FROM message WHERE {which}",
        values,
    )
    erased = archive.db.execute(f"DELETE FROM message WHERE {which}", values)
    return erased.rowcount
