"""The feed exporter: a feed is complete and confirmed, or the run says why not.

Scrapy's own disables every feed where one cannot be set up, and swallows the errors
of writing and storing; the crawl then ends well without its file.
"""

import logging
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import PureWindowsPath
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.extensions.feedexport import (
    FeedExporter,
    GCSFeedStorage,
    apply_uri_params,
)
from scrapy.extensions.postprocessing import PostProcessingManager
from scrapy.utils.defer import ensure_awaitable

from gorgias_crawler.archive import Archive
from gorgias_crawler.errors import FeedError, GorgiasError, RunEndError
from gorgias_crawler.feeds import targets
from gorgias_crawler.feeds.feed_rows import FeedRows
from gorgias_crawler.feeds.kinds import complete_feeds, same_target
from gorgias_crawler.feeds.partitioned import of_months
from gorgias_crawler.feeds.read_back import refuse_unreadable
from gorgias_crawler.feeds.reasons import explained, feed_named, next_step, reason
from gorgias_crawler.feeds.recorded import (
    FeedRecord,
    RecordedStorage,
    row_settings,
    unchanged,
)
from gorgias_crawler.wording import many

logger = logging.getLogger(__name__)

_NO_ROW = (
    "A pipeline (ITEM_PIPELINES) has returned None in place of a row: let its "
    "process_item return the item, or raise DropItem to leave the row out."
)


class SnapshotFeedExporter(FeedExporter):
    """Writes every feed as a snapshot of all rows, and stores it only when complete.

    Of the spider it uses ``kinds`` and ``kind`` (see `Kinds`), ``emitted_all`` (every
    row was yielded), ``rows`` (how many), ``dropped`` (how many by which pipeline),
    ``end_run(error)`` and the lists ``feeds_stored`` (records) and
    ``feeds_failed`` (sentences), which are final when
    ``signals.feed_exporter_closed`` is sent; the storages use ``job_id``, ``jobdir``,
    ``owns_feed(path)`` and ``claim_feed(path, sha256)``.

    Raises `FeedError` when it is built, before the first request.
    """

    slots: list[Any]  # each with a `RecordedStorage`, and its `FeedRows` as filter

    def __init__(self, crawler: Crawler) -> None:
        if not hasattr(crawler.spider, "feeds_stored"):  # of `scrapy fetch` and others
            raise NotConfigured
        self._spider: Any = crawler.spider
        complete_feeds(crawler)
        self._received = 0
        super().__init__(crawler)

    def _storage_supported(self, uri: str, feed_options: dict[str, Any]) -> bool:
        """Set up one feed; Scrapy's own logs a fault and disables all feeds."""
        shown = feed_named(uri)
        if size := feed_options["batch_item_count"]:
            raise FeedError(
                f"{shown} has batch_item_count={size}: remove it (or FEED_EXPORT_BATCH_"
                "ITEM_COUNT), because an export is one file, whole or not there at all."
            )
        if feed_options["format"] not in self.exporters:
            raise FeedError(
                f"{shown} has the unknown format {feed_options['format']!r}: use one "
                f"of {targets.names_of(self.exporters)}, for example -O tickets.csv."
            )
        scheme = _scheme(uri)
        if scheme not in self.storages and not PureWindowsPath(uri).drive:
            known = ", ".join(sorted(filter(None, self.storages)))
            raise FeedError(
                f"{shown} has the unknown storage {scheme!r}: use one of {known}, or a "
                "path (./name, if the name has a colon)."
            )
        try:
            slot = self._checked_slot(uri, feed_options)
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - any storage's constructor
            raise FeedError(
                f"{shown} cannot be set up ({explained(error, uri)}): "
                f"{next_step(error, scheme)}"
            ) from None
        name = slot.storage.name
        if any(other.storage.name == name for other in self.slots):
            raise same_target(uri, name)
        self.slots.append(slot)
        return True

    def _checked_slot(self, template: str, feed_options: dict[str, Any]) -> Any:
        params = self._get_uri_params(self._spider, feed_options["uri_params"])
        uri = apply_uri_params(template, params)
        slot: Any = self._start_new_batch(1, uri, feed_options, self._spider, template)
        used = row_settings(self.settings)
        makers = used["ITEM_PIPELINES"] or used["SPIDER_MIDDLEWARES"]
        kinds = self._spider.kinds
        slot.filter = FeedRows(
            feed_options, slot.filter, kinds, has_pipelines=bool(makers)
        )
        if check := getattr(self.exporters[slot.format], "check", None):
            check(slot.storage)
        if isinstance(slot.storage, GCSFeedStorage):
            import_module("google.cloud.storage")  # Scrapy's finds out at the upload
        if check := getattr(slot.storage, "check", None):
            check()
        refuse_unreadable(slot, feed_named(uri))
        slot.storage = RecordedStorage(slot.storage, uri)
        return slot

    def _get_storage(self, uri: str, feed_options: dict[str, Any]) -> Any:
        storage = super()._get_storage(uri, feed_options)
        return of_months(storage, self.crawler, uri, feed_options)

    def open_spider(self, spider: Spider) -> None:
        """Do nothing: the slots are there since the feeds were checked."""

    def check_account(self, archive: Archive) -> None:
        """Refuse a default file that holds what is not of the account of *archive*.

        To be called when its tickets are listed, before a message is asked for. Raises
        `FeedError`.
        """
        for slot in self.slots:
            if check := getattr(slot.storage.storage, "check_account", None):
                check(archive)

    def item_scraped(self, item: Any, spider: Spider) -> None:
        """Write *item* to each feed; the first error ends the run."""
        self._received += 1
        for slot in self.slots.copy():
            if item is None:
                self._fail(slot, FeedError(_NO_ROW), "")
                continue
            try:
                if slot.filter.accepts(item):
                    slot.filter.see(item)
                    slot.start_exporting()
                    assert slot.exporter
                    slot.exporter.export_item(item)
                    slot.itemcount += 1
            except Exception as error:  # noqa: BLE001 - Scrapy would swallow it
                self._fail(slot, error, reason(error))

    def keep_unchanged(self, last: Mapping[str, Any], filtered_by: str) -> bool:
        """Leave the files as they are, where all are what the *last* run has stored.

        *last* is its manifest; the archive must not have changed since.
        """
        kept = unchanged(self.slots, last, self.crawler.settings, filtered_by)
        if kept is None:
            return False
        self.slots.clear()
        for feed in kept:
            record = FeedRecord(**{**feed, "unchanged": True})
            self._spider.feeds_stored.append(record)
            logger.info("Nothing has changed, so it is left as it is: %s", record.uri)
        return True

    async def close_spider(self, spider: Spider, reason: str = "") -> None:
        """Store what is complete, throw away the rest."""
        complete = self._spider.emitted_all
        if complete and (error := self._lost_rows()):
            complete = False
            logger.error("%s", error)
            self._spider.end_run(error)
        for slot in self.slots.copy():
            if complete:
                await self._store(slot)
            else:
                slot.storage.discard()
            await self.crawler.signals.send_catch_log_async(
                signals.feed_slot_closed, slot=slot
            )
        await self.crawler.signals.send_catch_log_async(signals.feed_exporter_closed)

    def _lost_rows(self) -> RunEndError | None:
        """Return what is wrong where rows were yielded that are in no file."""
        dropped, rows = self._spider.dropped, self._spider.rows
        lost = sum(dropped.values())
        if lost and not self._received:
            return RunEndError(
                "all_dropped",
                f"All {many(rows, 'row')} were dropped by {', '.join(dropped)}, so no "
                "file was written. If that is right, there is nothing to write; if not, "
                "mend the pipeline, and run the same command again.",
            )
        if rows != self._received + lost:
            return RunEndError(
                "rows_lost",
                f"{many(rows, 'row')} went to the pipelines and {self._received:,} came "
                f"back, {lost:,} dropped by name, so no file was written: a spider "
                "middleware or an extension of yours takes rows away or adds some.",
            )
        return None

    async def _store(self, slot: Any) -> None:
        try:
            if slot.itemcount:
                slot.filter.check_all_came()
            if slot.itemcount or slot.store_empty:
                _finish(slot)
        except Exception as error:  # noqa: BLE001 - any exporter's error
            self._fail(slot, error, reason(error))
            return
        try:
            if slot.file:
                await ensure_awaitable(slot.storage.store())
        except Exception as error:  # noqa: BLE001 - any storage's error
            self._fail(slot, error, explained(error, slot.uri))
            return
        record = slot.storage.record(slot)
        self._spider.feeds_stored.append(record)
        rows = many(record.rows, "row")
        logger.info("Stored %s as %s: %s", rows, record.format, record.uri)

    def _fail(self, slot: Any, error: Exception, why: str) -> None:
        self.slots.remove(slot)
        slot.storage.discard()
        name = slot.storage.name
        sentence = (
            f"The feed {name} cannot be written ({why}). Nothing else "
            "is lost: run the same command again when the cause is gone."
        )
        if isinstance(error, GorgiasError):
            sentence = str(error)
        elif isinstance(error, BrokenPipeError):
            sentence = (
                f"The feed {name} was not read to its end: its reader left before the "
                "last row, as `| head` does. Nothing else is missing."
            )
        logger.error("%s", sentence)
        self._spider.feeds_failed.append(sentence)
        self._spider.end_run(RunEndError("feed_error", sentence))


def _scheme(uri: str) -> str:
    match = re.match(r"([a-z][a-z0-9+.-]*):", uri, re.IGNORECASE)
    return match[1].lower() if match else ""


def _finish(slot: Any) -> None:
    slot.start_exporting()  # opens a feed without rows
    slot.finish_exporting()
    opened: object = slot.file
    if isinstance(opened, PostProcessingManager):
        opened.close()  # a compressor's last bytes
