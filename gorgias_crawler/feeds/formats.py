"""Formats of feeds beside Scrapy's own: a header for empty files, and conversations."""

from codecs import lookup
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from types import NoneType
from typing import Any, Self

import msgspec
from scrapy import Field
from scrapy.crawler import Crawler
from scrapy.exporters import CsvItemExporter, JsonLinesItemExporter
from scrapy.utils.python import to_bytes

from gorgias_crawler.emit.cells import json_text, safe_cell
from gorgias_crawler.items.columns import Values


class HeaderedCsvItemExporter(CsvItemExporter):
    """Scrapy's, but a file without rows has its header too.

    With ``GORGIAS_SPREADSHEET_SAFE`` its cells are safe to open in a spreadsheet, and a
    byte order mark tells that they are UTF-8.
    """

    def __init__(
        self, file: BytesIO, *, is_for_spreadsheets: bool = False, **kwargs: Any
    ) -> None:
        if is_for_spreadsheets:
            kwargs["encoding"] = "utf-8-sig"
        super().__init__(file, **kwargs)
        self._is_for_spreadsheets = is_for_spreadsheets
        self._is_empty = True
        self._values = Values(self.fields_to_export or ())

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: BytesIO, **kwargs: Any) -> Self:
        """Build the exporter as the settings of *crawler* ask for it."""
        is_safe = crawler.settings.getbool("GORGIAS_SPREADSHEET_SAFE")
        return cls(file, is_for_spreadsheets=is_safe, **kwargs)

    def serialize_field(
        self, field: Mapping[str, Any] | Field, name: str, value: Any
    ) -> Any:
        """Return the cell: lists joined, objects as JSON, and made safe where asked."""
        return self._cell(super().serialize_field(field, name, value))

    def _cell(self, value: Any) -> Any:
        cell = self._join_if_needed(value)
        if isinstance(cell, dict | list):
            cell = json_text(cell)
        if self._is_for_spreadsheets and isinstance(cell, str):
            return safe_cell(cell)
        return cell

    def export_item(self, item: Any) -> None:
        """Write a row."""
        self._is_empty = False
        values = None if self._headers_not_written else self._values.of(item)
        if values is None:
            super().export_item(item)  # the first row, or a pipeline makes a column
            return
        # As Scrapy's, without its adapter, which took a third of the time per row.
        is_as_it_is = NoneType if self._is_for_spreadsheets else str
        self.csv_writer.writerow(
            [v if isinstance(v, is_as_it_is) else self._cell(v) for v in values]
        )

    def finish_exporting(self) -> None:
        """Write the header if no row has brought it."""
        fields = self.fields_to_export
        if self._is_empty and self.include_headers_line and fields:
            names = fields.values() if isinstance(fields, Mapping) else fields
            self.csv_writer.writerow(names)
        super().finish_exporting()


class JsonLinesExporter(JsonLinesItemExporter):
    """Scrapy's, byte for byte, with another encoder and without its adapter.

    Only numbers with an exponent are spelled otherwise (``1e16``, not ``1e+16``), and
    what JSON has no number for (NaN) is null.
    """

    def __init__(self, file: BytesIO, **kwargs: Any) -> None:
        super().__init__(file, **kwargs)
        fields = self.fields_to_export or ()
        self._values = Values(fields)
        self._titles = fields.values() if isinstance(fields, Mapping) else fields
        is_utf_8 = lookup(self.encoding or "ascii").name == "utf-8"
        # What else item_export_kwargs may say, only Python's encoder knows.
        self._is_plain = is_utf_8 and self._kwargs == {"ensure_ascii": False}

    def export_item(self, item: Any) -> None:
        """Write a line."""
        values = self._values.of(item)
        if values is None:
            row = dict(self.get_serialized_fields(item))
        else:
            row = dict(zip(self._titles, values, strict=True))
        self.file.write(self._line(row))

    def _line(self, row: dict[str, Any]) -> bytes:
        if self._is_plain:
            with suppress(TypeError, OverflowError):  # a value of a pipeline's
                return b"%b\n" % msgspec.json.format(_encoded(row), indent=0)
        return to_bytes(f"{self.encoder.encode(row)}\n", self.encoding)


# A quarter of the time of Python's encoder. Without spaces after commas and colons it
# would be a sixth, and every file would have other bytes than before.
_encoded = msgspec.json.Encoder().encode
