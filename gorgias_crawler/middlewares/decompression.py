"""Bodies that cannot be unpacked, or only to an endless size, are failed calls."""

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


class DecompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's, but an answer that cannot be unpacked is a failed call like others."""

    def process_response(
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        """Unpack the body; where that fails, empty it and flag the answer."""
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            return response.replace(body=b"", flags=["answer too large, unpacked"])
        except Exception as error:  # noqa: BLE001  # each codec raises its own
            reason = f"cannot be unpacked ({type(error).__name__})"
            return response.replace(body=b"", flags=[reason])
