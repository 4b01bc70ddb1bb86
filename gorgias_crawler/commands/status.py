"""``scrapy status``: how far a job is, without the network and without a lock."""

import argparse
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand

from gorgias_crawler.archive import Archive
from gorgias_crawler.commands.answering import AnsweringCommand
from gorgias_crawler.errors import EXIT_COMPLETE, EXIT_INCOMPLETE
from gorgias_crawler.job import status
from gorgias_crawler.job.directory import archive_to_read


class Command(AnsweringCommand, ScrapyCommand):
    """Tells how far a job is."""

    operands = range(1, 2)
    example = "status crawls/run1"
    usage = "JOBDIR"
    summary = "Tell how far a job is, also while a crawl is at work"

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
        self._max_age_s = None if given is None else status.max_age_s(given)

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print the status of the job."""
        path = Path(args[0])
        with closing(archive_to_read(path)) as archive, archive.reading():
            try:
                told = status.told(archive, path, datetime.now(UTC))
            except (LookupError, TypeError, ValueError) as error:  # a flipped bit
                raise archive.explained(error) from None
            self._print(archive, told, opts)
        if self._max_age_s and not status.is_fresh(told, self._max_age_s):
            return EXIT_INCOMPLETE
        return EXIT_COMPLETE

    def _print(
        self, archive: Archive, told: Mapping[str, Any], opts: argparse.Namespace
    ) -> None:
        if opts.json:
            print(json.dumps(told, indent=2, ensure_ascii=False))
        elif self._max_age_s:
            print(status.sentence(told, self._max_age_s, opts.max_age))
        else:
            for line in status.lines(archive, told):
                print(line)
