"""Scrapy's commands that might run a spider of ours or show a secret: they do not.

Its others (bench, edit, genspider, startproject, version) are left as they are.
"""

import argparse

from scrapy import Request, Spider
from scrapy.utils.spider import spidercls_for_request
from w3lib.url import is_url

from gorgias_crawler.command_line import typed
from gorgias_crawler.commands import project
from gorgias_crawler.commands.checked_command import CheckedCommand
from gorgias_crawler.errors import CommandLineError


class Verb(CheckedCommand):
    """A command of Scrapy's own that takes nothing which it would ignore; a mixin."""

    def read_arguments(self, given: list[str]) -> None:
        """Leave ``-a`` to Scrapy: another spider has arguments of its own."""

    @property
    def verb(self) -> str:
        """The name of the command."""
        return self.__module__.rpartition(".")[2]


class UrlVerb(Verb):
    """A command that asks for one URL: with another spider than ours, or with none."""

    operands = range(1, 2)

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the URL and the spider. Raises `CommandLineError`."""
        if args and not self.takes(args[0]):
            raise CommandLineError(
                f"{args[0]} is no URL: write it out, for example "
                f"`{typed(self.verb, 'https://example.com')}`."
            )
        if found := self._spider_of(args, opts.spider):
            project.check_foreign(found, self.verb)

    def takes(self, operand: str) -> bool:
        """Tell whether *operand* is what the command can ask for."""
        return bool(is_url(operand))

    def _spider_of(self, args: list[str], name: str | None) -> type[Spider] | None:
        """Return the spider that is named, else the one that claims the URL's host."""
        if name:
            return project.spider(self.settings, name)
        if not args or not is_url(args[0]):
            return None
        loader = project.loader(self.settings)
        return spidercls_for_request(loader, Request(args[0]))
