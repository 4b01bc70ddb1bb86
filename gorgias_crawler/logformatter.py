"""Log lines without customers' words: no item, whatever the log level."""

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class PrivateLogFormatter(LogFormatter):
    """Scrapy's lines, where those that hold an item name its message id only."""

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """Say nothing for a row: there may be millions."""
        return None  # type: ignore[return-value]  # documented: None says nothing

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """Name the kind of the exception: its text may quote the item."""
        return _line(logging.WARNING, "Dropped", item, exception)

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """Name the kind of the exception: its text may quote the item."""
        return _line(logging.ERROR, "Error processing", item, exception)


def _line(
    level: int, what: str, item: Any, exception: BaseException
) -> LogFormatterResult:
    return {
        "level": level,
        "msg": "%(what)s message %(message_id)s: %(kind)s",
        "args": {
            "what": what,
            "message_id": getattr(item, "message_id", "?"),
            "kind": type(exception).__name__,
        },
    }
