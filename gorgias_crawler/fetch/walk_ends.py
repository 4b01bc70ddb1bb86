"""Where a walk through a list has seen enough, and which of its pages prove nothing."""

import logging
from typing import Any

from gorgias_crawler.api import PAGE_LIMIT, Message, Page, Ticket
from gorgias_crawler.archive import Archive, counts, doubts, walks
from gorgias_crawler.archive.walks import Position, Walk
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.fetch.calls import WalkPage

AnyPage = Page[Ticket] | Page[Message]

_MOST_PROOFS = 2
"""So often in one run may the list of updates prove the end of the listing (chosen)."""

logger = logging.getLogger(__name__)


def is_empty_end(page: Page[Any], cursor: str | None) -> bool:
    """Tell whether a list ends with an empty page, behind one that named *cursor*."""
    return cursor is not None and not page.rows and page.next_cursor is None


class WalkEnds:
    """Pages of one run's walks that may be cut short: an end, or one in the midst.

    An end is in doubt where it is an empty page behind a cursor; any other page where
    it names a next one and shows not as many as the first. ``ready_us`` is when such a
    page may be asked for again, in microseconds since 1970. The second one is believed,
    and its walk is ``doubtful``, or ``uneven``.
    """

    def __init__(self) -> None:
        self.full_page = PAGE_LIMIT
        self.ready_us: int | None = None
        self.doubtful: set[str] = set()
        self._uneven: set[str] = set()  # lists whose pages are so
        self._cursors: dict[str, str | None] = {}
        self._shown: dict[str, set[int]] = {}  # by the last page
        self._has_waited = False
        self._proofs = 0

    def forget(self, name: str) -> None:
        """Note that a walk begins anew."""
        self.doubtful.discard(name)
        self._cursors.pop(name, None)

    def is_to_be_asked_again(self, call: WalkPage, page: AnyPage, now_us: int) -> bool:
        """Tell whether a page may be cut short, for the first time."""
        cursor, name = call.walk.cursor, call.key
        is_end = is_empty_end(page, cursor)
        is_odd = name not in self._uneven and self._is_odd(call, page)
        if not is_end and not is_odd:
            return False
        if name in self._cursors and self._cursors[name] == cursor:
            self.doubtful.add(name)
            self._uneven |= set() if is_end else {name}
            self._has_waited = True
            return False
        self._cursors[name] = cursor
        # Where one has stood the wait, it is how this server pages.
        self.ready_us = now_us + (0 if self._has_waited else doubts.CALM_US)
        return True

    def _is_odd(self, call: WalkPage, page: AnyPage) -> bool:
        rows, name = len(page.rows), call.key
        before, self._shown[name] = self._shown.get(name), {r.id for r in page.rows}
        comes_again = call.walk.cursor is not None and before == self._shown[name]
        is_short = page.next_cursor and rows < min(call.limit, self.full_page)
        return bool((rows and comes_again) or is_short)

    def proven_us(self, walk: Walk) -> int | None:
        """Return up to which creation a listing is proven, None where it is whole."""
        if walk.name != walks.LISTING or walk.name not in self.doubtful:
            return None
        is_proven = walk.at and not walk.unordered and walk.name not in self._uneven
        return walk.at[0] if walk.at and is_proven else 0

    def is_listing_to_be_proven(self) -> bool:
        """Tell whether tickets may stand behind the end of the listing.

        Then the list of updates shows them. Raises `RunEndError` where both are cut
        short again and again.
        """
        if walks.LISTING not in self.doubtful:
            return False
        self.forget(walks.LISTING)
        self._proofs += 1
        if self._proofs > _MOST_PROOFS:
            raise RunEndError(
                "listing_failed",
                "The list of tickets is cut short each time, so there may be more. "
                "What was archived is kept; run the same command again later.",
            )
        return True


def say_unordered(before: Walk, now: Walk) -> None:
    """Warn where a page is the first that came in another order than asked for."""
    if now.unordered and not before.unordered:
        logger.warning(
            "Gorgias gives %s in another order than asked for: reading the whole list "
            "instead of what is new in it.",
            now.name,
        )


def advance(
    archive: Archive,
    call: WalkPage,
    page: AnyPage,
    positions: list[Position],
    dates: tuple[int, int],
) -> Walk:
    """Move a walk on, inside of the page's transaction, and end it where it may end.

    *dates* are when the page was made and the instant before which the walk has seen
    enough, both in microseconds since 1970.
    """
    made_us, floor_us = dates
    walk = walks.advance(archive, call.walk, page.next_cursor, positions, made_us)
    say_unordered(call.walk, walk)
    is_far_enough = walk.at and walk.at[0] < floor_us
    # A single object shows no order: pages are that small where larger ones fail.
    shows_order = call.walk.at is not None or len(positions) > 1
    if is_far_enough and shows_order and not walk.unordered:
        walks.end(archive, walk.name)
    return walks.get(archive, walk.name) or walk


def are_updates_cut_short(
    archive: Archive, floor_us: int, *, is_doubtful: bool
) -> bool:
    """Tell whether the list of updates ended before it showed what is older.

    Then it is no proof of anything: all tickets are to be listed. It has seen enough
    before *floor_us*; one whose end *is_doubtful* must have shown all that is known.
    """
    walk = walks.get(archive, walks.UPDATES)
    is_at_end = walk is not None and walk.done and walk.cursor is None
    if walk is None or not is_at_end or (walk.at and walk.at[0] < floor_us):
        return False
    if walk.at is None and counts.listed_tickets(archive) > 0:
        return True  # a list by update shows all tickets, each with its update
    passed_us = walk.at[0] if walk.at and is_doubtful else floor_us
    return counts.has_older_tickets(archive, passed_us)
