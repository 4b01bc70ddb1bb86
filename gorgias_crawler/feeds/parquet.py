"""Parquet: a table of typed columns, in groups of rows that fit into memory."""

from collections.abc import Mapping
from typing import IO, Any

from scrapy.exporters import BaseItemExporter

from gorgias_crawler.command_line import to_install_extra
from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.typed import (
    TypedColumn,
    TypedRows,
    microseconds,
    tell_misfits,
)
from gorgias_crawler.items import Message, Type

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
        self,
        file: IO[bytes],
        *,
        rows: Mapping[str, type] | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a table of the one class in *rows*, by its kind. Raises `FeedError`."""
        self.check()
        (row,) = (rows or {"messages": Message}).values()
        import pyarrow as pa  # noqa: PLC0415  # optional, and 50 MB of memory
        from pyarrow import parquet  # noqa: PLC0415

        super().__init__(dont_fail=True, **kwargs)
        self._rows = TypedRows(row, self.fields_to_export, microseconds)
        self._schema = pa.schema([_field(column) for column in self._rows.columns])
        self._pa = pa
        self._writer = parquet.ParquetWriter(
            pa.PythonFile(file, "w"), self._schema, compression="zstd"
        )
        self._begin_group()

    @staticmethod
    def check(_storage: Any = None) -> None:
        """Raise `FeedError` where the library is missing."""
        try:
            import pyarrow as pa  # noqa: F401, PLC0415
        except ImportError:
            raise FeedError(
                f"The format parquet needs a library: {to_install_extra('parquet')}"
            ) from None

    def export_item(self, item: Any) -> None:
        """Add a row; write the group that it makes full."""
        values = self._rows.values(item)
        self._group.append(values)
        self._characters += sum(len(v) for v in values if type(v) is str)
        is_large = self._characters >= _MOST_CHARACTERS
        if is_large or len(self._group) >= _MOST_ROWS:
            self._write_group()

    def finish_exporting(self) -> None:
        """Write the last group and the footer, without which it is no file."""
        if self._group:
            self._write_group()
        self._writer.close()
        tell_misfits(self._rows.misfits)

    def _begin_group(self) -> None:
        self._group: list[list[Any]] = []
        self._characters = 0

    def _write_group(self) -> None:
        # One by one with their types: a batch made of lists is 9 times as slow, because
        # each type is guessed first (measured).
        columns = zip(*self._group, strict=True)
        arrays = [
            self._pa.array(values, type=field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._begin_group()
        self._writer.write_batch(
            self._pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        )


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
