"""What every spider does that calls the API: the account first, then typed answers."""

import logging
import os
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from gorgias_crawler.api import pages
from gorgias_crawler.api.budget import Budget
from gorgias_crawler.api.urls import account_url
from gorgias_crawler.config import Account
from gorgias_crawler.config.accounts import find_account, is_open_to_others
from gorgias_crawler.errors import AnswerError, GorgiasError, RunEndError, StoppedError
from gorgias_crawler.job import account
from gorgias_crawler.spiders.run import Output, RunSpider, ends_run

logger = logging.getLogger(__name__)


class CallingSpider(RunSpider):
    """Calls the API of ``account``; middlewares pace, retry and type the answers.

    ``budget`` is what is known of the account's API budget; it paces the calls unless
    ``AUTOTHROTTLE_ENABLED`` is false.
    """

    account: Account
    budget: Budget

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, *args: Any, env_file: str | None = None, **kwargs: Any
    ) -> Self:
        """Build the spider. Raises `ConfigurationError`.

        The account is that of *env_file*, or of the argument ``account``.
        """
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        spider.account = find_account(
            os.environ, name=kwargs.get("account"), env_file=env_file
        )
        if (path := spider.account.file) and is_open_to_others(path):
            logger.warning(
                "%s holds your key, and other users of this machine may read it: "
                "chmod 600 %s",
                *(path, path),
            )
        spider.budget = Budget(settings.getfloat("GORGIAS_BUDGET_SHARE"))
        spider.budget.is_pacing = settings.getbool("AUTOTHROTTLE_ENABLED")
        return spider

    @abstractmethod
    def begin(self, domain: str | None) -> Output:
        """Go on with the account *domain*; None where the key may not ask for it."""

    @ends_run
    def parse_account(self, response: Response, page: pages.AccountAnswer) -> Output:
        """Go on from the answer that names the account."""
        yield from self.begin(page.domain)

    @ends_run
    def account_failed(self, failure: Failure) -> Output:
        """End the run, unless the key merely may not ask for the account."""
        error = self.answer_error(failure)
        if error is None:
            return
        if end := account.explain(self.account, error):
            raise end
        yield from self.begin(None)

    async def start(self) -> AsyncIterator[Request]:
        """Ask first whose key this is: it costs one call and tells the budget."""
        if self.may_start():
            yield self.account_request()

    def probe(self) -> Request:
        """Return a call that only tells whether the API answers."""
        request = self.account_request()
        request.meta["is_probe"] = True
        return request

    def account_request(self) -> Request:
        """Return the first call of a run."""
        return self.request(
            account_url(self.account.base_url),
            pages.parse_account,
            self.parse_account,
            errback=self.account_failed,
        )

    def request(
        self,
        url: str,
        parse: Callable[[bytes], Any],
        callback: Callable[..., Output] | None = None,
        errback: Callable[[Failure], Output] | None = None,
        **cb_kwargs: Any,
    ) -> Request:
        """Return a request; the callback gets what *parse* makes of the body.

        Without a callback it is for ``engine.download_async``.
        """
        meta: dict[str, Any] = {"parse": parse}
        if self.account.is_on_this_machine:
            # A proxy set for the shop's network cannot reach a server on this machine.
            meta["proxy"] = None
        return Request(
            url,
            callback=callback,
            errback=errback,
            cb_kwargs=cb_kwargs,
            meta=meta,
            dont_filter=True,
        )

    def answer_error(self, failure: Failure) -> AnswerError | None:
        """Return what the call came to; None where the stop of the run dropped it."""
        error = failure.value
        if self.is_stopping or isinstance(error, StoppedError):
            return None
        if isinstance(error, GorgiasError) and not isinstance(error, AnswerError):
            raise error
        if not isinstance(error, AnswerError):
            raise RunEndError(
                "unexpected_error",
                f"A call failed in an unexpected way ({type(error).__name__}). What "
                "was archived is kept; run the same command again.",
            )
        return error
