"""``scrapy status``: how far a job is, without the network and without a lock."""

import argparse
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand

from gorgias_crawler.commands.refusing import CheckedCommand, say
from gorgias_crawler.commands.running import reader_may_leave
from gorgias_crawler.errors import EXIT_COMPLETE, EXIT_INCOMPLETE, GorgiasError
from gorgias_crawler.job import directory, status


class Command(CheckedCommand, ScrapyCommand):
    """Tells how far a job is."""

    operands = range(1, 2)
    example = "scrapy status crawls/run1"
    not_read = ("*",)
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the usage line."""
        return "JOBDIR"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Tell how far a job is, also while a crawl is at work"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print the status of the job that *args* names."""
        path = Path(args[0])
        self.exitcode = EXIT_INCOMPLETE
        try:
            archive = directory.archive_to_read(path)
            with archive.reading(), reader_may_leave():
                for line in status.lines(archive, is_running=directory.is_in_use(path)):
                    print(line)
                self.exitcode = EXIT_COMPLETE
            archive.close()
        except GorgiasError as error:
            say(error)
            self.exitcode = error.exit_status
