"""A live line on a terminal, or a log line now and then where there is none."""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import TextIO

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.log import get_scrapy_root_handler

from gorgias_crawler.job import progress
from gorgias_crawler.job.progress import Progress
from gorgias_crawler.spiders.gorgias import GorgiasSpider

logger = logging.getLogger(__name__)

_DRAW_EVERY_S = 1.0

_FIRST_S = 10.0  # by then whoever has started it wonders whether all is well (chosen)

# Counting takes a millisecond for a thousand tickets and a second for a million, and
# nothing else is done meanwhile: after such a pause it is less than 5 % of the time.
_PAUSE_PER_COUNT = 20

_MOMENTS = 10  # as many are averaged, so that the rate does not jump


class ProgressLine:
    """Says how far the run is, as long as it runs.

    On a terminal it is a live line below what is logged. In any other log it is a line
    after ten seconds, then each ``LOGSTATS_INTERVAL`` seconds, as Scrapy's own, which
    it replaces; 0 is never.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._spider = GorgiasSpider.of(crawler)
        self._telling: list[asyncio.Task[None]] = []
        self._moments = deque([(0, 0, time.monotonic())], maxlen=_MOMENTS)
        crawler.signals.connect(self._begin, signals.spider_opened)
        crawler.signals.connect(self._end, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ProgressLine":
        """Build the extension for *crawler*."""
        return cls(crawler)

    def _begin(self) -> None:
        settings = self.crawler.settings
        log_every_s = settings.getfloat("LOGSTATS_INTERVAL")
        is_drawn = settings.getbool("LOG_ENABLED") and sys.stderr.isatty()
        if is_drawn:
            self._telling.append(asyncio.ensure_future(self._draw()))
        if log_every_s and (settings["LOG_FILE"] or not is_drawn):
            self._telling.append(asyncio.ensure_future(self._log(log_every_s)))

    def _end(self) -> None:
        for telling in self._telling:
            telling.cancel()

    async def _log(self, every_s: float) -> None:
        async for now in self._moments_each(every_s, min(every_s, _FIRST_S)):
            logger.info("%s.", now)

    async def _draw(self) -> None:
        with _live_line() as line:
            async for now in self._moments_each(_DRAW_EVERY_S, _DRAW_EVERY_S):
                line.show(now.line(_columns()))

    async def _moments_each(
        self, every_s: float, first_s: float
    ) -> AsyncIterator[Progress]:
        """Measure after *first_s* and then every so many seconds.

        It is done less often where measuring is slow.
        """
        pause_s = first_s
        while True:
            await asyncio.sleep(pause_s)
            begin_s = time.monotonic()
            yield self._now()
            took_s = time.monotonic() - begin_s
            pause_s = max(every_s, _PAUSE_PER_COUNT * took_s)

    def _now(self) -> Progress:
        """Measure; the rates are those of the last moments."""
        spider = self._spider
        budget = spider.budget
        while spider.rows and not self._moments[0][1] and len(self._moments) > 1:
            self._moments.popleft()  # before the first row none could be written
        calls, rows, before_s = self._moments[0]
        now_s = time.monotonic()
        passed_s = max(now_s - before_s, 0.001)
        calls_per_s = (budget.calls - calls) / passed_s
        rows_per_s = (spider.rows - rows) / passed_s
        self._moments.append((budget.calls, spider.rows, now_s))
        return progress.measure(
            *(spider.archive, budget, spider.agenda, spider.rows, calls_per_s),
            # How many rows a filter leaves out of the rest is not known.
            rows_per_s=None if spider.options.filters else rows_per_s,
        )


def _columns() -> int:
    """Return the width that a line may have, 79 where the terminal does not tell.

    After its last column some terminals go to the next line.
    """
    return (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1


@contextlib.contextmanager
def _live_line() -> Iterator["LiveLine"]:
    """Give a line on standard error that log lines pass; it vanishes at the end."""
    line = LiveLine(sys.stderr)
    handler = get_scrapy_root_handler()
    if not isinstance(handler, logging.StreamHandler) or handler.stream != sys.stderr:
        handler = None  # a log file does not meet the line
    before = handler and handler.setStream(line)
    try:
        yield line
    finally:
        line.show("")
        if handler and before:
            handler.setStream(before)


class LiveLine:
    """The last line of a terminal, and a stream for what shall stand above it.

    It is overwritten with blanks, which every terminal understands.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._shown = ""

    def show(self, text: str) -> None:
        """Show *text* in place of what was shown before."""
        width = len(self._shown)
        end = "" if text else "\r"
        self._terminal.write(f"\r{text.ljust(width)}{end}")
        self._terminal.flush()
        self._shown = text

    def write(self, text: str) -> None:
        """Write whole lines above the line."""
        shown = self._shown
        self.show("")
        self._terminal.write(text)
        if shown:
            self.show(shown)

    def flush(self) -> None:
        """Show at once what was written."""
        self._terminal.flush()
