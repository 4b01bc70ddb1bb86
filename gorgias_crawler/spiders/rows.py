"""What every spider does that yields the rows of an archive into feeds."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gorgias_crawler import emission
from gorgias_crawler.archive import Archive
from gorgias_crawler.filters import Filters
from gorgias_crawler.items import COLUMNS, Message
from gorgias_crawler.spiders.run import RunSpider

if TYPE_CHECKING:
    from gorgias_crawler.feeds import FeedRecord

logger = logging.getLogger(__name__)


class RowsSpider(RunSpider):
    """Yields rows of ``archive``; the feed exporter reads here what it must know.

    ``emitted_all`` turns true when the last row has been yielded: only then may feeds
    be stored. ``job_id`` names the feeds' temporary files.
    """

    columns = COLUMNS
    archive: Archive
    job_id: str

    def __init__(self) -> None:
        super().__init__()
        self.emitted_all = False
        self.rows = 0
        self.feeds_stored: list[FeedRecord] = []
        self.feeds_failed: list[str] = []

    def owns_feed(self, uri: str) -> bool:
        """Tell whether an earlier run of this job wrote the feed *uri*."""
        return self.archive.owns_feed(uri)

    def emit(self, filters: Filters, *, only_whole: bool = False) -> Iterator[Message]:
        """Yield the rows; end early, without ``emitted_all``, when the run is stopped."""
        for row in emission.messages(self.archive, filters, only_whole=only_whole):
            if self.is_stopping:
                return
            yield row
            self.rows += 1
        self.emitted_all = True
        if filters and not self.rows:
            logger.warning("0 rows matched the filters: %s.", filters.asked)
