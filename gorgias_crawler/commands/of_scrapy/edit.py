"""``scrapy edit``, for spiders that are the user's."""

import argparse

from scrapy.commands import edit

from gorgias_crawler.commands import project
from gorgias_crawler.commands.verbs import Verb
from gorgias_crawler.errors import CommandLineError


class Command(Verb, edit.Command):
    """Opens a spider in an editor, unless it is part of what is installed."""

    operands = range(1, 2)
    example = "edit SPIDER"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check that the spider is the user's. Raises `CommandLineError`."""
        if project.spider(self.settings, args[0]).__module__.startswith("gorgias_"):
            raise CommandLineError(
                f"The spider {args[0]!r} is part of the installed gorgias_crawler, and "
                "the next version would undo what is edited there: make a spider of "
                "your own from it, as docs/extending.md shows."
            )
