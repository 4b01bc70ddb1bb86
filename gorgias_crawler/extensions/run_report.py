"""The end of a run: manifest, closing lines, exit status."""

import logging
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.utils.log import get_scrapy_root_handler
from scrapy.utils.python import global_object_name

from gorgias_crawler import __version__
from gorgias_crawler.errors import (
    EXIT_CANNOT_START,
    EXIT_COMPLETE,
    EXIT_INCOMPLETE,
    GorgiasError,
)
from gorgias_crawler.feeds.recorded import row_settings
from gorgias_crawler.job import manifest
from gorgias_crawler.job.directory import MANIFEST, Job
from gorgias_crawler.job.files import FilesOfRun
from gorgias_crawler.redact import public_uri
from gorgias_crawler.spiders.gorgias import GorgiasSpider

logger = logging.getLogger(__name__)


UNKNOWN = {"exit_status": EXIT_INCOMPLETE, "incomplete": 1}
"""The figures of a run of which nothing more can be told."""


def figures(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures of a run from its *manifest*; see docs/deploy.md."""
    tickets, exit_status = manifest["tickets"], int(manifest["exit_status"])
    return {
        "exit_status": exit_status,
        "incomplete": int(exit_status != EXIT_COMPLETE),
        "tickets": tickets["listed"],
        "tickets_to_fetch": tickets["due"],
        "tickets_new": tickets["new"],
        "tickets_changed": tickets["changed"],
        "messages": manifest["messages"]["archived"],
        "rows": manifest["messages"]["exported"],
        "rows_dropped": sum(manifest["dropped"].values()),
        "failures": len(manifest["failed"]),
        "files_to_fetch": manifest["files"]["to_fetch"],
    }


def tell(log: logging.Logger, level: int, sentence: str) -> None:
    """Log what a run came to; on standard error, too, what a log does not show.

    It is told there where it is no success, and the log a file, silent or off.
    """
    log.log(level, "%s", sentence)
    if level <= logging.INFO:
        return
    handler = get_scrapy_root_handler()
    is_on_stderr = isinstance(handler, logging.StreamHandler) and not isinstance(
        handler, logging.FileHandler
    )
    if handler is None or not is_on_stderr or handler.level > level:
        print(f"gorgias_crawler: {sentence}", file=sys.stderr)  # noqa: T201


def figures_of(crawler: Crawler) -> Mapping[str, int]:
    """Return what came of the run of *crawler*, in numbers."""
    report = crawler.get_extension(RunReport)
    if report is None:
        return UNKNOWN
    # After a second Ctrl-C Scrapy leaves without its last signals.
    report.finish()
    return report.figures


def exit_status(crawler: Crawler) -> int:
    """Return the exit status of a script that has run *crawler* in its own process."""
    try:
        return figures_of(crawler)["exit_status"]
    except RuntimeError:  # it could not be set up, and Scrapy has logged why
        close_job(crawler)
        return EXIT_CANNOT_START


def close_job(crawler: Crawler) -> None:
    """Close the job of a spider that was not started."""
    job = getattr(crawler.spider, "job", None)
    if isinstance(job, Job):
        job.close()


class RunReport:
    """Ends a run with the truth: manifest, closing lines, exit status.

    ``figures`` are what monitors are told, and stats named ``gorgias/...`` from the end
    on. Their ``exit_status`` is 3 until completion is proven.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._spider = GorgiasSpider.of(crawler)
        self.figures: Mapping[str, int] = UNKNOWN
        self._started = datetime.now(UTC)
        self._is_open = True
        crawler.signals.connect(self.begin, signals.spider_opened)
        # Feeds are stored while the spider closes; this is sent after that.
        crawler.signals.connect(self.finish, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RunReport":
        """Build the extension for *crawler*."""
        return cls(crawler)

    def begin(self) -> None:
        """Say what the run will do; let ``run.json`` tell nothing of the run before."""
        job = self._spider.job
        told = self._manifest() | {
            "ended": None,
            "ended_by": "This run has not ended yet, or it was killed.",
        }
        try:
            job.write_manifest(told)
        except OSError as error:
            logger.warning(
                "%s cannot be written (%s).", job.path / MANIFEST, error.strerror
            )
        feeds = self.crawler.settings.getdict("FEEDS")
        targets = ", ".join(public_uri(str(uri)) for uri in feeds)
        name = self._spider.account.name
        logger.info("%s", manifest.opening_line(told, name, targets))

    def finish(self) -> None:
        """Write the manifest, say the closing lines, close the job; once."""
        if not self._is_open:
            return
        self._is_open = False
        job = self._spider.job
        self._tell_monitors(UNKNOWN)
        try:
            told = self._manifest()
            job.end_run(self._spider.run_number, told)
        except GorgiasError as error:
            sentence = f"INCOMPLETE: {self._spider.ending or error}"
            tell(logger, logging.ERROR, sentence)
            return
        finally:
            job.close()
        self._tell_monitors(figures(told))
        *lines, last = manifest.closing_lines(told, str(job.path))
        for line in lines:
            logger.info("%s", line)
        level = logging.WARNING if told["dropped"] else logging.INFO
        is_complete = told["exit_status"] == EXIT_COMPLETE
        tell(logger, level if is_complete else logging.ERROR, last)

    def _tell_monitors(self, told: Mapping[str, int]) -> None:
        self.figures = told
        for name, number in told.items():
            self.crawler.stats.set_value(f"gorgias/{name}", number)

    def _manifest(self) -> dict[str, Any]:
        archive, memory = self._spider.job.archive, self._spider.answers.memory
        with archive.reading():
            return manifest.manifest(
                archive, self._ending(), memory.changes, memory.notes, self._facts()
            )

    def _ending(self) -> manifest.Ending:
        spider = self._spider
        return manifest.Ending(
            error=spider.ending,
            is_at_end=spider.agenda.finished and spider.emitted_all,
            is_estimate=spider.agenda.finished and spider.options.estimate,
            rows=spider.rows,
            dropped=dict(spider.dropped),
            feeds=[asdict(feed) for feed in spider.feeds_stored],
            failed_feeds=list(spider.feeds_failed),
            objects=spider.answers.objects.summary(),
            troubles=spider.answers.objects.troubles(),
            files=FilesOfRun() if spider.files is None else spider.files.done,
        )

    def _facts(self) -> dict[str, Any]:
        stats = self.crawler.stats
        ended = datetime.now(UTC)
        return {
            "gorgias_crawler": __version__,
            "scrapy": scrapy.__version__,
            "python": platform.python_version(),
            "run": self._spider.run_number,
            "started": self._started.isoformat(timespec="seconds"),
            "ended": ended.isoformat(timespec="seconds"),
            "seconds": round((ended - self._started).total_seconds(), 1),
            "close_reason": stats.get_value("finish_reason"),
            "spider": global_object_name(type(self._spider)),
            "arguments": self._spider.arguments,
            "filters": self._spider.options.filters.asked,
            "settings": row_settings(self.crawler.settings),
            "calls": {
                "made": stats.get_value("gorgias/budget/calls", 0),
                "refused": stats.get_value("gorgias/budget/refused", 0),
                "retried": stats.get_value("retry/count", 0),
                "waited_s": round(stats.get_value("gorgias/budget/waited_s", 0), 1),
                "paused_s": round(stats.get_value("gorgias/budget/paused_s", 0), 1),
                "bucket_limit": stats.get_value("gorgias/budget/limit"),
                "highest_level": stats.get_value("gorgias/budget/highest_level"),
                "outages": stats.get_value("gorgias/outage/count", 0),
                "longest_outage_s": round(
                    stats.get_value("gorgias/outage/longest_s", 0), 1
                ),
            },
        }
