"""How a call goes out: as Scrapy's own, but it does not hold up the end of a run."""

import asyncio
import contextlib
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import build_from_crawler

from gorgias_crawler.errors import LOOK_S, StoppedError
from gorgias_crawler.middlewares.caller import Caller

STILL_AWAITED_S = 3.0
"""How long a run that stops waits for answers: most come within a second, and `docker
stop` kills after 10, of which 5 are for a monitor."""


class EndingDownloadHandler:
    """Asks, and hangs up where a run that stops has waited long enough.

    Scrapy would wait for ``DOWNLOAD_TIMEOUT``. What comes too late is asked for again
    by the next run.
    """

    lazy = True  # Scrapy makes it for the first call: an export has none

    def __init__(self, crawler: Crawler) -> None:
        # A tenth of the start.
        from scrapy.core.downloader.handlers.http11 import (  # noqa: PLC0415
            HTTP11DownloadHandler,
        )

        self._crawler = crawler
        self._of_scrapy = build_from_crawler(HTTP11DownloadHandler, crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the handler for *crawler*."""
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """Return the answer. Raises `StoppedError`, and what Scrapy's own raises."""
        answer = asyncio.ensure_future(self._of_scrapy.download_request(request))
        left_s = STILL_AWAITED_S
        while not (await asyncio.wait([answer], timeout=LOOK_S))[0]:
            left_s -= LOOK_S if self._is_stopping else 0
            if left_s < 0:
                answer.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await answer
                raise StoppedError("the run was stopped before an answer came")
        return await answer

    async def close(self) -> None:
        """Close all connections."""
        await self._of_scrapy.close()

    @property
    def _is_stopping(self) -> bool:
        spider: object = self._crawler.spider
        return isinstance(spider, Caller) and spider.is_stopping
