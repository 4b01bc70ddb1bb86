"""What the calls for single tickets come to: a ticket's own messages, tickets by id."""

from collections import deque
from collections.abc import Collection, Mapping
from itertools import islice

from gorgias_crawler import errors
from gorgias_crawler.api.pages import Message, Page, Ticket
from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive import counts, doubts, states, ticket_pages, tickets, walks
from gorgias_crawler.archive.ticket_pages import Outcome
from gorgias_crawler.fetch.calls import TicketPage, TicketsById
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.proofs import leaves_out

_MISSING_AT_ONCE = 10
"""So many tickets whose messages answer 404 are asked for by id together; if all of
them are listed still, it is the endpoint that is gone (chosen)."""

_MOST_ASKS = 4
"""An answer, one that agrees, and two more while it changes; then it is a failure."""


class TicketAnswers:
    """What single tickets answer in one run.

    ``to_continue`` holds tickets that have further pages. ``are_left_out`` turns true
    where the list of all tickets did not show some that there are.
    """

    def __init__(self, memory: RunMemory) -> None:
        self.memory = memory
        self.archive = memory.archive
        self.to_continue: deque[int] = deque()
        self.are_left_out = False
        self._guards: dict[int, WalkGuard] = {}
        self._ids_at_once = PAGE_LIMIT
        self._missing: dict[int, None] = {}  # answered 404, in the order they did
        # Those in a row, since an own answer was good -> whether they are listed still.
        self._in_a_row: dict[int, bool] = {}
        self._absent: dict[int, int] = {}  # not shown by id -> when that counts, in us
        self._by_id_us: int | None = None  # when tickets may be asked for by id again
        self._deleted: set[int] = set()  # absent now or erased, told by no event

    # What the agenda asks.

    def due(self, limit: int, after: int = 0) -> list[int]:
        """Return up to *limit* tickets above *after* that may be asked for now."""
        now_us, run = self.memory.clock_us(), self.memory.run
        most = limit + len(self._missing)
        due = counts.due_tickets(self.archive, after, most, run, now_us)
        return [id_ for id_ in due if id_ not in self._missing][:limit]

    def next_ready_us(self) -> int | None:
        """Return when what was doubted may be asked for again, None without a doubt."""
        by_answer = doubts.next_ready_us(self.archive, self.memory.run)
        by_id = self._absent.values() if self._by_id_us is None else [self._by_id_us]
        return min([*by_id, *([] if by_answer is None else [by_answer])], default=None)

    def may_ask(self, ticket_id: int) -> bool:
        """Tell whether a ticket may be asked for; if too often, that is its failure."""
        if ticket_id in self._missing:
            return False
        if ticket_pages.asks(self.archive, ticket_id, self.memory.run) < _MOST_ASKS:
            return True
        self.memory.record_failure(ticket_id, "each of its answers is another one")
        return False

    @property
    def are_many_missing(self) -> bool:
        """Whether tickets are to be asked for by id before others are asked for."""
        return len(self._missing) >= _MISSING_AT_ONCE

    def to_confirm(self) -> TicketsById | None:
        """Return the call for tickets of which only their ids tell if they exist."""
        if self._by_id_us is not None and self.memory.clock_us() < self._by_id_us:
            return None
        self._by_id_us = None
        ids = self._unconfirmed(max(1, self._ids_at_once - 1))
        witness = self.memory.witness(ids) if self._ids_at_once > 1 else None
        return TicketsById(ids, witness) if ids else None

    def _unconfirmed(self, limit: int) -> tuple[int, ...]:
        now_us = self.memory.clock_us()
        again = (id_ for id_, us in self._absent.items() if 0 < us <= now_us)
        if ids := tuple(islice([*self._missing, *again], limit)):
            return ids
        return tuple(counts.unconfirmed(self.archive, limit, self._absent))

    def erase_absent(self) -> None:
        """Erase the tickets that two answers did not show.

        Raises `RunEndError` where they are too many to be believed.
        """
        believed = {id_ for id_, ready_us in self._absent.items() if ready_us == 0}
        if not believed:
            return
        with self.archive.transaction():
            self.memory.note_vanished(believed)
            tickets.forget_tickets(self.archive, believed, self.memory.changes)
        for id_ in believed:
            del self._absent[id_]

    # A ticket's own messages.

    def store_page(self, call: TicketPage, page: Page[Message], made_us: int) -> None:
        """Archive a page of one ticket's own messages."""
        self._in_a_row.clear()
        guard = self._guard(call.ticket_id)
        if call.cursor is None:
            guard.begin_again()
        try:
            guard.passed([message.id for message in page.rows], page.next_cursor)
        except LoopError as error:
            self._fail_for_good(call.ticket_id, str(error))
            return
        self.memory.shows_messages |= bool(page.rows)
        changes = self.memory.changes
        erased, is_second = changes.erased_messages, call.ticket_id in changes.lacking
        may_agree = not is_second or self.memory.may_lack()
        outcome = ticket_pages.store_page(
            self.archive, call.ticket_id, page, changes, made_us, may_agree=may_agree
        )
        if outcome is Outcome.MORE:
            self.to_continue.append(call.ticket_id)
            return
        del self._guards[call.ticket_id]
        if not may_agree and call.ticket_id in changes.lacking:
            self.memory.refuse(f"messages of {len(changes.lacking):,} of")
        if outcome is Outcome.AGREED:
            self.memory.note(
                f"Ticket {call.ticket_id}: two answers agree on its messages, though "
                "its listing counts others or others were archived."
            )
        is_empty = not page.rows and call.cursor is None
        if is_empty and outcome is not Outcome.DOUBTED:
            had_some = changes.erased_messages > erased
            # One that counts none, and had none, was not merged into another.
            if had_some or not ticket_pages.counts_none(self.archive, call.ticket_id):
                self.memory.note_vanished({call.ticket_id})

    def fail_page(self, call: TicketPage, error: errors.AnswerError) -> None:
        """Begin again, ask by id, or record that the ticket cannot be fetched."""
        guard = self._guard(call.ticket_id)
        if errors.refuses_cursor(call.cursor, error) and guard.restart():
            ticket_pages.restart(self.archive, call.ticket_id)
            self.to_continue.append(call.ticket_id)
        elif call.cursor is None and errors.is_gone(error):
            self._missing[call.ticket_id] = None
            with self.archive.transaction():  # it is not what the run waits for now
                doubts.forget(self.archive, call.ticket_id)
            self._in_a_row[call.ticket_id] = False
        else:
            self._fail_for_good(call.ticket_id, error.reason)

    def _guard(self, ticket_id: int) -> WalkGuard:
        return self._guards.setdefault(ticket_id, WalkGuard(may_repeat=False))

    def _fail_for_good(self, ticket_id: int, reason: str) -> None:
        self._guards.pop(ticket_id, None)
        self.memory.record_failure(ticket_id, reason)

    # Tickets by id.

    def store_by_id(self, call: TicketsById, page: Page[Ticket], made_us: int) -> None:
        """Archive the tickets that exist, and weigh what it means for the others.

        Raises `RunEndError` where the answer cannot be believed.
        """
        found = {ticket.id: ticket for ticket in page.rows}
        is_cut_short = page.next_cursor is not None
        is_of_no_use = is_cut_short and found.keys().isdisjoint(call.ids)
        if not found.keys() <= set(call.asked) or is_of_no_use:
            raise errors.RunEndError(
                "listing_failed",
                "Gorgias answers other tickets than those asked for by their ids "
                "(ticket_ids), so it cannot be told which still exist. Nothing was "
                "erased; run the same command again later.",
            )
        listing = self.archive.facts.listing or 0
        with self.archive.transaction():
            if self._shows_left_out(found):
                # Then the listing may have left out new ones, too: it is no proof.
                walks.forget(self.archive, walks.LISTING)
                self.are_left_out = True
            tickets.put_tickets(self.archive, page.rows, listing, self.memory.changes)
        for id_, ticket in found.items():
            self._absent.pop(id_, None)
            self._deleted.discard(id_)
            if id_ in self._missing:
                del self._missing[id_]
                self._found_though_missing(ticket)
        if is_cut_short:
            return  # the others are asked for again
        if call.witness is None or call.witness in found:
            self._miss(set(call.ids) - found.keys(), made_us)
        elif set(call.ids) - found.keys():
            self._by_id_us = made_us + doubts.CALM_US
            self.memory.doubt_shown({call.witness})

    def _shows_left_out(self, found: Mapping[int, Ticket]) -> bool:
        """Tell whether the listing should have shown some of the tickets *found*."""
        if counts.are_left_out(self.archive, found):
            return True
        listing = walks.get(self.archive, walks.LISTING)
        # Later on each list of updates is a proof, and imports are dated back.
        if self.archive.facts.complete_us is not None or not (listing and listing.done):
            return False
        return leaves_out(listing, [(t.created_us, t.id) for t in found.values()])

    def _found_though_missing(self, ticket: Ticket) -> None:
        if ticket.messages_count == 0:
            ticket_pages.store_gone(self.archive, ticket.id, self.memory.changes)
            self.memory.note_vanished({ticket.id})
            self.memory.changes.gone += 1
            return
        self._fail_for_good(ticket.id, "404 for its messages, though it is listed")
        if ticket.id in self._in_a_row:
            self._in_a_row[ticket.id] = True
        if sum(self._in_a_row.values()) >= _MISSING_AT_ONCE:
            raise errors.RunEndError(
                "messages_missing",
                f"Gorgias answers 404 for the messages of {_MISSING_AT_ONCE} tickets in "
                "a row, which it lists all the same. Nothing was erased, and what was "
                "archived is kept: run the same command again later.",
            )

    def _miss(self, ids: Collection[int], made_us: int) -> None:
        """Note that an answer by ids does not show tickets, which another one told.

        One that has changed of late may be missing on a replica that lags behind.
        """
        self.memory.doubt_shown(ids)
        for id_ in ids:
            self._missing.pop(id_, None)
            is_second = id_ in self._absent
            is_doubted = not is_second and doubts.is_recent(self.archive, id_)
            self._absent[id_] = made_us + doubts.LAG_US if is_doubted else 0
            if counts.is_listed_ticket(self.archive, id_):
                self._deleted.add(id_)
        self.memory.check_deletions(len(self._deleted))

    def fail_by_id(self, call: TicketsById, error: errors.AnswerError) -> None:
        """Ask for fewer, where it is refused. Raises `RunEndError` else."""
        if isinstance(error, errors.RefusedError) and len(call.asked) > 1:
            self._ids_at_once = len(call.asked) // 2
            return
        raise errors.RunEndError(
            "listing_failed",
            f"Tickets cannot be asked for by their ids ({error.reason}), so it cannot "
            "be told which still exist. What was archived is kept; run the same command "
            "again later.",
        )

    def judge_sample(self) -> None:
        """Believe a walk whose counts differ for many, where a sample confirms it."""
        if accepted := states.judge_sample(self.archive, self.memory.run):
            self.memory.note(
                f"{accepted:,} tickets have more messages than their listing counts. "
                "Those of a sample were fetched one by one and equal the walk, so it is "
                "believed for the others."
            )

    def page_of(self, ticket_id: int) -> TicketPage:
        """Return the next call for a ticket's own messages."""
        walk = walks.get(self.archive, walks.of_ticket(ticket_id))
        return TicketPage(ticket_id, walk.cursor if walk else None)
