"""Parquet: a table of typed columns, in groups of rows that fit into memory."""

from collections.abc import Mapping
from typing import IO, Any

from itemadapter import ItemAdapter
from scrapy.exporters import BaseItemExporter

from gorgias_crawler.command_line import to_install_extra
from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.targets import MONTH
from gorgias_crawler.feeds.typed import (
    TypedColumn,
    TypedRows,
    microseconds,
    tell_misfits,
    utc_text,
)
from gorgias_crawler.items import Message, Type

# A reader takes groups side by side and skips those that a filter rules out, so they
# should be neither tiny nor the whole file. Both bounds were measured: 117 MB of peak
# for 53,000 rows of mail, and no more with bodies of 20 MB.
_MOST_ROWS = 10_000
_MOST_CHARACTERS = 16_000_000
_ROW = _MOST_CHARACTERS // _MOST_ROWS  # what a row takes beside its text, in characters

UNKNOWN_MONTH = "__HIVE_DEFAULT_PARTITION__"
"""Names the part of rows without a date, which engines read as null
(https://cwiki.apache.org/confluence/display/Hive/DynamicPartitions)."""


class ParquetItemExporter(BaseItemExporter):
    """Writes the items of one class, compressed with Zstandard.

    Columns have the types of their declarations: instants are timestamps in UTC, lists
    are lists, open-ended objects are JSON text. What does not fit stands in the column
    ``other_values``. The schema's fields say what they mean.

    With *month_of*, a column of instants, *file* is a `FeedFolder`, and the rows of
    each month in UTC go into a file of their own. What waits to be written is bounded
    over all months together: the fullest is written first.
    """

    def __init__(
        self,
        file: Any,
        *,
        rows: Mapping[str, type] | None = None,
        month_of: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Begin a table of the one class in *rows*, by its kind. Raises `FeedError`."""
        self.check()
        (row,) = (rows or {"messages": Message}).values()
        super().__init__(dont_fail=True, **kwargs)
        self._rows = TypedRows(row, self.fields_to_export, microseconds)
        self._schema = _schema(self._rows.columns)
        self._file, self._month_of = file, month_of
        self._waiting = 0
        self._tables: dict[str, _Table] = {}
        if month_of is None:
            self._tables[""] = _Table(file, self._schema)

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
        """Add a row; write the fullest group when too much waits."""
        values = self._rows.values(item)
        size = _ROW + sum(len(value) for value in values if type(value) is str)
        self._table_of(item).add(values, size)
        self._waiting += size
        if self._waiting >= _MOST_CHARACTERS:
            fullest = max(self._tables.values(), key=lambda table: table.waiting)
            self._waiting -= fullest.waiting
            fullest.write_group()

    def finish_exporting(self) -> None:
        """Write the last groups and the footers, without which they are no files."""
        if not self._tables:
            self._begin(UNKNOWN_MONTH)  # it says the columns
        for table in self._tables.values():
            table.close()
        tell_misfits(self._rows.misfits)

    def _table_of(self, item: Any) -> "_Table":
        if self._month_of is None:
            return self._tables[""]
        month = _month(ItemAdapter(item).get(self._month_of))
        return self._tables.get(month) or self._begin(month)

    def _begin(self, month: str) -> "_Table":
        file = self._file.create(f"{MONTH}={month}/part-0.parquet")
        self._tables[month] = _Table(file, self._schema)
        return self._tables[month]


class _Table:
    """One file: the rows that wait for the next group, and what writes them."""

    def __init__(self, file: IO[bytes], schema: Any) -> None:
        import pyarrow as pa  # noqa: PLC0415  # optional, and 50 MB of memory
        from pyarrow import parquet  # noqa: PLC0415

        self._pa, self._schema = pa, schema
        self._writer = parquet.ParquetWriter(
            pa.PythonFile(file, "w"), schema, compression="zstd"
        )
        self._group: list[list[Any]] = []
        self.waiting = 0

    def add(self, values: list[Any], size: int) -> None:
        """Let a row wait that takes *size*."""
        self._group.append(values)
        self.waiting += size

    def write_group(self) -> None:
        """Write the rows that wait."""
        # One by one with their types: a batch made of lists is 9 times as slow, because
        # each type is guessed first (measured).
        columns = zip(*self._group, strict=True)
        arrays = [
            self._pa.array(values, type=field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._group, self.waiting = [], 0
        self._writer.write_batch(
            self._pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        )

    def close(self) -> None:
        """Write what waits, and the footer."""
        if self._group:
            self.write_group()
        self._writer.close()


def _month(text: Any) -> str:
    try:
        return utc_text(text)[: len("2025-01")]
    except (ValueError, TypeError):
        return UNKNOWN_MONTH


def _schema(columns: list[TypedColumn]) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.schema([_field(column) for column in columns])


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
