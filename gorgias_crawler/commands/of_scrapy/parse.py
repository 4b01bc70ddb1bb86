"""``scrapy parse``, for spiders that keep no job."""

import argparse

from scrapy.commands import parse

from gorgias_crawler.commands.of_scrapy import UrlVerb
from gorgias_crawler.errors import CommandLineError


class Command(UrlVerb, parse.Command):
    """Shows what another spider makes of a page."""

    example = "parse --spider SPIDER URL"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check that there is a spider for the page. Raises `CommandLineError`."""
        super().check(args, opts)
        if self._spider_of(args, opts.spider) is None:
            raise CommandLineError(
                f"No spider here takes pages of {args[0]}: name one with --spider."
            )
