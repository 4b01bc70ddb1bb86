"""``scrapy startproject``."""

from scrapy.commands import startproject

from gorgias_crawler.commands.verbs import Verb


class Command(Verb, startproject.Command):
    """Makes a project that has nothing to do with this one."""

    operands = range(1, 3)
    example = "startproject NAME"
