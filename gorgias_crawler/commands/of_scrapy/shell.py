"""``scrapy shell``: as in any project, without the key."""

import argparse

from scrapy import exceptions
from scrapy.commands import shell
from scrapy.utils.url import guess_scheme

from gorgias_crawler.commands.checked_command import say
from gorgias_crawler.commands.of_scrapy import UrlVerb
from gorgias_crawler.errors import EXIT_CANNOT_START

_UNANSWERED = (
    exceptions.CannotResolveHostError,
    exceptions.DownloadConnectionRefusedError,
    exceptions.DownloadFailedError,
    exceptions.DownloadTimeoutError,
    exceptions.NotSupported,
    exceptions.ResponseDataLossError,
)


class Command(UrlVerb, shell.Command):
    """Opens a console with a page."""

    operands = range(2)
    example = "shell https://example.com"

    def takes(self, operand: str) -> bool:
        """Take a URL without its scheme, too, but no file: files are switched off."""
        return not guess_scheme(operand).startswith("file:")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Open the console; say in one line where the page does not come."""
        try:
            super().run(args, opts)
        except _UNANSWERED as error:
            say(f"{args[0]} cannot be fetched: {error}")
            self.exitcode = EXIT_CANNOT_START
