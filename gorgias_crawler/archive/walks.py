"""How far each walk through a list has come.

A walk follows the cursors of one list in one order. Its position is stored with the
rows of the page, in one transaction, so a walk that was killed goes on at the first
page that is not archived.
"""

from dataclasses import dataclass

from gorgias_crawler.api import Order
from gorgias_crawler.archive.file import Archive

LISTING = "tickets"
UPDATES = "tickets by update"
OLDEST_MESSAGES = "messages from the oldest"
NEWEST_MESSAGES = "messages from the newest"

OF_MESSAGES = (OLDEST_MESSAGES, NEWEST_MESSAGES)
"""The two ends of the walk through all messages."""

ORDERS = {
    LISTING: Order.OLDEST,
    UPDATES: Order.UPDATED,
    OLDEST_MESSAGES: Order.OLDEST,
    NEWEST_MESSAGES: Order.NEWEST,
}
"""The walks through whole lists, with the order each takes."""


@dataclass(frozen=True)
class Walk:
    """How far a walk has come.

    ``cursor`` asks for the next page, None for the first. ``at`` is the furthest row
    so far as (instant in microseconds, id), None before the first row. ``date_us`` is
    the server's clock at the walk's first page. A ``done`` walk has seen all it has to
    see.
    """

    name: str
    cursor: str | None
    at: tuple[int, int] | None
    date_us: int | None
    done: bool

    def furthest(self, rows: list[tuple[int, int]]) -> tuple[int, int] | None:
        """Return the furthest of this walk's and *rows*' positions, in its order."""
        ascending = ORDERS[self.name] is Order.OLDEST
        positions = [*rows, *([self.at] if self.at else [])]
        return (max if ascending else min)(positions, default=None)


def get(archive: Archive, name: str) -> Walk | None:
    """Return the walk called *name*, None if it has not begun."""
    row = archive.db.execute(
        "SELECT cursor, at_us, at_id, date_us, done FROM walk WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None
    cursor, at_us, at_id, date_us, done = row
    return Walk(
        name, cursor, None if at_us is None else (at_us, at_id), date_us, bool(done)
    )


def put_at_head(archive: Archive, name: str) -> None:
    """Begin a walk, inside of a transaction, whatever became of one of the name."""
    archive.db.execute("INSERT OR REPLACE INTO walk (name) VALUES (?)", (name,))


def begin(archive: Archive, name: str) -> None:
    """Begin a walk, whatever became of an earlier one of the name."""
    with archive.transaction():
        put_at_head(archive, name)


def restart(archive: Archive, name: str) -> None:
    """Send a walk whose cursor was refused back to its head.

    Its furthest row is kept: all that lies before it is archived already.
    """
    with archive.transaction() as db:
        db.execute("UPDATE walk SET cursor = NULL WHERE name = ?", (name,))


def end(archive: Archive, *names: str) -> None:
    """Mark walks, inside of a transaction, that have seen all they have to see."""
    for name in names:
        archive.db.execute("UPDATE walk SET done = 1 WHERE name = ?", (name,))


def forget(archive: Archive, *names: str) -> None:
    """Forget walks, inside of a transaction."""
    for name in names:
        archive.db.execute("DELETE FROM walk WHERE name = ?", (name,))


def advance(
    archive: Archive,
    walk: Walk,
    cursor: str | None,
    at: tuple[int, int] | None,
    date_us: int | None,
) -> None:
    """Note, inside of the page's transaction, that a page of *walk* is archived.

    *cursor* is that of the next page, *at* the furthest row with this page, *date_us*
    the server's clock when the page was made.
    """
    at_us, at_id = at or (None, None)
    archive.db.execute(
        "UPDATE walk SET cursor = ?, at_us = ?, at_id = ?, done = ?, "
        "date_us = coalesce(date_us, ?) WHERE name = ?",
        (cursor, at_us, at_id, cursor is None, date_us, walk.name),
    )


def of_ticket(ticket_id: int) -> str:
    """Return the name of the walk through one ticket's own messages."""
    return f"messages of ticket {ticket_id}"


def have_met(archive: Archive) -> bool:
    """Tell whether the two ends of the walk through all messages have met."""
    oldest = get(archive, OLDEST_MESSAGES)
    newest = get(archive, NEWEST_MESSAGES)
    if not (oldest and newest and oldest.at and newest.at):
        return False
    return oldest.at >= newest.at
