"""The key: on a call for the time that it is on the wire."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from gorgias_crawler.middlewares.caller import caller_of


class AuthMiddleware:
    """Puts the key on calls to the account's own API, and off again at once.

    So no other middleware, log or dump of a request ever holds it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._account = caller_of(crawler).account

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "AuthMiddleware":
        """Build the middleware for *crawler*. Raises `NotConfigured`."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Add the header where the URL is the account's."""
        if request.url.startswith(self._account.base_url + "/"):
            request.headers["Authorization"] = self._account.authorization

    def process_response(self, request: Request, response: Response) -> Response:
        """Take the header off."""
        request.headers.pop("Authorization", None)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Take the header off."""
        request.headers.pop("Authorization", None)
