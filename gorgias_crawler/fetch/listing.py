"""Which tickets there are: the steps that list them, and read what has changed since.

What a list proves is held against other lists before it is believed.
"""

import logging
from collections.abc import Iterator

from gorgias_crawler.archive import asked_again, counts, doubts, states, walks
from gorgias_crawler.fetch import watermark
from gorgias_crawler.fetch.calls import Call
from gorgias_crawler.fetch.flow import Flow
from gorgias_crawler.fetch.plans import Relist

logger = logging.getLogger(__name__)


class TicketListing:
    """The steps of one run, in its *flow*, that know all tickets at their end."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.memory = flow.memory
        self.archive = flow.memory.archive
        self.walks = flow.answers.walks

    def bring_up_to_date(self) -> Iterator[Call | None]:
        """List what is new and what has changed; all tickets where that is needed."""
        if watermark.distrust_ahead(self.archive, self.memory.clock_us()):
            self.walks.begin_listing()
        if self._is_relisting_to_begin():
            self._begin_relisting()
        if self.archive.facts.watermark_us is not None:
            yield from self.read_updates()
        yield from self._list_all()
        # Those that this run has read itself are left out; a run before may have died.
        asked_again.begin_run(self.archive, self.memory.run, self.memory.clock_us())

    def _is_relisting_to_begin(self) -> bool:
        """Tell whether this run begins what ``-a relist=...`` asks for.

        One that was killed goes on, unless more is asked for now.
        """
        wanted, begun = self.memory.options.relist, self.archive.facts.relisting
        is_begun = begun is not None and wanted.value in (begun, Relist.TICKETS.value)
        return wanted is not Relist.NOTHING and not is_begun

    def _begin_relisting(self) -> None:
        facts, options = self.archive.facts, self.memory.options
        self.walks.begin_listing()
        with self.archive.transaction():
            facts.relisting = options.relist.value
            if options.relist is Relist.FULL and not options.estimate:
                facts.reread_run = self.memory.run
                states.forget_sample(self.archive)  # all messages are asked for anew
                states.forget_staged_where(self.archive, "true")
                walks.forget(self.archive, *walks.OF_MESSAGES)

    def _list_all(self) -> Iterator[Call | None]:
        if counts.is_listed(self.archive):
            return
        self.flow.phase = "listing tickets"
        if walks.get(self.archive, walks.LISTING) is None:
            self.walks.begin(walks.LISTING)
        yield from self.flow.follow(walks.LISTING)
        if self.walks.proofs.is_listing_to_be_proven():
            yield from self.read_updates()

    def _list_anew(self) -> Iterator[Call | None]:
        """List all tickets again; what that leaves out, too, doubts it once more."""
        # Not longer: what is left of the waiting is enough for doubts of tickets.
        yield from self.flow.wait_until(self.memory.clock_us() + doubts.CALM_US)
        self.walks.begin_listing()
        yield from self._list_all()
        yield from self.flow.confirm()

    def read_updates(self) -> Iterator[Call | None]:
        """Read what has changed; all tickets where that list ends too early."""
        self.flow.phase = "reading what has changed"
        self.walks.begin(walks.UPDATES)
        yield from self.flow.follow(walks.UPDATES)
        # A further look at the head says nothing of how the walk before it has ended.
        is_cut_short = self.walks.are_updates_cut_short()
        while not is_cut_short and self.walks.may_have_jumped():
            yield from self.flow.follow(walks.UPDATES)
            is_cut_short = self.walks.are_updates_cut_short()
        if is_cut_short:
            logger.warning(
                "The list of changed tickets ended too early: listing all tickets."
            )
            self.walks.begin_listing()
            yield from self._list_all()

    def prove(self) -> Iterator[Call | None]:
        """Ask once for the newest tickets, where nothing else proves the listing.

        A walk through messages does, and so does each list of updates since.
        """
        if self.archive.facts.complete_us is not None:
            return
        while counts.listed_tickets(self.archive):
            if counts.is_listed(self.archive):
                if walks.get(self.archive, walks.NEWEST_TICKETS) is None:
                    self.walks.begin(walks.NEWEST_TICKETS)
                yield from self.flow.follow(walks.NEWEST_TICKETS)
            else:  # answers by ids have doubted it
                self.walks.lists.doubtful.add(walks.LISTING)
            if not self.walks.proofs.is_listing_to_be_proven():
                return
            yield from self._list_anew()

    def list_again(self) -> Iterator[Call | None]:
        """List once more what left tickets out, or seems to be an empty account."""
        is_empty = counts.listed_tickets(self.archive) == 0
        if not is_empty and not self.flow.answers.tickets.are_left_out:
            return
        yield from self._list_anew()
        if counts.listed_tickets(self.archive) == 0:
            self.walks.begin(walks.NEWEST_MESSAGES)
            yield self.walks.next_page(walks.NEWEST_MESSAGES)
            while self.flow.in_flight:
                yield None
            if self.walks.shows_messages():  # they may have come since
                self.walks.begin_listing()
                yield from self._list_all()
                self.walks.refuse_empty_listing()
