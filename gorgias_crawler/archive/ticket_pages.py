"""A ticket's own answer: its pages wait in a stage, and take effect with the last."""

import json
from dataclasses import dataclass
from enum import Enum

from gorgias_crawler.api import Message, Page
from gorgias_crawler.archive import doubts, walks, zero_counts
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import (
    DUE_AS_SAMPLE,
    DUE_BY_URL,
    forget_staged,
    settle,
)
from gorgias_crawler.archive.tickets import (
    Changes,
    columns,
    erase_messages,
    move,
    note_changed,
    store,
)


class Outcome(Enum):
    """What a page of a ticket's own answer comes to."""

    MORE = "a further page follows"
    SHARED = "it shows what another ticket's pages show, of which more are to come"
    COMPLETE = "all its messages are archived"
    AGREED = "two answers agree that it has other messages than counted or archived"
    DOUBTED = "it takes something away, and is to be asked for again"


def store_page(
    archive: Archive,
    ticket_id: int,
    page: Page[Message],
    changes: Changes,
    now_us: int,
    *,
    may_agree: bool = True,
) -> Outcome:
    """Store a page of a ticket's own message URL, which was made at *now_us*.

    Earlier pages wait in a stage and replace what was archived of the ticket with the
    last page, not before: a kill in between loses nothing old. What would be taken away
    stays until a second answer agrees (see `doubts`), which it does not where it *may
    agree* with none.
    """
    with archive.transaction() as db:
        if _is_shared(archive, ticket_id, page):
            # A message waits in one stage only: the other ticket comes first.
            forget_staged(archive, ticket_id)
            _note_asked(archive, ticket_id, changes.run)
            return Outcome.SHARED
        db.executemany(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?, ?)",
            (
                (*columns(row, row.ticket_id or ticket_id), ticket_id)
                for row in page.rows
            ),
        )
        if page.next_cursor is not None:
            db.execute(
                "INSERT OR REPLACE INTO walk (name, cursor) VALUES (?, ?)",
                (walks.of_ticket(ticket_id), page.next_cursor),
            )
            return Outcome.MORE
        return _finish(archive, ticket_id, changes, now_us, may_agree=may_agree)


def _is_shared(archive: Archive, ticket_id: int, page: Page[Message]) -> bool:
    found = archive.db.execute(
        "SELECT 1 FROM staged WHERE asked_ticket_id <> ? "
        "AND id IN (SELECT value FROM json_each(?)) LIMIT 1",
        (ticket_id, json.dumps([message.id for message in page.rows])),
    )
    return found.fetchone() is not None


def _note_asked(archive: Archive, ticket_id: int, run: int) -> None:
    archive.db.execute(
        "UPDATE ticket SET asks = 1 + CASE WHEN asked_run = :run THEN asks ELSE 0 END, "
        "asked_run = :run WHERE id = :ticket",
        {"run": run, "ticket": ticket_id},
    )


def restart(archive: Archive, ticket_id: int) -> None:
    """Begin a ticket's pages again."""
    with archive.transaction():
        forget_staged(archive, ticket_id)


def _finish(
    archive: Archive,
    ticket_id: int,
    changes: Changes,
    now_us: int,
    *,
    may_agree: bool,
) -> Outcome:
    db, run = archive.db, changes.run
    staged = db.execute(
        "SELECT id, ticket_id, created_us, unsent, raw FROM staged "
        "WHERE asked_ticket_id = ?",
        (ticket_id,),
    ).fetchall()
    shown = {message[0] for message in staged if message[1] == ticket_id}
    read_run = dict(
        db.execute(
            "SELECT id, read_run FROM message WHERE ticket_id = ?", (ticket_id,)
        ).fetchall()
    )
    archived = read_run.keys()
    _note_sample(archive, ticket_id, is_equal=shown == archived)
    move(
        archive, "SELECT id, ticket_id FROM staged WHERE asked_ticket_id = ?", ticket_id
    )
    store(archive, staged, run)
    forget_staged(archive, ticket_id)
    _note_asked(archive, ticket_id, run)
    lost = archived - shown
    # What another answer of this run has shown weighs as much as a count.
    is_contradicted = run in {read_run[id_] for id_ in lost}
    began_us = _began_us(archive, run)
    doubts.forget_earlier(archive, ticket_id, began_us, takes_away=bool(lost))
    since_us = _uncounted_since_us(archive, ticket_id, began_us)
    counted = sum(us <= since_us for id_, _, us, *_ in staged if id_ in shown)
    outcome = _judged(
        archive,
        ticket_id,
        _Answer(shown, lost, counted, is_contradicted, may_agree),
        now_us,
    )
    changes.lacking.pop(ticket_id, None)
    if outcome is Outcome.DOUBTED:
        if lost or not shown:
            changes.lacking[ticket_id] = bool(lost)
        doubts.note(
            archive, ticket_id, doubts.digest(shown), now_us, takes_away=bool(lost)
        )
        db.execute(f"UPDATE ticket SET due = {DUE_BY_URL} WHERE id = ?", (ticket_id,))
        return outcome
    if lost:
        # They may have moved since: what is in another ticket stays.
        erased = sum(
            erase_messages(archive, "ticket_id = ? AND id = ?", (ticket_id, id_), run)
            for id_ in lost
        )
        changes.erased_messages += erased
        note_changed(archive, {ticket_id}, run)
    db.execute(
        "UPDATE ticket SET due = 0, gone = 0, settled_count = messages_count, "
        "settled_rows = ? WHERE id = ?",
        (len(shown), ticket_id),
    )
    settle(archive, ticket_id)
    if shown and _count(archive, ticket_id) == 0:
        zero_counts.distrust(archive)
    return outcome


@dataclass(frozen=True)
class _Answer:
    """What a ticket's own answer shows, and which archived messages are ``lost`` by it.

    ``counted`` of those shown may be in the listing's count. It ``is_contradicted``
    where another answer of the same run has shown what it lacks, and ``may_agree`` with
    an earlier one.
    """

    shown: set[int]
    lost: set[int]
    counted: int
    is_contradicted: bool
    may_agree: bool


def _judged(archive: Archive, ticket_id: int, answer: _Answer, now_us: int) -> Outcome:
    """Weigh what the answer shows against the count and what is archived.

    The listing's count and the answer are two answers: where they agree, they are
    believed. So are the count and the number that were settled before, unless the
    ticket has changed of late: a replica that lags behind shows the number of before.
    """
    count, rows = _count(archive, ticket_id), len(answer.shown)
    settled = archive.value(
        "SELECT settled_rows FROM ticket WHERE id = ? "
        "AND settled_count IS messages_count",
        ticket_id,
    )
    is_settled = settled == rows and not doubts.is_recent(archive, ticket_id)
    is_short = count is not None and answer.counted < count and not is_settled
    agrees = count == answer.counted and not answer.is_contradicted
    if agrees or not (is_short or answer.lost):
        return Outcome.COMPLETE
    digest = doubts.digest(answer.shown)
    if answer.may_agree and doubts.agrees(archive, ticket_id, digest, now_us):
        return Outcome.AGREED
    return Outcome.DOUBTED


def _uncounted_since_us(archive: Archive, ticket_id: int, began_us: int) -> int:
    """Return since when a message of a ticket is too new to be in its listing's count.

    A new message moves the ticket's update, so it came after the listed one, and after
    the run has begun, as the list has shown the ticket at that time or later.
    """
    updated_us = archive.value("SELECT updated_us FROM ticket WHERE id = ?", ticket_id)
    return max(updated_us or 0, began_us)


def _began_us(archive: Archive, run: int) -> int:
    return archive.value("SELECT began_us FROM run WHERE id = ?", run) or 0


def _count(archive: Archive, ticket_id: int) -> int | None:
    count: int | None = archive.value(
        "SELECT messages_count FROM ticket WHERE id = ?", ticket_id
    )
    return count


def counts_none(archive: Archive, ticket_id: int) -> bool:
    """Tell whether a ticket's listing counts no message."""
    return _count(archive, ticket_id) == 0


def _note_sample(archive: Archive, ticket_id: int, *, is_equal: bool) -> None:
    """Note whether a sampled ticket's own answer is what the walk had brought."""
    archive.db.execute(
        "UPDATE fact SET value = value + 1 WHERE name = ? "
        "AND EXISTS (SELECT 1 FROM ticket WHERE id = ? AND due = ?)",
        (
            "sample_equal" if is_equal else "sample_differing",
            ticket_id,
            DUE_AS_SAMPLE,
        ),
    )


def store_gone(archive: Archive, ticket_id: int, changes: Changes) -> None:
    """Record that a ticket has no messages: its URL says 404, its listing counts 0."""
    with archive.transaction() as db:
        changes.erased_messages += erase_messages(
            archive, "ticket_id = ?", (ticket_id,), changes.run
        )
        db.execute(
            "UPDATE ticket SET due = 0, gone = 1, settled_count = messages_count, "
            "settled_rows = 0 WHERE id = ?",
            (ticket_id,),
        )
        settle(archive, ticket_id)
        note_changed(archive, {ticket_id}, changes.run)


def store_failure(archive: Archive, ticket_id: int, reason: str, run: int) -> None:
    """Record that a ticket cannot be fetched in this run; it stays due."""
    with archive.transaction() as db:
        forget_staged(archive, ticket_id)
        db.execute(
            "INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", (ticket_id, reason, run)
        )


def asks(archive: Archive, ticket_id: int, run: int) -> int:
    """Return how often *run* has asked for a ticket's messages and was answered."""
    asked = "SELECT asks FROM ticket WHERE id = ? AND asked_run = ?"
    return archive.value(asked, ticket_id, run) or 0
