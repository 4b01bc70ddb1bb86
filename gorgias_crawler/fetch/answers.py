"""What comes back goes into the archive."""

from gorgias_crawler import api
from gorgias_crawler.api import Message, Page, Ticket
from gorgias_crawler.archive import (
    Archive,
    counts,
    facts,
    states,
    ticket_pages,
    tickets,
    walks,
)
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.fetch.calls import TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.failures import Failures
from gorgias_crawler.fetch.plans import Fetch
from gorgias_crawler.fetch.trail import Looks, LoopError

AnyPage = Page[Ticket] | Page[Message]
Position = tuple[int, int]  # an instant in microseconds, and an id


class Answers(Failures):
    """What comes back in one run; what fails is the business of its base class."""

    def __init__(self, archive: Archive, run: int, fetch: Fetch) -> None:
        super().__init__(archive, run, fetch)
        self._looks = Looks()
        self._unwalked: int | None = None  # messages, by the counts

    # What the agenda asks.

    def due(self, limit: int, after: int = 0) -> list[int]:
        """Return up to *limit* tickets that this run has still to fetch."""
        return counts.due_tickets(self.archive, after, limit, self.run)

    def limit(self, name: str) -> int:
        """Return how many rows the next page of a walk should have."""
        return self.trails[name].limit

    def is_worth_a_call(self, in_flight: int) -> bool:
        """Tell whether the pages of a walk in flight leave something to a further one.

        By the counts: where they are wrong, the walk is slower and no less complete.
        """
        rows_coming = in_flight * api.PAGE_LIMIT
        return not (self._unwalked and 0 < self._unwalked <= rows_coming)

    def settle_walk(self, *, is_whole: bool) -> None:
        """Settle what a walk through all messages brought; another may begin."""
        states.settle_walk(self.archive, is_whole=is_whole)
        for name in walks.OF_MESSAGES:
            self.trails.pop(name, None)
        self._unwalked = None

    def judge_sample(self) -> None:
        """Believe a walk whose counts differ for many, where a sample confirms it."""
        if accepted := states.judge_sample(self.archive, self.run):
            self.notes.append(
                f"{accepted:,} tickets have other numbers of messages than their "
                "listing says. Those of a sample were fetched one by "
                "one and equal the walk, so it is believed for the others."
            )

    def begin_walk(self, name: str) -> None:
        """Begin a walk; one of the same name in this run is forgotten."""
        self.trails.pop(name, None)
        self._looks = Looks()
        walks.begin(self.archive, name)

    def may_have_jumped(self) -> bool:
        """Look again at what was updated while updates were read; tell if any was."""
        if further := self._looks.next(self.changes.new + self.changes.changed):
            self.begin_walk(walks.UPDATES)
            self._looks = further
        return further is not None

    # What comes back.

    def store_tickets(self, call: WalkPage, page: Page[Ticket], date_us: int) -> None:
        """Archive a page of tickets that the server made at *date_us*.

        Raises `RunEndError` where the walk cannot go on.
        """
        by_update = call.walk.name == walks.UPDATES
        positions = [
            (t.updated_us if by_update else t.created_us, t.id) for t in page.rows
        ]
        if by_update:
            self._looks.saw([us for us, _ in positions], date_us)
        listing = facts.listing_number(self.archive)
        with self.archive.transaction():
            tickets.put_tickets(self.archive, page.rows, listing, self.changes)
            at = self._advance(call, page, positions, date_us)
            facts.move_watermark(self.archive, call.walk.name)
        self._pass(call, page, at)

    def store_messages(self, call: WalkPage, page: Page[Message], date_us: int) -> None:
        """Archive a page of the walk through all messages.

        Raises `RunEndError` where the walk cannot go on.
        """
        if not self.is_open(call.walk.name):
            return  # The other end has met this one while the page was in flight.
        if self._unwalked is None:
            totals = counts.totals(self.archive)
            self._unwalked = totals.expected - totals.messages
            if not page.rows and call.walk.at is None and self._unwalked > 0:
                self.give_up(call.walk.name, "it is empty, but tickets have messages")
                return
        self._unwalked -= len(page.rows)
        positions = [(message.created_us, message.id) for message in page.rows]
        with self.archive.transaction():
            tickets.put_messages(self.archive, page.rows)
            at = self._advance(call, page, positions, date_us)
            if walks.have_met(self.archive):
                walks.end(self.archive, *walks.OF_MESSAGES)
        self._pass(call, page, at)

    def _advance(
        self, call: WalkPage, page: AnyPage, positions: list[Position], date_us: int
    ) -> Position | None:
        # A row without a date may stand anywhere, at the head for example.
        at = call.walk.furthest([position for position in positions if position[0]])
        walks.advance(self.archive, call.walk, page.next_cursor, at, date_us)
        floor_us = facts.floor_us(self.archive, call.walk.name)
        if call.walk.name == walks.UPDATES:
            floor_us = max(floor_us, self._looks.floor_us)
        if at and at[0] < floor_us:
            walks.end(self.archive, call.walk.name)
        return at

    def _pass(self, call: WalkPage, page: AnyPage, at: Position | None) -> None:
        try:
            self.trails[call.key].passed(
                len(page.rows), page.next_cursor, further=at != call.walk.at
            )
        except LoopError as error:
            self.give_up(call.walk.name, str(error))

    def store_ticket_messages(self, call: TicketPage, page: Page[Message]) -> None:
        """Archive a page of one ticket's own messages."""
        try:
            self.trails[call.key].passed(
                len(page.rows), page.next_cursor, further=False
            )
        except LoopError as error:
            self.record_failure(call.ticket_id, str(error))
            return
        ticket_pages.store_ticket_page(self.archive, call.ticket_id, page)
        if page.next_cursor is not None:
            self.to_continue.append(call.ticket_id)
            return
        del self.trails[call.key]
        if not page.rows:
            self.note_vanished({call.ticket_id})

    def store_tickets_by_id(self, call: TicketsById, page: Page[Ticket]) -> None:
        """Archive the tickets that exist, erase those that do not.

        Raises `RunEndError` where the answer holds others than those asked for, or
        says that it is cut short and holds none.
        """
        found = {ticket.id for ticket in page.rows}
        is_cut_short = page.next_cursor is not None
        if not found <= set(call.ids) or (is_cut_short and not found):
            raise RunEndError(
                "listing_failed",
                "Gorgias answers other tickets than those asked for by their ids "
                "(ticket_ids), so it cannot be told which still exist. Nothing was "
                "erased; run the same command again later.",
            )
        listing = facts.listing_number(self.archive)
        with self.archive.transaction():
            tickets.put_tickets(self.archive, page.rows, listing, self.changes)
            if not is_cut_short:  # else the others are asked for again
                self.forget(set(call.ids) - found)
