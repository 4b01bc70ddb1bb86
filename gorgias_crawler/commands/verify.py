"""``scrapy verify``: whether an archive and its files can be trusted."""

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar

from scrapy import Spider
from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.arguments import ACCOUNT, OF_ROWS
from gorgias_crawler.commands import project, reemission
from gorgias_crawler.commands.answering import AnsweringCommand
from gorgias_crawler.commands.counts import NOT_COMPARED, CountsSpider, differences
from gorgias_crawler.commands.reemission import Reemission
from gorgias_crawler.commands.spider_command import (
    add_env_file_option,
    run_crawlers,
)
from gorgias_crawler.config.accounts import find_account
from gorgias_crawler.durable import file_sha256, hashes_in
from gorgias_crawler.errors import (
    EXIT_CANNOT_START,
    EXIT_COMPLETE,
    EXIT_INCOMPLETE,
    CommandLineError,
    GorgiasError,
    RunEndError,
)
from gorgias_crawler.feeds import file_store
from gorgias_crawler.job import files as fetched_files
from gorgias_crawler.job import verification
from gorgias_crawler.job.directory import archive_to_read

_SHOWN = 20  # problems of one kind; the first ones tell what is wrong


class Command(AnsweringCommand, ScrapyCommand):
    """Holds archive against itself, the counts, its files, and the API if asked to."""

    not_read = ()
    requires_crawler_process = True
    default_settings: ClassVar = {}
    operands = range(1, 3)
    arguments = ACCOUNT | OF_ROWS
    example = "verify crawls/run1"
    usage = "[options] JOBDIR [FILE]"
    summary = "Check an archive and the files that were written from it"

    def long_desc(self) -> str:
        """Return the explanation in the help."""
        return (
            f"{self.short_desc()}: without FILE, all local ones of its last run. Exit "
            "status 0 says that all holds; 3 that something differs, by its id; 1 "
            "that something could not be judged."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        super().add_options(parser)
        self.add_arguments_option(
            parser,
            "a filter that FILE was written with, as for export; with --online also "
            "account=NAME, as for crawl",
        )
        add_env_file_option(parser)
        parser.add_argument(
            "--online",
            action="store_true",
            help="list all tickets again (1 call per 100) and compare their counts, and "
            "the ids of other archived kinds but events and calls",
        )
        parser.add_argument(
            "--files",
            action="store_true",
            help="read all fetched attachments and compare their SHA-256",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Keep the log quiet: the answer is what is printed."""
        self.settings.set("LOG_LEVEL", "CRITICAL", priority="project")
        super().process_options(args, opts)

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the account, which only ``--online`` asks.

        Raises `CannotStartError`.
        """
        name, env_file = opts.spargs.pop("account", None), opts.env_file
        self._account = {"account": name, "env_file": env_file}
        if opts.online:
            find_account(os.environ, name=name, env_file=env_file)
        elif (name, env_file) != (None, None):
            raise CommandLineError(
                "-a account and --env-file say whose help desk is asked, and only "
                f"--online asks it: `{self.shown_example} --online -a account=acme`."
            )

    def _create_crawler(self, spider: type[Spider]) -> Crawler:
        assert self.crawler_process is not None
        return self.crawler_process.create_crawler(spider)

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Say of each part of the job whether it can be trusted."""
        with closing(archive_to_read(Path(args[0]))) as archive:
            return self._judge(archive, args, opts)

    def _judge(
        self, archive: Archive, args: list[str], opts: argparse.Namespace
    ) -> int:
        if not _say("Archive file", verification.damages(archive)):
            return EXIT_INCOMPLETE  # nothing can be held against it
        manifest = archive.last_manifest() or {}
        files = list(_files(manifest, args[1:]))
        feeds = {str(file.path): file.options for file in files if file.options}
        used = reemission.filters_of(manifest, opts.spargs)
        spider = project.spider_of_rows(self.settings, manifest)
        again = Reemission(self.crawler_process, manifest, feeds, spider)
        online = self._create_crawler(CountsSpider)
        crawls: list[tuple[Crawler, Mapping[str, Any]]] = []
        if opts.online:
            crawls.append((online, {"archive": archive, **self._account}))
        if feeds:
            crawls.append((again.crawler, {"jobdir": args[0], **used}))
        errors = run_crawlers(self.crawler_process, crawls) if crawls else []
        again.error = errors[-1] if feeds else None
        verdicts: list[bool | None] = [_say_archive(archive, again)]
        verdicts += [_say_file(file, again) for file in files]
        if not files:
            print("No file was checked, as the last run wrote none: name one.")
        if opts.files:
            verdicts.append(self._say_fetched(archive, Path(args[0])))
        if opts.online:
            verdicts += _say_online(archive, online, errors[0])
        again.close()
        if False in verdicts:
            return EXIT_INCOMPLETE
        return EXIT_CANNOT_START if None in verdicts else EXIT_COMPLETE

    def _say_fetched(self, archive: Archive, jobdir: Path) -> bool | None:
        root = file_store.local_root(self.settings, jobdir)
        if root is None:
            place = self.settings["FILES_STORE"]
            print(f"Fetched files: they are in {place}, and are not read from there.")
            return None
        return _say(f"Fetched files in {root}", fetched_files.damages(archive, root))


@dataclass(frozen=True)
class File:
    """A file to verify, with its record in the manifest, if the last run wrote it.

    ``options`` are those of the feed that writes it again, None where no reader of ours
    could tell its rows apart. ``fault`` is why it cannot be read. A kind with a file
    for each month is a directory.
    """

    path: Path
    record: Mapping[str, Any]
    options: dict[str, Any] | None = None
    fault: str | None = None


def _files(manifest: dict[str, Any], names: list[str]) -> Iterator[File]:
    recorded = {feed["uri"]: feed for feed in manifest.get("feeds", [])}
    local = [
        uri
        for uri, feed in recorded.items()
        if feed["sha256"] and Path(uri).is_absolute()
    ]
    for name in names or local:
        path = Path(name).resolve()
        record = recorded.get(str(path), {})
        if path.is_dir() and record:
            yield File(path, record)
            continue
        if path.exists() and not path.is_file():  # to open a pipe would wait for ever
            yield File(path, record, fault="it is no file, but a directory or a pipe")
            continue
        try:
            yield File(path, record, reemission.options_of(path, record))
        except FileNotFoundError:
            yield File(path, record, fault="it is not there")
        except OSError as error:
            yield File(path, record, fault=f"it cannot be read ({error.strerror})")


def _say_archive(archive: Archive, again: Reemission) -> bool:
    totals = counts.totals(archive)
    what = f"Archive: {totals.tickets:,} tickets, {totals.messages:,} messages"
    # To read all that was read just now would take as long again.
    unreadable = () if again.has_read_all else verification.unreadable(archive)
    return _say(what, chain(unreadable, verification.gaps(archive)))


def _say_file(file: File, again: Reemission) -> bool | None:
    """Say how *file* is; return whether it holds, None where that cannot be told."""
    what = f"File {file.path}"
    if file.fault:
        print(f"{what}: {file.fault}.")
        return None if file.path.exists() else False
    found = again.differences(file.path)
    verdict = None if found is None else _say(what, found)
    recorded = file.record.get("sha256")
    if verdict is None:
        why = again.trouble if file.options else "its format is not read row by row"
        print(f"{what}: {why or 'it could not be written again'}.")
    if not recorded:
        return verdict
    is_recorded = _say("Its SHA-256 against the recorded one", _changes(file))
    if verdict is None and file.options is None:
        return is_recorded
    return verdict if is_recorded else False


def _changes(file: File) -> Iterator[str]:
    """Yield a sentence for each part of *file* that is not what was written."""
    if not file.path.is_dir():
        if file_sha256(file.path) != file.record["sha256"]:
            yield "it was changed since it was written"
        return
    wrote, found = file.record.get("parts", {}), hashes_in(file.path)
    for name in sorted({*wrote, *found}):
        if name not in found:
            yield f"{name}: it is not there"
        elif name not in wrote:
            yield f"{name}: it was put there since"
        elif wrote[name] != found[name]:
            yield f"{name}: it was changed since it was written"


def _say_online(
    archive: Archive, crawler: Crawler, error: BaseException | None
) -> Iterator[bool | None]:
    """Say of each archived kind whether Gorgias lists what is archived."""
    spider = crawler.spider
    why = error or getattr(spider, "ending", None)
    if not isinstance(spider, CountsSpider) or not spider.is_done or why:
        if not isinstance(why, GorgiasError):
            why = RunEndError("stopped", "stopped before the end")
        print(f"Gorgias: not all tickets could be listed now: {why}")
        yield None
        return
    notes: list[str] = []
    found = list(spider.problems(notes))  # all of them: it makes the notes
    yield _say(f"Gorgias: {len(spider.counts):,} tickets listed now", iter(found))
    for note in notes[:_SHOWN]:
        print(f"  Note: {note}.")
    for name, listed in spider.listed.items():
        if isinstance(listed, str):
            print(f"Gorgias: {name} not compared: {listed}.")
            yield True if listed in NOT_COMPARED.values() else None
        else:
            what = f"Gorgias: {len(listed):,} {name} listed now"
            yield _say(what, differences(archive, KINDS[name], listed))


def _say(what: str, problems: Iterator[str]) -> bool:
    found = list(islice(problems, _SHOWN + 1))
    print(f"{what}: {'all holds' if not found else 'NOT as it should be'}.")
    for problem in found[:_SHOWN]:
        print(f"  {problem}")
    if len(found) > _SHOWN:
        print("  and more")
    return not found
