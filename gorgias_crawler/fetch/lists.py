"""How a list is read page by page: what is asked again, shrinks, or cannot go on."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from gorgias_crawler import errors
from gorgias_crawler.api.pages import Page
from gorgias_crawler.archive import doubts, walks
from gorgias_crawler.archive.walks import Position, Walk
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.fetch.memory import RunMemory

NEVER_US = -(2**63)  # before any instant: microseconds since 1970

logger = logging.getLogger(__name__)


class UnreadableError(Exception):
    """A list cannot be read any further in this run; its text says why."""


class NotPermittedError(UnreadableError):
    """The key may not read the list, or the account does not have it."""


class RefusedListError(UnreadableError):
    """Something of what is asked with a list is not taken."""


def unreadable(error: errors.AnswerError) -> UnreadableError:
    """Return what a list comes to that got *error* for an answer."""
    if isinstance(error, errors.NotFoundError):
        return NotPermittedError(error.reason)
    if isinstance(error, errors.RefusedError):
        is_forbidden = error.status == HTTPStatus.FORBIDDEN
        refusal = NotPermittedError if is_forbidden else RefusedListError
        return refusal(error.reason)
    return UnreadableError(error.reason)


@dataclass(frozen=True)
class Shown:
    """A *page* of a list, with the *walk* and the *limit* that it was asked with.

    It was made at *made_us*, at the latest. *positions* are those of its objects; they
    are as good as none where the list ``has_no_order``. What is older than *floor_us*
    is known. Instants are microseconds since 1970.
    """

    walk: Walk
    limit: int
    page: Page[Any]
    positions: list[Position]
    made_us: int
    floor_us: int = NEVER_US
    has_no_order: bool = False

    def is_far_enough(self, now: Walk) -> bool:
        """Tell whether the walk, as it is *now* with this page, has seen enough."""
        # A single object shows no order: pages are that small where larger ones fail.
        shows_order = self.walk.at is not None or len(self.positions) > 1
        is_older = now.at is not None and now.at[0] < self.floor_us
        return is_older and shows_order and not now.unordered


class Lists:
    """The lists that one run reads, each by the name of its walk.

    A page may be cut short: an end that is an empty page behind a cursor, or any other
    page where it names a next one and shows not as many as were asked for. It is asked
    for again, not before ``ready_us`` (microseconds since 1970). The second one is
    believed, and its list is ``doubtful``, or ``uneven``.
    """

    def __init__(self, memory: RunMemory) -> None:
        self.memory = memory
        self.archive = memory.archive
        self.ready_us: int | None = None
        self.doubtful: set[str] = set()
        self.uneven: set[str] = set()
        self._guards: dict[str, WalkGuard] = defaultdict(WalkGuard)
        self._cursors: dict[str, str | None] = {}
        self._shown: dict[str, set[int]] = {}  # by the last page
        self._has_waited = False

    def forget(self, name: str) -> None:
        """Note that a walk begins anew."""
        self._guards.pop(name, None)
        self.doubtful.discard(name)
        self._cursors.pop(name, None)

    def limit(self, name: str) -> int:
        """Return how many objects to ask for."""
        return self._guards[name].limit

    def take(
        self, shown: Shown, put: Callable[[], None], until: Callable[[Walk], bool]
    ) -> None:
        """Archive a page by *put*, and move its walk on, in one transaction.

        *until* is given the walk as it is with this page, and tells whether no more is
        needed. A page that is to be asked for again leaves the walk where it is. Raises
        `UnreadableError`.
        """
        comes_again = self._is_to_be_asked_again(shown)
        with self.archive.transaction():
            put()  # what it shows is there
            if comes_again:
                return
            next_cursor, positions = shown.page.next_cursor, shown.positions
            now = walks.advance(
                self.archive, shown.walk, next_cursor, positions, shown.made_us
            )
            if shown.is_far_enough(now):
                now = replace(now, done=True)
            if until(now) or now.done:
                walks.end(self.archive, now.name)
        self._pass(shown, now)

    def _pass(self, shown: Shown, now: Walk) -> None:
        is_new = now.unordered and not shown.walk.unordered
        if is_new and not shown.has_no_order:
            logger.warning(
                "Gorgias gives %s in another order than asked for: reading the whole "
                "list instead of what is new in it.",
                now.name,
            )
        try:
            self._guards[now.name].passed(
                [row.id for row in shown.page.rows],
                shown.page.next_cursor,
                None if now.unordered or shown.has_no_order else now.at,
                is_ascending=now.is_ascending,
            )
        except LoopError as error:
            raise UnreadableError(str(error)) from None

    def _is_to_be_asked_again(self, shown: Shown) -> bool:
        name, cursor, page = shown.walk.name, shown.walk.cursor, shown.page
        is_end = cursor is not None and not page.rows and page.next_cursor is None
        is_odd = self._is_odd(shown)
        if not is_end and (not is_odd or name in self.uneven):
            return False
        if name in self._cursors and self._cursors[name] == cursor:
            self.doubtful.add(name)
            self.uneven |= set() if is_end else {name}
            self._has_waited = True
            return False
        self._cursors[name] = cursor
        # Where one has stood the wait, it is how this server pages.
        wait_us = 0 if self._has_waited else doubts.CALM_US
        self.ready_us = self.memory.clock_us() + wait_us
        return True

    def _is_odd(self, shown: Shown) -> bool:
        name, ids = shown.walk.name, {row.id for row in shown.page.rows}
        before, self._shown[name] = self._shown.get(name), ids
        comes_again = shown.walk.cursor is not None and bool(ids) and before == ids
        is_full = len(shown.page.rows) >= min(shown.limit, self.memory.full_page)
        return comes_again or (shown.page.next_cursor is not None and not is_full)

    def fail(self, walk: Walk, error: errors.AnswerError) -> None:
        """Begin with a walk again, or let its page shrink, that got no answer.

        Raises `UnreadableError` where it cannot go on.
        """
        guard = self._guards[walk.name]
        limit = guard.limit
        if errors.refuses_cursor(walk.cursor, error):
            if guard.restart():
                logger.warning(
                    "Gorgias does not take the cursor of %s any more (%s): beginning "
                    "with that list again; what is archived stays.",
                    walk.name,
                    error.reason,
                )
                walks.restart(self.archive, walk.name)
                return
        elif isinstance(error, errors.UnansweredError) and guard.shrink():
            logger.warning(
                "A page of %s fails (%s): asking for %d at once instead of %d.",
                walk.name,
                error.reason,
                guard.limit,
                limit,
            )
            return
        # Who was given a page may read the list: it is broken off.
        raise UnreadableError(error.reason) if walk.cursor else unreadable(error)
