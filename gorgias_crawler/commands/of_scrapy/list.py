"""``scrapy list``."""

import argparse

from scrapy.commands import list as scrapys

from gorgias_crawler.commands import project
from gorgias_crawler.commands.of_scrapy import Verb


class Command(Verb, scrapys.Command):
    """Lists the spiders of the project."""

    example = "list"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check that all can be loaded. Raises `ConfigurationError`."""
        project.spiders(self.settings)
