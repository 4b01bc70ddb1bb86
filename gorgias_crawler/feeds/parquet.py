"""Parquet: a table of typed columns, in groups of rows that fit into memory."""

import logging
from collections.abc import Sequence
from typing import IO, Any

from scrapy.exporters import BaseItemExporter

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.typed import TypedColumn, TypedRows, microseconds
from gorgias_crawler.items import Message, Type

logger = logging.getLogger(__name__)

# A reader takes groups side by side and skips those that a filter rules out, so they
# should be neither tiny nor the whole file. Both bounds were measured: 117 MB of peak
# for 53,000 rows of mail, and no more with bodies of 20 MB.
_MOST_ROWS = 10_000
_MOST_CHARACTERS = 16 * 2**20


class ParquetItemExporter(BaseItemExporter):
    """Writes the items of one class, compressed with Zstandard.

    Columns have the types of their declarations: instants are timestamps in UTC, lists
    are lists, open-ended objects are JSON text. What does not fit stands in the column
    ``other_values``. The schema's fields say what they mean.
    """

    def __init__(
        self, file: IO[bytes], *, rows: Sequence[type] = (Message,), **kwargs: Any
    ) -> None:
        """Begin a table of the one class in *rows*. Raises `FeedError`."""
        self.check()
        (row,) = rows
        import pyarrow as pa  # noqa: PLC0415  # optional, and 50 MB of memory
        from pyarrow import parquet  # noqa: PLC0415

        super().__init__(dont_fail=True, **kwargs)
        self._rows = TypedRows(row, self.fields_to_export, microseconds)
        self._schema = pa.schema([_field(column) for column in self._rows.columns])
        self._record_batch = pa.record_batch
        self._writer = parquet.ParquetWriter(
            pa.PythonFile(file, "w"), self._schema, compression="zstd"
        )
        self._begin_group()

    @staticmethod
    def check() -> None:
        """Raise `FeedError` where the library is missing."""
        try:
            import pyarrow as pa  # noqa: F401, PLC0415
        except ImportError:
            raise FeedError(
                "The format parquet needs a library: pip install -e '.[parquet]'."
            ) from None

    def export_item(self, item: Any) -> None:
        """Add a row; write the group that it makes full."""
        values = self._rows.values(item)
        for column, value in zip(self._group, values, strict=True):
            column.append(value)
        self._characters += sum(len(v) for v in values if type(v) is str)
        is_large = self._characters >= _MOST_CHARACTERS
        if is_large or len(self._group[0]) >= _MOST_ROWS:
            self._write_group()

    def finish_exporting(self) -> None:
        """Write the last group and the footer, without which it is no file."""
        if self._group[0]:
            self._write_group()
        self._writer.close()
        if self._rows.misfits:
            logger.warning(
                "%d values were not of their column's type: each stands in the column "
                "other_values of its row.",
                self._rows.misfits,
            )

    def _begin_group(self) -> None:
        self._group: list[list[Any]] = [[] for _ in self._rows.columns]
        self._characters = 0

    def _write_group(self) -> None:
        batch = self._record_batch(self._group, schema=self._schema)
        self._begin_group()
        self._writer.write_batch(batch)


def _field(column: TypedColumn) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    types = {
        Type.INTEGER: pa.int64(),
        Type.NUMBER: pa.float64(),
        Type.BOOLEAN: pa.bool_(),
        Type.INSTANT: pa.timestamp("us", "UTC"),
        Type.TEXTS: pa.list_(pa.string()),
        Type.INTEGERS: pa.list_(pa.int64()),
    }
    type_ = types.get(column.type, pa.string()) if column.type else pa.string()
    said = {"meaning": column.meaning, "source": column.source}
    metadata = {key: text for key, text in said.items() if text}
    return pa.field(column.name, type_, metadata=metadata)
