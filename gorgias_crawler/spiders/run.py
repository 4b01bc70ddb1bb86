"""A run that may end early, and knows why."""

import asyncio
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from twisted.python.failure import Failure

from gorgias_crawler.errors import (
    LOOK_S,
    ConfigurationError,
    FaultError,
    GorgiasError,
    StoppedError,
)
from gorgias_crawler.items import Message
from gorgias_crawler.refusals import check_each, check_settings

Output = Iterator[Request | Message]
"""What a callback yields."""


class RunSpider(Spider):
    """Base of our spiders. ``ending`` is the error that ends the run, if one does."""

    has_settings_of_user = True
    """Whether settings are checked; a run that is repeated has had its check."""

    def __init__(self) -> None:
        super().__init__()
        self.ending: GorgiasError | None = None

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the spider, for a component that serves spiders of this class.

        Raises `NotConfigured` for others: Scrapy then leaves the component out, so that
        ``scrapy shell`` and ``fetch`` work as in any project, without our key.
        """
        if not isinstance(crawler.spider, cls):
            raise NotConfigured
        return crawler.spider

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider. Raises `ConfigurationError` where a setting is refused."""
        if cls.has_settings_of_user:  # its own, and those of a script, too
            check_settings(crawler.settings)
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.callback_failed, signals.spider_error)
        return spider

    def may_start(self) -> bool:
        """End the run, and return False, where an add-on breaks a promise.

        Scrapy loads add-ons when the spider is there.
        """
        try:
            if self.has_settings_of_user:
                check_each(self.crawler.settings)
        except ConfigurationError as error:
            self.end_run(error)
        return self.ending is None

    def callback_failed(self, failure: Failure) -> None:
        """End the run where a callback has raised: what it was given is lost."""
        assert isinstance(failure.value, Exception)
        self.end_run(self.explained(failure.value))

    def explained(self, error: Exception) -> GorgiasError:
        """Return what an *error* ends the run with that nothing has caught."""
        return FaultError(error)

    @property
    def is_stopping(self) -> bool:
        """Whether the run ends early: nothing new may be asked or emitted."""
        return self.ending is not None or self._is_closing

    @property
    def _is_closing(self) -> bool:
        if not self.crawler.crawling:
            return True
        # CLOSESPIDER_TIMEOUT and its likes close the spider without a word to it, and
        # then Scrapy waits for all that is in progress: rows, an outage of an hour.
        engine = self.crawler._engine  # noqa: SLF001 - `engine` raises before the start
        slot = engine and engine._slot  # noqa: SLF001 - nothing public tells
        return bool(slot and slot.closing is not None)

    def check_goes_on(self) -> None:
        """Raise `StoppedError` where the run ends."""
        if self.is_stopping:
            raise StoppedError("the run was stopped")

    async def sleep(self, seconds: float) -> None:
        """Wait; raise `StoppedError` as soon as the run ends."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self.check_goes_on()
            await asyncio.sleep(min(left_s, LOOK_S))
        self.check_goes_on()

    def end_run(self, error: GorgiasError) -> None:
        """End the run early because of *error*; the first one counts."""
        if self.ending is None:
            self.ending = error
            reason = getattr(error, "reason", "cannot_start")
            self._closing = asyncio.ensure_future(
                self.crawler.engine.close_spider_async(reason=reason)
            )


def ends_run(callback: Callable[..., Output]) -> Callable[..., Output]:
    """Let a callback end the run by raising an error of ours."""

    @functools.wraps(callback)
    def wrapper(spider: RunSpider, *args: Any, **kwargs: Any) -> Output:
        try:
            yield from callback(spider, *args, **kwargs)
        except GorgiasError as error:
            spider.end_run(error)

    return wrapper
