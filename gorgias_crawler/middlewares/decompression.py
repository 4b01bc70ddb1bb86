"""Bodies to pages: unpacked, read, and gone from memory before anything waits."""

import asyncio
import gc
import time
import weakref
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from gorgias_crawler.api.pages import BadAnswerError
from gorgias_crawler.middlewares.caller import is_call

_LARGE = 4 * 2**20  # bytes; a page of a hundred messages has 2 MB
_LARGEST_ERROR = 2**16  # bytes; an error of the API has some hundred
_LOOK_S = 0.02  # a large page is archived in a second or two
_PATIENCE_S = 10.0  # in case that something keeps a page for good


class DecompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's, but what comes of a call's body is read at once, and the body let go.

    The request has its ``page`` then; a body that is none leaves its fault as a flag of
    the answer. While a large page waits to be archived, no other answer is unpacked:
    what arrived packed takes little memory.
    """

    _large: "weakref.ref[Response] | None" = None

    async def process_response(  # type: ignore[override]  # Scrapy awaits it
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        """Unpack and read the body."""
        end_s = time.monotonic() + _PATIENCE_S
        while self._large and self._large() is not None and time.monotonic() < end_s:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)
        unpacked = self._unpacked(request, response)
        if not is_call(request) or not isinstance(unpacked, Response):
            return unpacked
        body = unpacked.body
        for kept in (response, unpacked):
            # Scrapy keeps what it gave to the middlewares until they all are through,
            # and its `replace` would decode the whole body, to guess an encoding.
            kept._set_body(b"")  # noqa: SLF001  # nothing public lets a body go
        if len(body) > _LARGE:
            # What was read or hung up before is in cycles: they would hold hundreds of
            # MB until Python looks for them, which it does by number, not by size.
            gc.collect()
        read = _read(request, unpacked, body)
        if "page" in request.cb_kwargs and request.meta["bytes"] > _LARGE:
            self._large = weakref.ref(read)
        return read

    def _unpacked(self, request: Request, response: Response) -> Request | Response:
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            return response.replace(body=b"", flags=["answer too large, unpacked"])
        except Exception as error:  # noqa: BLE001  # each codec raises its own
            reason = f"cannot be unpacked ({type(error).__name__})"
            return response.replace(body=b"", flags=[reason])


def _read(request: Request, response: Response, body: bytes) -> Response:
    request.meta["bytes"] = len(body)
    request.cb_kwargs.pop("page", None)
    if response.status // 100 != 2:
        return response.replace(body=body[:_LARGEST_ERROR])
    flags = list(response.flags)
    if not flags:
        try:
            request.cb_kwargs["page"] = request.meta["parse"](body)
        except BadAnswerError as error:
            flags = [str(error)]
    return response.replace(body=b"", flags=flags)
