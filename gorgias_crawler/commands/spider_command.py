"""Running a spider from a command: quiet logs, errors in one line, an exit status."""

import gc
import logging
import os
import signal
import sys
import textwrap
import traceback
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.utils.python import without_none_values

from gorgias_crawler import config
from gorgias_crawler.commands.checked_command import CheckedCommand
from gorgias_crawler.config import environment
from gorgias_crawler.errors import ConfigurationError, GorgiasError
from gorgias_crawler.extensions.run_report import close_job
from gorgias_crawler.feeds import targets
from gorgias_crawler.settings import FEEDS

if TYPE_CHECKING:
    import argparse
    from asyncio import Future

    from scrapy.commands import BaseRunSpiderCommand as _Base
else:
    # Scrapy lists every subclass of its commands that it finds here as a command.
    _Base = object

# Lists of components and settings, of use to whoever debugs Scrapy itself: they are
# shown with -L DEBUG.
_WORDY_LOGGERS = ("botocore", "scrapy.addons", "scrapy.middleware", "scrapy.utils.log")

# What they say of a good run, the closing lines say in a person's words.
_OF_THE_MACHINE = ("scrapy.core", "scrapy.extensions", "gorgias_crawler.feeds")

SIGNALS = [signal.SIGINT, signal.SIGTERM]
"""What asks a process to end."""
if hasattr(signal, "SIGHUP"):
    SIGNALS.append(signal.SIGHUP)


class SpiderCommand(CheckedCommand, _Base):
    """A command that runs one spider; to be mixed into Scrapy's own."""

    operands = range(1, 2)

    def add_options(self, parser: "argparse.ArgumentParser") -> None:
        """Say of Scrapy's options what is true here."""
        super().add_options(parser)
        names = ", ".join(self.arguments)
        self.add_arguments_option(
            parser, f"an argument (may be repeated), explained below: {names}"
        )
        parser.add_argument(
            *("-o", "--output"),
            action="append",
            metavar="FILE",
            help="write all rows to FILE; it may be replaced only while it holds what a "
            "crawl of this job wrote (FILE:FORMAT where the name says no format)",
        )
        parser.add_argument(
            *("-O", "--overwrite-output"),
            action="append",
            metavar="FILE",
            help="write all rows to FILE, whatever is there; it is replaced in one step, "
            "when all rows are written",
        )

    def prepare(self, opts: Any) -> None:
        """Let a file that is named replace the default one. Raises `UsageError`."""
        is_named = opts.output or opts.overwrite_output
        if is_named and self.settings.getdict("FEEDS") == FEEDS:
            # Scrapy would write the default file beside the one that is asked for.
            self.settings.set("FEEDS", {}, priority="project")
        _complete_targets(opts, self.settings)

    def check(self, args: list[str], opts: Any) -> None:
        """Check ``.env`` and the environment. Raises `ConfigurationError`."""
        if self.is_for_a_person:
            # A tool's words, not a log's: Scrapy's own lines and all stamps are left
            # to log files and -L DEBUG.
            self.settings.set("LOG_FORMAT", "%(message)s", priority="default")
            # Scrapy resets levels when it sets up its log, but no filters.
            logging.getLogger("scrapy.utils.log").addFilter(
                lambda record: record.levelno >= logging.WARNING
            )
        environment.check_lines(config.read_env_file(config.ENV_FILE))
        environment.check_names(os.environ)

    @property
    def is_for_a_person(self) -> bool:
        """Whether what is said is read on a terminal, as it is said by default."""
        is_default = (
            self.settings["LOG_LEVEL"] == "INFO"
            and not self.settings["LOG_FILE"]
            and not self.settings.getpriority("LOG_FORMAT")
        )
        return is_default and sys.stderr.isatty()

    def run_spider(self, spider: Any, **arguments: Any) -> Crawler:
        """Run *spider* to its end; ``exitcode`` is set where it could not start."""
        if self.settings["LOG_LEVEL"] != "DEBUG":
            for name in _WORDY_LOGGERS:
                logging.getLogger(name).setLevel(logging.WARNING)
            # It also says what a signal does; that must be seen.
            logging.getLogger("scrapy.crawler").addFilter(
                lambda record: not str(record.msg).startswith("Overridden settings")
            )
        if self.is_for_a_person:
            for name in _OF_THE_MACHINE:
                logging.getLogger(name).setLevel(logging.WARNING)
        assert self.crawler_process is not None
        crawler = self._create_crawler(spider)
        (error,) = run_crawlers(self.crawler_process, [(crawler, arguments)])
        if error is not None:
            self._refuse_run(crawler, error)
        return crawler

    def _refuse_run(self, crawler: Crawler, error: BaseException) -> None:
        close_job(crawler)
        if not isinstance(error, GorgiasError):
            said = "The crawl cannot be set up:"
            logging.getLogger(__name__).error(said, exc_info=error)
            error = _of_a_component(error)
        self.exitcode = error.exit_status
        self.tell_refusal(error)


def _of_a_component(error: BaseException) -> ConfigurationError:
    """Return what is said where a component raised *error*, whose text may tell all."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return ConfigurationError(
        f"The crawl cannot be set up: {type(error).__name__} in {frame.name} of "
        f"{frame.filename}, line {frame.lineno}. Mend it, or start without the "
        "pipeline, extension or spider that it belongs to."
    )


def add_env_file_option(parser: "argparse.ArgumentParser") -> None:
    """Add ``--env-file`` to a command that calls the API."""
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        help="read the account and its credentials from FILE alone, instead of .env or "
        "accounts/NAME.env",
    )


def _complete_targets(opts: Any, settings: BaseSettings) -> None:
    """Add the format that a name says and that Scrapy would not read from it."""
    formats = without_none_values(settings.getwithbase("FEED_EXPORTERS"))
    try:
        for option in ("output", "overwrite_output"):
            names = getattr(opts, option) or []
            named = [targets.with_format(name, formats) for name in names]
            targets.refuse_twice(named, formats)
            setattr(opts, option, named)
    except GorgiasError as error:
        raise UsageError(str(error)) from None


def run_crawlers(
    process: Any, crawls: Iterable[tuple[Crawler, Mapping[str, Any]]]
) -> list[BaseException | None]:
    """Run crawlers with their arguments side by side, once in the life of a process.

    Returns what kept each from starting, None where nothing did.
    """
    _treat_hangup_as_termination()
    started: list[Future[None]] = [
        process.crawl(crawler, **arguments) for crawler, arguments in crawls
    ]
    # What was imported stays to the end; to look at it again and again for garbage took
    # a fifth of the time that a page of messages takes (measured).
    gc.freeze()
    try:
        process.start()
    except KeyboardInterrupt:
        # Scrapy no longer minds signals when the run is over.
        logging.getLogger(__name__).debug("interrupted at the end")
    # What is left takes an instant, and its exit status must stand.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    return [
        crawl.exception() if crawl.done() and not crawl.cancelled() else None
        for crawl in started
    ]


def _treat_hangup_as_termination() -> None:
    """Let a closed terminal end the run as SIGTERM does, but for ``nohup``."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def show_tables(
    parser: "argparse.ArgumentParser", tables: Mapping[str, Mapping[str, str]]
) -> None:
    """Show *tables* of names with their meanings, by title, at the end of the help."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = "\n\n".join(
        "\n".join([title, *_rows(meanings)]) for title, meanings in tables.items()
    )


def _rows(meanings: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, meanings))
    indent = " " * (width + 4)
    for name, meaning in meanings.items():
        yield from textwrap.wrap(
            meaning, 88, initial_indent=f"  {name:{width}}  ", subsequent_indent=indent
        )
