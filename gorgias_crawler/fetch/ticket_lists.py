"""What the pages of walks through whole lists come to: tickets, and all messages."""

import logging
from collections.abc import Callable
from typing import Any

from gorgias_crawler import errors
from gorgias_crawler.api.pages import Message, Page, Ticket
from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive import counts, states, tickets, walks
from gorgias_crawler.archive.walks import Position, Walk
from gorgias_crawler.fetch import watermark
from gorgias_crawler.fetch.calls import WalkPage
from gorgias_crawler.fetch.guards import HeadLooks
from gorgias_crawler.fetch.lists import NEVER_US, Lists, Shown, UnreadableError
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.plans import LOOK_BACK_US, Fetch
from gorgias_crawler.fetch.proofs import Proofs, listed_until_us

logger = logging.getLogger(__name__)


class TicketLists:
    """The walks of one run.

    ``bulk_refusal`` says why the walk through all messages was given up. ``lists`` are
    those that they read.
    """

    def __init__(self, memory: RunMemory) -> None:
        self.memory = memory
        self.archive = memory.archive
        self.bulk_refusal: str | None = None
        self.lists = Lists(memory)
        self.proofs = Proofs(memory.archive, self.lists)
        self._looks = HeadLooks()
        self._unwalked: int | None = None  # messages, by the counts

    # What the agenda asks.

    def is_open(self, name: str) -> bool:
        """Tell whether a walk has more to see."""
        if name in walks.OF_MESSAGES and self.bulk_refusal is not None:
            return False
        walk = walks.get(self.archive, name)
        return walk is not None and not walk.done

    def next_page(self, name: str) -> WalkPage:
        """Return the next call of an open walk."""
        walk = walks.get(self.archive, name)
        assert walk is not None
        return WalkPage(walk, self.lists.limit(name))

    def is_worth_a_call(self, in_flight: int) -> bool:
        """Tell whether the pages of a walk in flight leave something to a further one.

        By the counts: where they are wrong, the walk is slower and no less complete.
        """
        coming = in_flight * PAGE_LIMIT
        return not (self._unwalked and 0 < self._unwalked <= coming)

    def begin(self, name: str) -> None:
        """Begin a walk; one of the same name in this run is forgotten."""
        self.lists.forget(name)
        self._looks = HeadLooks()
        walks.begin(self.archive, name, self.memory.run)

    def begin_listing(self) -> None:
        """Begin to list all tickets anew; what is not shown is asked for by its id."""
        facts = self.archive.facts
        with self.archive.transaction():
            facts.listing = (facts.listing or 0) + 1
            walks.forget(self.archive, walks.LISTING, walks.NEWEST_TICKETS)

    def shows_messages(self) -> bool:
        """End a look at messages where no ticket is listed; tell if it showed any."""
        walk = walks.get(self.archive, walks.NEWEST_MESSAGES)
        has_shown = walk is not None and walk.at is not None
        self.end_messages(is_whole=False)
        return has_shown and counts.totals(self.archive).messages > 0

    def refuse_empty_listing(self) -> None:
        """Raise `RunEndError` where no ticket is listed still, though messages are."""
        if counts.listed_tickets(self.archive) == 0:
            raise errors.RunEndError(
                "listing_failed",
                "Gorgias lists no ticket, and yet it shows messages of tickets: run the "
                "same command again later.",
            )

    def end_messages(self, *, is_whole: bool) -> None:
        """End the walk through all messages, whole or not; another may begin."""
        with self.archive.transaction():  # what it shows takes the last one's place
            self.archive.facts.orphan_messages = self.memory.changes.orphans
        states.end_walk(self.archive, is_whole=is_whole, now_us=self.memory.clock_us())
        for name in walks.OF_MESSAGES:
            self.lists.forget(name)
        self._unwalked = None

    def may_have_jumped(self) -> bool:
        """Look again at what was updated while updates were read; tell if any was."""
        changes = self.memory.changes
        walk = walks.get(self.archive, walks.UPDATES)
        if walk is not None and walk.unordered:
            return False  # in another order nothing jumps to the head
        if further := self._looks.next(changes.total):
            self.begin(walks.UPDATES)
            self._looks = further
        return further is not None

    def are_updates_cut_short(self) -> bool:
        """Tell whether the list of updates ended before it showed what is older.

        Then it is no proof of anything: all tickets are to be listed.
        """
        return self.proofs.are_updates_cut_short(self._floor_us(walks.UPDATES))

    # What comes back.

    def store_tickets(self, call: WalkPage, page: Page[Ticket], made_us: int) -> None:
        """Archive a page of tickets that was made at *made_us*, at the latest.

        Raises `RunEndError` where the walk cannot go on.
        """
        facts, by_update = self.archive.facts, call.walk.name == walks.UPDATES
        positions = [
            (t.updated_us if by_update else t.created_us, t.id) for t in page.rows
        ]

        def put() -> None:
            listing = facts.listing or 0
            tickets.put_tickets(self.archive, page.rows, listing, self.memory.changes)
            self.memory.note_shown(ticket.id for ticket in page.rows)

        def move(walk: Walk) -> bool:
            if by_update:
                self._looks.saw([us for us, _ in positions], made_us)
            now_us = self.memory.clock_us()
            updates = [t.updated_us for t in page.rows if t.updated_us <= now_us]
            facts.newest_us = max([facts.newest_us or 0, *updates]) or None
            if walk.name == walks.NEWEST_TICKETS:
                self.proofs.hold_listing_against(positions)
                return False
            watermark.move(
                self.archive,
                walk,
                is_cut_short=walk.done and self.are_updates_cut_short(),
                proven_us=self.proofs.proven_us(walk),
            )
            return False

        self._take(self._shown(call, page, positions, made_us), put, move)

    def store_messages(self, call: WalkPage, page: Page[Message], made_us: int) -> None:
        """Archive a page of the walk through all messages.

        Raises `RunEndError` where the walk cannot go on.
        """

        def put() -> None:
            tickets.put_messages(self.archive, page.rows, self.memory.run)
            self.memory.shows_messages |= bool(page.rows)

        if not self.is_open(call.walk.name):
            # The other end has met this one while the page was in flight. Where that
            # list was cut short instead, this page shows of which tickets.
            if self.bulk_refusal is None:
                with self.archive.transaction():
                    put()
            return
        is_first, unwalked = self._unwalked is None, self._unwalked or 0
        if is_first:
            totals = counts.totals(self.archive)
            unwalked = totals.expected - totals.messages

        def move(walk: Walk) -> bool:
            if is_first and unwalked > 0 and not page.rows and call.walk.at is None:
                raise UnreadableError("it is empty, but tickets have messages")
            self._unwalked = unwalked - len(page.rows)
            is_at_end = walk.done and walk.cursor is None  # it has seen the whole list
            if is_at_end or walks.have_met(self.archive):
                walks.end(self.archive, *walks.OF_MESSAGES)
            return False

        positions = [(message.created_us, message.id) for message in page.rows]
        self._take(self._shown(call, page, positions, made_us), put, move)

    def _shown(
        self, call: WalkPage, page: Page[Any], positions: list[Position], made_us: int
    ) -> Shown:
        floor_us = self._floor_us(call.walk.name)
        return Shown(call.walk, call.limit, page, positions, made_us, floor_us)

    def _take(
        self, shown: Shown, put: Callable[[], None], move: Callable[[Walk], bool]
    ) -> None:
        try:
            self.lists.take(shown, put, move)
        except UnreadableError as error:
            self._give_up(shown.walk.name, str(error))

    def _floor_us(self, name: str) -> int:
        """Return the instant before which a walk from the newest has seen enough."""
        facts = self.archive.facts
        if name == walks.UPDATES:
            floor_us = (facts.watermark_us or 0) - LOOK_BACK_US
            return max(floor_us, self._looks.floor_us)
        if name == walks.NEWEST_MESSAGES:
            return facts.floor_us or NEVER_US
        if name == walks.NEWEST_TICKETS:
            return listed_until_us(walks.get(self.archive, walks.LISTING))
        return NEVER_US

    # What does not.

    def fail(self, call: WalkPage, error: errors.AnswerError) -> None:
        """Restart, shrink or give up a walk whose page got no answer.

        Raises `RunEndError` or `CredentialsError` where the run cannot go on.
        """
        walk = call.walk
        if not self.is_open(walk.name):
            return  # The ends have met, or are given up: what fails here is not needed.
        if _may_not_list(walk, error):
            raise errors.CredentialsError(
                f"These credentials may not list tickets ({error.reason}): use those "
                "of a user who may, or give the token the scope tickets:read."
            )
        try:
            self.lists.fail(walk, error)
        except UnreadableError as failure:
            self._give_up(walk.name, str(failure))

    def _give_up(self, name: str, why: str) -> None:
        """Fetch per ticket where a walk through messages cannot go on.

        Raises `RunEndError` where there is no other way than the walk *name*.
        """
        if name not in walks.OF_MESSAGES:
            raise errors.RunEndError(
                "listing_failed",
                f"The list of {name} cannot be read to its end: {why}. What was "
                "archived is kept; run the same command again later.",
            )
        if self.memory.options.fetch is Fetch.BULK:
            raise errors.RunEndError(
                "bulk_refused",
                f"Fetching messages in bulk (-a fetch=bulk) cannot go on: {why}. "
                "Leave -a fetch=bulk out to have them fetched ticket by ticket.",
            )
        self.bulk_refusal = why
        self.memory.note(f"Fetching messages in bulk was given up: {why}.")
        logger.warning(
            "Fetching messages in bulk cannot go on: %s. Fetching them ticket by ticket.",
            why,
        )


def _may_not_list(walk: Walk, error: errors.AnswerError) -> bool:
    is_first = walk.name == walks.LISTING and walk.at is None
    return isinstance(error, errors.RefusedError) and error.status == 403 and is_first
