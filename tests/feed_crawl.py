"""Real crawls for test_feeds.py: `python -m tests.feed_crawl SPEC RESULTS` (JSON)."""

import asyncio
import errno
import io
import json
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.exceptions import NotConfigured
from scrapy.exporters import JsonLinesItemExporter
from scrapy.extensions.feedexport import BlockingFeedStorage, ItemFilter
from scrapy.utils.reactor import install_reactor
from twisted.internet.defer import Deferred

from gorgias_crawler.durable import content_sha256
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.items import Message, Ticket, column, value
from gorgias_crawler.items.columns import row_of
from gorgias_crawler.settings import FEED_EXPORTERS

SETTINGS = {
    "EXTENSIONS": {
        "scrapy.extensions.feedexport.FeedExporter": None,
        "gorgias_crawler.feeds.exporter.SnapshotFeedExporter": 0,
    },
    "FEED_STORAGES": {
        "": "gorgias_crawler.feeds.storages.SnapshotFileStorage",
        "file": "gorgias_crawler.feeds.storages.SnapshotFileStorage",
        "ftp": None,
        "stdout": "gorgias_crawler.feeds.storages.SnapshotStdoutStorage",
        "fake": "tests.feed_crawl.FakeRemote",
    },
    "FEED_EXPORTERS": {
        **FEED_EXPORTERS,
        "failing": "tests.feed_crawl.FailsAtItsEnd",
        "leaking": "tests.feed_crawl.FailsAtTheThirdRow",
    },
    "FEED_EXPORT_ENCODING": "utf-8",
    "FEED_EXPORT_FIELDS": ["id", "body"],
    "CONCURRENT_ITEMS": 1,
    "STATS_DUMP": False,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
}
NASTY = 'a\0b\rc\u2028d"e,f\ng;\x1a\t=1+1 \U0001f600'


class FakeRemote(BlockingFeedStorage):
    """Like S3: an object appears whole when the upload is done."""

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        self.uri = uri
        self.object = Path(uri.rpartition("/")[2])

    def _store_in_thread(self, file) -> None:
        if "denied" in self.uri:
            raise ValueError(f"access denied\n to {self.uri} with key s3cret")
        file.seek(0)
        self.object.write_bytes(file.read())
        file.close()


class LacksItsPackage:
    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        raise NotConfigured(f"missing boto3 library for {uri}")


class FailsAtItsEnd(JsonLinesItemExporter):
    def finish_exporting(self) -> None:
        raise ValueError("a customer's words")


class FailingFilter(ItemFilter):
    def accepts(self, item: Any) -> bool:
        raise ValueError("a customer's words")


class FailsAtTheThirdRow(JsonLinesItemExporter):
    def export_item(self, item: Any) -> None:
        if item["id"] == 2:
            raise ValueError("a customer's words")
        super().export_item(item)


@row_of("message")
class Row:
    id: value.Id = column("")
    body: value.Text = column("")


class FeedSpider(Spider):
    name = "feeds"
    job_id = "ab12cd34"
    jobdir = Path("../job")
    kinds: Mapping[str, Any] = {"messages": Row}
    kind = "messages"
    has_settings_of_user = True

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__()
        self.spec = spec
        self.emitted_all = False
        self.rows = 0
        self.dropped: Counter[str] = Counter()
        self.ended: list[str] = []
        self.feeds_stored: list[Any] = []
        self.feeds_failed: list[str] = []
        self.claims = Path("../claims")

    def owns_feed(self, uri: str) -> bool:
        claim = f"{uri} {content_sha256(Path(uri))}"
        return self.claims.exists() and claim in self.claims.read_text().splitlines()

    def claim_feed(self, path: str, sha256: str | None) -> None:
        with self.claims.open("a") as file:
            file.write(f"{path} {sha256}\n")

    def end_run(self, error: Any) -> None:
        self.ended.append(error.reason)
        self.close_early(error.reason)

    def close_early(self, reason: str) -> None:
        self.closing = asyncio.ensure_future(
            self.crawler.engine.close_spider_async(reason=reason)
        )

    async def start(self):
        yield Request("data:,", callback=self.emit)

    def emit(self, _response):
        body = self.spec.get("body", "x" * self.spec.get("body_size", 10))
        for number in range(self.spec.get("rows", 5)):
            if number == self.spec.get("kill_at"):
                os.kill(os.getpid(), signal.SIGKILL)
            if number == self.spec.get("stop_at"):
                self.close_early("shutdown")
                return
            self.meddle(number)
            if self.ended:
                return
            self.rows += 1
            yield {"id": number, "body": body}
        self.emitted_all = True

    def meddle(self, number: int) -> None:
        """Do what another program might do meanwhile."""
        if number == self.spec.get("link_at"):
            Path(self.spec["link"]).symlink_to(self.spec["link_to"])
        if number == self.spec.get("make_at"):
            Path(self.spec["make"]).write_text("somebody else's")
        if number == self.spec.get("swap_at"):
            swapped = Path(self.spec["swapped"])
            swapped.unlink()
            if content := self.spec.get("swapped_for"):
                swapped.write_text(content)


class KindSpider(FeedSpider):
    """Yields rows of several kinds: ``spec["items"]``, each a class and its values."""

    kinds: Mapping[str, Any] = {"messages": Message, "tickets": Ticket}

    def described(self) -> dict[str, Any]:
        return {"account": "acme"}

    def emit(self, _response):
        for kind, values in self.spec["items"]:
            self.rows += 1
            row = self.kinds.get(kind, dict)
            yield row(**values)
        self.emitted_all = True


def refuse(*_args: Any) -> None:
    raise PermissionError(errno.EACCES, "Permission denied")


def fail(*_args: Any) -> None:
    raise OSError(errno.EIO, "Input/output error")


def refuse_claim(_spider: Spider, _path: str, _sha256: str | None) -> None:
    raise RunEndError("archive_error", "the archive is full")


def die(_directory: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


FAULTS: dict[str, tuple[str, Any]] = {
    "os.replace": ("os.replace", refuse),
    "os.fsync": ("os.fsync", fail),
    "claim": (f"{__name__}.FeedSpider.claim_feed", refuse_claim),
    "directory": ("gorgias_crawler.feeds.storages.sync_directory", refuse),
    "mounted": ("gorgias_crawler.feeds.storages.is_mounted", lambda _path: True),
    # What follows the rename at once.
    "killed after rename": ("gorgias_crawler.feeds.storages.sync_directory", die),
}


async def crawl(spec: dict[str, Any]) -> dict[str, Any]:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    result: dict[str, Any] = {}
    settings = SETTINGS | {"FEEDS": spec["feeds"]} | spec.get("settings", {})
    settings["FEED_STORAGES"] = SETTINGS["FEED_STORAGES"] | spec.get("storages", {})
    spidercls = FeedSpider
    if "items" in spec:
        spidercls = KindSpider
        settings["FEED_EXPORT_FIELDS"] = spec.get("fields")
    crawler = Crawler(spidercls, settings)
    try:
        with ExitStack() as stack:
            for name in spec.get("faults", ()):
                target, effect = FAULTS[name]
                stack.enter_context(mock.patch(target, effect))
            await AsyncCrawlerRunner().crawl(crawler, spec)
    except Exception as error:  # noqa: BLE001 - it is the result
        result["error"] = f"{type(error).__name__}: {error}"
    else:
        result["reason"] = crawler.stats.get_value("finish_reason")
    finally:
        logging.getLogger().removeHandler(handler)
    spider: Any = crawler.spider
    result["log"] = log.getvalue()
    result["stored"] = [asdict(feed) for feed in spider.feeds_stored]
    result["failed"] = spider.feeds_failed
    result["ended"] = spider.ended
    return result


async def main(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [await crawl(one) for one in spec["crawls"]]


def run(spec: dict[str, Any], results: Path) -> None:
    if size := spec.get("file_size"):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    os.umask(spec.get("umask", 0o022))
    # Without a handler of Scrapy's: what stderr then shows is noise of Python's.
    logging.getLogger().setLevel(logging.INFO)
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    task: Any = import_module("twisted.internet.task")

    async def crawl_all(_reactor: Any) -> None:
        found.extend(await Deferred.fromFuture(asyncio.ensure_future(main(spec))))

    found: list[Any] = []
    try:
        task.react(crawl_all)  # always ends with SystemExit
    finally:
        results.write_text(json.dumps(found))


if __name__ == "__main__":
    run(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
