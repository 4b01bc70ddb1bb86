"""``scrapy verify``: whether an archive and its files can be trusted."""

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.utils.conf import arglist_to_dict, build_component_list
from scrapy.utils.misc import build_from_crawler, load_object

from gorgias_crawler import arguments
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.commands.counts import CountsSpider
from gorgias_crawler.commands.refusing import CheckedCommand, say
from gorgias_crawler.commands.running import reader_may_leave, run_crawler
from gorgias_crawler.emit import filters, rows
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import (
    EXIT_COMPLETE,
    EXIT_INCOMPLETE,
    GorgiasError,
    RunEndError,
)
from gorgias_crawler.items import Message
from gorgias_crawler.job import directory, verification

_SHOWN = 20  # problems of one kind; the first ones tell what is wrong


class Command(CheckedCommand, ScrapyCommand):
    """Holds archive against itself, the counts, its files, and the API if asked to."""

    operands = range(1, 3)
    example = "scrapy verify crawls/run1"

    def syntax(self) -> str:
        """Return the usage line."""
        return "[options] JOBDIR [FILE]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Check an archive and the files that were written from it"

    def long_desc(self) -> str:
        """Return the explanation in the help."""
        return (
            f"{self.short_desc()}: without FILE, all local ones of its last run. Exit "
            "status 0 says that all holds; 3 that something differs, by ticket id."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        super().add_options(parser)
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a filter that FILE was written with, as for export",
        )
        parser.add_argument(
            "--online",
            action="store_true",
            help="list all tickets again (1 call per 100) and compare their counts",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Keep the log quiet: the answer is what is printed."""
        assert self.settings is not None
        self.settings.set("LOG_LEVEL", "WARNING", priority="project")
        super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Verify the job that *args* names."""
        self.exitcode = EXIT_INCOMPLETE
        try:
            archive = directory.archive_to_read(Path(args[0]))
            with reader_may_leave():
                holds = self._verify(archive, args[1:], opts)
                self.exitcode = EXIT_COMPLETE if holds else EXIT_INCOMPLETE
            archive.close()
        except GorgiasError as error:
            say(error)
            self.exitcode = error.exit_status

    def _verify(
        self, archive: Archive, names: list[str], opts: argparse.Namespace
    ) -> bool:
        if not _say("Archive file", verification.damages(archive)):
            return False  # nothing can be held against it
        holds = _say_counts(archive)
        manifest = archive.last_manifest() or {}
        crawler = self._crawler_of_run(manifest.get("settings", {}))
        feeds = list(_feeds(manifest, names, arglist_to_dict(opts.spargs)))
        for feed in feeds:
            holds &= _say_file(archive, feed, crawler)
        if not feeds:
            print("No file was checked, as the last run wrote none: name one.")
        if opts.online:
            holds &= self._say_online(archive, crawler)
        return holds

    def _crawler_of_run(self, used: dict[str, Any]) -> Crawler:
        """Return a crawler with the settings that shaped the rows of the last run."""
        assert self.settings is not None
        assert self.crawler_process is not None
        for name, value in used.items():
            self.settings.set(name, value, priority="project")
        return self.crawler_process.create_crawler(CountsSpider)

    def _say_online(self, archive: Archive, crawler: Crawler) -> bool:
        assert self.crawler_process is not None
        run_crawler(self.crawler_process, crawler, archive=archive)
        spider: Any = crawler.spider
        if spider.ending is not None:
            raise spider.ending
        if not spider.is_done:
            raise RunEndError("stopped", "Stopped before all tickets were listed.")
        what = f"Gorgias: {spider.listed:,} tickets listed now"
        return _say(what, spider.problems())


def _say_counts(archive: Archive) -> bool:
    totals = counts.totals(archive)
    what = f"Archive: {totals.tickets:,} tickets, {totals.messages:,} messages"
    return _say(what, verification.gaps(archive))


def _say_file(archive: Archive, feed: dict[str, Any], crawler: Crawler) -> bool:
    path = Path(feed["uri"])
    if not path.is_file():
        return _say(f"File {path}", iter(["it is not there"]))
    rows = _expected(archive, feed["filters"], crawler)
    is_safe = crawler.settings.getbool("GORGIAS_SPREADSHEET_SAFE")
    problems = verification.file_problems(
        path, rows, feed["names"], is_for_spreadsheets=is_safe
    )
    holds = _say(f"File {path}", problems)
    if feed["sha256"]:
        changed = verification.hash_problems(path, feed["sha256"])
        holds &= _say("Its SHA-256 against the recorded one", changed)
    return holds


def _expected(archive: Archive, wanted: Filters, crawler: Crawler) -> Iterator[Message]:
    """Yield the rows as the pipelines of these settings make them."""
    paths = build_component_list(crawler.settings.getwithbase("ITEM_PIPELINES"))
    pipelines: list[Callable[[Message], Message]] = [
        build_from_crawler(load_object(path), crawler).process_item for path in paths
    ]
    for message in rows.messages(archive, wanted):
        row = message
        for process_item in pipelines:
            row = process_item(row)
        yield row


def _feeds(
    manifest: dict[str, Any], names: list[str], values: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield what is known of the files to verify: URI, hash, names, filters."""
    arguments.check_names(values, filters.MEANINGS)
    recorded = {feed["uri"]: feed for feed in manifest.get("feeds", [])}
    used = manifest.get("arguments", {})
    local = [uri for uri, feed in recorded.items() if feed["sha256"] and ":" not in uri]
    for name in names or local:
        uri = str(Path(name).resolve())
        asked = values if values or uri not in recorded else used
        known = {"uri": uri, "sha256": None, "names": {}} | recorded.get(uri, {})
        yield known | {"filters": filters.parse(asked)}


def _say(what: str, problems: Iterator[str]) -> bool:
    found = list(islice(problems, _SHOWN + 1))
    print(f"{what}: {'all holds' if not found else 'NOT as it should be'}.")
    for problem in found[:_SHOWN]:
        print(f"  {problem}")
    if len(found) > _SHOWN:
        print("  and more")
    return not found
