"""``scrapy bench``, which would say nothing here."""

import argparse

from scrapy.commands import bench

from gorgias_crawler.commands.verbs import Verb
from gorgias_crawler.errors import CommandLineError


class Command(Verb, bench.Command):
    """Is refused."""

    example = "bench"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Raise `CommandLineError`."""
        raise CommandLineError(
            "`bench` measures how fast Scrapy follows links, which says nothing "
            "of this project: a crawl goes as fast as the account's API budget. Run it "
            "in another directory."
        )
