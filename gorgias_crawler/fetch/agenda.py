"""What to ask next: a whole run, read from the archive, one call at a time.

The order of a run is that of `Agenda._run`. All progress is in the archive; what is
kept here (the calls in flight) is only of this run and may be lost with it.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator

from gorgias_crawler.archive import counts, doubts, states, unsent, walks, zero_counts
from gorgias_crawler.fetch import plans, relisting, watermark
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call
from gorgias_crawler.fetch.plans import Fetch, Plan, Relist
from gorgias_crawler.wording import many

_BATCH = 100  # due tickets read at once: one query each 100 calls

_WAITING_US = 15_000_000
"""So long may a run wait in all for the moment when a second answer counts: longer
than one lag, and nobody minds it in a run of minutes (chosen)."""

logger = logging.getLogger(__name__)


class Agenda:
    """The calls of one run.

    ``calls_per_s`` tells the budget's rate when it is asked for. ``phase`` says in
    words what the run does now, ``fetch`` which way it fetches messages. ``finished``
    turns true when nothing is left to ask. ``ready_us`` is set while the run waits
    until then, and no call is in flight.
    """

    def __init__(self, answers: Answers, calls_per_s: Callable[[], float]) -> None:
        self.memory = answers.memory
        self.archive = self.memory.archive
        self.options = self.memory.options
        self.answers = answers
        self.in_flight: dict[str, Call] = {}
        self.phase = "starting"
        self.fetch = self.options.fetch
        self.finished = False
        self.ready_us: int | None = None
        self._may_wait_us = _WAITING_US
        self._calls_per_s = calls_per_s
        self._steps = self._run()

    def take(self) -> Call | None:
        """Return a call that may go out now; None until a call has come back."""
        call = next(self._steps, None) if not self.finished else None
        if call is not None:
            self.in_flight[call.key] = call
        return call

    def back(self, call: Call) -> None:
        """Note that *call* is not in flight any more, whatever came of it."""
        self.in_flight.pop(call.key, None)

    def wait_s(self) -> float:
        """Return the seconds until a call may go out, where the run waits for it."""
        if self.ready_us is None:
            return 0.0
        return max(0.0, (self.ready_us - self.memory.clock_us()) / 1e6)

    def _run(self) -> Iterator[Call | None]:
        """Yield the calls of a run in order, None where an answer must come first."""
        yield from self._list_tickets()
        self.answers.objects.say_costs()
        if not self.options.estimate:
            self.phase = "fetching other objects"
            yield from self.answers.objects.calls()
        yield from self._confirm()
        yield from self._list_again()
        was_empty = counts.listed_tickets(self.archive) == 0
        if self.archive.facts.complete_us is None:
            zero_counts.sample(self.archive)
        if self.options.estimate:
            self._say(self._possible())
        else:
            yield from self._fetch()
            while (yield from self._ask_again()) or self.memory.may_be_merged:
                if self.memory.may_be_merged:
                    # Then the other ticket of the merge has been updated since.
                    self.memory.may_be_merged = False
                    yield from self._read_updates()
                    yield from self._confirm()
                yield from self._fetch()
            if not was_empty and counts.listed_tickets(self.archive) == 0:
                yield from self._list_again()  # its last ticket was erased meanwhile
                yield from self._fetch()
            watermark.note_completion(self.archive)
        self.phase = "done"
        self.finished = True

    # Tickets.

    def _list_tickets(self) -> Iterator[Call | None]:
        if watermark.distrust_ahead(self.archive, self.memory.clock_us()):
            self.answers.walks.begin_listing()
        facts = self.archive.facts
        if relisting.is_to_begin(self.memory):
            relisting.begin(self.memory, self.answers.walks)
        if facts.watermark_us is not None:
            yield from self._read_updates()
        yield from self._follow_listing()
        # Those that this run has read itself are left out; a run before may have died.
        unsent.make_due(self.archive, self.memory.run, self.memory.clock_us())

    def _list_again(self) -> Iterator[Call | None]:
        """List once more what left tickets out, or seems to be an empty account."""
        is_empty = counts.listed_tickets(self.archive) == 0
        if not is_empty and not self.answers.tickets.are_left_out:
            return
        # Not longer: what is left of the waiting is enough for doubts of tickets.
        yield from self._wait_until(self.memory.clock_us() + doubts.CALM_US)
        lists = self.answers.walks
        lists.begin_listing()
        yield from self._follow_listing()
        yield from self._confirm()
        if counts.listed_tickets(self.archive) == 0:
            lists.begin(walks.NEWEST_MESSAGES)
            yield lists.next_page(walks.NEWEST_MESSAGES)
            while self.in_flight:
                yield None
            if lists.shows_messages():  # they may have come since
                lists.begin_listing()
                yield from self._follow_listing()
                lists.refuse_empty_listing()

    def _follow_listing(self) -> Iterator[Call | None]:
        if counts.is_listed(self.archive):
            return
        self.phase = "listing tickets"
        if walks.get(self.archive, walks.LISTING) is None:
            self.answers.walks.begin(walks.LISTING)
        yield from self._follow(walks.LISTING)
        if self.answers.walks.proofs.is_listing_to_be_proven():
            yield from self._read_updates()

    def _read_updates(self) -> Iterator[Call | None]:
        self.phase = "reading what has changed"
        self.answers.walks.begin(walks.UPDATES)
        yield from self._follow(walks.UPDATES)
        # A further look at the head says nothing of how the walk before it has ended.
        is_cut_short = self.answers.walks.are_updates_cut_short()
        while not is_cut_short and self.answers.walks.may_have_jumped():
            yield from self._follow(walks.UPDATES)
            is_cut_short = self.answers.walks.are_updates_cut_short()
        if is_cut_short:
            logger.warning(
                "The list of changed tickets ended too early: listing all tickets."
            )
            self.answers.walks.begin_listing()
            yield from self._follow_listing()

    def _confirm(self) -> Iterator[Call | None]:
        """Ask for tickets by id of which it is not known whether they still exist."""
        while call := self.answers.tickets.to_confirm():
            yield None if call.key in self.in_flight else call
        self.answers.tickets.erase_absent()

    # Messages.

    def _fetch(self) -> Iterator[Call | None]:
        yield from self._fetch_in_bulk()
        yield from self._fetch_per_ticket()

    def _fetch_in_bulk(self) -> Iterator[Call | None]:
        if states.is_sampling(self.archive):
            return
        if not self._is_walk_chosen():
            if plans.is_begun(self.archive) or self._is_rereading:
                # Else what changes later would be asked for by itself for ever.
                self.answers.walks.settle(is_whole=False)
            return
        self.phase = "fetching messages in bulk"
        yield from self._follow(*walks.OF_MESSAGES)
        yield from self._confirm()
        self.answers.walks.settle(is_whole=self.answers.walks.bulk_refusal is None)

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

    def _follow(self, *names: str) -> Iterator[Call | None]:
        """Follow walks to their ends, all at once, each one page at a time."""
        follower = self.answers.walks
        lists = follower.lists
        while True:
            open_ = [name for name in names if follower.is_open(name)]
            ready = [name for name in open_ if name not in self.in_flight]
            if lists.ready_us is not None and not self.in_flight:
                yield from self._wait_until(lists.ready_us)
                lists.ready_us = None
            elif (
                lists.ready_us is None
                and ready
                and follower.is_worth_a_call(len(open_) - len(ready))
            ):
                yield follower.next_page(ready[0])
            elif self.in_flight:
                yield None
            else:
                return

    def _fetch_per_ticket(self) -> Iterator[Call | None]:
        # The run before may have ended between the last answer and the judgement.
        tickets = self.answers.tickets
        tickets.judge_sample()
        while tickets.due(1):
            self.phase = "fetching messages ticket by ticket"
            self.fetch = Fetch.PER_TICKET
            yield from self._fetch_due()
            yield from self._confirm()
            tickets.judge_sample()

    def _fetch_due(self) -> Iterator[Call | None]:
        tickets = self.answers.tickets
        batch: deque[int] = deque()
        after = 0
        while True:
            if tickets.are_many_missing:
                yield from self._confirm()
            if tickets.to_continue:
                yield tickets.page_of(tickets.to_continue.popleft())
                continue
            if not batch:
                batch.extend(tickets.due(_BATCH, after))
                after = batch[-1] if batch else 0
            if batch:
                call = tickets.page_of(batch.popleft())
                if call.key not in self.in_flight and tickets.may_ask(call.ticket_id):
                    yield call
            elif self.in_flight:
                yield None
            else:
                return

    # Doubts.

    def _ask_again(self) -> Generator[Call | None, None, bool]:
        """Wait until doubted tickets may be asked for again; tell whether any may.

        A generator that returns it. What cannot be waited for is left to the next run.
        """
        ready_us = self.answers.tickets.next_ready_us()
        if ready_us is None or not (yield from self._wait_until(ready_us)):
            return False
        yield from self._confirm()
        return True

    def _wait_until(self, ready_us: int) -> Generator[Call | None, None, bool]:
        """Wait, as long as a run may; a generator that returns whether it could."""
        wait_us = ready_us - self.memory.clock_us()
        if wait_us > self._may_wait_us:
            return False
        self._may_wait_us -= max(0, wait_us)
        self.phase = "waiting a moment before doubtful answers are asked for again"
        self.ready_us = ready_us
        while self.memory.clock_us() < ready_us:
            yield None
        self.ready_us = None
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
