"""How a kind reads its lists: in steps, each of which waits for its answer."""

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial

from gorgias_crawler import errors
from gorgias_crawler.api import Order
from gorgias_crawler.api.objects import ListPage
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.fetch.lists import NEVER_US, Lists, Shown
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import Answer, ObjectAsker, ObjectCall

Reading = Generator[ObjectCall, Answer | errors.AnswerError, Walk]
"""The calls of one walk; at its end the walk as it is then."""

Put = Callable[[Answer], None]
"""Archives a page, inside of a transaction."""

Until = Callable[[Answer, Walk], bool]
"""Is given the walk with a page, and tells whether no more are needed."""


def to_the_end(answer: Answer, walk: Walk) -> bool:
    """Ask for every page of a list."""
    return False


class ListReader:
    """Reads lists in one run, for *asker*."""

    def __init__(self, memory: RunMemory, asker: ObjectAsker) -> None:
        self.archive = memory.archive
        self.asker = asker
        self._lists = Lists(memory)

    def read(
        self,
        page: ListPage,
        name: str,
        put: Put,
        until: Until = to_the_end,
        floor_us: int = NEVER_US,
    ) -> Reading:
        """Go on with the walk called *name* until *until*, *floor_us* or its end.

        Raises `UnreadableError`.
        """
        while (walk := walks.get(self.archive, name)) and not walk.done:
            limit = min(page.limit, self._lists.limit(name))
            asked = replace(page, cursor=walk.cursor, limit=limit)
            answer = yield ObjectCall(name, asked, self.asker)
            if isinstance(answer, errors.AnswerError):
                self._lists.fail(walk, answer)
            else:
                shown = _shown(asked, walk, answer, floor_us)
                self._lists.take(shown, partial(put, answer), partial(until, answer))
        assert walk
        self._lists.forget(name)
        return walk


def _shown(asked: ListPage, walk: Walk, answer: Answer, floor_us: int) -> Shown:
    is_by_update = asked.order is Order.UPDATED
    positions = [
        (row.updated_us if is_by_update else row.created_us, row.id)
        for row in answer.page.rows
    ]
    has_no_order = not (asked.order or asked.kind.order)
    return Shown(
        *(walk, asked.limit, answer.page, positions, answer.made_us),
        floor_us=floor_us,
        has_no_order=has_no_order,
    )
