"""What events tell of deletions: the one thing that no list of tickets shows.

A refresh asks for four types of events since the last one: one call on a quiet night
(https://developers.gorgias.com/reference/list-events).
"""

import logging
from collections.abc import Generator
from dataclasses import replace

from gorgias_crawler.api.kinds import Kind
from gorgias_crawler.api.objects import ListPage
from gorgias_crawler.api.urls import PAGE_LIMIT, Order
from gorgias_crawler.archive import changes, counts, walks
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.errors import AnswerError
from gorgias_crawler.fetch.lists import (
    NotPermittedError,
    RefusedListError,
    UnreadableError,
    unreadable,
)
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.missing_objects import MissingObjects
from gorgias_crawler.fetch.object_calls import (
    Answer,
    ListReader,
    ObjectAsker,
    ObjectCall,
    Steps,
)
from gorgias_crawler.fetch.plans import LOOK_BACK_US

_NAME = "deletions"

logger = logging.getLogger(__name__)


class DeletionEvents(ObjectAsker):
    """Asks in one run what was deleted since the last one.

    *events* is the kind of the events, *customers* that of customers.
    """

    def __init__(self, memory: RunMemory, events: Kind, customers: Kind) -> None:
        super().__init__()
        self.memory = memory
        self.archive = memory.archive
        self.events = events
        self.known = Objects(memory.archive, replace(events, name=_NAME))
        self.missing = MissingObjects(memory, customers, self)
        self._lists = ListReader(memory, self)

    def steps(self) -> Steps:
        """Yield the calls; a first run has nothing to ask."""
        since_us = self._since_us()
        if since_us is None:
            return
        try:
            if (yield from self._has_events()):
                yield from self._read(since_us - LOOK_BACK_US)
            yield from self.missing.ask_for(self.missing.objects.doubted())
        except NotPermittedError as error:
            self.note_refusal(str(error))
        except UnreadableError as error:
            self._say_unseen(f"events cannot be read ({error})")

    def note_refusal(self, reason: str) -> None:
        """Say what is not seen where events may not be read, because of *reason*."""
        if self._since_us() is not None:
            needed = self.events.needs
            self._say_unseen(
                f"this key may not read events ({reason}; needed: {needed})"
            )

    def _since_us(self) -> int | None:
        """Return since when deletions are not known, None where all was listed now."""
        listing = walks.get(self.archive, walks.LISTING)
        was_listed = listing and listing.done and listing.run < self.memory.run
        known_us = self.known.progress.watermark_us
        return known_us or (listing.date_us if listing and was_listed else None)

    def _has_events(self) -> Generator[ObjectCall, Answer | AnswerError, bool]:
        """Ask once a job for any event: an empty answer is also a quiet night."""
        if self.known.are_known:
            return True
        newest = ListPage(self.events, order=Order.NEWEST, limit=1)
        answer = yield ObjectCall("the newest event", newest, self)
        if isinstance(answer, AnswerError):
            raise unreadable(answer)
        if not answer.page.rows:
            self._say_unseen("the account shows no event at all")
        return bool(answer.page.rows)

    def _read(self, since_us: int) -> Steps:
        page = ListPage(self.events, since_us=since_us, types=changes.TELLING)
        try:
            yield from self._read_as(page, pages=None)
        except RefusedListError:
            # Then all events are read, unless to list all tickets takes fewer calls.
            pages = counts.listed_tickets(self.archive) // PAGE_LIMIT
            yield from self._read_as(replace(page, types=()), pages)

    def _read_as(self, page: ListPage, pages: int | None) -> Steps:
        left = pages

        def put(answer: Answer) -> None:
            changes.note_events(self.archive, (row.raw for row in answer.page.rows))

        def are_enough(answer: Answer, walk: Walk) -> bool:
            nonlocal left
            left = None if left is None else left - 1
            return left is not None and left <= 0

        walks.begin(self.archive, _NAME, self.memory.run)
        walk = yield from self._lists.read(page, _NAME, put, are_enough)
        if walk.cursor is not None:
            raise UnreadableError(
                "types are refused, and without them there are too many"
            )
        with self.archive.transaction():
            self.known.note(listed_us=self.memory.clock_us(), watermark_us=walk.date_us)

    def _say_unseen(self, why: str) -> None:
        sentence = (
            f"What was deleted since the last listing is not seen: {why}. "
            "-a relist=true finds it."
        )
        self.memory.note(sentence)
        logger.warning("%s", sentence)
