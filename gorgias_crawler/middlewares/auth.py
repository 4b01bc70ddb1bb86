"""The key: on a call for the time that it is on the wire."""

from scrapy import Request
from scrapy.http import Response

from gorgias_crawler.middlewares.caller import CallerMiddleware


class AuthMiddleware(CallerMiddleware):
    """Puts the key on calls to the account's own API, and off again at once.

    So no other middleware, log or dump of a request ever holds it.
    """

    def process_request(self, request: Request) -> None:
        """Add the header where the URL is the account's."""
        account = self.spider.account
        if request.url.startswith(account.base_url + "/"):
            request.headers["Authorization"] = account.authorization

    def process_response(self, request: Request, response: Response) -> Response:
        """Take the header off."""
        request.headers.pop("Authorization", None)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Take the header off."""
        request.headers.pop("Authorization", None)
