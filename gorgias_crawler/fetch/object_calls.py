"""The calls for objects of other kinds: steps that make them, and read lists."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial

from gorgias_crawler.api.kinds import Kind
from gorgias_crawler.api.objects import ById, ListPage, Object
from gorgias_crawler.api.pages import Page
from gorgias_crawler.api.urls import Order
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.errors import AnswerError
from gorgias_crawler.fetch.lists import (
    NEVER_US,
    Lists,
    Shown,
    UnreadableError,
    unreadable,
)
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.proofs import leaves_out


@dataclass(frozen=True)
class Answer:
    """A page with when it was made, at the latest: microseconds since 1970."""

    page: Page[Object]
    made_us: int


Steps = Generator["ObjectCall", Answer | AnswerError, None]
"""What makes calls one after the other, and is given what each came to."""


class ObjectAsker:
    """Base of what asks for objects in steps, one call at a time.

    What a call came to is archived before the next one is known.
    """

    def __init__(self) -> None:
        self.is_done = False
        self._next: ObjectCall | None = None
        self._steps: Steps | None = None

    def steps(self) -> Steps:
        """Yield the calls; each is answered before the next is asked for."""
        raise NotImplementedError

    def take(self) -> "ObjectCall | None":
        """Return the next call, None while one is in flight or when all is done."""
        if self._steps is None:
            self._steps = self.steps()
            self._go_on(None)
        call, self._next = self._next, None
        return call

    def answered(self, answer: Answer | AnswerError) -> None:
        """Take what the call in flight came to.

        Raises `RunEndError` where the archive cannot be written.
        """
        self._go_on(answer)

    def _go_on(self, answer: Answer | AnswerError | None) -> None:
        assert self._steps is not None
        try:
            # The first step has no answer to take.
            self._next = self._steps.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            self.is_done = True


@dataclass(frozen=True)
class ObjectCall:
    """A call for *asked*, which *asker* waits for."""

    key: str
    asked: ListPage | ById
    asker: ObjectAsker

    def parse(self, body: bytes) -> Page[Object]:
        """Return the page that *body* holds. Raises `BadAnswerError`."""
        return self.asked.parse(body)

    def url(self, base_url: str) -> str:
        """Return what to ask."""
        return self.asked.url(base_url)


Reading = Generator[ObjectCall, Answer | AnswerError, Walk]
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
            if isinstance(answer, AnswerError):
                self._lists.fail(walk, answer)
            else:
                shown = _shown(asked, walk, answer, floor_us)
                self._lists.take(shown, partial(put, answer), partial(until, answer))
        assert walk
        self._lists.forget(name)
        return walk

    def hold_against_newest(self, kind: Kind, read: Walk) -> Steps:
        """Ask for the newest of a long list: it may have ended too early.

        Raises `UnreadableError`; then the list is to be read anew.
        """
        newest = ListPage(kind, order=Order.NEWEST)
        answer = yield ObjectCall(f"the newest of {kind.name}", newest, self.asker)
        if isinstance(answer, AnswerError):
            raise unreadable(answer)
        if leaves_out(read, [(row.created_us, row.id) for row in answer.page.rows]):
            with self.archive.transaction():
                walks.forget(self.archive, read.name)
            raise UnreadableError("the list ends before its newest object")


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
