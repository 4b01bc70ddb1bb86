"""``scrapy status``: how far a job is, without the network and without a lock."""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from gorgias_crawler.archive import Archive
from gorgias_crawler.commands.refusing import CheckedCommand, say
from gorgias_crawler.commands.running import reader_may_leave
from gorgias_crawler.errors import EXIT_COMPLETE, EXIT_INCOMPLETE, GorgiasError
from gorgias_crawler.job import directory, freshness, status


class Command(CheckedCommand, ScrapyCommand):
    """Tells how far a job is."""

    operands = range(1, 2)
    example = "status crawls/run1"
    not_read = ("*",)
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the usage line."""
        return "JOBDIR"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Tell how far a job is, also while a crawl is at work"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        super().add_options(parser)
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object, for programs: docs/deploy.md has its keys",
        )
        parser.add_argument(
            "--max-age",
            metavar="AGE",
            help="print one line, and end with exit status 3 where the last complete "
            "run began longer ago, or there is none: 26h, 90m, 2d",
        )

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the age. Raises `CommandLineError`."""
        given = opts.max_age
        self._max_age_s = None if given is None else freshness.max_age_s(given)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print the status of the job that *args* names."""
        path = Path(args[0])
        self.exitcode = EXIT_INCOMPLETE
        try:
            archive = directory.archive_to_read(path)
            with archive.reading(), reader_may_leave():
                told = status.told(archive, path, datetime.now(UTC))
                self._print(archive, told, opts)
                self.exitcode = self._exit_status(told)
            archive.close()
        except GorgiasError as error:
            say(error)
            self.exitcode = error.exit_status

    def _exit_status(self, told: Mapping[str, Any]) -> int:
        if self._max_age_s and not freshness.is_fresh(told, self._max_age_s):
            return EXIT_INCOMPLETE
        return EXIT_COMPLETE

    def _print(
        self, archive: Archive, told: Mapping[str, Any], opts: argparse.Namespace
    ) -> None:
        if opts.json:
            print(json.dumps(told, indent=2, ensure_ascii=False))
        elif self._max_age_s:
            print(freshness.sentence(told, self._max_age_s, opts.max_age))
        else:
            for line in status.lines(archive, told):
                print(line)
