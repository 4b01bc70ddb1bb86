"""Columns that a pipeline of the user's makes: taken into the file, never lost."""

from collections.abc import Collection
from typing import Any

from itemadapter import ItemAdapter

from gorgias_crawler.errors import FeedError, RunEndError


class PipelineColumns:
    """The columns of one feed, as far as no kind of row declares them.

    Columns that are asked for must come in at least one row. Where none were asked for,
    the default ones are followed by those that the first row has of its own: *options*
    of the feed are changed so, before its exporter is made. *rows* are the declared
    classes. Raises `FeedError` where a column is asked for that nothing can make.
    """

    def __init__(
        self, options: dict[str, Any], rows: Collection[type], *, has_pipelines: bool
    ) -> None:
        self._options = options
        self._rows = frozenset(rows)
        self._declared = set(options.get("columns") or ())
        self._first: set[str] | None = None
        asked = list(options["fields"] or ()) if self._declared else []
        self.awaited = [name for name in asked if name not in self._declared]
        if self.awaited and not has_pipelines:
            raise FeedError(
                f"FEED_EXPORT_FIELDS: there is no column {self.awaited[0]!r}; known are "
                f"{', '.join(options['columns'])}."
            )

    def see(self, item: Any) -> None:
        """Look at *item* before it is written.

        Raises `RunEndError` where it has a column that has no place any more.
        """
        if type(item) in self._rows:
            self._first = self._first or set()
            return
        names = ItemAdapter(item).keys()
        self.awaited = [name for name in self.awaited if name not in names]
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
        if self.awaited:
            raise RunEndError(
                "feed_error",
                f"FEED_EXPORT_FIELDS: no row had the column {self.awaited[0]!r}, so no "
                "file was written: check its name and the pipeline that makes it.",
            )
