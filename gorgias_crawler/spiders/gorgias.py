"""The spider: one callback per kind of page, and the rows when all pages are there.

What to ask is the agenda's business, what an answer means that of `answers`; how a
call is made, paced and retried is up to the downloader middlewares, which hand each
callback its typed page.
"""

import asyncio
import functools
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from gorgias_crawler import account, api, arguments
from gorgias_crawler.agenda import Agenda
from gorgias_crawler.answers import Answers
from gorgias_crawler.api import Page, Ticket
from gorgias_crawler.archive import reckoning
from gorgias_crawler.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.config import Account, is_loopback, read_account
from gorgias_crawler.errors import (
    AnswerError,
    GorgiasError,
    RunEndError,
    StoppedError,
)
from gorgias_crawler.extensions import budget_of
from gorgias_crawler.items import COLUMNS, Message, message_columns, ticket_columns
from gorgias_crawler.job import Job

if TYPE_CHECKING:
    from gorgias_crawler.feeds import FeedRecord

_Output = Iterator[Request | Message]


def _ends_run(
    callback: Callable[..., _Output],
) -> Callable[..., _Output]:
    """Let a callback end the run by raising an error of ours."""

    @functools.wraps(callback)
    def wrapper(spider: "GorgiasSpider", *args: Any, **kwargs: Any) -> _Output:
        try:
            yield from callback(spider, *args, **kwargs)
        except GorgiasError as error:
            spider.end_run(error)

    return wrapper


class GorgiasSpider(Spider):
    """Fetches an account into the job's archive, then yields every message.

    ``ending`` is the error that ends the run, if one does. ``emitted_all`` turns true
    when the last row has been yielded: only then may feeds be stored.
    """

    name = "gorgias"
    columns = COLUMNS
    account: Account
    job: Job
    agenda: Agenda
    answers: Answers
    window: int
    run_number: int

    def __init__(self, **kwargs: str) -> None:
        super().__init__()
        self.options = arguments.parse(kwargs)
        self.ending: GorgiasError | None = None
        self.emitted_all = False
        self.rows = 0
        self.feeds_stored: list[FeedRecord] = []
        self.feeds_failed: list[str] = []
        self._emitting = False

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, *args: Any, **kwargs: Any
    ) -> "GorgiasSpider":
        """Build the spider and open its job: what cannot start ends here.

        Raises `CannotStartError`.
        """
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.account = read_account(os.environ)
        spider.window = crawler.settings.getint("CONCURRENT_REQUESTS")
        jobdir = crawler.settings["JOBDIR"] or f"crawls/{spider.account.name}"
        spider.open_job(Job(Path(jobdir)))
        crawler.signals.connect(spider.refuse_to_stall, signals.spider_idle)
        return spider

    def open_job(self, job: Job) -> None:
        """Begin a run of *job*."""
        self.job = job
        self.run_number = job.archive.begin_run()
        self.answers = Answers(job.archive, self.run_number, self.options.fetch)
        self.agenda = Agenda(
            job.archive,
            self.answers,
            self.options,
            lambda: budget_of(self.crawler).calls_per_s,
        )

    @property
    def job_id(self) -> str:
        """Names the temporary files of this job's feeds."""
        return self.job.id

    def owns_feed(self, uri: str) -> bool:
        """Tell whether an earlier run of this job wrote the feed *uri*."""
        return self.job.archive.owns_feed(uri)

    def claim_feed(self, uri: str) -> None:
        """Note that this job writes the feed *uri* now."""
        self.job.archive.claim_feed(uri)

    # Requests.

    async def start(self) -> AsyncIterator[Request]:
        """Ask first whose key this is: it costs one call and tells the budget."""
        yield self._account_request()

    def probe(self) -> Request:
        """Return a call that only tells whether the API answers."""
        request = self._account_request()
        request.meta["is_probe"] = True
        return request

    def _account_request(self) -> Request:
        return self._request(
            api.account_url(self.account.base_url),
            api.parse_account,
            self.parse_account,
            errback=self.account_failed,
        )

    def _request(
        self,
        url: str,
        parse: Callable[[bytes], Any],
        callback: Callable[..., _Output],
        errback: Callable[[Failure], _Output],
        **cb_kwargs: Any,
    ) -> Request:
        meta: dict[str, Any] = {"parse": parse}
        if is_loopback(self.account.host.partition(":")[0]):
            # A proxy set for the shop's network cannot reach a server on this machine.
            meta["proxy"] = None
        return Request(
            url,
            callback=callback,
            errback=errback,
            cb_kwargs=cb_kwargs,
            meta=meta,
            dont_filter=True,
        )

    def _request_for(self, call: Call) -> Request:
        parse: Callable[[bytes], Any] = api.parse_tickets
        callback: Callable[..., _Output]
        match call:
            case TicketPage():
                parse, callback = api.parse_messages, self.parse_ticket_messages
            case TicketsById():
                callback = self.parse_tickets_by_id
            case WalkPage() if call.is_of_messages:
                parse, callback = api.parse_messages, self.parse_messages
            case WalkPage():
                callback = self.parse_tickets
        return self._request(
            call.url(self.account.base_url), parse, callback, self.failed, call=call
        )

    def go_on(self) -> _Output:
        """Yield the calls that may go out now; the rows when no call is left."""
        while len(self.agenda.in_flight) < self.window and not self.is_stopping:
            call = self.agenda.take()
            if call is None:
                break
            yield self._request_for(call)
        if self.agenda.finished and not self._emitting and not self.options.estimate:
            self._emitting = True
            yield from self._emit()

    @property
    def is_stopping(self) -> bool:
        """Whether the run ends early: nothing new may be asked or emitted."""
        return self.ending is not None or not self.crawler.crawling

    # Callbacks.

    @_ends_run
    def parse_account(self, response: Response, page: str | None) -> _Output:
        """Bind the job to the account that *page* names, then begin."""
        account.claim_job(self.job.archive, self.account, page)
        yield from self.go_on()

    @_ends_run
    def parse_tickets(
        self, response: Response, call: WalkPage, page: Page[Ticket]
    ) -> _Output:
        """Archive a page of a walk through tickets."""
        self.agenda.back(call)
        self.answers.store_tickets(call, page, _server_date_us(response))
        yield from self.go_on()

    @_ends_run
    def parse_messages(
        self, response: Response, call: WalkPage, page: Page[api.Message]
    ) -> _Output:
        """Archive a page of the walk through all messages."""
        self.agenda.back(call)
        self.answers.store_messages(call, page, _server_date_us(response))
        yield from self.go_on()

    @_ends_run
    def parse_ticket_messages(
        self, response: Response, call: TicketPage, page: Page[api.Message]
    ) -> _Output:
        """Archive a page of one ticket's messages."""
        self.agenda.back(call)
        self.answers.store_ticket_messages(call, page)
        yield from self.go_on()

    @_ends_run
    def parse_tickets_by_id(
        self, response: Response, call: TicketsById, page: Page[Ticket]
    ) -> _Output:
        """Archive the tickets that still exist."""
        self.agenda.back(call)
        self.answers.store_tickets_by_id(call, page)
        yield from self.go_on()

    # Failures.

    @_ends_run
    def account_failed(self, failure: Failure) -> _Output:
        """End the run, unless the key merely may not ask for the account."""
        error = self._answer_error(failure)
        if error is None:
            return
        if end := account.explain(self.account, error):
            raise end
        account.claim_job(self.job.archive, self.account, None)
        yield from self.go_on()

    @_ends_run
    def failed(self, failure: Failure) -> _Output:
        """Let the answers decide what a call means that got no usable answer."""
        call: Call = failure.request.cb_kwargs["call"]  # type: ignore[attr-defined]
        self.agenda.back(call)
        error = self._answer_error(failure)
        if error is None:
            return
        self.answers.failed(call, error)
        yield from self.go_on()

    def _answer_error(self, failure: Failure) -> AnswerError | None:
        """Return what the call came to; None where the stop of the run dropped it."""
        error = failure.value
        if self.is_stopping or isinstance(error, StoppedError):
            return None
        if isinstance(error, GorgiasError) and not isinstance(error, AnswerError):
            raise error
        if not isinstance(error, AnswerError):
            raise RunEndError(
                "unexpected_error",
                f"A call failed in an unexpected way ({type(error).__name__}). What "
                "was archived is kept; run the same command again.",
            )
        return error

    def end_run(self, error: GorgiasError) -> None:
        """End the run early because of *error*; the first one counts."""
        if self.ending is None:
            self.ending = error
            reason = getattr(error, "reason", "cannot_start")
            self._closing = asyncio.ensure_future(
                self.crawler.engine.close_spider_async(reason=reason)
            )

    def refuse_to_stall(self) -> None:
        """Guard: with nothing in flight, a run that is not at its end has a fault."""
        if not self.agenda.finished and not self.is_stopping:
            waiting = ", ".join(self.agenda.in_flight) or "nothing"
            self.end_run(
                RunEndError(
                    "stalled",
                    f"The run stands still while {self.agenda.phase}: no call is in "
                    f"flight, though an answer is expected ({waiting}). Please report "
                    "this; running the same command again goes on.",
                )
            )

    # Rows.

    def _emit(self) -> Iterator[Message]:
        """Yield every archived message in the order of the file.

        It ends early when the run is stopped; no feed is stored then.
        """
        self.agenda.phase = "writing rows"
        for raw_ticket, raw_messages in reckoning.in_order(self.job.archive):
            columns = ticket_columns(json.loads(raw_ticket))
            for raw_message in raw_messages:
                if self.is_stopping:
                    return
                yield Message(**columns, **message_columns(json.loads(raw_message)))
                self.rows += 1
        self.emitted_all = True


def _server_date_us(response: Response) -> int:
    """Return when the server made the answer, in microseconds since 1970."""
    header = (response.headers.get("Date") or b"").decode("latin-1")
    local = datetime.now(UTC).isoformat()
    return api.http_date_us(header) or api.instant_us(local)
