"""Writes the files of a run once more, by the same feeds, to compare them."""

import filecmp
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from gorgias_crawler.arguments import OF_ROWS
from gorgias_crawler.commands.export import ExportSpider, made_of
from gorgias_crawler.errors import GorgiasError
from gorgias_crawler.feeds import compressed, targets
from gorgias_crawler.feeds.read_back import layout_of
from gorgias_crawler.feeds.typed import OTHER_VALUES
from gorgias_crawler.job import readers, verification
from gorgias_crawler.spiders.gorgias import GorgiasSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from gorgias_crawler.feeds.recorded import FeedRecord


class ReemissionSpider(ExportSpider):
    """Yields the rows that a crawl would."""

    name = "reemission"
    has_settings_of_user = False
    only_complete = False  # as a crawl

    def has_read_all(self) -> bool:
        """Tell whether each ticket and message was read, and none left out."""
        return self.emitted_all and not self.filters and "messages" in self._wanted()


class Reemission:
    """The *feeds* (options by the paths of files) of a *manifest*, written again.

    They are in a temporary directory, for its owner only, until `close`.
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
        self._directory = TemporaryDirectory(prefix="gorgias-verify-")
        here = Path(self._directory.name).resolve()
        self._copies = {
            path: here / f"{number}{compressed.ending(path)}"
            for number, path in enumerate(feeds)
        }
        copied = {str(self._copies[path]): feeds[path] for path in feeds}
        self.crawler.settings.set("FEEDS", copied, priority="cmdline")

    @property
    def has_read_all(self) -> bool:
        """Whether every ticket and message of the archive was read on the way."""
        return self._spider is not None and self._spider.has_read_all()

    @property
    def trouble(self) -> str | None:
        """Why nothing came of it, in one line; None where it came to its end."""
        spider = self._spider
        ending = self.error or (spider and spider.ending)
        if ending is None:
            return None
        if isinstance(ending, GorgiasError):
            said = str(ending)
            for path, copy in self._copies.items():
                said = said.replace(str(copy), path)
            return said
        return f"it could not be written again ({type(ending).__name__})"

    def differences(self, path: Path) -> Iterator[str] | None:
        """Yield a sentence for each ticket whose rows differ in the file at *path*.

        Returns None where the file was not written again.
        """
        copy = self._copies.get(str(path))
        records = self._spider.feeds_stored if self._spider else []
        record = next((each for each in records if each.uri == str(copy)), None)
        if copy is None or record is None:
            return None
        is_same = filecmp.cmp(copy, path, shallow=False)
        return iter(()) if is_same else _differences(path, copy, record)

    def close(self) -> None:
        """Remove what was written."""
        self._directory.cleanup()

    @property
    def _spider(self) -> ReemissionSpider | None:
        return cast("ReemissionSpider | None", self.crawler.spider)


def _differences(path: Path, copy: Path, record: "FeedRecord") -> Iterator[str]:
    layout = layout_of(record.options)
    with copy.open("rb") as ours, path.open("rb") as theirs:
        yield from verification.differences(
            readers.read(ours, layout), readers.read(theirs, layout), record.names
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
            if options["format"] in readers.TYPED:  # they follow from the kinds
                options.pop("item_export_kwargs", None)
            if not targets.is_indented(options):  # it was meant for another feed
                options.pop("indent", None)
            return options if readers.can_read(layout_of(options)) else None
        layout = readers.layout_of_name(path.name)
        if record:
            layout = replace(layout, format=record["format"])
        if not readers.can_read(layout):
            return None
        if layout.format == "sqlite":  # the columns of all kinds
            return {"format": "sqlite"}
        try:
            first, format_ = readers.first_row(file, layout)
        except tuple(readers.UNREADABLE):
            first, format_ = {}, layout.format
    columns = {name: column for column, name in record.get("names", {}).items()}
    first.pop(OTHER_VALUES, None)
    fields = {columns.get(name, name): name for name in first}
    return {"format": format_, **({"fields": fields} if fields else {})}
