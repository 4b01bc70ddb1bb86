"""What the middlewares need of a spider that calls the API."""

from typing import Protocol, Self, runtime_checkable

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from gorgias_crawler.api.budget import Budget
from gorgias_crawler.config import Account


@runtime_checkable
class Caller(Protocol):
    """A spider whose calls are paced, signed and tried again here."""

    account: Account
    budget: Budget

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new may be asked."""

    def check_goes_on(self) -> None:
        """Raise `StoppedError` where the run ends."""

    async def sleep(self, seconds: float) -> None:
        """Wait; raise `StoppedError` as soon as the run ends."""

    def probe(self) -> Request:
        """Return a call that only tells whether the API answers."""


class CallerMiddleware:
    """Base of a middleware for a `Caller`."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider = caller_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it for *crawler*. Raises `ConfigurationError`, `NotConfigured`."""
        return cls(crawler)


def is_call(request: Request) -> bool:
    """Tell whether *request* asks the API: a ``data:`` one asks nobody anything."""
    return "parse" in request.meta


def caller_of(crawler: Crawler) -> Caller:
    """Return the spider. Raises `NotConfigured` for one that is no `Caller`.

    Scrapy then leaves the middleware out, so that ``scrapy shell`` and ``fetch`` work
    as in any project, without our key.
    """
    spider: object = crawler.spider
    if not isinstance(spider, Caller):
        raise NotConfigured
    return spider
