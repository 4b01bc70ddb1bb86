"""The feed exporter: a feed is complete and confirmed, or the run says why not.

Scrapy's own disables every feed where one cannot be set up, and swallows the errors
of writing and storing; the crawl then ends well without its file.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import PureWindowsPath
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exporters import CsvItemExporter
from scrapy.extensions.feedexport import (
    FeedExporter,
    FeedSlot,
    GCSFeedStorage,
    apply_uri_params,
)
from scrapy.extensions.postprocessing import PostProcessingManager
from scrapy.utils.defer import ensure_awaitable

from gorgias_crawler.errors import FeedError, GorgiasError, RunEndError
from gorgias_crawler.recording import RecordedStorage, public_uri
from gorgias_crawler.storages import reason_of

logger = logging.getLogger(__name__)

_PACKAGES = {"s3": "boto3", "gs": "google-cloud-storage"}
"""What Scrapy's storages need and does not install, by scheme."""


@dataclass(frozen=True)
class FeedRecord:
    """A feed that was stored.

    ``uri`` is the absolute path of a local file, else the URI without credentials.
    ``bytes`` and ``sha256`` are those of the stored file, compressed if it is; None
    for standard output, devices and pipes.
    """

    uri: str
    format: str
    rows: int
    bytes: int | None
    sha256: str | None


class HeaderedCsvItemExporter(CsvItemExporter):
    """Scrapy's, but a file without rows has its header too."""

    def __init__(self, file: BytesIO, **kwargs: Any) -> None:
        super().__init__(file, **kwargs)
        self._is_empty = True

    def export_item(self, item: Any) -> None:
        """Write a row."""
        self._is_empty = False
        super().export_item(item)

    def finish_exporting(self) -> None:
        """Write the header if no row has brought it."""
        fields = self.fields_to_export
        if self._is_empty and self.include_headers_line and fields:
            names = fields.values() if isinstance(fields, Mapping) else fields
            self.csv_writer.writerow(names)
        super().finish_exporting()


class SnapshotFeedExporter(FeedExporter):
    """Writes every feed as a snapshot of all rows, and stores it only when complete.

    Of the spider it uses ``job_id``, ``owns_feed(uri)``, ``claim_feed(uri)``,
    ``emitted_all``, ``end_run(error)``, ``feeds_stored`` and ``feeds_failed``. All
    but the first three are optional: see `storages` for those. The two lists are
    final when ``signals.feed_exporter_closed`` is sent.

    Raises `FeedError` when it is built, before the first request.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._uris: dict[str, str] = {}  # of each template
        self._names: set[str] = set()
        super().__init__(crawler)
        # From here on the URIs that were checked, not a later "%(time)s".
        self.feeds = {self._uris[template]: o for template, o in self.feeds.items()}
        self.filters = {self._uris[template]: f for template, f in self.filters.items()}

    def _storage_supported(self, uri: str, feed_options: dict[str, Any]) -> bool:
        """Check one feed; Scrapy's own would log the fault and drop all feeds."""
        shown = f"The feed {public_uri(uri)} (FEEDS, -o or -O)"
        if feed_options["batch_item_count"]:
            raise FeedError(
                f"{shown} has batch_item_count={feed_options['batch_item_count']}: "
                "remove it (or FEED_EXPORT_BATCH_ITEM_COUNT), because an export is one "
                "file that is there whole or not at all."
            )
        if feed_options["format"] not in self.exporters:
            raise FeedError(
                f"{shown} has the unknown format {feed_options['format']!r}: use one "
                f"of {', '.join(sorted(self.exporters))}, for example -O tickets.csv."
            )
        feed_options.setdefault("gzip_mtime", 0)  # the same rows, the same bytes
        try:
            name = self._checked_name(uri, feed_options)
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - any storage's constructor
            scheme = urlsplit(uri).scheme if "[" not in uri else ""
            package = _PACKAGES.get(scheme)
            raise FeedError(
                f"{shown} cannot be set up ({_explained(error, uri)}): "
                + (f"pip install {package}, " if package else "")
                + "mend that or name another place."
            ) from None
        if name in self._names:
            raise FeedError(f"{shown} has the same target as another feed: {name}.")
        self._names.add(name)
        return True

    def _checked_name(self, template: str, feed_options: dict[str, Any]) -> str:
        assert self.crawler.spider is not None
        params = self._get_uri_params(self.crawler.spider, feed_options["uri_params"])
        uri = self._uris[template] = apply_uri_params(template, params)
        scheme = urlsplit(uri).scheme
        if scheme not in self.storages and not PureWindowsPath(uri).drive:
            raise FeedError(
                f"The feed {public_uri(uri)} (FEEDS, -o or -O) has the unknown storage "
                f"{scheme!r}: use a path or one of "
                f"{', '.join(sorted(filter(None, self.storages)))}."
            )
        storage = self._get_storage(uri, feed_options)
        if isinstance(storage, GCSFeedStorage):
            import_module("google.cloud.storage")  # Scrapy's finds out at the upload
        if check := getattr(storage, "check", None):
            check()
        return RecordedStorage(storage, uri).name

    def open_spider(self, spider: Spider) -> None:
        """Make the slots."""
        super().open_spider(spider)
        for slot in self.slots:
            slot.storage = RecordedStorage(slot.storage, slot.uri)

    def item_scraped(self, item: Any, spider: Spider) -> None:  # noqa: ARG002
        """Write *item* to each feed; the first error ends the run."""
        for slot in self.slots.copy():
            if not slot.filter.accepts(item):
                continue
            try:
                slot.start_exporting()
                assert slot.exporter
                slot.exporter.export_item(item)
            except Exception as error:  # noqa: BLE001 - Scrapy would swallow it
                # Only the kind: its text may hold a customer's words.
                self._fail(slot, _sentence(slot, reason_of(error)))
            else:
                slot.itemcount += 1

    async def close_spider(self, spider: Spider, reason: str = "") -> None:
        """Store what is complete, throw away the rest."""
        # Another project's spider: `scrapy fetch` must not empty the file.
        finished = reason == "finished" and any(slot.itemcount for slot in self.slots)
        complete = getattr(spider, "emitted_all", finished)
        for slot in self.slots.copy():
            if complete:
                await self._store(slot)
            else:
                _recorded(slot).discard()
                logger.info("Not stored, the run ended early: %s", _recorded(slot).name)
            await self.crawler.signals.send_catch_log_async(
                signals.feed_slot_closed, slot=slot
            )
        await self.crawler.signals.send_catch_log_async(signals.feed_exporter_closed)

    async def _store(self, slot: FeedSlot) -> None:
        try:
            record = await self._stored(slot)
        except GorgiasError as error:
            self._fail(slot, str(error))
        except Exception as error:  # noqa: BLE001 - any storage's error
            self._fail(slot, _sentence(slot, _explained(error, slot.uri)))
        else:
            getattr(self.crawler.spider, "feeds_stored", []).append(record)
            logger.info(
                "Stored %s feed (%d rows) in: %s",
                record.format,
                record.rows,
                record.uri,
            )

    async def _stored(self, slot: FeedSlot) -> FeedRecord:
        recorded = _recorded(slot)
        if not slot.itemcount and not slot.store_empty:
            return FeedRecord(recorded.name, slot.format, 0, None, None)
        slot.start_exporting()
        slot.finish_exporting()
        file = recorded.file
        assert file
        if isinstance(slot.file, PostProcessingManager):
            slot.file.close()  # a compressor's last bytes
        await ensure_awaitable(recorded.store())
        size, digest = file.bytes, file.sha256.hexdigest()
        if recorded.is_stream:
            return FeedRecord(recorded.name, slot.format, slot.itemcount, None, None)
        return FeedRecord(recorded.name, slot.format, slot.itemcount, size, digest)

    def _fail(self, slot: FeedSlot, sentence: str) -> None:
        self.slots.remove(slot)
        _recorded(slot).discard()
        logger.error("%s", sentence)
        getattr(self.crawler.spider, "feeds_failed", []).append(sentence)
        if end_run := getattr(self.crawler.spider, "end_run", None):
            end_run(RunEndError("feed_error", sentence))


def _recorded(slot: FeedSlot) -> RecordedStorage:
    return cast("RecordedStorage", slot.storage)


def _sentence(slot: FeedSlot, why: str) -> str:
    return (
        f"The feed {_recorded(slot).name} cannot be written ({why}). Nothing else is "
        "lost: run the same command again when the cause is gone."
    )


def _explained(error: Exception, uri: str) -> str:
    """Return an error of a storage as text, without the secrets of its *uri*."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split()).replace(uri, public_uri(uri))
    password = urlsplit(uri).password or "" if "[" not in uri else ""
    for secret in filter(None, (password, unquote(password))):
        text = text.replace(secret, "***")
    return f"{type(error).__name__}: {text}"
