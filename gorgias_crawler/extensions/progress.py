"""A live line on a terminal, or a log line a minute where there is none."""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.log import get_scrapy_root_handler

from gorgias_crawler.job import progress
from gorgias_crawler.job.progress import Pace, Progress
from gorgias_crawler.spiders.gorgias import GorgiasSpider

logger = logging.getLogger(__name__)

_LOG_EVERY_S = 60.0  # as often as Scrapy's own line, which this one replaces
_DRAW_EVERY_S = 1.0

# Counting takes a millisecond for a thousand tickets and a second for a million, and
# nothing else is done meanwhile: after such a pause it is less than 5 % of the time.
_PAUSE_PER_COUNT = 20

_MOMENTS = 10  # as many are averaged, so that the rate does not jump
_WITH_BAR = "{desc} |{bar}|{percentage:.0f}%"
_NARROWEST_BAR = 10  # columns; a narrower one says less than its percentage


class ProgressLine:
    """Says how far the run is, as long as it runs.

    With tqdm installed (``pip install -e '.[bar]'``) and a terminal on standard error,
    as a bar that log lines pass; else in the log, once a minute.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._spider = GorgiasSpider.of(crawler)
        self._telling: asyncio.Task[None] | None = None
        self._moments = deque([(0, 0, time.monotonic())], maxlen=_MOMENTS)
        crawler.signals.connect(self._begin, signals.spider_opened)
        crawler.signals.connect(self._end, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ProgressLine":
        """Build the extension for *crawler*."""
        return cls(crawler)

    def _begin(self) -> None:
        tqdm = _tqdm() if sys.stderr.isatty() else None
        telling = self._log() if tqdm is None else self._draw(tqdm)
        self._telling = asyncio.ensure_future(telling)

    def _end(self) -> None:
        if self._telling is not None:
            self._telling.cancel()

    async def _log(self) -> None:
        async for now in self._moments_each(_LOG_EVERY_S):
            logger.info("%s.", now)

    async def _draw(self, tqdm: ModuleType) -> None:
        with (
            _log_lines_pass(tqdm),
            tqdm.tqdm(bar_format="{desc}", leave=False, total=1, ncols=1) as bar,
        ):
            async for now in self._moments_each(_DRAW_EVERY_S):
                bar.ncols = _columns()
                text = now.line(bar.ncols)
                has_room = len(text) + len(" ||100%") + _NARROWEST_BAR <= bar.ncols
                bar.bar_format = _WITH_BAR if has_room else "{desc}"
                bar.n = now.share
                bar.set_description_str(text)

    async def _moments_each(self, every_s: float) -> AsyncIterator[Progress]:
        """Measure every so many seconds, and less often where measuring is slow."""
        took_s = 0.0
        while True:
            await asyncio.sleep(max(every_s, _PAUSE_PER_COUNT * took_s))
            begin_s = time.monotonic()
            yield self._now()
            took_s = time.monotonic() - begin_s

    def _now(self) -> Progress:
        """Measure; the rates are those of the last moments."""
        spider = self._spider
        budget = spider.budget
        while spider.rows and not self._moments[0][1] and len(self._moments) > 1:
            self._moments.popleft()  # before the first row none could be written
        calls, rows, before_s = self._moments[0]
        now_s = time.monotonic()
        passed_s = max(now_s - before_s, 0.001)
        rows_per_s = (spider.rows - rows) / passed_s
        pace = Pace(
            (budget.calls - calls) / passed_s,
            # How many rows a filter leaves out of the rest is not known.
            None if spider.options.filters else rows_per_s,
        )
        self._moments.append((budget.calls, spider.rows, now_s))
        return progress.measure(
            spider.archive, budget, spider.agenda, spider.rows, pace
        )


def _columns() -> int:
    """Return the width that a line may have, 79 where the terminal does not tell.

    After its last column some terminals go to the next line.
    """
    return (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1


@contextlib.contextmanager
def _log_lines_pass(tqdm: Any) -> Iterator[None]:
    """Let log lines appear above the bar instead of through it."""
    handler = get_scrapy_root_handler()
    if not isinstance(handler, logging.StreamHandler) or handler.stream != sys.stderr:
        yield  # a log file does not meet the bar
        return
    before = handler.setStream(_Above(tqdm))
    try:
        yield
    finally:
        handler.setStream(before)


class _Above:
    """A stream that writes above the bar."""

    def __init__(self, tqdm: Any) -> None:
        self.tqdm = tqdm

    def write(self, text: str) -> None:
        self.tqdm.tqdm.write(text, file=sys.stderr, end="")

    def flush(self) -> None:
        sys.stderr.flush()


def _tqdm() -> ModuleType | None:
    """Return the library that draws bars, None where it is not installed."""
    try:
        import tqdm  # noqa: PLC0415
    except ImportError:
        return None
    return tqdm  # type: ignore[no-any-return]
