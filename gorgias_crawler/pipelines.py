"""What happens to an item between the spider and the feeds, in the order of running."""

from collections.abc import Callable, Iterator
from typing import Any

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from gorgias_crawler.emit.bodies import parse_fields, select_body
from gorgias_crawler.emit.html_text import html_to_text
from gorgias_crawler.items import Message


class BodySelectionPipeline:
    """Fills ``body`` with the first of the message's bodies that is not blank.

    *names* are the candidates in order; *to_text*, if given, makes text of the HTML
    ones.
    """

    def __init__(
        self, names: tuple[str, ...], to_text: Callable[[str], str] | None
    ) -> None:
        self.names = names
        self.to_text = to_text

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "BodySelectionPipeline":
        """Build the pipeline for *crawler*. Raises `ConfigurationError`."""
        return cls.asked_for(crawler.settings)

    @classmethod
    def asked_for(cls, settings: BaseSettings) -> "BodySelectionPipeline":
        """Build the pipeline that *settings* ask for. Raises `ConfigurationError`."""
        names = parse_fields(settings.getlist("GORGIAS_BODY_FIELDS"))
        as_text = settings.getbool("GORGIAS_BODY_AS_TEXT")
        return cls(names, html_to_text if as_text else None)

    def process_item(self, item: Any) -> Any:
        """Return *item*, a message with its body."""
        if isinstance(item, Message):
            item.body = select_body(self._candidates(item))
        return item

    def _candidates(self, item: Message) -> Iterator[str | None]:
        for name in self.names:
            body = getattr(item, name)
            if self.to_text and isinstance(body, str) and name.endswith("_html"):
                body = self.to_text(body)
            yield body
