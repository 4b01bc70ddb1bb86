"""The spider: asks what the agenda says, and yields the rows when all is there.

What to ask is the agenda's business, what an answer means that of `fetch.answers`; how
a call is made, paced and retried is up to the downloader middlewares, which hand each
callback its typed page.
"""

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from gorgias_crawler import arguments
from gorgias_crawler.api.dates import http_date_us
from gorgias_crawler.api.pages import AccountAnswer
from gorgias_crawler.archive import counts, files
from gorgias_crawler.emit import objects
from gorgias_crawler.errors import (
    EXIT_COMPLETE,
    LOOK_S,
    GorgiasError,
    RunEndError,
    StoppedError,
)
from gorgias_crawler.feeds.exporter import SnapshotFeedExporter
from gorgias_crawler.fetch.agenda import Agenda
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call
from gorgias_crawler.fetch.files import PHASE
from gorgias_crawler.fetch.memory import RunMemory, now_us
from gorgias_crawler.job import account
from gorgias_crawler.job.directory import Job, default_path
from gorgias_crawler.settings import FEEDS
from gorgias_crawler.spiders.calling import CallingSpider
from gorgias_crawler.spiders.files import FileFetching
from gorgias_crawler.spiders.rows import RowsSpider
from gorgias_crawler.spiders.run import Output, ends_run
from gorgias_crawler.wording import duration

logger = logging.getLogger(__name__)

_DAY_US = 24 * 3600 * 1_000_000


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
        self.filters = self.options.filters
        self.kind = self.options.kind
        self.kinds = objects.row_classes(self.options.objects, self.row_classes)
        self._are_messages_done = self._is_waiting = self._file_is_checked = False
        self.files: FileFetching | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider and open its job: what cannot start ends here.

        Raises `CannotStartError`.
        """
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.window = crawler.settings.getint("CONCURRENT_REQUESTS")
        if spider.account.is_chosen and crawler.settings.getdict("FEEDS") == FEEDS:
            (options,) = FEEDS.values()
            default = {f"{spider.account.name}_tickets.csv": options}
            crawler.settings.set("FEEDS", default, priority="spider")
        named = crawler.settings["JOBDIR"]
        spider.open_job(
            Job(Path(named) if named else default_path(spider.account.name))
        )
        has_files = files.are_known(spider.archive)  # to delete, perhaps
        if spider.options.files or spider.options.estimate or has_files:
            spider.files = FileFetching(
                spider, spider.answers, spider.jobdir, spider.job_id
            )
        crawler.signals.connect(spider.refuse_to_stall, signals.spider_idle)
        return spider

    def open_job(self, job: Job) -> None:
        """Take *job*, of which a run is to begin."""
        self.job, self.job_id, self.archive = job, job.id, job.archive
        self.jobdir = job.path
        self.run_number = job.archive.last_run() + 1
        memory = RunMemory(job.archive, self.run_number, self.options)
        self.answers = Answers(memory)
        self.agenda = Agenda(self.answers, lambda: self.budget.calls_per_s)

    def may_start(self) -> bool:
        """Begin the run where nothing refuses it: what never asked was not killed."""
        if super().may_start():
            try:
                self.archive.begin_run(now_us())
            except GorgiasError as error:
                self.end_run(error)
        return self.ending is None

    def claim_feed(self, path: str, sha256: str | None) -> None:
        """Note that this job writes the local file *path* now."""
        self.job.archive.claim_feed(path, sha256)

    # Requests.

    def _request_for(self, call: Call) -> Request:
        url = call.url(self.account.base_url)
        return self.request(url, call.parse, self.parse, self.failed, call=call)

    @ends_run
    def go_on(self) -> Output:
        """Yield the calls that may go out now; the rows when no call is left."""
        self._check_default_file()
        while len(self.agenda.flow.in_flight) < self.window and not self.is_stopping:
            call = self.agenda.take()
            if call is None:
                break
            yield self._request_for(call)
        if self.agenda.flow.ready_us is not None and not self._is_waiting:
            self._is_waiting = True
            yield Request("data:,", callback=self.wait)
        if self.agenda.finished and not self._are_messages_done:
            self._are_messages_done = True
            yield Request("data:,", callback=self.end)

    async def end(self, response: Response) -> AsyncIterator[Any]:
        """Fetch the files, where there are any, and yield the rows.

        None where an estimate alone was asked for, or the files hold them already.
        """
        try:
            if self.files is not None:
                self.agenda.flow.phase = PHASE
                await self.files.run()
            if self.options.estimate:
                return
            self.agenda.flow.phase = "writing rows"
            self._refuse_to_write_nothing()
            if self._keeps_files():
                return
        except StoppedError:
            return
        except GorgiasError as error:
            self.end_run(error)
            return
        async for row in self.parse_rows(response):
            yield row

    def _check_default_file(self) -> None:
        """Once all tickets are listed, refuse a file there of another account."""
        if self._file_is_checked or not counts.is_listed(self.archive):
            return
        self._file_is_checked = True
        feeds = self.crawler.get_extension(SnapshotFeedExporter)
        if feeds is not None and not self.options.estimate:
            feeds.check_account(self.archive)

    async def wait(self, response: Response) -> AsyncIterator[Any]:
        """Wait until doubtful answers may be asked for again, or the run ends."""
        began_s = time.monotonic()
        try:
            while (wait_s := self.agenda.flow.wait_s()) > 0:
                await self.sleep(min(wait_s, LOOK_S))
        except StoppedError:
            return
        self._is_waiting = False
        waited = duration(time.monotonic() - began_s)
        logger.info("Waited %s to ask again what an answer left in doubt.", waited)
        for output in self.go_on():
            yield output

    def _keeps_files(self) -> bool:
        """Leave the files as they are where nothing has changed since they were."""
        last = self.archive.last_manifest() or {"run": 0, "exit_status": None}
        feeds = self.crawler.get_extension(SnapshotFeedExporter)
        self._yielded_all = (
            last["exit_status"] == EXIT_COMPLETE
            and not counts.has_changed_since(self.archive, last["run"])
            and not files.were_asked_for_since(self.archive, last["run"])
            and feeds is not None
            and self.are_rows_unwatched()
            and not self.row_classes  # their code may have changed
            and feeds.keep_unchanged(last, self.filters.asked)
        )
        if self._yielded_all:
            with self.archive.reading():
                counts.check_message_index(self.archive)
        return self._yielded_all

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
    def parse_account(self, response: Response, page: AccountAnswer) -> Output:
        """Keep what the account says, which is not asked for again, and go on."""
        self.answers.objects.note_account(page.value, _made_us(response))
        yield from super().parse_account(response, page)

    def begin(self, domain: str | None) -> Output:
        """Bind the job to the account *domain*, else to its host, then fetch."""
        account.claim_job(self.job.archive, self.account, domain)
        yield from self.go_on()

    @ends_run
    def parse(self, response: Response, call: Call, page: Any) -> Output:
        """Archive what a call was answered, and go on."""
        self.agenda.flow.back(call)
        self.answers.store(call, page, _made_us(response))
        # Scrapy keeps the request for a while; a page may have 100 MB.
        del page, response.cb_kwargs["page"]
        yield from self.go_on()

    # Failures.

    @ends_run
    def failed(self, failure: Failure) -> Output:
        """Let the answers decide what a call means that got no usable answer."""
        call: Call = failure.request.cb_kwargs["call"]  # type: ignore[attr-defined]
        self.agenda.flow.back(call)
        error = self.answer_error(failure)
        if error is None:
            return
        self.answers.fail(call, error)
        yield from self.go_on()

    def refuse_to_stall(self) -> None:
        """Guard: with nothing in flight, a run that is not at its end has a fault."""
        if not self.agenda.finished and not self.is_stopping:
            waiting = ", ".join(self.agenda.flow.in_flight) or "nothing"
            self.end_run(
                RunEndError(
                    "stalled",
                    f"The run stands still while {self.agenda.flow.phase}: no call is in "
                    f"flight, though an answer is expected ({waiting}). Please report "
                    "this; running the same command again goes on.",
                )
            )


def _made_us(response: Response) -> int:
    """Return when the server made the answer, in microseconds since 1970.

    Where it does not tell: our own clock less a day, because what changes before a
    watermark that is too late would never be asked for.
    """
    header = (response.headers.get("Date") or b"").decode("latin-1")
    return http_date_us(header) or now_us() - _DAY_US
