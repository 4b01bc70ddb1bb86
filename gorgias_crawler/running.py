"""Running a spider from a command: quiet logs, errors in one line, an exit status."""

import contextlib
import logging
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scrapy.commands import BaseRunSpiderCommand
from scrapy.crawler import Crawler

from gorgias_crawler.durable import drop_output
from gorgias_crawler.errors import EXIT_CANNOT_START, GorgiasError
from gorgias_crawler.settings import FEEDS

if TYPE_CHECKING:
    from asyncio import Future

# Lists of components and settings, of use to whoever debugs Scrapy itself: they are
# shown with -L DEBUG.
_WORDY_LOGGERS = (
    "scrapy.addons",
    "scrapy.crawler",
    "scrapy.middleware",
    "scrapy.utils.log",
)


class SpiderCommand(BaseRunSpiderCommand):
    """A command that runs one spider."""

    def process_options(self, args: list[str], opts: Any) -> None:
        """Let a file that is named take the place of the default one."""
        assert self.settings is not None
        is_named = opts.output or opts.overwrite_output
        if is_named and self.settings.getdict("FEEDS") == FEEDS:
            # Scrapy would write the default file beside the one that is asked for.
            self.settings.set("FEEDS", {}, priority="project")
        super().process_options(args, opts)

    def run_spider(self, spider: Any, **arguments: Any) -> Crawler:
        """Run *spider* to its end; ``exitcode`` is set where it could not start."""
        assert self.settings is not None
        if self.settings["LOG_LEVEL"] != "DEBUG":
            for name in _WORDY_LOGGERS:
                logging.getLogger(name).setLevel(logging.WARNING)
        crawler = self._create_crawler(spider)
        assert self.crawler_process is not None
        try:
            run_crawler(self.crawler_process, crawler, **arguments)
        except GorgiasError as error:
            self.exitcode = error.exit_status
            say(error)
        except Exception:
            self.exitcode = EXIT_CANNOT_START
            logging.getLogger(__name__).exception("The crawl failed.")
        return crawler


def run_crawler(process: Any, crawler: Crawler, **arguments: Any) -> None:
    """Run *crawler* to its end. Raises what kept it from starting."""
    crawl: Future[None] = process.crawl(crawler, **arguments)
    try:
        process.start()
    except KeyboardInterrupt:
        # Scrapy no longer minds signals when the run is over.
        logging.getLogger(__name__).debug("interrupted at the end")
    # What is left takes an instant, and its exit status must stand.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if crawl.done() and not crawl.cancelled() and (error := crawl.exception()):
        raise error


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print, and end in silence where nobody reads it any more (``| head``)."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output(sys.stdout)


def say(error: GorgiasError) -> None:
    """Print the one line that a user sees of an error."""
    print(f"gorgias_crawler: {error}", file=sys.stderr)
