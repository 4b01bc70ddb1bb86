"""What every spider does that yields the rows of an archive into feeds."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from gorgias_crawler import __version__
from gorgias_crawler.archive import UNREADABLE, Archive, changes
from gorgias_crawler.durable import content_sha256
from gorgias_crawler.emit import beside, bodies, objects
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import GorgiasError, RunEndError
from gorgias_crawler.feeds.conversations import CONVERSATION_COLUMNS, OF_ROLE
from gorgias_crawler.feeds.exporter import SnapshotFeedExporter
from gorgias_crawler.feeds.processor import RowProcessor
from gorgias_crawler.feeds.recorded import row_settings
from gorgias_crawler.items import COLUMNS, Message
from gorgias_crawler.spiders.run import Output, RunSpider, ends_run

if TYPE_CHECKING:
    from gorgias_crawler.feeds.recorded import FeedRecord

_ALWAYS = ("ticket_id", "message_id", "message_created_datetime")
"""What faults name of a message, and what tells its month."""

_ROWS_AT_ONCE = 100  # 5 ms; then signals, the live line and others have their turn

logger = logging.getLogger(__name__)


class RowsSpider(RunSpider):
    """Yields rows of ``archive``; the feed exporter reads here what it must know.

    ``filters`` say which; ``only_complete`` leaves out tickets of which something is
    still to fetch. Feeds may be stored only where ``emitted_all`` is true at the end.
    ``rows`` were yielded, ``dropped`` of them by pipelines, whose names are its keys.
    ``job_id`` names the temporary files of feeds, and ``jobdir`` is no place for them.
    """

    kinds: Mapping[str, type] = objects.row_classes(())
    """The kinds of rows that there are, and their classes."""

    row_classes: Mapping[str, type] = {}
    """Classes of rows that take the place of ours, by kind; a subclass gives them."""

    kind = "messages"
    """The kind of a file that names none."""

    only_complete = False
    filters: Filters
    archive: Archive
    job_id: str
    jobdir: Path

    def __init__(self) -> None:
        super().__init__()
        self._yielded_all = self._row_failed = False
        self.rows = 0
        self.dropped: Counter[str] = Counter()
        self.filtered_by = ""
        self.feeds_stored: list[FeedRecord] = []
        self.feeds_failed: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.row_failed, signals.item_error)
        return spider

    @property
    def emitted_all(self) -> bool:
        """Whether every row was yielded, and none was lost in a pipeline."""
        return self._yielded_all and not self._row_failed

    def row_failed(self) -> None:
        """End the run where a pipeline has raised: the file would lack a row."""
        self._row_failed = True
        self.end_run(
            RunEndError(
                "item_error",
                "A row could not be processed (see the error above), so no file was "
                "written. The archive is complete as far as it goes.",
            )
        )

    def explained(self, error: Exception) -> GorgiasError:
        """Return what an *error* ends the run with that nothing has caught."""
        if isinstance(error, UNREADABLE):
            return self.archive.explained(error)
        return super().explained(error)

    def described(self) -> dict[str, Any]:
        """Return what a folder's manifest says of the run that writes it."""
        return {
            "account": self.archive.facts.domain or self.archive.facts.host,
            "run": self.archive.last_run(),
            "filters": self.filtered_by,
            "gorgias_crawler": __version__,
        }

    # No property, nor is any other look into the archive: Scrapy reads each attribute
    # of a spider when it names a feed.

    def bots(self) -> frozenset[int] | None:
        """Return the numbers of the users that are bots, None where none are known."""
        return beside.bots(self.archive)

    def changed_in(self, ticket_id: int) -> int:
        """Return the run that last saw the ticket or its messages change."""
        return changes.run_of_ticket(self.archive, ticket_id)

    def tickets_since(self) -> set[int]:
        """Return the tickets that changed or were deleted since the run in a filter."""
        filters = self.filters.with_run(self.archive.last_run_before)
        if filters.changed_since is None:
            return set()
        since = filters.first_run
        changed = changes.tickets(self.archive, since, only_complete=self.only_complete)
        found = changes.deleted(self.archive, since)
        return {*changed, *(id_ for kind, id_, *_ in found if kind == "tickets")}

    def owns_feed(self, uri: str) -> bool:
        """Tell whether what is at the local path *uri* was stored by this job."""
        hashes, path = self.archive.hashes_of_feed(uri), Path(uri)
        # Somebody may have taken it away, or a kill came before its rename.
        return bool(hashes) and path.exists() and content_sha256(path) in hashes

    def has_stored(self, uri: str) -> bool:
        """Tell whether this job has ever stored a feed at *uri*, a remote one."""
        return bool(self.archive.hashes_of_feed(uri))

    def are_rows_unwatched(self) -> bool:
        """Tell whether no component of the user's looks at the rows."""
        processor = self.crawler.engine.scraper.itemproc
        return isinstance(processor, RowProcessor) and processor.is_unwatched

    def rows_request(self) -> Request:
        """Return what leads to the rows: Scrapy takes them best from a callback."""
        return Request("data:,", callback=self.parse_rows)

    async def parse_rows(self, response: Response) -> AsyncIterator[Any]:
        """Yield the rows; a run that is stopped ends early, without ``emitted_all``.

        Where nobody but ours looks at them they go to the feeds at once.
        """
        self.filtered_by = self.filters.asked
        processor = self.crawler.engine.scraper.itemproc
        rows = self._rows()
        if self.are_rows_unwatched():
            while not self.is_stopping and self._process_some(processor, rows):  # noqa: ASYNC110
                await asyncio.sleep(0)
            return
        for row in rows:
            if self.is_stopping:
                return
            self.rows += 1
            yield row

    def _slots(self) -> list[Any]:
        exporter = self.crawler.get_extension(SnapshotFeedExporter)
        return exporter.slots if exporter else []

    def _wanted(self) -> list[str]:
        """Return the kinds that a feed takes; messages where there is no feed."""
        return [
            kind
            for kind, row in self.kinds.items()
            if any(slot.filter.takes(row) for slot in self._slots())
        ] or [self.kind]

    def _looked_at(self) -> set[str] | None:
        """Return the columns of messages to read; None (all) where others may look."""
        slots = self._slots()
        filtered = any(slot.feed_options.get("item_filter") for slot in slots)
        of_user = filtered or row_settings(self.settings)["FEED_EXPORTERS"]
        if of_user or self.row_classes or not self.are_rows_unwatched():
            return None
        looked_at = {*bodies.READ, *_ALWAYS}
        for slot in slots:
            if slot.filter.takes(Message):
                fields = slot.feed_options["fields"]
                if slot.format == "conversations":
                    looked_at.update(fields or CONVERSATION_COLUMNS, OF_ROLE)
                else:
                    looked_at.update(fields or COLUMNS)
        return looked_at

    @ends_run
    def _rows(self) -> Output:
        for kind in self._wanted():
            yield from objects.of_kind(
                self.archive,
                kind,
                self.filters,
                only_complete=self.only_complete,
                looked_at=self._looked_at(),
                row=self.kinds[kind],
            )
        self._yielded_all = True
        if self.filters and not self.rows:
            logger.warning("0 rows matched the filters: %s.", self.filters.asked)

    def _process_some(self, processor: Any, rows: Output) -> int:
        """Put the next of *rows* into the feeds; return how many there were."""
        number = 0
        for number, row in enumerate(islice(rows, _ROWS_AT_ONCE), 1):  # noqa: B007
            try:
                processor.process_unwatched(row)
            except Exception:
                logger.exception("A row could not be processed.")
                self.row_failed()
                break
        self.rows += number
        processor.count_unwatched(number)
        return number
