"""``scrapy export``: files from an archive, without a call to the API."""

import argparse
import logging
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar, cast

from scrapy import Request
from scrapy.commands import BaseRunSpiderCommand
from scrapy.crawler import Crawler

from gorgias_crawler import arguments, config, errors
from gorgias_crawler.archive import counts
from gorgias_crawler.commands import project
from gorgias_crawler.commands.spider_command import SpiderCommand, show_tables
from gorgias_crawler.emit import filters, objects
from gorgias_crawler.extensions.run_report import tell
from gorgias_crawler.job.directory import archive_to_read, job_id
from gorgias_crawler.job.manifest import files_said, left_out
from gorgias_crawler.refusals.rules import OF_CALLS
from gorgias_crawler.settings import FEEDS
from gorgias_crawler.spiders.gorgias import GorgiasSpider
from gorgias_crawler.spiders.rows import RowsSpider
from gorgias_crawler.wording import many

logger = logging.getLogger(__name__)

_OF_FILES = (*config.OF_ROWS, "GORGIAS_PARTITION_BY")  # settings that are read here


_Export = TypeVar("_Export", bound="ExportSpider")


class ExportSpider(RowsSpider):
    """Yields the rows of an archive, whether a crawl is at work on it or not."""

    name = "export"
    only_complete = True

    def __init__(self, jobdir: str, **values: str) -> None:
        super().__init__()
        arguments.check_names(values, arguments.OF_ROWS)
        self.filters = filters.parse(values)
        self.jobdir = Path(jobdir)
        self.archive = archive_to_read(self.jobdir)
        archived = objects.archived_kinds(self.archive)
        self.kinds = objects.row_classes(archived, self.row_classes)
        self.kind = arguments.kind_of_rows(values, archived)
        # its own temporary file: a crawl may write the same target now
        self.job_id = f"{job_id(self.jobdir)}.export"

    def claim_feed(self, path: str, sha256: str | None) -> None:
        """Leave no note: the archive is only read."""

    async def start(self) -> AsyncIterator[Request]:
        """Ask nobody for anything."""
        if self.may_start():
            yield self.rows_request()


def made_of(base: type[_Export], spider: type[GorgiasSpider]) -> type[_Export]:
    """Return *base* with the rows and the settings of *spider*, which crawls."""
    settings = {**(spider.custom_settings or {}), **(base.custom_settings or {})}
    of_spider = {"row_classes": spider.row_classes, "custom_settings": settings}
    return cast("type[_Export]", type(base.__name__, (base,), of_spider))


class Command(SpiderCommand, BaseRunSpiderCommand):
    """Writes feeds from a job's archive, also of an unfinished job."""

    arguments = arguments.OF_ROWS
    example = "export crawls/run1 -O tickets.csv"
    usage = "[options] JOBDIR"
    summary = "Write a file from a job's archive, without a call to the API"
    not_read = OF_CALLS

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """List the arguments and the settings of rows beside Scrapy's options."""
        super().add_options(parser)
        ours = config.SETTINGS.items()
        of_files = {name: text for name, text in ours if name in _OF_FILES}
        show_tables(
            parser,
            {
                "Arguments, -a NAME=VALUE:": arguments.OF_ROWS,
                "Settings, -s NAME=VALUE:": of_files,
            },
        )

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the arguments, and that there is an archive. Raises `GorgiasError`."""
        is_named = opts.output or opts.overwrite_output
        feeds = self.settings.getdict("FEEDS")
        if not feeds or (not is_named and feeds == FEEDS):
            # The default file is that of the crawl.
            raise errors.CommandLineError(f"No file is named: `{self.shown_example}`.")
        super().check(args, opts)
        filters.parse(opts.spargs)
        archive = archive_to_read(Path(args[0]))
        last = archive.last_manifest() or {}
        archive.close()
        spider = project.spider_of_rows(self.settings, last)
        self._spider = made_of(ExportSpider, spider)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Export the job that *args* names."""
        crawler = self.run_spider(self._spider, jobdir=args[0], **opts.spargs)
        if self.exitcode == 0:
            self.exitcode = _exit_status(crawler)


def _exit_status(crawler: Crawler) -> int:
    spider = ExportSpider.of(crawler)
    try:
        if spider.ending is not None:
            raise spider.ending
        with spider.archive.reading():
            missing = counts.incomplete(spider.archive)
            is_listed = counts.is_listed(spider.archive)
    except errors.GorgiasError as error:
        is_refused = isinstance(error, errors.CannotStartError)
        tell(logger, logging.ERROR, f"{'' if is_refused else 'INCOMPLETE: '}{error}")
        return error.exit_status
    finally:
        spider.archive.close()
    if not spider.emitted_all:
        tell(
            logger,
            logging.ERROR,
            "INCOMPLETE: stopped; what was there before is untouched.",
        )
        return errors.EXIT_INCOMPLETE
    asked = spider.filters.asked
    filtered = f", filtered by {asked}" if asked else ""
    dropped = left_out({"dropped": spider.dropped})
    without = f"; left out: {', '.join(dropped)}" if dropped else ""
    files = ", ".join(files_said(map(asdict, spider.feeds_stored)))
    level = logging.WARNING if dropped else logging.INFO
    tell(logger, level, f"Exported {files}{filtered}{without}.")
    if missing:
        logger.warning(
            "Not complete yet and left out: %s; crawl again to fetch what is missing.",
            many(missing, "ticket"),
        )
    if not is_listed:
        logger.warning(
            "The list of tickets is not finished, so more are missing than can be "
            "counted; crawl again to go on with it."
        )
    return errors.EXIT_COMPLETE
