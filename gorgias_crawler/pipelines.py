"""What happens to an item between the spider and the feeds, in the order of running."""

from collections.abc import Iterator
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from gorgias_crawler.emit.bodies import STRIPPED, parse_fields, select_body
from gorgias_crawler.emit.html_text import html_to_text
from gorgias_crawler.emit.quotes import quote_remover
from gorgias_crawler.items import Message


class BodySelectionPipeline:
    """Fills ``body`` with the first of the message's bodies that is not blank.

    The *settings* say which are candidates, and whether HTML becomes text. Without
    quotes, what Gorgias has taken quoted mails and signatures off is the first
    candidate, and HTML becomes text, too. Raises `ConfigurationError`.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._names = parse_fields(settings.getlist("GORGIAS_BODY_FIELDS"))
        self._as_text = settings.getbool("GORGIAS_BODY_AS_TEXT")
        self._without_quotes = None
        if settings.getbool("GORGIAS_BODY_WITHOUT_QUOTES"):
            self._names = tuple(dict.fromkeys((*STRIPPED, *self._names)))
            self._as_text = True
            self._without_quotes = quote_remover()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the pipeline for *crawler*."""
        return cls(crawler.settings)

    def process_item(self, item: Any) -> Any:
        """Return *item*, a message with its body."""
        if isinstance(item, Message):
            item.body = select_body(self._candidates(item))
        return item

    def _candidates(self, item: Message) -> Iterator[str | None]:
        for name in self._names:
            body = getattr(item, name)
            if self._as_text and isinstance(body, str) and name.endswith("_html"):
                body = html_to_text(body)
            if self._without_quotes and isinstance(body, str):
                body = self._without_quotes(body, item.stripped_signature)
            yield body
