"""Writes the files of a run once more, by the same feeds, and only compares them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from gorgias_crawler.arguments import OF_ROWS
from gorgias_crawler.commands.export import ExportSpider, made_of
from gorgias_crawler.errors import GorgiasError
from gorgias_crawler.feeds.read_back import layout_of
from gorgias_crawler.job import readers, verification
from gorgias_crawler.spiders.gorgias import GorgiasSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from gorgias_crawler.feeds.compared import ComparedFile
    from gorgias_crawler.feeds.recorded import FeedRecord

_STORAGE = "gorgias_crawler.feeds.compared.ComparedStorage"


class ReemissionSpider(ExportSpider):
    """Yields the rows that a crawl would; ``compared`` has what came of each feed."""

    name = "reemission"
    custom_settings = {  # noqa: RUF012  # as Scrapy declares it
        "FEED_STORAGES": {"": _STORAGE, "file": _STORAGE},
    }
    has_settings_of_user = False
    only_complete = False  # as a crawl

    def __init__(self, jobdir: str, **values: str) -> None:
        super().__init__(jobdir, **values)
        self.compared: dict[str, ComparedFile] = {}

    def has_read_all(self) -> bool:
        """Tell whether each ticket and message was read, and none left out."""
        is_of_messages = "messages" in self._wanted()
        return self.emitted_all and is_of_messages and not self.filters


class Reemission:
    """The *feeds* (options by the paths of files) of a *manifest*, written again.

    Their rows and settings are those of *spider*, which crawls.
    ``crawler`` is to be run with the job and its filters as arguments; ``error`` is
    what kept it from starting, if something did.
    """

    def __init__(
        self,
        process: Any,
        manifest: Mapping[str, Any],
        feeds: Mapping[str, Mapping[str, Any]],
        spider: type[GorgiasSpider],
    ) -> None:
        self.error: BaseException | None = None
        spidercls = made_of(ReemissionSpider, spider)
        self.crawler: Crawler = process.create_crawler(spidercls)
        for name, value in manifest.get("settings", {}).items():
            # above the project's: Scrapy lays those over a crawler that is to be run
            self.crawler.settings.set(name, value, priority="spider")
        self.crawler.settings.set("FEEDS", dict(feeds), priority="cmdline")

    @property
    def has_read_all(self) -> bool:
        """Whether every ticket and message of the archive was read on the way."""
        return self._spider is not None and self._spider.has_read_all()

    @property
    def trouble(self) -> str | None:
        """Why nothing came of it, in one line; None where it came to its end."""
        spider = self._spider
        ending = self.error or (spider and spider.ending)
        if ending is None or isinstance(ending, GorgiasError):
            return str(ending) if ending else None
        return f"it could not be written again ({type(ending).__name__})"

    def differences(self, path: Path) -> Iterator[str] | None:
        """Yield a sentence for each ticket whose rows differ in the file at *path*.

        Returns None where the file was not written again.
        """
        name, spider = str(path), self._spider
        records = spider.feeds_stored if spider else []
        record = next((record for record in records if record.uri == name), None)
        if spider is None or record is None:
            return None
        copy = spider.compared[name].copy
        return iter(()) if copy is None else _differences(path, copy, record)

    def close(self) -> None:
        """Let go of all files."""
        for compared in self._spider.compared.values() if self._spider else ():
            compared.close()

    @property
    def _spider(self) -> ReemissionSpider | None:
        return cast("ReemissionSpider | None", self.crawler.spider)


def _differences(path: Path, copy: IO[bytes], record: "FeedRecord") -> Iterator[str]:
    layout = layout_of(record.options)
    copy.seek(0)
    with path.open("rb") as theirs:
        yield from verification.differences(
            readers.read(copy, layout), readers.read(theirs, layout), record.names
        )


def filters_of(
    manifest: Mapping[str, Any], given: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the filters that are *given*, else those of the run of *manifest*."""
    used = manifest.get("arguments", {})
    return given or {name: used[name] for name in OF_ROWS if name in used}


def options_of(path: Path, record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the options, as ``FEEDS`` takes them, that write the file at *path* again.

    They are those of its *record*, else what the file itself shows: its name the
    format, its first row the columns. None where no reader of ours takes it. Raises
    `OSError` where it cannot be opened.
    """
    with path.open("rb") as file:
        if "options" in record:
            options = dict(record["options"])
            return options if readers.can_read(layout_of(options)) else None
        layout = readers.layout_of_name(path.name)
        if record:
            layout = replace(layout, format=record["format"])
        if not readers.can_read(layout):
            return None
        try:
            first, format_ = readers.first_row(file, layout)
        except tuple(readers.UNREADABLE):
            first, format_ = {}, layout.format
    columns = {name: column for column, name in record.get("names", {}).items()}
    fields = {columns.get(name, name): name for name in first}
    return {"format": format_, **({"fields": fields} if fields else {})}
