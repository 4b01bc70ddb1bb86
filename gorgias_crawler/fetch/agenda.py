"""What to ask next: a whole run, read from the archive, one call at a time.

The order of a run is that of `Agenda._run`. All progress is in the archive; what is
kept here (the calls in flight) is only of this run and may be lost with it.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator

from gorgias_crawler.archive import Archive, counts, facts, states, tickets, walks
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.plans import Fetch, Options, Plan
from gorgias_crawler.wording import many

UNSENT_US = 2 * 24 * 3600 * 1_000_000
"""How long an agent's message may wait to be sent and is asked for again (chosen)."""

_BATCH = 100  # due tickets read at once: one query each 100 calls

logger = logging.getLogger(__name__)


class Agenda:
    """The calls of one run.

    ``calls_per_s`` tells the budget's rate when it is asked for. ``phase`` says in
    words what the run does now, ``fetch`` which way it fetches messages. ``finished``
    turns true when nothing is left to ask.
    """

    def __init__(
        self,
        archive: Archive,
        answers: Answers,
        options: Options,
        calls_per_s: Callable[[], float],
    ) -> None:
        self.archive = archive
        self.answers = answers
        self.options = options
        self.in_flight: dict[str, Call] = {}
        self.phase = "starting"
        self.fetch = options.fetch
        self.finished = False
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

    def _run(self) -> Iterator[Call | None]:
        """Yield the calls of a run in order, None where an answer must come first."""
        yield from self._list_tickets()
        yield from self._confirm()
        if self.options.estimate:
            self._say(plans.possible(self.archive))
        else:
            yield from self._fetch()
            while self.answers.may_be_merged:
                # Then the other ticket of the merge has been updated since.
                self.answers.may_be_merged = False
                yield from self._read_updates()
                yield from self._fetch()
            if counts.is_complete(self.archive):
                facts.note_completion(self.archive)
        facts.note_end(self.archive)
        self.phase = "done"
        self.finished = True

    def _list_tickets(self) -> Iterator[Call | None]:
        if self.options.relist and not facts.is_relisting(self.archive):
            facts.begin_listing(self.archive)
        elif self.archive.fact("watermark_us") is not None:
            yield from self._read_updates()
        if not counts.is_listed(self.archive):
            self.phase = "listing tickets"
            if walks.get(self.archive, walks.LISTING) is None:
                self.answers.begin_walk(walks.LISTING)
            yield from self._follow(walks.LISTING)
        states.make_unsent_due(self.archive, UNSENT_US)

    def _read_updates(self) -> Iterator[Call | None]:
        self.phase = "reading what has changed"
        self.answers.begin_walk(walks.UPDATES)
        yield from self._follow(walks.UPDATES)
        while self.answers.may_have_jumped():
            yield from self._follow(walks.UPDATES)

    def _fetch(self) -> Iterator[Call | None]:
        yield from self._fetch_in_bulk()
        yield from self._fetch_per_ticket()

    def _confirm(self) -> Iterator[Call | None]:
        """Ask for tickets by id of which it is not known whether they still exist."""
        while ids := counts.unconfirmed(self.archive, self.answers.ids_at_once):
            call = TicketsById(tuple(ids))
            yield None if call.key in self.in_flight else call

    def _fetch_in_bulk(self) -> Iterator[Call | None]:
        if tickets.is_sampling(self.archive):
            return
        if not self._is_walk_chosen():
            if plans.is_begun(self.archive):
                # Else what changes later would be asked for by itself for ever.
                self.answers.settle_walk(is_whole=False)
            return
        self.phase = "walking through all messages"
        yield from self._follow(*walks.OF_MESSAGES)
        yield from self._confirm()
        self.answers.settle_walk(is_whole=self.answers.bulk_refusal is None)

    def _is_walk_chosen(self) -> bool:
        if not self.answers.due(1):
            return False
        possible = plans.possible(self.archive)
        is_of_use = states.is_walk_of_use(self.archive)
        fetch = self.options.fetch if is_of_use else Fetch.PER_TICKET
        plan = plans.choose(possible, fetch)
        self._say(possible, plan)
        self.fetch = plan.fetch
        if plan.fetch is Fetch.PER_TICKET:
            return False
        plans.begin_bulk(self.archive, plan)
        return True

    def _follow(self, *names: str) -> Iterator[Call | None]:
        """Follow walks to their ends, all at once, each one page at a time."""
        while True:
            open_ = [name for name in names if self.answers.is_open(name)]
            ready = [name for name in open_ if name not in self.in_flight]
            if ready and self.answers.is_worth_a_call(len(open_) - len(ready)):
                walk = walks.get(self.archive, ready[0])
                assert walk is not None
                yield WalkPage(walk, self.answers.limit(walk.name))
            elif self.in_flight:
                yield None
            else:
                return

    def _fetch_per_ticket(self) -> Iterator[Call | None]:
        # The run before may have ended between the last answer and the judgement.
        self.answers.judge_sample()
        while self.answers.due(1):
            self.phase = "fetching messages per ticket"
            self.fetch = Fetch.PER_TICKET
            yield from self._fetch_due()
            yield from self._confirm()
            self.answers.judge_sample()

    def _fetch_due(self) -> Iterator[Call | None]:
        batch: deque[int] = deque()
        after = 0
        while True:
            if self.answers.to_continue:
                yield self._ticket_page(self.answers.to_continue.popleft())
                continue
            if not batch:
                batch.extend(self.answers.due(_BATCH, after))
                after = batch[-1] if batch else 0
            if batch:
                call = self._ticket_page(batch.popleft())
                if call.key not in self.in_flight:
                    yield call
            elif self.in_flight:
                yield None
            else:
                return

    def _ticket_page(self, ticket_id: int) -> TicketPage:
        walk = walks.get(self.archive, walks.of_ticket(ticket_id))
        return TicketPage(ticket_id, walk.cursor if walk else None)

    def _say(self, possible: list[Plan], plan: Plan | None = None) -> None:
        totals = counts.totals(self.archive)
        logger.info(
            "%s, %s; to fetch what is missing: %s%s",
            many(totals.tickets, "ticket"),
            many(totals.expected, "message"),
            plans.comparison(possible, self._calls_per_s()),
            f" -> {plan.fetch.value}" if plan else "",
        )
