"""What happens to an item between the spider and the feeds, in the order of running."""

from collections.abc import Callable, Iterator
from typing import Any

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from gorgias_crawler.emit.bodies import STRIPPED, parse_fields, select_body
from gorgias_crawler.emit.html_text import html_to_text
from gorgias_crawler.emit.quotes import quote_remover
from gorgias_crawler.items import Message


class BodySelectionPipeline:
    """Fills ``body`` with the first of the message's bodies that is not blank.

    *names* are the candidates in order; *to_text*, if given, makes text of the HTML
    ones. *without_quotes*, if given, takes quoted mails and signatures off texts; what
    Gorgias has taken them off is then the first candidate, and HTML becomes text.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        to_text: Callable[[str], str] | None,
        without_quotes: Callable[[str, str | None], str] | None = None,
    ) -> None:
        self.names, self.to_text = names, to_text
        self.without_quotes = without_quotes
        if without_quotes:
            self.names = tuple(dict.fromkeys((*STRIPPED, *names)))
            self.to_text = html_to_text

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "BodySelectionPipeline":
        """Build the pipeline for *crawler*. Raises `ConfigurationError`."""
        return cls.asked_for(crawler.settings)

    @classmethod
    def asked_for(cls, settings: BaseSettings) -> "BodySelectionPipeline":
        """Build the pipeline that *settings* ask for. Raises `ConfigurationError`."""
        names = parse_fields(settings.getlist("GORGIAS_BODY_FIELDS"))
        as_text = settings.getbool("GORGIAS_BODY_AS_TEXT")
        is_without = settings.getbool("GORGIAS_BODY_WITHOUT_QUOTES")
        return cls(
            names,
            html_to_text if as_text else None,
            quote_remover() if is_without else None,
        )

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
            if self.without_quotes and isinstance(body, str):
                body = self.without_quotes(body, item.stripped_signature)
            yield body
