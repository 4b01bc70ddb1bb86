"""What to ask next: a whole run, read from the archive, one call at a time.

The order of a run is that of `Agenda._run`. All progress is in the archive; what is
kept here (the calls in flight) is only of this run and may be lost with it.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator

from gorgias_crawler.archive import asked_again, counts, states, walks
from gorgias_crawler.fetch import plans, watermark
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call
from gorgias_crawler.fetch.flow import Flow
from gorgias_crawler.fetch.listing import TicketListing
from gorgias_crawler.fetch.plans import Fetch, Plan, Relist
from gorgias_crawler.wording import many

_BATCH = 100  # due tickets read at once: one query each 100 calls

logger = logging.getLogger(__name__)


class Agenda:
    """The calls of one run.

    ``calls_per_s`` tells the budget's rate when it is asked for. ``fetch`` says which
    way the run fetches messages. ``finished`` turns true when nothing is left to ask.
    """

    def __init__(self, answers: Answers, calls_per_s: Callable[[], float]) -> None:
        self.flow = Flow(answers)
        self.answers = answers
        self.memory = answers.memory
        self.archive = self.memory.archive
        self.options = self.memory.options
        self.listing = TicketListing(self.flow)
        self.fetch = self.options.fetch
        self.finished = False
        self._calls_per_s = calls_per_s
        self._has_walked = False  # through messages, which shows what no list shows
        self._steps = self._run()

    def take(self) -> Call | None:
        """Return a call that may go out now; None until a call has come back."""
        call = next(self._steps, None) if not self.finished else None
        if call is not None:
            self.flow.in_flight[call.key] = call
        return call

    def _run(self) -> Iterator[Call | None]:
        """Yield the calls of a run in order, None where an answer must come first."""
        yield from self.listing.bring_up_to_date()
        self.answers.objects.say_costs()
        if not self.options.estimate:
            self.flow.phase = "fetching other objects"
            yield from self.answers.objects.calls()
        yield from self.flow.confirm()
        yield from self.listing.list_again()
        was_empty = counts.listed_tickets(self.archive) == 0
        if self.archive.facts.complete_us is None:
            asked_again.sample_zero(self.archive)
        if self.options.estimate:
            self._say(self._possible())
        else:
            yield from self._fetch()
            while (yield from self._ask_again()) or self.memory.may_be_merged:
                if self.memory.may_be_merged:
                    # Then the other ticket of the merge has been updated since.
                    self.memory.may_be_merged = False
                    yield from self.listing.read_updates()
                    yield from self.flow.confirm()
                yield from self._fetch()
            if not was_empty and counts.listed_tickets(self.archive) == 0:
                yield from self.listing.list_again()  # its last ticket was erased meanwhile
                yield from self._fetch()
            watermark.note_completion(self.archive)
        self.flow.phase = "done"
        self.finished = True

    # Messages.

    def _fetch(self) -> Iterator[Call | None]:
        yield from self._fetch_in_bulk()
        is_proven = self._has_walked and counts.is_listed(self.archive)
        if not (is_proven or states.is_sampling(self.archive)):
            yield from self.listing.prove()
        yield from self._fetch_per_ticket()

    def _fetch_in_bulk(self) -> Iterator[Call | None]:
        if states.is_sampling(self.archive):
            return
        if not self._is_walk_chosen():
            if plans.is_begun(self.archive) or self._is_rereading:
                # Else what changes later would be asked for by itself for ever.
                self.answers.walks.end_messages(is_whole=False)
            return
        self.flow.phase = "fetching messages in bulk"
        yield from self.flow.follow(*walks.OF_MESSAGES)
        yield from self.flow.confirm()
        self._has_walked = self.answers.walks.bulk_refusal is None
        self.answers.walks.end_messages(is_whole=self._has_walked)

    @property
    def _is_rereading(self) -> bool:
        return self.archive.facts.reread_run is not None

    def _is_walk_chosen(self) -> bool:
        if not self._is_rereading and not self.answers.tickets.due(1):
            return False
        possible = self._possible()
        is_of_use = self._is_rereading or states.is_walk_of_use(self.archive)
        fetch = self.options.fetch if is_of_use else Fetch.PER_TICKET
        plan = plans.choose(possible, fetch)
        self._say(possible, plan)
        self.fetch = plan.fetch
        if plan.fetch is Fetch.PER_TICKET:
            return False
        plans.begin_bulk(self.archive, self.memory.run, plan.floor_us)
        return True

    def _possible(self) -> list[Plan]:
        is_full = self.options.relist is Relist.FULL and self.options.estimate
        return plans.possible(self.archive, rereads=self._is_rereading or is_full)

    def _fetch_per_ticket(self) -> Iterator[Call | None]:
        # The run before may have ended between the last answer and the judgement.
        tickets = self.answers.tickets
        tickets.judge_sample()
        while tickets.due(1):
            self.flow.phase = "fetching messages ticket by ticket"
            self.fetch = Fetch.PER_TICKET
            yield from self._fetch_due()
            yield from self.flow.confirm()
            tickets.judge_sample()

    def _fetch_due(self) -> Iterator[Call | None]:
        tickets = self.answers.tickets
        batch: deque[int] = deque()
        after = 0
        while True:
            if tickets.are_many_missing:
                yield from self.flow.confirm()
            if tickets.to_continue:
                yield tickets.page_of(tickets.to_continue.popleft())
                continue
            if not batch:
                batch.extend(tickets.due(_BATCH, after))
                after = batch[-1] if batch else 0
            if batch:
                call = tickets.page_of(batch.popleft())
                if call.key not in self.flow.in_flight and tickets.may_ask(
                    call.ticket_id
                ):
                    yield call
            elif self.flow.in_flight:
                yield None
            else:
                return

    # Doubts.

    def _ask_again(self) -> Generator[Call | None, None, bool]:
        """Wait until doubted tickets may be asked for again; tell whether any may.

        A generator that returns it. What cannot be waited for is left to the next run.
        """
        ready_us = self.answers.tickets.next_ready_us()
        if ready_us is None or not (yield from self.flow.wait_until(ready_us)):
            return False
        yield from self.flow.confirm()
        return True

    def _say(self, possible: list[Plan], plan: Plan | None = None) -> None:
        totals = counts.totals(self.archive)
        logger.info(
            "%s, %s. %s %s.",
            many(totals.tickets, "ticket"),
            many(totals.expected, "message"),
            "To fetch what is missing," if plan is None else "Fetching messages",
            plans.comparison(possible, self._calls_per_s(), plan),
        )
