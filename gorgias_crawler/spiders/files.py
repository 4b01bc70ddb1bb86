"""Files of a run: asked for inside of the budget, fetched beside it."""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from gorgias_crawler import errors
from gorgias_crawler.api import verdict
from gorgias_crawler.api.files import DOWNLOAD
from gorgias_crawler.api.pages import BadAnswerError
from gorgias_crawler.archive import files
from gorgias_crawler.archive.files import Reference, Stored
from gorgias_crawler.feeds.file_store import open_store
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.files import FilesToFetch
from gorgias_crawler.job.files import FilesOfRun
from gorgias_crawler.spiders.calling import CallingSpider
from gorgias_crawler.wording import duration, many

if TYPE_CHECKING:
    from gorgias_crawler.feeds.download import Download

WINDOW = 4
"""So many files are fetched from their host at once: it is not the account's bucket,
and more would only share one line (chosen)."""

_AHEAD = 32
"""So many files are asked for before they are whole: enough that four that stall do not
stop the calls, and few enough that the last address is used within ten minutes."""

_TRIES = 3  # of a file in one run, each with a new address

T = TypeVar("T")


class _PlaceError(errors.GorgiasError):
    """The place where files are stored cannot be written; its text says what to do."""


logger = logging.getLogger(__name__)


class FileFetching:
    """Fetches the files of the job in *jobdir*, by calls of *spider*.

    ``todo`` are the files of this run.
    """

    def __init__(
        self, spider: CallingSpider, answers: Answers, jobdir: Path, job_id: str
    ) -> None:
        """Open what `FileStore` there is. Raises `ConfigurationError`."""
        self.todo = FilesToFetch(answers.memory)
        self._spider = spider
        self._answers = answers
        self._options = answers.memory.options
        self._store = open_store(spider.crawler.settings, jobdir, job_id)
        self._window = asyncio.Semaphore(WINDOW)
        self._trouble: str | None = None
        self._jitter = random.Random()  # noqa: S311  # spreads calls, hides nothing

    async def run(self) -> None:
        """Do all that is to be done with files once the messages are archived.

        A place that cannot be written ends this alone. Raises `RunEndError`,
        `StoppedError`.
        """
        if self._options.files or self._options.estimate:
            await self._read_addresses()
        if self._options.estimate:
            self._estimate()
            return
        before = self.todo.place_before(self._store.identity)
        if before and not self._options.files:
            logger.warning(
                "The files of this job are in %s: give it as FILES_STORE, else those of "
                "deleted tickets stay there.",
                before,
            )
            return
        if before:
            logger.warning(
                "The files of this job were in %s before: what is there still, stays.",
                before,
            )
        try:
            await self._delete()
            if self._options.files:
                await self._fetch()
        except _PlaceError as error:
            self._trouble = str(error)
            logger.error("%s", error)

    @property
    def done(self) -> FilesOfRun:
        """What this run did about files."""
        todo = self.todo
        return FilesOfRun(
            self._options.files,
            todo.fetched,
            todo.fetched_bytes,
            todo.deleted,
            self._trouble,
        )

    def _estimate(self) -> None:
        totals = files.totals(self.todo.archive)
        seconds = totals.to_fetch / self._spider.budget.calls_per_s
        logger.info(
            "Files: %s to fetch with -a files=true, one call each, about %s; what "
            "messages have that are not archived yet is not known.",
            many(totals.to_fetch, "file"),
            duration(seconds),
        )

    async def _read_addresses(self) -> None:
        """Read the addresses in what has changed; other tasks go on meanwhile."""
        for _ in self.todo.read_addresses():
            await asyncio.sleep(0)
            self._spider.check_goes_on()

    async def _delete(self) -> None:
        """Delete the files of messages that are not archived any more."""
        for batch in self.todo.to_delete():
            for file in batch:
                await self._in_store(self._store.delete(file.stored_as))

    async def _fetch(self) -> None:
        self.todo.begin(self._store.identity)
        try:
            self._store.prepare()
        except OSError as error:
            raise self._explained(error) from None
        await self._find_lost()
        async with self._opened() as self._download:
            await self._all()
        self._store.close()

    def _opened(self) -> "Download":
        # aiohttp, which files alone need, takes a tenth of the start.
        from gorgias_crawler.feeds.download import Download  # noqa: PLC0415

        settings = self._spider.crawler.settings
        return Download(
            is_on_this_machine=self._spider.account.is_on_this_machine,
            timeout_s=settings.getfloat("DOWNLOAD_TIMEOUT"),
            most_bytes=int(settings.getfloat("GORGIAS_FILE_MAXSIZE")),
            user_agent=settings["USER_AGENT"],
        )

    async def _find_lost(self) -> None:
        """Ask again for files that somebody has removed from their place."""
        lost = 0
        archive = self.todo.archive
        for batch in files.stored(archive):
            paths = self._store.lost(batch)
            files.ask_again(archive, paths)
            lost += len(paths)
            await asyncio.sleep(0)
        if lost:
            logger.warning(
                "%d stored files are not in %s any more: fetching them again.",
                lost,
                self._store.root,
            )

    async def _all(self) -> None:
        """Fetch all files; what ends one of them with the run ends all."""
        try:
            async with asyncio.TaskGroup() as group:
                # Also while their host stalls.
                stop = group.create_task(self._spider.sleep(math.inf))
                await asyncio.wait(
                    [group.create_task(self._work()) for _ in range(_AHEAD)]
                )
                stop.cancel()
        except BaseExceptionGroup as ended:
            raise ended.exceptions[0] from None

    async def _work(self) -> None:
        while (file := self.todo.take()) is not None:
            await self._one(file)

    async def _one(self, file: Reference) -> None:
        try:
            stored = await self._fetched(file)
        except errors.NotFoundError as error:
            if errors.is_gone(error):
                self.todo.miss(file, error.reason)
            else:
                self.todo.fail(file, error.reason)
        except errors.AnswerError as error:
            self.todo.fail(file, error.reason)
        else:
            self.todo.store(file, stored)

    async def _fetched(self, file: Reference) -> Stored:
        address = await self._ask(file)
        async with self._window:
            for attempt in range(1, _TRIES):
                try:
                    return await self._bytes(file, address)
                except errors.RefusedError:
                    pass  # it has expired
                except errors.UnansweredError:
                    await asyncio.sleep(verdict.backoff_s(attempt, self._jitter))
                address = await self._ask(file)
            return await self._bytes(file, address)

    async def _ask(self, file: Reference) -> str:
        """Return the signed address of *file*: a call of the account's budget."""
        spider = self._spider
        url = f"{spider.account.base_url}{DOWNLOAD}{file.path}"
        request = spider.request(url, _no_page)
        request.meta["is_redirected"] = True
        try:
            response = await spider.crawler.engine.download_async(request)
        except (errors.UnauthorizedError, errors.MisdirectedError) as error:
            self._answers.end_where_useless(error)
            raise
        location = (response.headers.get("Location") or b"").decode("latin-1")
        if not location:
            raise errors.UnansweredError("a redirect to nowhere")
        try:
            return urljoin(response.url, location)
        except ValueError:
            return location  # `Download` says what is wrong with it

    async def _bytes(self, file: Reference, address: str) -> Stored:
        part = self._store.part()
        try:
            stored = await self._in_store(self._download.fetch(address, part))
            put = self._store.put(part, file.stored_as, stored.content_type)
            await self._in_store(put)
        finally:
            part.unlink(missing_ok=True)
        return stored

    async def _in_store(self, work: Awaitable[T]) -> T:
        """Do what touches the store. Raises `_PlaceError` where that cannot be."""
        try:
            return await work
        except errors.GorgiasError:
            raise
        except Exception as error:  # noqa: BLE001  # each library raises its own
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> _PlaceError:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return _PlaceError(
            f"Files cannot be stored in {self._store.root} ({reason}): make room or "
            "mend its rights, or name another place with FILES_STORE; then run the "
            "same command again. What was archived is kept.",
        )


def _no_page(body: bytes) -> None:
    """Refuse an answer that is no redirect: the call has no other good one."""
    raise BadAnswerError("no redirect to the file")
