"""What comes back goes into the archive; what fails is restarted or recorded.

The trails of the walks, kept here, are only of this run and may be lost with it.
"""

import logging
from collections import defaultdict, deque

from gorgias_crawler import api
from gorgias_crawler.api import Message, Page, Ticket
from gorgias_crawler.archive import Archive, reckoning, rows, walks
from gorgias_crawler.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.errors import (
    AnswerError,
    CredentialsError,
    MisdirectedError,
    NotFoundError,
    RefusedError,
    RunEndError,
    UnansweredError,
    UnauthorizedError,
    is_gone,
    refuses_cursor,
)
from gorgias_crawler.plans import Fetch
from gorgias_crawler.trail import Looks, LoopError, Trail

AnyPage = Page[Ticket] | Page[Message]
Position = tuple[int, int]  # an instant in microseconds, and an id

logger = logging.getLogger(__name__)


class Answers:
    """The answers of one run, number *run*, that fetches messages as *fetch* says.

    ``to_continue`` holds tickets that have further pages. ``bulk_refusal`` says why
    the walk through all messages was given up. ``may_be_merged`` turns true when a
    ticket, or all its messages, have vanished. ``notes`` are for the manifest.
    """

    def __init__(self, archive: Archive, run: int, fetch: Fetch) -> None:
        self.archive = archive
        self.run = run
        self.fetch = fetch
        self.changes = rows.Changes()
        self.notes: list[str] = []
        self.to_continue: deque[int] = deque()
        self.bulk_refusal: str | None = None
        self.ids_at_once = api.PAGE_LIMIT
        self.may_be_merged = False
        self._vanished: set[int] = set()
        self._trails: dict[str, Trail] = defaultdict(Trail)
        self._looks = Looks()
        self._unwalked: int | None = None  # messages, by the counts

    # What the agenda asks.

    def due(self, limit: int, after: int = 0) -> list[int]:
        """Return up to *limit* tickets that this run has still to fetch."""
        return reckoning.due_tickets(self.archive, after, limit, self.run)

    def is_open(self, name: str) -> bool:
        """Tell whether a walk has more to see."""
        if name in walks.OF_MESSAGES and self.bulk_refusal is not None:
            return False
        walk = walks.get(self.archive, name)
        return walk is not None and not walk.done

    def limit(self, name: str) -> int:
        """Return how many rows the next page of a walk should have."""
        return self._trails[name].limit

    def is_worth_a_call(self, in_flight: int) -> bool:
        """Tell whether the pages of a walk in flight leave something to a further one.

        By the counts: where they are wrong, the walk is slower and no less complete.
        """
        rows_coming = in_flight * api.PAGE_LIMIT
        return not (self._unwalked and 0 < self._unwalked <= rows_coming)

    def settle_walk(self, *, is_whole: bool) -> None:
        """Settle what a walk through all messages brought; another may begin."""
        reckoning.settle_walk(self.archive, is_whole=is_whole)
        for name in walks.OF_MESSAGES:
            self._trails.pop(name, None)
        self._unwalked = None

    def judge_sample(self) -> None:
        """Believe a walk whose counts differ for many, where a sample confirms it."""
        if accepted := reckoning.judge_sample(self.archive, self.run):
            self.notes.append(
                f"{accepted:,} tickets have other numbers of messages than their "
                "listing says. Those of a sample were fetched one by "
                "one and equal the walk, so it is believed for the others."
            )

    def begin_walk(self, name: str) -> None:
        """Begin a walk; one of the same name in this run is forgotten."""
        self._trails.pop(name, None)
        self._looks = Looks()
        walks.begin(self.archive, name)

    def may_have_jumped(self) -> bool:
        """Begin another look at what was updated while updates were read, if any was."""
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
        listing = reckoning.listing_number(self.archive)
        with self.archive.transaction():
            rows.put_tickets(self.archive, page.rows, listing, self.changes)
            at = self._advance(call, page, positions, date_us)
            reckoning.move_watermark(self.archive, call.walk.name)
        self._pass(call, page, at)

    def store_messages(self, call: WalkPage, page: Page[Message], date_us: int) -> None:
        """Archive a page of the walk through all messages.

        Raises `RunEndError` where the walk cannot go on.
        """
        if not self.is_open(call.walk.name):
            return  # The other end has met this one while the page was in flight.
        if self._unwalked is None:
            totals = reckoning.totals(self.archive)
            self._unwalked = totals.expected - totals.messages
            if not page.rows and call.walk.at is None and self._unwalked > 0:
                self._give_up(call.walk.name, "it is empty, but tickets have messages")
                return
        self._unwalked -= len(page.rows)
        positions = [(message.created_us, message.id) for message in page.rows]
        with self.archive.transaction():
            rows.put_messages(self.archive, page.rows)
            at = self._advance(call, page, positions, date_us)
            if reckoning.have_met(self.archive):
                walks.end(self.archive, *walks.OF_MESSAGES)
        self._pass(call, page, at)

    def _advance(
        self, call: WalkPage, page: AnyPage, positions: list[Position], date_us: int
    ) -> Position | None:
        # A row without a date may stand anywhere, at the head for example.
        at = call.walk.furthest([position for position in positions if position[0]])
        walks.advance(self.archive, call.walk, page.next_cursor, at, date_us)
        floor_us = reckoning.floor_us(self.archive, call.walk.name)
        if call.walk.name == walks.UPDATES:
            floor_us = max(floor_us, self._looks.floor_us)
        if at and at[0] < floor_us:
            walks.end(self.archive, call.walk.name)
        return at

    def _pass(self, call: WalkPage, page: AnyPage, at: Position | None) -> None:
        try:
            self._trails[call.key].passed(
                len(page.rows), page.next_cursor, further=at != call.walk.at
            )
        except LoopError as error:
            self._give_up(call.walk.name, str(error))

    def store_ticket_messages(self, call: TicketPage, page: Page[Message]) -> None:
        """Archive a page of one ticket's own messages."""
        try:
            self._trails[call.key].passed(
                len(page.rows), page.next_cursor, further=False
            )
        except LoopError as error:
            self._record_failure(call.ticket_id, str(error))
            return
        rows.store_ticket_page(self.archive, call.ticket_id, page)
        if page.next_cursor is not None:
            self.to_continue.append(call.ticket_id)
            return
        del self._trails[call.key]
        if not page.rows:
            self._note_vanished({call.ticket_id})

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
        listing = reckoning.listing_number(self.archive)
        with self.archive.transaction():
            rows.put_tickets(self.archive, page.rows, listing, self.changes)
            if not is_cut_short:  # else the others are asked for again
                self._forget(set(call.ids) - found)

    def _note_vanished(self, ids: set[int]) -> None:
        # Once for each ticket: one that is listed for ever, though it is gone, would
        # be asked for without end.
        self.may_be_merged |= not ids <= self._vanished
        self._vanished |= ids

    def _forget(self, ids: set[int]) -> None:
        self._note_vanished(ids)
        self.changes.vanished += len(ids)
        self.changes.erased_messages += rows.forget_tickets(self.archive, ids)

    # What fails.

    def failed(self, call: Call, error: AnswerError) -> None:
        """Restart, shrink, or record what got no answer.

        Raises `RunEndError` or `CredentialsError` where the run cannot go on.
        """
        if isinstance(error, UnauthorizedError):
            raise RunEndError(
                "unauthorized",
                "Gorgias refuses the credentials now (401): were they revoked, or has "
                "the token expired? What was archived is kept: set new ones and run "
                "the same command again.",
            )
        if isinstance(error, MisdirectedError):
            raise RunEndError("misdirected", str(error))
        match call:
            case TicketPage():
                self._ticket_failed(call, error)
            case TicketsById():
                self._ids_failed(call, error)
            case WalkPage():
                self._walk_failed(call, error)

    def _ticket_failed(self, call: TicketPage, error: AnswerError) -> None:
        if refuses_cursor(call.cursor, error) and self._trails[call.key].restart():
            rows.restart_ticket(self.archive, call.ticket_id)
            self.to_continue.append(call.ticket_id)
        elif call.cursor is None and is_gone(error):
            rows.store_gone(self.archive, call.ticket_id)
            self._note_vanished({call.ticket_id})
            self.changes.gone += 1
        else:
            self._record_failure(call.ticket_id, error.reason)

    def _record_failure(self, ticket_id: int, reason: str) -> None:
        rows.restart_ticket(self.archive, ticket_id)
        rows.store_failure(self.archive, ticket_id, reason, self.run)
        self._trails.pop(walks.of_ticket(ticket_id), None)
        logger.warning(
            "Ticket %s cannot be fetched: %s. It is tried again by the next run.",
            ticket_id,
            reason,
        )

    def _ids_failed(self, call: TicketsById, error: AnswerError) -> None:
        refused = isinstance(error, NotFoundError | RefusedError)
        if refused and len(call.ids) > 1:
            self.ids_at_once = len(call.ids) // 2
        elif is_gone(error):
            with self.archive.transaction():
                self._forget(set(call.ids))
        else:
            raise RunEndError(
                "listing_failed",
                f"Tickets cannot be asked for by their ids ({error.reason}). What was "
                "archived is kept; run the same command again later.",
            )

    def _walk_failed(self, call: WalkPage, error: AnswerError) -> None:
        if not self.is_open(call.walk.name):
            return  # The ends have met, or are given up: what fails here is not needed.
        trail = self._trails[call.key]
        is_first = call.walk.name == walks.LISTING and call.walk.at is None
        if refuses_cursor(call.walk.cursor, error):
            if trail.restart():
                logger.warning(
                    "The cursor of the walk through %s is refused (%s): beginning "
                    "the walk again; what is archived stays.",
                    call.walk.name,
                    error.reason,
                )
                walks.restart(self.archive, call.walk.name)
                return
        elif isinstance(error, UnansweredError) and trail.shrink():
            logger.warning(
                "A page of %s fails (%s): asking for %d rows instead of %d.",
                call.walk.name,
                error.reason,
                trail.limit,
                call.limit,
            )
            return
        elif isinstance(error, RefusedError) and error.status == 403 and is_first:
            raise CredentialsError(
                f"These credentials may not list tickets ({error.reason}): use those "
                "of a user who may, or give the token the scope tickets:read."
            )
        self._give_up(call.walk.name, error.reason)

    def _give_up(self, name: str, why: str) -> None:
        if name not in walks.OF_MESSAGES:
            raise RunEndError(
                "listing_failed",
                f"The walk through {name} cannot go on: {why}. What was archived is "
                "kept; run the same command again later.",
            )
        if self.fetch is Fetch.BULK:
            raise RunEndError(
                "bulk_refused",
                f"The walk through all messages (-a fetch=bulk) cannot go on: {why}. "
                "Leave -a fetch=bulk out to have them fetched per ticket.",
            )
        self.bulk_refusal = why
        self.notes.append(f"The walk through all messages was given up: {why}.")
        logger.warning(
            "The walk through all messages cannot go on: %s. Fetching per ticket.", why
        )
