"""``scrapy report``: a page of figures from an archive, without a call to the API."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand

from gorgias_crawler.commands.refusing import CheckedCommand, say
from gorgias_crawler.commands.running import reader_may_leave
from gorgias_crawler.durable import whole_file
from gorgias_crawler.emit import filters
from gorgias_crawler.errors import (
    EXIT_COMPLETE,
    CommandLineError,
    ConfigurationError,
    GorgiasError,
)
from gorgias_crawler.job import directory
from gorgias_crawler.report import make, page
from gorgias_crawler.wording import many

_MEANINGS = {
    name: filters.MEANINGS[name] for name in filters.MEANINGS if name != "notes"
}


class Command(CheckedCommand, ScrapyCommand):
    """Makes a page of figures, also of an unfinished job."""

    operands = range(1, 2)
    arguments = _MEANINGS
    example = "report crawls/run1 -O report.html"
    not_read = ("*",)
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the usage line."""
        return "[options] JOBDIR"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Make a page of figures from a job's archive, without a call to the API"

    def long_desc(self) -> str:
        """Return the explanation in the help."""
        names = ", ".join(_MEANINGS)
        return f"{self.short_desc()}. Arguments, -a NAME=VALUE: {names}."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add what this command takes."""
        super().add_options(parser)
        parser.add_argument(
            "-O",
            dest="file",
            metavar="FILE",
            help="the page; what is there is replaced",
        )
        self.add_arguments_option(parser, "which tickets it is about, as for export")
        parser.add_argument(
            "--with-names", action="store_true", help="name agents on the page"
        )

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check that a file is named. Raises `CommandLineError`."""
        if not opts.file:
            raise CommandLineError(f"No file is named: `{self.shown_example}`.")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the page of the job that *args* names."""
        try:
            with reader_may_leave():
                self._report(
                    Path(args[0]), Path(opts.file), opts.spargs, opts.with_names
                )
            self.exitcode = EXIT_COMPLETE
        except GorgiasError as error:
            say(error)
            self.exitcode = error.exit_status

    def _report(
        self, jobdir: Path, file: Path, given: Mapping[str, str], with_names: bool
    ) -> None:
        wanted = filters.parse(given)
        page.check_libraries()
        if directory.is_file_of_job(file, jobdir):
            raise ConfigurationError(
                f"-O {file}: the job keeps a file of that name there; name another."
            )
        archive = directory.archive_to_read(jobdir)
        try:
            with whole_file(file) as opened:
                made = make.report(archive, wanted, with_names=with_names)
                opened.write(made.html)
        except OSError as error:
            raise ConfigurationError(
                f"-O {file}: it cannot be written ({error.strerror}); name another file."
            ) from None
        finally:
            archive.close()
        size_mb = len(made.html.encode()) / 1_000_000
        print(f"{file}: {many(made.tickets, 'ticket')}, {size_mb:.1f} MB.")
        for line in made.warnings:
            print(line)
