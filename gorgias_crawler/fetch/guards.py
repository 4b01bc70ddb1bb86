"""What a run remembers of a walk to keep it sane: page size, cursors, progress."""

from collections.abc import Collection
from dataclasses import dataclass, field

from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive.walks import Position

_LIMITS = (PAGE_LIMIT, 50, 10, 1)  # one bad object then costs 3 failures more, not 99
_RESTARTS = 2  # refused cursors without progress that are believed (chosen)
_EMPTY_PAGES = 10  # in a row, each with a next cursor: nobody has seen even one
_OLD_PAGES = 10  # in a row that show nothing new; changes move a few objects at most


class LoopError(Exception):
    """The pages of a walk come round again, or go on for ever without anything new."""


@dataclass
class WalkGuard:
    """How one walk goes in this run; nothing of it is needed by the next.

    ``limit`` is the number of objects to ask for. Where objects move about, a page
    *may repeat* others.
    """

    may_repeat: bool = True
    limit: int = PAGE_LIMIT
    _objects_to_pass: int = 0  # at the smaller limit, until the failing page is behind
    _restarts: int = 0
    _empty_pages: int = 0
    _old_pages: int = 0
    _cursors: set[int] = field(default_factory=set)
    _furthest: Position | None = None  # of this run, over all restarts
    _last: Position | None = None  # since the last restart
    _seen: set[int] = field(default_factory=set)

    def passed(
        self,
        ids: Collection[int],
        next_cursor: str | None,
        at: Position | None = None,
        *,
        is_ascending: bool = True,
    ) -> None:
        """Note a good page of objects with *ids*.

        *at* is the furthest object of the walk so far, None where no order tells it:
        then a page must show an object that no page has shown. Raises `LoopError`.
        """
        self._objects_to_pass -= len(ids)
        if self._objects_to_pass <= 0:
            self.limit = PAGE_LIMIT
        is_new = self._see_progress(ids, at, is_ascending=is_ascending)
        if ids and not (is_new or self.may_repeat):
            raise LoopError("a page came a second time")
        if next_cursor is None:
            return
        self._empty_pages = 0 if ids else self._empty_pages + 1
        self._old_pages = 0 if is_new or not ids else self._old_pages + 1
        # Hashes, because a long walk has 10,000 cursors of 70 characters.
        if hash(next_cursor) in self._cursors:
            raise LoopError("a cursor came a second time")
        if self._empty_pages >= _EMPTY_PAGES:
            raise LoopError(f"{_EMPTY_PAGES} empty pages in a row")
        if self._old_pages >= _OLD_PAGES:
            raise LoopError(f"{_OLD_PAGES} pages in a row showed nothing new")
        self._cursors.add(hash(next_cursor))

    def _see_progress(
        self, ids: Collection[int], at: Position | None, *, is_ascending: bool
    ) -> bool:
        if at is None:
            is_new = not self._seen.issuperset(ids)
            self._seen.update(ids)
            return is_new
        if _is_further(at, self._furthest, is_ascending=is_ascending):
            self._furthest = at
            self._restarts = 0
        is_new = _is_further(at, self._last, is_ascending=is_ascending)
        self._last = at
        return is_new

    def restart(self) -> bool:
        """Note a refused cursor; false when restarting has helped too seldom."""
        self._restarts += 1
        self.begin_again()
        return self._restarts <= _RESTARTS

    def begin_again(self) -> None:
        """Note that the walk begins with its first page."""
        self._cursors.clear()
        self._seen.clear()
        self._last = None

    def shrink(self) -> bool:
        """Ask for fewer objects, as the page fails; false when it was one already."""
        if self.limit == _LIMITS[-1]:
            return False
        self._objects_to_pass = max(self._objects_to_pass, self.limit)
        self.limit = _LIMITS[_LIMITS.index(self.limit) + 1]
        return True


def _is_further(at: Position, than: Position | None, *, is_ascending: bool) -> bool:
    return than is None or (at > than if is_ascending else at < than)


@dataclass
class HeadLooks:
    """A walk through updates, and whether the head that it has passed needs another.

    A ticket that is updated while updates are read jumps to the head, with all that
    happened to it before. One page is a moment: nothing jumps in it. ``floor_us`` is
    the instant before which a further look has seen enough.
    """

    floor_us: int = 0
    _changes: int = 0  # of tickets, when this look began
    _pages: int = 0
    _head_us: int = 0  # the newest update when it began

    def saw(self, updated_us: list[int], made_us: int) -> None:
        """Note a page of instants that was made at *made_us*, at the latest."""
        if self._pages == 0:
            # A date in the future would hide what comes after it.
            self._head_us = min(max(filter(None, updated_us), default=made_us), made_us)
        self._pages += 1

    def next(self, changes: int) -> "HeadLooks | None":
        """Return the look that is needed still, as *changes* were found in all."""
        found_none = self.floor_us and changes == self._changes
        if self._pages <= 1 or found_none:
            return None
        return HeadLooks(self._head_us + 1, changes)
