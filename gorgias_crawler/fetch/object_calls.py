"""The calls for objects of other kinds, and the steps that make them."""

from collections.abc import Generator
from dataclasses import dataclass

from gorgias_crawler.api import Page
from gorgias_crawler.api.objects import ById, ListPage, Object
from gorgias_crawler.errors import AnswerError


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
