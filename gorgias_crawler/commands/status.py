"""``scrapy status``: how far a job is, without the network and without a lock."""

import argparse
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gorgias_crawler import job, status
from gorgias_crawler.archive import Archive
from gorgias_crawler.errors import GorgiasError
from gorgias_crawler.running import say


class Command(ScrapyCommand):
    """Tells how far a job is."""

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
        if len(args) != 1:
            raise UsageError("name the job directory: scrapy status crawls/run1")
        path = Path(args[0])
        try:
            archive = Archive.open_to_read(path / job.ARCHIVE)
        except GorgiasError as error:
            say(error)
            self.exitcode = error.exit_status
            return
        running = job.is_in_use(path)
        for line in status.lines(archive, job.read_manifest(path), is_running=running):
            print(line)
        archive.close()
