"""How much of the answers may be in memory at once."""

import time
from weakref import WeakSet

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import StopDownload
from scrapy.http import Response

from gorgias_crawler.errors import LOOK_S
from gorgias_crawler.middlewares.caller import CallerMiddleware, is_call


class WindowMiddleware(CallerMiddleware):
    """Keeps all answers that are not read yet as small as the largest alone may be.

    Sixteen pages of a hundred messages have 30 MB. Where their sum exceeds
    ``DOWNLOAD_MAXSIZE``, an answer that goes beyond it is hung up, and asked for again
    when it is its turn: such ones arrive one after another. No call goes out while half
    of the window is full.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._window = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        self._received: dict[Request, int] = {}
        self._arrived: WeakSet[Response] = WeakSet()  # a body that is read is empty
        self._whose_turn: Request | None = None
        crawler.signals.connect(self._bytes_received, signals.bytes_received)

    async def process_request(self, request: Request) -> None:
        """Wait until the answers that are not read leave room for another."""
        while is_call(request) and self._held() > self._window / 2:
            await self.spider.sleep(LOOK_S)

    def _bytes_received(self, data: bytes, request: Request) -> None:
        if not is_call(request):
            return
        self._received[request] = self._received.get(request, 0) + len(data)
        held = self._held()
        is_alone = held == self._received[request] or request is self._whose_turn
        if self._window and not is_alone and held > self._window:
            del self._received[request]  # else the next one would be hung up, too
            raise StopDownload(fail=True)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note that an answer has arrived, and waits to be read."""
        self._end(request)
        if is_call(request):
            self._arrived.add(response)
        return response

    async def process_exception(
        self, request: Request, exception: Exception
    ) -> Request | None:
        """Ask again, in turn, for an answer that was hung up."""
        self._end(request)
        if not isinstance(exception, StopDownload) or not is_call(request):
            return None
        # Nothing behind this sees it: what else notes a call without an answer.
        self.spider.budget.lost(request.meta["call_number"], time.monotonic())
        exception.response = None  # what is there of the answer would wait along
        while self._whose_turn is not None:
            await self.spider.sleep(LOOK_S)
        self._whose_turn = request.replace(dont_filter=True)
        return self._whose_turn

    def _held(self) -> int:
        arrived = sum(len(response.body) for response in self._arrived)
        return arrived + sum(self._received.values())

    def _end(self, request: Request) -> None:
        self._received.pop(request, None)
        if request is self._whose_turn:
            self._whose_turn = None
