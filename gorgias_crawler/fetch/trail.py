"""What a run remembers of a walk to keep it sane: page limit, cursors, restarts."""

from dataclasses import dataclass, field

from gorgias_crawler.api import PAGE_LIMIT

_LIMITS = (PAGE_LIMIT, 50, 10, 1)  # one bad row then costs 3 failures more, not 99
_RESTARTS = 2  # refused cursors without progress that are believed (chosen)
_EMPTY_PAGES = 10  # in a row, each with a next cursor: nobody has seen even one


class LoopError(Exception):
    """The pages of a walk come round again, or go on for ever without a row."""


@dataclass
class Trail:
    """How one walk goes in this run; nothing of it is needed by the next.

    ``limit`` is the number of rows to ask for.
    """

    limit: int = PAGE_LIMIT
    _rows_to_pass: int = 0  # at the smaller limit, until the failing page lies behind
    _restarts: int = 0
    _empty_pages: int = 0
    _cursors: set[int] = field(default_factory=set)

    def passed(self, rows: int, next_cursor: str | None, *, further: bool) -> None:
        """Note a good page; *further* tells whether it brought the walk ahead.

        Raises `LoopError`.
        """
        if further:
            self._restarts = 0
        self._rows_to_pass -= rows
        if self._rows_to_pass <= 0:
            self.limit = PAGE_LIMIT
        if next_cursor is None:
            return
        self._empty_pages = 0 if rows else self._empty_pages + 1
        # Hashes, because a long walk has 10,000 cursors of 70 characters.
        if hash(next_cursor) in self._cursors:
            raise LoopError("a cursor came a second time")
        if self._empty_pages >= _EMPTY_PAGES:
            raise LoopError(f"{_EMPTY_PAGES} empty pages in a row")
        self._cursors.add(hash(next_cursor))

    def restart(self) -> bool:
        """Note a refused cursor; false when restarting has helped too seldom."""
        self._restarts += 1
        self._cursors.clear()
        return self._restarts <= _RESTARTS

    def shrink(self) -> bool:
        """Ask for fewer rows, as the page fails; false when it was for one already."""
        if self.limit == _LIMITS[-1]:
            return False
        self._rows_to_pass = max(self._rows_to_pass, self.limit)
        self.limit = _LIMITS[_LIMITS.index(self.limit) + 1]
        return True


@dataclass
class Looks:
    """A walk through updates, and whether the head that it has passed needs another.

    A ticket that is updated while updates are read jumps to the head, with all that
    happened to it before. One page is a moment: nothing jumps in it. ``floor_us`` is
    the instant before which a further look has seen enough.
    """

    floor_us: int = 0
    _changes: int = 0  # of tickets, when this look began
    _pages: int = 0
    _head_us: int = 0  # the newest update when it began

    def saw(self, updated_us: list[int], date_us: int) -> None:
        """Note a page of instants that the server made at *date_us*."""
        if self._pages == 0:
            # A date in the future would hide what comes after it.
            self._head_us = min(max(filter(None, updated_us), default=date_us), date_us)
        self._pages += 1

    def next(self, changes: int) -> "Looks | None":
        """Return the look that is needed still, as *changes* were found in all."""
        found_none = self.floor_us and changes == self._changes
        if self._pages <= 1 or found_none:
            return None
        return Looks(self._head_us + 1, changes)
