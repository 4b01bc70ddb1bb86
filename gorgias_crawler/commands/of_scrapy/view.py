"""``scrapy view``: as in any project, without the key."""

from scrapy.commands import view

from gorgias_crawler.commands.of_scrapy import UrlVerb


class Command(UrlVerb, view.Command):
    """Opens in a browser what a URL answers."""

    example = "view https://example.com"
