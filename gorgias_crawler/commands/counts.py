"""Lists tickets and other objects again and holds them against an archive."""

from collections.abc import Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from gorgias_crawler import api
from gorgias_crawler.api import Order, Page, Ticket
from gorgias_crawler.api.objects import Object
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.job import account
from gorgias_crawler.job.listed import KindListing, of_archived
from gorgias_crawler.spiders.calling import CallingSpider
from gorgias_crawler.spiders.run import Output, ends_run


class CountsSpider(CallingSpider):
    """Fetches no message and writes nothing; `problems` tells what differs.

    ``is_done`` turns true when the last page of tickets is there. ``listings`` are of
    the other kinds that are archived, ``not_compared`` those that are not listed.
    """

    name = "counts"
    custom_settings = {  # noqa: RUF012  # as Scrapy declares it
        "FEEDS": {},
    }

    def __init__(self, archive: Archive | None = None, **values: Any) -> None:
        super().__init__()
        self.archive = archive
        self.listed = 0
        self.notes: list[str] = []
        self.is_done = False
        self.listings, self.not_compared = of_archived(archive) if archive else ([], [])
        self._counts: dict[int, int | None] = {}
        self._guard = WalkGuard()

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each ticket that differs from the archive.

        A count that the ticket's own answers have refuted is a note, in ``notes``.
        """
        assert self.archive is not None
        for id_, count, expected, listed in counts.of_tickets(self.archive):
            if id_ not in self._counts:
                yield f"ticket {id_}: archived, but not listed any more"
                continue
            now = self._counts.pop(id_)
            if now == listed and expected not in (listed, None):
                self.notes.append(
                    f"ticket {id_}: {now:,} messages counted, {count:,} there, as the "
                    "ticket's own answers confirmed"
                )
            elif now is not None and now not in (count, expected):
                yield f"ticket {id_}: {now:,} messages counted now, {count:,} archived"
        for id_ in sorted(self._counts):
            yield f"ticket {id_}: listed, but not archived"

    @ends_run
    def parse_account(self, response: Response, page: str | None) -> Output:
        """Check that the archive is of this account, then begin to list."""
        assert self.archive is not None
        account.check_account(self.archive, self.account, page)
        yield from self._first_pages()

    def go_on_unnamed(self) -> Output:
        """Begin to list: the listing tells whether the key may read."""
        yield from self._first_pages()

    def _first_pages(self) -> Output:
        yield self._page(None)
        for listing in self.listings:
            yield from self._page_of(listing)

    @ends_run
    def parse_tickets(self, response: Response, page: Page[Ticket]) -> Output:
        """Take the counts of a page."""
        self._counts |= {ticket.id: ticket.messages_count for ticket in page.rows}
        self.listed = len(self._counts)
        try:
            self._guard.passed([t.id for t in page.rows], page.next_cursor)
        except LoopError as error:
            raise RunEndError("listing_failed", f"Listing tickets: {error}.") from None
        if page.next_cursor:
            yield self._page(page.next_cursor)
        else:
            self.is_done = True

    @ends_run
    def failed(self, failure: Failure) -> Output:
        """End the run: a list with a gap proves nothing."""
        error = self.answer_error(failure)
        if error is not None:
            raise RunEndError(
                "listing_failed",
                f"Tickets could not be listed ({error.reason}): try again later.",
            )
        yield from ()

    @ends_run
    def parse_objects(
        self, response: Response, page: Page[Object], listing: KindListing
    ) -> Output:
        """Take the ids of a page of another kind."""
        listing.take(page)
        yield from self._page_of(listing)

    @ends_run
    def objects_failed(self, failure: Failure) -> Output:
        """Go on without a kind whose list cannot be read."""
        listing = failure.request.cb_kwargs["listing"]  # type: ignore[attr-defined]
        error = self.answer_error(failure)
        if error is not None:
            listing.fail(error)
        yield from ()

    def _page_of(self, listing: KindListing) -> Output:
        if page := listing.next_page:
            yield self.request(
                page.url(self.account.base_url),
                page.parse,
                self.parse_objects,
                self.objects_failed,
                listing=listing,
            )

    def _page(self, cursor: str | None) -> Request:
        url = api.tickets_url(
            self.account.base_url, Order.OLDEST, cursor, api.PAGE_LIMIT
        )
        return self.request(url, api.parse_tickets, self.parse_tickets, self.failed)
