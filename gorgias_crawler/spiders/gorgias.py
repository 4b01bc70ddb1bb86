"""The spider: one callback per kind of page, and the rows when all pages are there.

What to ask is the agenda's business, what an answer means that of `answers`; how a
call is made, paced and retried is up to the downloader middlewares, which hand each
callback its typed page.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from gorgias_crawler import api, arguments
from gorgias_crawler.api import Page, Ticket
from gorgias_crawler.archive import counts
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.fetch.agenda import Agenda
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.job import account
from gorgias_crawler.job.directory import Job
from gorgias_crawler.spiders.calling import CallingSpider
from gorgias_crawler.spiders.rows import RowsSpider
from gorgias_crawler.spiders.run import Output, ends_run

if TYPE_CHECKING:
    from collections.abc import Callable


class GorgiasSpider(CallingSpider, RowsSpider):
    """Fetches an account into the job's archive, then yields every message."""

    name = "gorgias"
    job: Job
    agenda: Agenda
    answers: Answers
    window: int
    run_number: int

    def __init__(self, **kwargs: str) -> None:
        super().__init__()
        self.arguments = kwargs
        self.options = arguments.parse(kwargs)
        self._emitting = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider and open its job: what cannot start ends here.

        Raises `CannotStartError`.
        """
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.window = crawler.settings.getint("CONCURRENT_REQUESTS")
        jobdir = crawler.settings["JOBDIR"] or f"crawls/{spider.account.name}"
        spider.open_job(Job(Path(jobdir)))
        crawler.signals.connect(spider.refuse_to_stall, signals.spider_idle)
        return spider

    def open_job(self, job: Job) -> None:
        """Begin a run of *job*."""
        self.job, self.job_id, self.archive = job, job.id, job.archive
        self.jobdir = job.path
        self.run_number = job.archive.begin_run()
        self.answers = Answers(job.archive, self.run_number, self.options.fetch)
        self.agenda = Agenda(
            job.archive,
            self.answers,
            self.options,
            lambda: self.budget.calls_per_s,
        )

    def claim_feed(self, path: str, sha256: str | None) -> None:
        """Note that this job writes the local file *path* now."""
        self.job.archive.claim_feed(path, sha256)

    # Requests.

    def _request_for(self, call: Call) -> Request:
        parse: Callable[[bytes], Any] = api.parse_tickets
        callback: Callable[..., Output]
        match call:
            case TicketPage():
                parse, callback = api.parse_messages, self.parse_ticket_messages
            case TicketsById():
                callback = self.parse_tickets_by_id
            case WalkPage() if call.is_of_messages:
                parse, callback = api.parse_messages, self.parse_messages
            case WalkPage():
                callback = self.parse_tickets
        return self.request(
            call.url(self.account.base_url), parse, callback, self.failed, call=call
        )

    def go_on(self) -> Output:
        """Yield the calls that may go out now; the rows when no call is left."""
        while len(self.agenda.in_flight) < self.window and not self.is_stopping:
            call = self.agenda.take()
            if call is None:
                break
            yield self._request_for(call)
        if self.agenda.finished and not self._emitting and not self.options.estimate:
            self._emitting = True
            self.agenda.phase = "writing rows"
            self._refuse_to_write_nothing()
            yield from self.emit(self.options.filters)

    def _refuse_to_write_nothing(self) -> None:
        """Keep the old file where no message at all could be fetched."""
        totals = counts.totals(self.archive)
        if totals.due and not totals.messages:
            reasons = [reason for _, reason in counts.failures(self.archive)]
            raise RunEndError(
                "nothing_fetched",
                f"Not one message could be fetched ({', '.join(reasons[:1])}), so no "
                "file was written. If it is a matter of rights, use the credentials of "
                "a user who may read messages; then run the same command again.",
            )

    # Callbacks.

    @ends_run
    def parse_account(self, response: Response, page: str | None) -> Output:
        """Bind the job to the account that *page* names, then begin."""
        account.claim_job(self.job.archive, self.account, page)
        yield from self.go_on()

    @ends_run
    def parse_tickets(
        self, response: Response, call: WalkPage, page: Page[Ticket]
    ) -> Output:
        """Archive a page of a walk through tickets."""
        self.agenda.back(call)
        self.answers.store_tickets(call, page, _server_date_us(response))
        yield from self.go_on()

    @ends_run
    def parse_messages(
        self, response: Response, call: WalkPage, page: Page[api.Message]
    ) -> Output:
        """Archive a page of the walk through all messages."""
        self.agenda.back(call)
        self.answers.store_messages(call, page, _server_date_us(response))
        yield from self.go_on()

    @ends_run
    def parse_ticket_messages(
        self, response: Response, call: TicketPage, page: Page[api.Message]
    ) -> Output:
        """Archive a page of one ticket's messages."""
        self.agenda.back(call)
        self.answers.store_ticket_messages(call, page)
        yield from self.go_on()

    @ends_run
    def parse_tickets_by_id(
        self, response: Response, call: TicketsById, page: Page[Ticket]
    ) -> Output:
        """Archive the tickets that still exist."""
        self.agenda.back(call)
        self.answers.store_tickets_by_id(call, page)
        yield from self.go_on()

    # Failures.

    @ends_run
    def account_failed(self, failure: Failure) -> Output:
        """End the run, unless the key merely may not ask for the account."""
        error = self.answer_error(failure)
        if error is None:
            return
        if end := account.explain(self.account, error):
            raise end
        account.claim_job(self.job.archive, self.account, None)
        yield from self.go_on()

    @ends_run
    def failed(self, failure: Failure) -> Output:
        """Let the answers decide what a call means that got no usable answer."""
        call: Call = failure.request.cb_kwargs["call"]  # type: ignore[attr-defined]
        self.agenda.back(call)
        error = self.answer_error(failure)
        if error is None:
            return
        self.answers.failed(call, error)
        yield from self.go_on()

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


def _server_date_us(response: Response) -> int:
    """Return when the server made the answer, in microseconds since 1970.

    Where it does not tell: our own clock less a day, because what changes before a
    watermark that is too late would never be asked for.
    """
    header = (response.headers.get("Date") or b"").decode("latin-1")
    early = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    return api.http_date_us(header) or api.instant_us(early)
