"""``scrapy fetch``: as in any project, without the key."""

from scrapy.commands import fetch

from gorgias_crawler.commands.of_scrapy import UrlVerb


class Command(UrlVerb, fetch.Command):
    """Shows what a URL answers."""

    example = "fetch https://example.com"
