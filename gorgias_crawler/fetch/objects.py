"""One kind of object in one run: read the cheapest honest way, and told when it fails.

All progress is in the archive: a run that was killed goes on where it was.
"""

import logging
from functools import partial

from gorgias_crawler.api.kinds import Kind, Refresh
from gorgias_crawler.api.objects import ListPage
from gorgias_crawler.api.urls import Order
from gorgias_crawler.archive import changes, walks
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.archive.tickets import Changes
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.fetch.guards import HeadLooks
from gorgias_crawler.fetch.lists import NotPermittedError, UnreadableError
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.missing_objects import DoubtError, MissingObjects
from gorgias_crawler.fetch.object_calls import (
    Answer,
    ListReader,
    ObjectAsker,
    ObjectCall,
    Put,
    Steps,
)
from gorgias_crawler.fetch.object_costs import KNOWN_PAGES
from gorgias_crawler.fetch.plans import LOOK_BACK_US, Relist

_DAY_US = 24 * 3600 * 1_000_000

_WHOLE_AGAIN_US = 30 * _DAY_US
"""A list without a promised order is read whole so often: what changes behind the pages
that are read each time is then a month old at most."""

_KEPT_US = 360 * _DAY_US
"""Gorgias is said to keep events for 12 months: what is older need not be there."""

_NEVER_US = 2**63 - 1  # after any instant

logger = logging.getLogger(__name__)


class KindFetch(ObjectAsker):
    """Fetches *kind* in one run.

    ``refusal`` says why it may not be read, ``trouble`` what keeps it incomplete; both
    are None where all is well. ``changes`` is what lists brought, ``missing`` has what
    was deleted.
    """

    def __init__(self, memory: RunMemory, kind: Kind) -> None:
        super().__init__()
        self.memory = memory
        self.archive = memory.archive
        self.kind = kind
        self.name = kind.name
        self.objects = Objects(memory.archive, kind)
        self.missing = MissingObjects(memory, kind, self)
        self.changes = Changes(memory.run)
        self.refusal: str | None = None
        self.trouble: str | None = None
        self._lists = ListReader(memory, self)
        self._newest_us = 0  # the newest instant of change that this run has seen

    def steps(self) -> Steps:
        """Yield the calls that bring this kind up to date."""
        try:
            yield from self._way()
            yield from self.missing.ask_for(self.objects.doubted())
        except NotPermittedError as error:
            self.refusal = str(error)
            logger.warning(
                "%s are left out: Gorgias does not let this key read them (%s). What "
                "is needed: %s.",
                self.name,
                error,
                self.kind.needs,
            )
        except UnreadableError as error:
            self._note_trouble(
                f"{self.name} cannot be read to the end: {error}. What was archived is "
                "kept; run the same command again later."
            )
        except DoubtError as error:
            self._note_trouble(str(error))

    def _note_trouble(self, sentence: str) -> None:
        self.trouble = sentence
        logger.warning("%s", sentence)

    def _way(self) -> Steps:
        match self.kind.refresh:
            case Refresh.BY_UPDATE | Refresh.WHILE_OPEN:
                return self._list_and_follow()
            case Refresh.SINCE:
                return self._list_since()
            case Refresh.UNORDERED:
                return self._list_or_look()
        return self._list(self._stage)

    def _list_and_follow(self) -> Steps:
        """Read a long list once, then what is new in it from the newest."""
        was_listed, was_begun = self.objects.are_known, self._begun is not None
        if not was_listed or was_begun or self._relists:
            yield from self._list(self._put)
        is_unsure = self.objects.progress.watermark_us is None and self.objects.count()
        if was_listed or was_begun or is_unsure:
            yield from self._follow()

    def _list_since(self) -> Steps:
        """Read what is new by its date; what is known never changes."""
        before = self.objects.progress
        watermark_us = before.watermark_us
        since_us = None if watermark_us is None else watermark_us - LOOK_BACK_US
        self._begin(self.name, listing=1)
        page = ListPage(self.kind, since_us=since_us)
        walk = yield from self._lists.read(page, self.name, self._put, self._move)
        if watermark_us is None:
            yield from self._lists.hold_against_newest(self.kind, walk)
        now_us = self.memory.clock_us()
        if watermark_us and walk.at is None and now_us - watermark_us < _KEPT_US:
            raise UnreadableError("the list does not show what it has shown before")
        oldest_us = before.oldest_us or 0
        if before.listed_us is not None:
            oldest = ListPage(self.kind, limit=1)
            answer = yield ObjectCall(f"the oldest of {self.name}", oldest, self)
            if isinstance(answer, Answer) and answer.page.rows:
                oldest_us = answer.page.rows[0].created_us
        with self.archive.transaction():
            self.objects.note(listed_us=now_us)
            self.objects.note_oldest(oldest_us, self.memory.run)

    def _list_or_look(self) -> Steps:
        """Read a list without a promised order: its head, and whole now and then."""
        was_begun = self._begun is not None
        if self._is_due or was_begun or self._relists:
            yield from self._list(self._put)
            if was_begun and not self.objects.progress.newest_first:
                yield from self._list(self._put)  # what is new stands anywhere
            elif was_begun:
                yield from self._look()
        else:
            yield from self._look()

    @property
    def _is_due(self) -> bool:
        before = self.objects.progress
        age_us = self.memory.clock_us() - (before.listed_us or 0)
        return age_us > _WHOLE_AGAIN_US or not before.newest_first

    # Whole lists.

    def _list(self, put: Put) -> Steps:
        names = [self._walk_name(number) for number in range(len(self.kind.walks))]
        listing = self.objects.progress.listing
        if self._begun is None:
            self._begin(*names, listing=listing + 1)
        elif put == self._stage:
            # What another run has read of a small list may have changed since.
            self._begin(*names, listing=listing)
        read = []
        for number, name in enumerate(names):
            page = ListPage(self.kind, number)
            read.append((yield from self._lists.read(page, name, put)))
        if self.kind.order and put != self._stage:  # small lists are read each time
            yield from self._lists.hold_against_newest(self.kind, *read)
        self._end_listing(read)
        yield from self.missing.ask_for_missing()

    def _walk_name(self, number: int) -> str:
        # A list without an order is taken for one from the newest until it is not.
        order = "" if self.kind.order else walks.FROM_NEWEST
        return f"{self.name}{f' {number + 1}' if number else ''}{order}"

    def _begin(self, *names: str, listing: int) -> None:
        with self.archive.transaction():
            self.objects.forget_staged()
            self.objects.note(listing=listing)
            for name in names:
                walks.put_at_head(self.archive, name, self.memory.run)

    def _end_listing(self, read: list[Walk]) -> None:
        with self.archive.transaction():
            self.objects.unstage(self.changes)
            walks.forget(self.archive, *(walk.name for walk in read))
            self.objects.note(
                listed_us=self.memory.clock_us(),
                newest_first=not any(walk.unordered for walk in read),
                watermark_us=self._proven_us(read),
            )

    def _proven_us(self, read: list[Walk]) -> int | None:
        """Return up to when all is known, None if a list was empty or out of order."""
        is_mixed = self.kind.order and any(walk.unordered for walk in read)
        if is_mixed or not self.objects.count():
            return None
        begun_us = min(walk.date_us or 0 for walk in read)
        return min(begun_us, self._newest_us or begun_us)

    # What is new.

    def _follow(self) -> Steps:
        """Read from the newest back to what is known, and what moved meanwhile."""
        is_by_update = self.kind.refresh is Refresh.BY_UPDATE
        order = Order.UPDATED if is_by_update else Order.NEWEST
        name = f"{self.name}{walks.BY_UPDATE if is_by_update else walks.FROM_NEWEST}"
        floor_us, first = self._floor_us(), None
        looks: HeadLooks | None = HeadLooks()
        while looks:
            walks.begin(self.archive, name, self.memory.run)
            page = ListPage(self.kind, order=order)
            saw, until_us = partial(_saw, looks), max(floor_us, looks.floor_us)
            walk = yield from self._lists.read(page, name, self._put, saw, until_us)
            first = first or walk
            looks = looks.next(self.changes.total) if is_by_update else None
        assert first
        is_at_end = first.cursor is None and (not first.at or first.at[0] >= floor_us)
        known_us = floor_us if first.at else _NEVER_US
        if is_at_end and self.objects.has_older(order, known_us):
            raise UnreadableError("the list ends before what is known")
        if first.unordered:
            return  # what it has shown proves nothing
        newest_us = min(first.date_us or 0, self._newest_us)
        watermark_us = min(self.objects.progress.watermark_us or 0, first.date_us or 0)
        with self.archive.transaction():
            self.objects.note(watermark_us=max(watermark_us, newest_us))

    def _floor_us(self) -> int:
        """Return the instant before which nothing can be new."""
        now_us = self.memory.clock_us()
        # A watermark ahead of the clock comes of a clock that was wrong.
        floor_us = min(self.objects.progress.watermark_us or 0, now_us) - LOOK_BACK_US
        open_us = self.objects.oldest_open_us(now_us)
        return floor_us if open_us is None else min(floor_us, open_us)

    def _look(self) -> Steps:
        """Read the head until pages bring nothing; whole if the order is another."""
        name = self._walk_name(0)
        walks.begin(self.archive, name, self.memory.run)
        known, before = 0, self.changes.total

        def are_known(answer: Answer, walk: Walk) -> bool:
            nonlocal known, before
            known = known + 1 if self.changes.total == before else 0
            before = self.changes.total
            return known >= KNOWN_PAGES and not walk.unordered

        page = ListPage(self.kind)
        walk = yield from self._lists.read(page, name, self._put, are_known)
        with self.archive.transaction():
            walks.forget(self.archive, name)
            self.objects.note(newest_first=not walk.unordered)
        if walk.at is None and self.objects.count():
            raise UnreadableError("the list does not show what it has shown before")

    # What comes back.

    def _stage(self, answer: Answer) -> None:
        self.objects.stage(answer.page.rows)

    def _put(self, answer: Answer) -> None:
        by_update = self.kind.refresh is Refresh.BY_UPDATE
        rows = answer.page.rows
        seen_us = (row.updated_us if by_update else row.created_us for row in rows)
        # What is dated ahead of the clock would hide what comes before that date.
        known_us = (us for us in seen_us if us <= answer.made_us)
        self._newest_us = max(self._newest_us, max(known_us, default=0))
        if self.kind.tells_deletions:
            changes.note_events(self.archive, (row.raw for row in rows))
        listing = self.objects.progress.listing
        self.objects.put(rows, listing, self.changes)

    def _move(self, answer: Answer, walk: Walk) -> bool:
        """Note a page from the oldest: all that is older is archived, too."""
        if walk.at and not walk.unordered:
            self.objects.note(watermark_us=min(walk.at[0], answer.made_us))
        return False

    # Small things.

    @property
    def _begun(self) -> Walk | None:
        return walks.get(self.archive, self._walk_name(0))

    @property
    def _relists(self) -> bool:
        return self.memory.options.relist is not Relist.NOTHING


def _saw(looks: HeadLooks, answer: Answer, walk: Walk) -> bool:
    looks.saw([row.updated_us for row in answer.page.rows], answer.made_us)
    return False
