"""A ticket's own answer: its pages wait in a stage, and take effect with the last."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from gorgias_crawler.api.pages import Message, Page
from gorgias_crawler.archive import asked_again, doubts, walks
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import (
    DUE_AS_SAMPLE,
    DUE_BY_URL,
    forget_staged,
    note_complete,
)
from gorgias_crawler.archive.tickets import (
    Changes,
    columns,
    erase_messages,
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
    shared = (
        "SELECT 1 FROM staged WHERE asked_ticket_id <> ? "
        "AND id IN (SELECT value FROM json_each(?)) LIMIT 1"
    )
    ids = json.dumps([message.id for message in page.rows])
    return archive.value(shared, ticket_id, ids) is not None


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


@dataclass(frozen=True)
class _Answer:
    """A ticket's whole answer, held against what is known of the ticket.

    It shows the messages ``shown``, not those that are ``lost`` by it, though they are
    archived. ``counted`` of those shown may be in ``count``, which the listing says
    (None is unknown). On ``settled`` messages its answers have agreed before, while the
    listing counted the same, unless the ticket has changed of late. It
    ``is_contradicted`` where another answer of this run has shown what it lacks; that
    weighs as much as a count.
    """

    shown: set[int]
    lost: set[int]
    counted: int
    count: int | None
    settled: int | None
    is_contradicted: bool

    @property
    def agrees(self) -> bool:
        """Whether nothing is missing by it: no other answer is needed.

        The listing's count and the answer are two answers: where they agree, they are
        believed. So are the count and the number that were settled before.
        """
        if self.counted == self.count and not self.is_contradicted:
            return True
        is_short = self.count is not None and self.counted < self.count
        return not self.lost and (not is_short or self.settled == len(self.shown))


def _finish(
    archive: Archive,
    ticket_id: int,
    changes: Changes,
    now_us: int,
    *,
    may_agree: bool,
) -> Outcome:
    answer = _take_over(archive, ticket_id, changes.run)
    takes_away = bool(answer.lost)
    changes.lacking.pop(ticket_id, None)
    if answer.agrees:
        outcome = Outcome.COMPLETE
    elif may_agree and doubts.agrees(archive, ticket_id, answer.shown, now_us):
        outcome = Outcome.AGREED
    else:
        if takes_away or not answer.shown:
            changes.lacking[ticket_id] = takes_away
        doubts.note(archive, ticket_id, answer.shown, now_us, takes_away=takes_away)
        archive.db.execute(
            "UPDATE ticket SET due = ? WHERE id = ?", (DUE_BY_URL, ticket_id)
        )
        return Outcome.DOUBTED
    _believe(archive, ticket_id, answer.shown, changes)
    if answer.shown and answer.count == 0:
        asked_again.distrust_zero(archive)
    return outcome


def _take_over(archive: Archive, ticket_id: int, run: int) -> _Answer:
    """Store what the staged pages show; say what they mean for what was archived."""
    db = archive.db
    staged = db.execute(
        "SELECT id, ticket_id, created_us, unsent, raw FROM staged "
        "WHERE asked_ticket_id = ?",
        (ticket_id,),
    ).fetchall()
    read_run = dict(
        db.execute(
            "SELECT id, read_run FROM message WHERE ticket_id = ?", (ticket_id,)
        ).fetchall()
    )
    store(archive, staged, run)
    forget_staged(archive, ticket_id)
    _note_asked(archive, ticket_id, run)
    # A new message moves the ticket's update, so it came after the listed one, and
    # after the run has begun, as the list has shown the ticket then or later.
    count, settled, due, since_us = db.execute(
        "SELECT messages_count, "
        "CASE WHEN settled_count IS messages_count THEN settled_rows END, due, "
        "max(updated_us, coalesce((SELECT began_us FROM run WHERE id = ?), 0)) "
        "FROM ticket WHERE id = ?",
        (run, ticket_id),
    ).fetchone() or (None, None, 0, 0)
    shown = {id_: us for id_, now_in, us, *_ in staged if now_in == ticket_id}
    lost = read_run.keys() - shown
    if doubts.is_recent(archive, ticket_id):
        settled = None  # a replica that lags behind shows the number of before
    if due == DUE_AS_SAMPLE:
        is_equal = shown.keys() == read_run.keys()
        name = "sample_equal" if is_equal else "sample_differing"
        db.execute("UPDATE fact SET value = value + 1 WHERE name = ?", (name,))
    return _Answer(
        shown=set(shown),
        lost=lost,
        counted=sum(us <= since_us for us in shown.values()),
        count=count,
        settled=settled,
        is_contradicted=any(read_run[id_] == run for id_ in lost),
    )


def _believe(
    archive: Archive,
    ticket_id: int,
    shown: Collection[int],
    changes: Changes,
    *,
    gone: bool = False,
) -> None:
    """Take *shown* for all messages that a ticket has, and erase its others."""
    # Those that have moved since stay: they are in another ticket.
    which = "ticket_id = ? AND id NOT IN (SELECT value FROM json_each(?))"
    ids = json.dumps(list(shown))
    erased = erase_messages(archive, which, (ticket_id, ids), changes.run)
    changes.erased_messages += erased
    if erased or gone:
        note_changed(archive, {ticket_id}, changes.run)
    archive.db.execute(
        "UPDATE ticket SET due = 0, gone = ?, settled_count = messages_count, "
        "settled_rows = ? WHERE id = ?",
        (gone, len(shown), ticket_id),
    )
    note_complete(archive, ticket_id)


def counts_none(archive: Archive, ticket_id: int) -> bool:
    """Tell whether a ticket's listing counts no message."""
    counts = "SELECT messages_count = 0 FROM ticket WHERE id = ?"
    return bool(archive.value(counts, ticket_id))


def store_gone(archive: Archive, ticket_id: int, changes: Changes) -> None:
    """Record that a ticket has no messages: its URL says 404, its listing counts 0."""
    with archive.transaction():
        _believe(archive, ticket_id, (), changes, gone=True)


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
