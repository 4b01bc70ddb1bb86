"""Waits that end with the run, so that Ctrl-C never waits for one of them."""

import asyncio
import time
from datetime import datetime, timedelta

from scrapy.crawler import Crawler

from gorgias_crawler.config.numbers import max_outage_s
from gorgias_crawler.errors import StoppedError
from gorgias_crawler.middlewares.caller import caller_of

_POLL_S = 0.2  # how soon a wait notices that the run stops


class Waiting:
    """Waits of a middleware; *max_outage_s* is how long to bear one cause."""

    def __init__(self, crawler: Crawler) -> None:
        self._spider = caller_of(crawler)
        self.max_outage_s = max_outage_s(crawler.settings)

    def check(self) -> None:
        """Raise `StoppedError` where the run ends."""
        if self._spider.is_stopping:
            raise StoppedError("the run was stopped")

    async def sleep(self, seconds: float) -> None:
        """Wait; raise `StoppedError` as soon as the run ends."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self.check()
            await asyncio.sleep(min(left_s, _POLL_S))
        self.check()


def clock(in_s: float) -> str:
    """Say what this machine's clock shows in so many seconds, or showed before them."""
    now = datetime.now().astimezone()
    then = now + timedelta(seconds=in_s)
    is_today = then.date() == now.date()
    return then.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")
