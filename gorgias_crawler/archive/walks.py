"""How far each walk through a list has come.

A walk follows the cursors of one list in one order. Its position is stored with the
rows of the page, in one transaction, so a walk that was killed goes on at the first
page that is not archived.
"""

from dataclasses import dataclass, replace

from gorgias_crawler.api.urls import Order
from gorgias_crawler.archive.file import Archive

BY_UPDATE = " by update"
FROM_NEWEST = " from the newest"
"""Ends of names of walks that do not begin with the oldest object."""

LISTING = "tickets"
UPDATES = f"tickets{BY_UPDATE}"
NEWEST_TICKETS = f"tickets{FROM_NEWEST}"
OLDEST_MESSAGES = "messages from the oldest"
NEWEST_MESSAGES = f"messages{FROM_NEWEST}"

OF_MESSAGES = (OLDEST_MESSAGES, NEWEST_MESSAGES)
"""The two ends of the walk through all messages."""

ORDERS = {
    LISTING: Order.OLDEST,
    UPDATES: Order.UPDATED,
    NEWEST_TICKETS: Order.NEWEST,
    OLDEST_MESSAGES: Order.OLDEST,
    NEWEST_MESSAGES: Order.NEWEST,
}
"""The walks through all tickets and messages, with the order each takes."""


Position = tuple[int, int]
"""Where an object stands in a list: an instant in microseconds since 1970, and its id.
"""


@dataclass(frozen=True)
class Walk:
    """How far a walk has come.

    ``cursor`` asks for the next page, None for the first. ``at`` is the furthest object
    so far, None before the first one. ``date_us`` is when the walk's first page was
    made, at the latest; ``run`` the run that began the walk. A ``done`` walk has seen
    all it has to see. One that is ``unordered`` was given a page in another order than
    it asked for: no object tells then how far it has come, and only the end of the
    list ends it.
    """

    name: str
    cursor: str | None
    at: Position | None
    date_us: int | None
    done: bool
    run: int = 0
    unordered: bool = False

    @property
    def is_ascending(self) -> bool:
        """Whether the oldest object comes first."""
        return not self.name.endswith((BY_UPDATE, FROM_NEWEST))

    def furthest(self, positions: list[Position]) -> Position | None:
        """Return the furthest of this walk's and *positions*, in its order."""
        known = [*positions, *([self.at] if self.at else [])]
        return (max if self.is_ascending else min)(known, default=None)

    def is_in_order(self, positions: list[Position]) -> bool:
        """Tell whether a page of *positions* is in the order that was asked for.

        Instants alone count: in which order ids of the same instant come is not
        documented.
        """
        instants = [us for us, _ in positions]
        return instants == sorted(instants, reverse=not self.is_ascending)


def get(archive: Archive, name: str) -> Walk | None:
    """Return the walk called *name*, None if it has not begun."""
    row = archive.db.execute(
        "SELECT cursor, at_us, at_id, date_us, done, run, unordered FROM walk "
        "WHERE name = ?",
        (name,),
    ).fetchone()
    if row is None:
        return None
    cursor, at_us, at_id, date_us, done, run, unordered = row
    at = None if at_us is None else (at_us, at_id)
    return Walk(name, cursor, at, date_us, bool(done), run, bool(unordered))


def put_at_head(archive: Archive, name: str, run: int) -> None:
    """Begin a walk in *run*, inside of a transaction, in place of an older one."""
    archive.db.execute(
        "INSERT OR REPLACE INTO walk (name, run) VALUES (?, ?)", (name, run)
    )


def begin(archive: Archive, name: str, run: int) -> None:
    """Begin a walk in *run*, whatever became of an earlier one of the name."""
    with archive.transaction():
        put_at_head(archive, name, run)


def restart(archive: Archive, name: str) -> None:
    """Send a walk whose cursor was refused back to its head; what is archived stays."""
    with archive.transaction() as db:
        db.execute(
            "UPDATE walk SET cursor = NULL, at_us = NULL, at_id = NULL WHERE name = ?",
            (name,),
        )


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
    positions: list[Position],
    date_us: int | None,
) -> Walk:
    """Note, inside of the page's transaction, that a page of *walk* is archived.

    *cursor* is that of the next page, *positions* those of the page's objects,
    *date_us* when the page was made. Returns the walk as it is then.
    """
    # An object without a date may stand anywhere, at the head for example.
    dated = [position for position in positions if position[0]]
    at = walk.furthest(dated)
    before = [walk.at] if walk.at else []
    unordered = walk.unordered or not walk.is_in_order([*before, *dated])
    at_us, at_id = at or (None, None)
    archive.db.execute(
        "UPDATE walk SET cursor = ?, at_us = ?, at_id = ?, done = ?, unordered = ?, "
        "date_us = coalesce(date_us, ?) WHERE name = ?",
        (cursor, at_us, at_id, cursor is None, unordered, date_us, walk.name),
    )
    return replace(
        walk,
        cursor=cursor,
        at=at,
        done=cursor is None,
        unordered=unordered,
        date_us=date_us if walk.date_us is None else walk.date_us,
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
    if oldest.unordered or newest.unordered:
        return False  # each sees the whole list
    return oldest.at >= newest.at
