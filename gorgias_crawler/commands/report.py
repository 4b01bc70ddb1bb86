"""``scrapy report``: a page of figures from an archive, without a call to the API."""

import argparse
from contextlib import closing
from pathlib import Path

from scrapy.commands import ScrapyCommand

from gorgias_crawler.commands.answering import AnsweringCommand
from gorgias_crawler.durable import whole_file
from gorgias_crawler.emit import filters
from gorgias_crawler.errors import EXIT_COMPLETE, CommandLineError, ConfigurationError
from gorgias_crawler.job.directory import archive_to_read
from gorgias_crawler.report import page
from gorgias_crawler.wording import many

_MEANINGS = {
    name: filters.MEANINGS[name] for name in filters.MEANINGS if name != "notes"
}


class Command(AnsweringCommand, ScrapyCommand):
    """Makes a page of figures, also of an unfinished job."""

    operands = range(1, 2)
    unread = EXIT_COMPLETE  # the page is there
    arguments = _MEANINGS
    example = "report crawls/run1 -O report.html"
    usage = "[options] JOBDIR"
    summary = "Make a page of figures from a job's archive, without a call to the API"

    def long_desc(self) -> str:
        """Return the explanation in the help."""
        names = ", ".join(_MEANINGS)
        return f"{self.short_desc()}. Arguments, -a NAME=VALUE: {names}."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add what this command takes."""
        super().add_options(parser)
        parser.add_argument(
            "-O",
            dest="files",
            action="append",
            default=[],
            metavar="FILE",
            help="the page, which ends in .html; what is there is replaced",
        )
        self.add_arguments_option(parser, "which tickets it is about, as for export")
        parser.add_argument(
            "--with-names", action="store_true", help="name agents on the page"
        )

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the file and what the page needs. Raises `CannotStartError`."""
        if not opts.files:
            raise CommandLineError(f"No file is named: `{self.shown_example}`.")
        given = " ".join(f"-O {file}" for file in opts.files)
        if len(opts.files) > 1:
            raise CommandLineError(f"{given}: there is one page; name one file.")
        if not given.lower().endswith((".html", ".htm")):
            raise CommandLineError(
                f"{given}: the page is HTML; name a file that ends in .html, as in "
                f"`{self.shown_example}`."
            )
        if opts.spargs.get("by") == "message":
            raise CommandLineError(
                "-a by=message: it says which messages become rows, and a page is about "
                "tickets; say creation or update."
            )
        self._file, self._wanted = Path(opts.files[0]), filters.parse(opts.spargs)
        page.check_libraries()

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Write the page of the job."""
        archive = archive_to_read(Path(args[0]))
        try:
            with closing(archive), whole_file(self._file) as opened:
                with archive.reading():
                    made = page.report(
                        archive, self._wanted, with_names=opts.with_names
                    )
                opened.write(made.html)
        except OSError as error:
            raise ConfigurationError(
                f"-O {self._file}: it cannot be written ({error.strerror}); name "
                "another file."
            ) from None
        size_mb = len(made.html.encode()) / 1_000_000
        print(f"{self._file}: {many(made.tickets, 'ticket')}, {size_mb:.1f} MB.")
        for line in made.warnings:
            print(line)
        return EXIT_COMPLETE
