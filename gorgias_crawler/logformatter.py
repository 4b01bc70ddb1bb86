"""Log lines without customers' words: no item, no text of an exception."""

import logging
import traceback
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class _PrivateRecord(logging.LogRecord):
    """A log record whose traceback lacks the texts of exceptions.

    They may quote a customer. Every handler prints ``exc_text`` where it is set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0]:
            error: BaseException | None = self.exc_info[1]
            trace = self.exc_info[2]
            kinds = []
            while error is not None:
                kinds.append(type(error).__name__)
                error = error.__cause__ or error.__context__
            lines = "".join(traceback.format_tb(trace))
            self.exc_text = f"{lines}{' after '.join(kinds)} (its text is not logged)"


def _keep_texts_out() -> None:
    logging.setLogRecordFactory(_PrivateRecord)


class PrivateLogFormatter(LogFormatter):
    """Scrapy's lines, where those that hold an item name its message id only."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build it; it keeps the texts of exceptions out of the log of a spider.

        Before the spider opens there is no customer whom they could quote, and they
        tell what is wrong with a setting.
        """
        crawler.signals.connect(_keep_texts_out, signals.spider_opened)
        return super().from_crawler(crawler)

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
