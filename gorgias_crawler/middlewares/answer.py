"""Answers to typed pages, failures to typed errors, with the retries in between."""

import logging
import random
import re
from http import HTTPStatus

from OpenSSL import SSL
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from scrapy.settings import BaseSettings
from service_identity import VerificationError
from twisted.web.client import ResponseFailed

from gorgias_crawler.api import verdict
from gorgias_crawler.api.verdict import Failed
from gorgias_crawler.errors import GorgiasError, MisdirectedError, UnansweredError
from gorgias_crawler.middlewares.caller import caller_of, is_call
from gorgias_crawler.middlewares.outage import Outage
from gorgias_crawler.redact import public_uri, shown

logger = logging.getLogger(__name__)


class AnswerMiddleware(RetryMiddleware):
    """Scrapy's retries, sorted by what a failure means, with growing waits.

    A callback gets its page as the argument ``page``; an errback gets an `AnswerError`
    where no retry can help, or a `RunEndError` after an outage. The ``RETRY_*``
    settings mean what they mean to Scrapy; ``RETRY_ENABLED=False`` asks only once.
    """

    def __init__(self, crawler: Crawler) -> None:
        # First: where there is none, nothing else need be loaded.
        self._spider = caller_of(crawler)
        self._account = self._spider.account
        settings = BaseSettings(crawler.settings.copy_to_dict())
        # Scrapy's class would drop out, and with it the reading of answers.
        settings.set("RETRY_ENABLED", True)
        super().__init__(settings)
        self.crawler = crawler
        if not crawler.settings.getbool("RETRY_ENABLED"):
            self.max_retry_times = 0
        self._jitter = random.Random()  # noqa: S311  # spreads calls, hides nothing
        self._outage = Outage(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "AnswerMiddleware":
        """Build it for *crawler*. Raises `ConfigurationError`, `NotConfigured`."""
        return cls(crawler)

    async def process_response(  # type: ignore[override]  # Scrapy awaits it
        self, request: Request, response: Response
    ) -> Request | Response:
        """Hand the page on, ask again, or raise what the call comes to."""
        if not is_call(request):
            return response
        failed = self._failure(request, response)
        if failed is None or not isinstance(failed.error, UnansweredError):
            self._outage.answered(request.meta["sent_s"])
        if failed is None:
            return response
        logger.debug(
            "%s: %s (%s bytes of %s, request id %s)",
            request.url,
            failed.error.reason,
            request.meta["bytes"],
            self._shown(response, "Content-Type"),
            self._shown(response, "X-Request-Id"),
        )
        return await self._again(request, failed)

    async def process_exception(  # type: ignore[override]  # Scrapy awaits it
        self, request: Request, exception: Exception
    ) -> Request | None:
        """Ask again, or raise what the call comes to."""
        if isinstance(exception, GorgiasError):
            return None
        if reason := _distrust(exception):
            raise MisdirectedError(
                f"The server at {request.url.split('/')[2]} cannot prove that it is "
                f"Gorgias ({reason}), so nothing was sent to it: check GORGIAS_API_URL;"
                " behind a company proxy, name its certificates in SSL_CERT_FILE."
            )
        proxy = public_uri(request.meta.get("proxy") or "")
        if refusal := _refusal_of_proxy(exception):
            raise MisdirectedError(f"The proxy {proxy} {refusal}")
        if isinstance(exception, DownloadCancelledError):
            failed = Failed(UnansweredError("answer too large"), 0)
        elif isinstance(exception, self.exceptions_to_retry):
            through = f" through the proxy {proxy}" if proxy else ""
            reason = f"{_name(exception)}{through}"
            unanswered = UnansweredError(reason)
            failed = Failed(unanswered, self.max_retry_times)
        else:
            return None
        return await self._again(request, failed)

    def _failure(self, request: Request, response: Response) -> Failed | None:
        """Return why the answer has no page that can be used, None where it has."""
        if request.meta.get("is_redirected") and _leads_on(response):
            return None  # the one call that is answered so; who made it decides
        failed = verdict.judge(
            response.status,
            response.body,
            _header(response, "Location"),
            self.max_retry_times,
            self.retry_http_codes,
        )
        if failed is not None:
            return failed
        fault = response.flags[0] if response.flags else None
        if fault is None and self._repeats_the_key(request.cb_kwargs["page"]):
            fault = "an answer that repeats the key"
        if fault is None:
            return None
        unusable = UnansweredError(fault)
        return Failed(unusable, self.max_retry_times)

    def _repeats_the_key(self, page: object) -> bool:
        """Tell whether a name or a cursor of *page*, which is stored, holds the key."""
        texts = (getattr(page, name, None) for name in ("domain", "next_cursor"))
        return any(self._account.is_told_by(str(text)) for text in texts if text)

    def _shown(self, response: Response, name: str) -> str:
        text = _header(response, name)
        return "***" if self._account.is_told_by(text) else shown(text)

    async def _again(self, request: Request, failed: Failed) -> Request:
        """Return the request, to be asked again; raise the error that stands."""
        if request.meta.get("is_probe"):
            raise failed.error
        if isinstance(failed.error, UnansweredError):
            self._outage.failed(failed.error.reason, request.meta["sent_s"])
        attempt = request.meta.get("retry_times", 0) + 1
        if attempt <= failed.retries:
            await self._spider.sleep(verdict.backoff_s(attempt, self._jitter))
            again = self._retry(request, failed.error.reason)
            assert again is not None
            return again
        is_unanswered = isinstance(failed.error, UnansweredError)
        if is_unanswered and await self._outage.passed(request.meta["sent_s"]):
            afresh = request.copy()
            afresh.meta["retry_times"] = 0
            return afresh
        raise failed.error


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")


def _leads_on(response: Response) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST


def _name(exception: Exception) -> str:
    """Name a network failure without its text, which may hold a URL."""
    words = type(exception).__name__.removesuffix("Error")
    return "".join(f" {c.lower()}" if c.isupper() else c for c in words).strip()


def _refusal_of_proxy(exception: Exception) -> str | None:
    """Return why a proxy lets no call through, None for other failures."""
    # See `middlewares/handler.py`.
    from scrapy.core.downloader.handlers.http11 import TunnelError  # noqa: PLC0415

    is_of_proxy = isinstance(exception, TunnelError)
    status = re.search(r"'status': (4\d\d)", str(exception)) if is_of_proxy else None
    if status is None:
        return None
    if status[1] == "407":
        return (
            "asks for a name and a password (407), so the call did not leave: write "
            "them into https_proxy=http://NAME:PASSWORD@HOST:PORT."
        )
    return (
        f"does not let the call to Gorgias through ({status[1]}): ask who runs it to "
        "allow your account's address, or unset https_proxy where none is needed."
    )


def _distrust(exception: Exception) -> str | None:
    """Return why a server's certificate is not trusted, None for other failures."""
    cause = exception.__cause__
    for failure in cause.reasons if isinstance(cause, ResponseFailed) else []:
        error = failure.value
        if isinstance(error, VerificationError):
            return "its certificate is for another host"
        if isinstance(error, SSL.Error) and "certificate" in str(error):
            return str(error.args[0][0][2])
    return None
