"""What happens to an item between the spider and the feeds, in the order of running."""

from scrapy.crawler import Crawler

from gorgias_crawler.bodies import BODY_FIELDS, select_body
from gorgias_crawler.items import Message


class BodySelectionPipeline:
    """Fills ``body`` with the first of the message's bodies that is not blank."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "BodySelectionPipeline":
        """Build the pipeline for *crawler*."""
        return cls()

    def process_item(self, item: Message) -> Message:
        """Return *item* with its body."""
        item.body = select_body(getattr(item, name) for name in BODY_FIELDS)
        return item
