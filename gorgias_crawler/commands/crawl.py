"""``scrapy crawl`` with an exit status that can be trusted."""

import argparse
import logging
import os
import sys
from asyncio import Future
from typing import Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from gorgias_crawler.config import read_account
from gorgias_crawler.errors import (
    EXIT_CANNOT_START,
    EXIT_INCOMPLETE,
    GorgiasError,
)
from gorgias_crawler.extensions import RunReport
from gorgias_crawler.settings import FEEDS

# Lists of components and settings, of use to whoever debugs Scrapy itself: they are
# shown with -L DEBUG.
_WORDY_LOGGERS = (
    "scrapy.addons",
    "scrapy.crawler",
    "scrapy.middleware",
    "scrapy.utils.log",
)


class Command(ScrapyCrawl):
    """Runs a spider; 0 is complete, 3 incomplete, 1 cannot start, 2 wrong usage."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the configuration before Scrapy says or opens anything."""
        assert self.settings is not None
        is_named = opts.output or opts.overwrite_output
        if is_named and self.settings.getdict("FEEDS") == FEEDS:
            # Scrapy would write the default file beside the one that is asked for.
            self.settings.set("FEEDS", {}, priority="project")
        super().process_options(args, opts)
        try:
            read_account(os.environ)
        except GorgiasError as error:
            self._say(error)
            sys.exit(error.exit_status)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider that *args* names."""
        if len(args) != 1:
            raise UsageError("name one spider: scrapy crawl gorgias")
        assert self.settings is not None
        if self.settings["LOG_LEVEL"] != "DEBUG":
            for name in _WORDY_LOGGERS:
                logging.getLogger(name).setLevel(logging.WARNING)
        assert self.crawler_process is not None
        crawler = self._create_crawler(args[0])
        crawl: Any = self.crawler_process.crawl(crawler, **opts.spargs)
        crawl.add_done_callback(self._crawl_done)
        self.crawler_process.start()
        if self.exitcode == 0:
            self.exitcode = self._exit_status(crawler)

    def _crawl_done(self, crawl: Future[None]) -> None:
        """Say what kept the crawl from starting, in one line without a traceback."""
        error = None if crawl.cancelled() else crawl.exception()
        if isinstance(error, GorgiasError):
            self.exitcode = error.exit_status
            self._say(error)
        elif error is not None:
            self.exitcode = EXIT_CANNOT_START
            logging.getLogger(__name__).error("The crawl failed.", exc_info=error)

    def _exit_status(self, crawler: Crawler) -> int:
        report = crawler.get_extension(RunReport)
        if report is None:
            return EXIT_INCOMPLETE
        # After a second Ctrl-C Scrapy leaves without its last signals.
        report.finish()
        return report.exit_status

    @staticmethod
    def _say(error: GorgiasError) -> None:
        print(f"gorgias_crawler: {error}", file=sys.stderr)
