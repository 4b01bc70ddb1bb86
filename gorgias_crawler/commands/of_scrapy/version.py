"""``scrapy version``."""

from scrapy.commands import version

from gorgias_crawler.commands.verbs import Verb


class Command(Verb, version.Command):
    """Prints the version of Scrapy."""

    example = "version"
