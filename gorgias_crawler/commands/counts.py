"""Lists tickets and other objects again and holds them against an archive."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

from scrapy import Request
from scrapy.http import Response

from gorgias_crawler.api.kinds import KINDS, Kind, Refresh
from gorgias_crawler.api.objects import ListPage
from gorgias_crawler.api.pages import Page, parse_tickets
from gorgias_crawler.api.urls import PAGE_LIMIT, Order, tickets_url
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.errors import (
    AnswerError,
    GorgiasError,
    RunEndError,
    StoppedError,
)
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.fetch.lists import NotPermittedError, unreadable
from gorgias_crawler.job import account
from gorgias_crawler.spiders.calling import CallingSpider
from gorgias_crawler.spiders.run import Output

NOT_COMPARED = {
    Refresh.SINGLE: "one object, and no list",
    Refresh.SINCE: "a year of them takes about ten times the calls of all messages",
    Refresh.UNORDERED: "their lists promise no order, so one reading proves nothing",
}
"""Why kinds are not listed again that are refreshed in this way. All others are small
lists, or take a call for each hundred: customers and surveys."""


class CountsSpider(CallingSpider):
    """Fetches no message and writes nothing; `problems` tells what differs.

    ``counts`` are the messages of each listed ticket; ``is_done`` turns true when the
    last page of them is there. ``listed`` are the ids of each archived kind beside
    tickets, or why they are not known.
    """

    name = "counts"
    custom_settings = {  # noqa: RUF012  # as Scrapy declares it
        "FEEDS": {},
    }

    def __init__(self, archive: Archive | None = None, **values: Any) -> None:
        super().__init__()
        self.archive = archive
        self.counts: dict[int, int | None] = {}
        self.is_done = False
        self.listed: dict[str, set[int] | str] = {}

    def problems(self, notes: list[str]) -> Iterator[str]:
        """Yield a sentence for each ticket that differs from the archive.

        A count that the ticket's own answers have refuted is one of *notes*.
        """
        assert self.archive is not None
        unknown = dict(self.counts)
        for id_, count, expected, listed in counts.of_tickets(self.archive):
            if id_ not in unknown:
                yield f"ticket {id_}: archived, but not listed any more"
                continue
            now = unknown.pop(id_)
            if now is None:
                continue  # a list that does not count says nothing of its messages
            if now == listed and expected not in (listed, None):
                notes.append(
                    f"ticket {id_}: {now:,} messages counted, {count:,} there, as the "
                    "ticket's own answers confirmed"
                )
            elif now not in (count, expected):
                yield f"ticket {id_}: {now:,} messages counted now, {count:,} archived"
        for id_ in sorted(unknown):
            yield f"ticket {id_}: listed, but not archived"

    def begin(self, domain: str | None) -> Output:
        """Check that the archive is of this account, then list."""
        assert self.archive is not None
        account.check_account(self.archive, self.account, domain)
        yield Request("data:,", callback=self.list_all)

    async def list_all(self, response: Response) -> None:
        """List the tickets, then the other kinds that are archived."""
        assert self.archive is not None
        try:
            await self._list_tickets()
            self.is_done = True
            for kind in KINDS.values():
                if Objects(self.archive, kind).are_known:
                    self.listed[kind.name] = await self._ids(kind)
        except StoppedError as error:
            self.ending = error  # the run is being closed already
        except GorgiasError as error:
            self.end_run(error)

    async def _list_tickets(self) -> None:
        def url(cursor: str | None) -> str:
            base_url = self.account.base_url
            return tickets_url(base_url, Order.OLDEST, cursor, PAGE_LIMIT)

        try:
            async for page in self._pages(url, parse_tickets):
                self.counts |= {
                    ticket.id: ticket.messages_count for ticket in page.rows
                }
        except LoopError as error:
            raise RunEndError("listing_failed", f"Listing tickets: {error}.") from None
        except AnswerError as error:
            raise RunEndError(
                "listing_failed",
                f"Tickets could not be listed ({error.reason}): try again later.",
            ) from None

    async def _ids(self, kind: Kind) -> set[int] | str:
        """Return the ids that are listed, or why they prove nothing."""
        if kind.refresh in NOT_COMPARED:
            return NOT_COMPARED[kind.refresh]
        ids: set[int] = set()
        try:
            for walk in range(len(kind.walks)):
                of_walk = ListPage(kind, walk)
                async for page in self._pages(self._url_of(of_walk), of_walk.parse):
                    ids.update(row.id for row in page.rows)
        except LoopError as error:
            return str(error)
        except AnswerError as error:
            why = unreadable(error)
            if isinstance(why, NotPermittedError):
                return f"not permitted ({why}); what is needed: {kind.needs}"
            return str(why)
        return ids

    def _url_of(self, page: ListPage) -> Callable[[str | None], str]:
        return lambda cursor: replace(page, cursor=cursor).url(self.account.base_url)

    async def _pages(
        self, url: Callable[[str | None], str], parse: Callable[[bytes], Page[Any]]
    ) -> AsyncIterator[Page[Any]]:
        """Yield the pages of a list. Raises `LoopError` and `GorgiasError`."""
        guard, cursor = WalkGuard(), None
        while True:
            request = self.request(url(cursor), parse)
            response = await self.crawler.engine.download_async(request)
            page: Page[Any] = response.cb_kwargs["page"]
            guard.passed([row.id for row in page.rows], page.next_cursor)
            yield page
            if not (cursor := page.next_cursor):
                return


def differences(archive: Archive, kind: Kind, listed: set[int]) -> Iterator[str]:
    """Yield a sentence for each object that is only archived, or only *listed*.

    What the archive marks as not listed any more need not be.
    """
    archived = Objects(archive, kind).listings()
    last = max(archived.values(), default=0)
    for id_ in sorted(archived.keys() ^ listed):
        if id_ not in archived:
            yield f"{kind.name} {id_}: listed, but not archived"
        elif archived[id_] == last:
            yield f"{kind.name} {id_}: archived, but not listed any more"
