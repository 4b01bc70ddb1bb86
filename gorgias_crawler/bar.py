"""A live line on a terminal, or a log line a minute where there is none."""

import asyncio
import contextlib
import logging
import sys
import time
from collections import deque
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.log import get_scrapy_root_handler

from gorgias_crawler import progress
from gorgias_crawler.middlewares.budget import budget_of
from gorgias_crawler.progress import Progress

if TYPE_CHECKING:
    from gorgias_crawler.spiders.gorgias import GorgiasSpider

logger = logging.getLogger(__name__)

_LOG_EVERY_S = 60.0  # as often as Scrapy's own line, which this one replaces
_DRAW_EVERY_S = 1.0  # counting a large archive takes a few hundredths of a second

_MOMENTS = 10  # as many draws are averaged, so that the rate does not jump


class ProgressLine:
    """Says how far the run is, as long as it runs.

    With tqdm installed (``pip install -e '.[bar]'``) and a terminal on standard error,
    as a bar that log lines pass; else in the log, once a minute.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._telling: asyncio.Task[None] | None = None
        self._moments = deque([(0, time.monotonic())], maxlen=_MOMENTS)
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
        while True:
            await asyncio.sleep(_LOG_EVERY_S)
            logger.info("%s.", self._now())

    async def _draw(self, tqdm: ModuleType) -> None:
        form = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"
        with (
            _log_lines_pass(tqdm),
            tqdm.tqdm(bar_format=form, leave=False, dynamic_ncols=True) as bar,
        ):
            while True:
                now = self._now()
                bar.total, bar.n = max(now.total, now.done), now.done
                bar.set_description_str(now.phase, refresh=False)
                bar.set_postfix_str(now.tail, refresh=True)
                await asyncio.sleep(_DRAW_EVERY_S)

    def _now(self) -> Progress:
        """Measure; the rate is that of the last moments."""
        spider: GorgiasSpider = self.crawler.spider  # type: ignore[assignment]
        budget = budget_of(self.crawler)
        calls_before, before_s = self._moments[0]
        now_s = time.monotonic()
        rate = (budget.calls - calls_before) / max(now_s - before_s, 0.001)
        self._moments.append((budget.calls, now_s))
        return progress.measure(
            spider.archive, budget, spider.agenda, spider.rows, rate
        )


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
