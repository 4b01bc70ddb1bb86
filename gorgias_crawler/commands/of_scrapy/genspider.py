"""``scrapy genspider``, where there is a place for the user's own spiders."""

import argparse

from scrapy.commands import genspider

from gorgias_crawler import settings
from gorgias_crawler.commands.verbs import Verb
from gorgias_crawler.errors import CommandLineError


class Command(Verb, genspider.Command):
    """Makes a spider, unless it would stand in what is installed."""

    operands = range(3)
    example = "genspider NAME DOMAIN"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check where the spider would stand. Raises `CommandLineError`."""
        if opts.list or opts.dump:
            return
        if self.settings["NEWSPIDER_MODULE"] == settings.NEWSPIDER_MODULE:
            raise CommandLineError(
                "`genspider` would write into the installed gorgias_crawler: "
                "make a project of your own, as docs/extending.md shows."
            )
