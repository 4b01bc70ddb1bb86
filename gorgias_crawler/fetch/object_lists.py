"""How a list of objects is read: page by page, with all that may go wrong."""

from collections.abc import Callable, Generator
from dataclasses import replace
from http import HTTPStatus

from gorgias_crawler import errors
from gorgias_crawler.api import Order
from gorgias_crawler.api.objects import ListPage, Object
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import Answer, ObjectAsker, ObjectCall
from gorgias_crawler.fetch.walk_ends import say_unordered

Reading = Generator[ObjectCall, Answer | errors.AnswerError, Walk]
"""The calls of one walk; at its end the walk as it is then."""

Store = Callable[[Answer, Walk], bool]
"""Archives a page, inside of a transaction, and returns whether no more are needed. It
is given the walk with this page."""


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


class ListReader:
    """Reads lists in one run, for *asker*."""

    def __init__(self, memory: RunMemory, asker: ObjectAsker) -> None:
        self.archive = memory.archive
        self.memory = memory
        self.asker = asker

    def read(self, page: ListPage, name: str, store: Store) -> Reading:
        """Go on with the walk called *name* until *store* or the list ends it.

        An empty page behind another, or before one that it names, is asked for twice.
        Raises `UnreadableError`.
        """
        guard = WalkGuard()
        empty_at: set[str | None] = set()  # the cursors of empty pages
        while (walk := walks.get(self.archive, name)) and not walk.done:
            asked = replace(
                page, cursor=walk.cursor, limit=min(page.limit, guard.limit)
            )
            answer = yield ObjectCall(name, asked, self.asker)
            if isinstance(answer, errors.AnswerError):
                self._fail(walk, guard, answer)
            elif walk.cursor not in empty_at and _proves_nothing(answer, walk):
                empty_at.add(walk.cursor)
            else:
                self._take(asked, walk, guard, answer, store)
        assert walk
        return walk

    def _take(
        self,
        asked: ListPage,
        walk: Walk,
        guard: WalkGuard,
        answer: Answer,
        store: Store,
    ) -> None:
        page = answer.page
        positions = [(position_us(asked, row), row.id) for row in page.rows]
        # A clock that is ahead would hide changes: ours or the server's.
        made_us = min(answer.made_us, self.memory.clock_us())
        answer = Answer(page, made_us)
        with self.archive.transaction():
            now = walks.advance(
                self.archive, walk, page.next_cursor, positions, made_us
            )
            if store(answer, now):
                walks.end(self.archive, walk.name)
        is_ordered = asked.order or asked.kind.order
        if is_ordered:
            say_unordered(walk, now)
        try:
            guard.passed(
                [row.id for row in page.rows],
                page.next_cursor,
                now.at if is_ordered and not now.unordered else None,
                is_ascending=now.is_ascending,
            )
        except LoopError as error:
            raise UnreadableError(str(error)) from None

    def _fail(self, walk: Walk, guard: WalkGuard, error: errors.AnswerError) -> None:
        """Restart or shrink a walk whose page got no answer, or raise."""
        if errors.refuses_cursor(walk.cursor, error):
            if guard.restart():
                walks.restart(self.archive, walk.name)
                return
        elif isinstance(error, errors.UnansweredError) and guard.shrink():
            return
        # Who was given a page may read the list: it is broken off.
        raise UnreadableError(error.reason) if walk.cursor else unreadable(error)


def _proves_nothing(answer: Answer, walk: Walk) -> bool:
    page = answer.page
    return not page.rows and (walk.cursor or page.next_cursor) is not None


def position_us(asked: ListPage, row: Object) -> int:
    """Return the instant that an object is ordered by in the list that was *asked*."""
    is_by_update = asked.order is Order.UPDATED
    return row.updated_us if is_by_update else row.created_us
