"""The rows of one feed, and their columns: those of pipelines are never lost."""

from collections.abc import Mapping
from typing import Any

from itemadapter import ItemAdapter
from scrapy.extensions.feedexport import ItemFilter
from scrapy.utils.misc import load_object

from gorgias_crawler.errors import FeedError, RunEndError


class FeedRows:
    """Which items a feed with these *options* takes, and the columns that they have.

    Takes rows of the feed's kinds that its *own* filter accepts. Where it names no
    classes, all but the rows of other *kinds* are of it: what a pipeline has made of a
    row is no row of another kind, whatever its class.

    Columns that are asked for must come in at least one row. Where none were asked for,
    the default ones are followed by those that the first row has of its own: *options*
    are changed so, before the exporter is made. Raises `FeedError` where a column is
    asked for that nothing can make.
    """

    def __init__(
        self,
        options: dict[str, Any],
        own: ItemFilter,
        kinds: Mapping[str, type],
        *,
        has_pipelines: bool,
    ) -> None:
        self._options, self._own = options, own
        self._classes = tuple(map(load_object, options.get("item_classes") or ()))
        kind = options.get("kind")
        self._others = tuple(row for name, row in kinds.items() if name != kind)
        self._rows = frozenset(kinds.values())
        self._declared = set(options.get("columns") or ())
        self._first: set[str] | None = None
        asked = list(options["fields"] or ()) if self._declared else []
        self._awaited = [name for name in asked if name not in self._declared]
        if self._awaited and not has_pipelines:
            raise FeedError(
                f"FEED_EXPORT_FIELDS: there is no column {self._awaited[0]!r}; known are "
                f"{', '.join(options['columns'])}."
            )

    def takes(self, row: type) -> bool:
        """Tell whether rows of the class *row* are of a kind of the feed."""
        if self._classes:
            return issubclass(row, self._classes)
        return not issubclass(row, self._others)

    def accepts(self, item: Any) -> bool:
        """Tell whether *item* belongs into the feed."""
        return self.takes(type(item)) and self._own.accepts(item)

    def see(self, item: Any) -> None:
        """Look at *item* before it is written.

        Raises `RunEndError` where it has a column that has no place any more.
        """
        if type(item) in self._rows:
            self._first = self._first or set()
            return
        names = ItemAdapter(item).keys()
        self._awaited = [name for name in self._awaited if name not in names]
        if not self._options.get("takes_more"):
            return
        own = [name for name in names if name not in self._declared]
        if self._first is None:
            self._first = set(own)
            self._options["fields"] = [*self._options["fields"], *own]
        elif more := set(own) - self._first:
            raise RunEndError(
                "feed_error",
                f"A pipeline gave a row the column {min(more)!r}, which the first row "
                "had not, so no file was written: let it give each row the same "
                "columns, or name those that you want in FEED_EXPORT_FIELDS.",
            )

    def check_all_came(self) -> None:
        """Raise `RunEndError` where a column that is asked for stood in no row."""
        if self._awaited:
            raise RunEndError(
                "feed_error",
                f"FEED_EXPORT_FIELDS: no row had the column {self._awaited[0]!r}, so no "
                "file was written: check its name and the pipeline that makes it.",
            )
