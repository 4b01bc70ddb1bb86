"""The way of an item from the spider to the feeds."""

import traceback
from typing import Any

from pydispatch.dispatcher import getAllReceivers, liveReceivers
from scrapy import signals
from scrapy.exceptions import DropItem
from scrapy.extensions.corestats import CoreStats
from scrapy.pipelines import ItemPipelineManager
from scrapy.utils.python import global_object_name

from gorgias_crawler.feeds.exporter import SnapshotFeedExporter

_OUR_PIPELINES = "gorgias_crawler.pipelines"  # by name: that room is below


class RowProcessor(ItemPipelineManager):
    """Scrapy's run through the pipelines, then at once to the feeds and the statistics.

    Scrapy tells those by a signal, which makes a task for each row and each handler:
    half of the time that a row takes (measured). The signal is still sent for others.
    """

    async def open_spider_async(self) -> None:
        """Open the pipelines; take the signal's place for Scrapy's own handlers."""
        await super().open_spider_async()
        assert self.crawler is not None
        self._feeds = self.crawler.get_extension(SnapshotFeedExporter)
        self._handlers = []
        kinds: tuple[type[Any], ...] = (CoreStats, SnapshotFeedExporter)
        for extension in filter(None, map(self.crawler.get_extension, kinds)):
            handler = extension.item_scraped
            self.crawler.signals.disconnect(handler, signals.item_scraped)
            self._handlers.append(handler)

    async def process_item_async(self, item: Any) -> Any:
        """Return *item* as the last pipeline leaves it, when the feeds have it.

        Rows that a pipeline drops are counted under its name in the spider's
        ``dropped``, where it has that.
        """
        try:
            item = await super().process_item_async(item)
        except DropItem as error:
            if (dropped := getattr(self._spider, "dropped", None)) is not None:
                dropped[self._name_of_dropper(error)] += 1
            raise
        for handler in self._handlers:
            handler(item, self._spider)
        return item

    @property
    def is_unwatched(self) -> bool:
        """Whether no component but ours looks at a row on its way to the feeds."""
        assert self.crawler is not None
        ours = all(type(p).__module__ == _OUR_PIPELINES for p in self.middlewares)
        scraper = self.crawler.engine.scraper
        looks = scraper.spidermw.methods["process_spider_output"]
        heard = getAllReceivers(self.crawler, signals.item_scraped)
        return ours and not any(looks) and not any(liveReceivers(heard))

    def process_unwatched(self, item: Any) -> None:
        """Do at once what Scrapy does with *item*, where nobody else looks at it.

        Its way takes a third of the time that a row takes (measured). The statistics
        are told by `count_unwatched`.
        """
        for pipeline in self.middlewares:
            item = pipeline.process_item(item)
        if self._feeds is not None:
            self._feeds.item_scraped(item, self._spider)

    def count_unwatched(self, items: int) -> None:
        """Count so many *items*: one by one took a twentieth of the time of a row."""
        assert self.crawler is not None
        if self.crawler.get_extension(CoreStats) is not None:
            self.crawler.stats.inc_value("item_scraped_count", items)

    def _name_of_dropper(self, error: DropItem) -> str:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            owner = frame.f_locals.get("self")
            if any(owner is pipeline for pipeline in self.middlewares):
                return global_object_name(type(owner))
        return "a pipeline"
