"""Scrapy's own formats, told otherwise: CSV, JSON Lines, and XML that parsers take."""

import re
from codecs import lookup
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from types import NoneType
from typing import Any, Self
from xml.sax.saxutils import escape
from xml.sax.xmlreader import AttributesImpl

import msgspec
from itemadapter import ItemAdapter
from scrapy import Field
from scrapy.crawler import Crawler
from scrapy.exporters import (
    BaseItemExporter,
    CsvItemExporter,
    JsonLinesItemExporter,
    XmlItemExporter,
)
from scrapy.utils.python import to_bytes

from gorgias_crawler.command_line import typed
from gorgias_crawler.emit.cells import json_text, safe_cell
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.items.columns import Values


class SpiderItemExporter(BaseItemExporter):
    """Base of exporters that ask the spider what else is known of the run."""

    def __init__(self, file: Any, *, spider: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file, self.spider = file, spider

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: Any, **kwargs: Any) -> Self:
        """Build the exporter for the spider of *crawler*."""
        return cls(file, spider=crawler.spider, **kwargs)


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


# All but tab and line ends that XML 1.0 leaves out, also as a reference
# (https://www.w3.org/TR/xml/#charsets).
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class StrictXmlItemExporter(XmlItemExporter):
    """Scrapy's, but what it writes is read again as it was.

    Line ends stay what they are, and objects become the text of their JSON, because
    their keys are no names for elements. Raises `RunEndError` at a control character,
    which XML cannot hold: no file is better than one that no parser takes.
    """

    def export_item(self, item: Any) -> None:
        """Write a row."""
        try:
            super().export_item(item)
        except _ImpossibleError as error:
            row = ItemAdapter(item)
            key = "message_id" if "message_id" in row else "id"
            raise RunEndError(
                "feed_error",
                f"The feed cannot be written as XML: {key} {row.get(key)} holds the "
                f"control character {error}, for which XML has no way. Use another "
                f"format, for example {typed('export', 'JOBDIR', '-O', 'FILE.csv')}",
            ) from None

    def _export_xml_field(self, name: str, serialized_value: Any, depth: int) -> None:
        value = serialized_value
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            super()._export_xml_field(name, value, depth)
            return
        if isinstance(value, list | dict):
            value = json_text(value)
        self._beautify_indent(depth=depth)
        self.xg.startElement(name, AttributesImpl({}))
        # the one method of the generator that escapes nothing
        self.xg.ignorableWhitespace(_escaped("" if value is None else str(value)))
        self.xg.endElement(name)
        self._beautify_newline()


class _ImpossibleError(Exception):
    """A text holds the character that is named."""


def _escaped(text: str) -> str:
    if found := _IMPOSSIBLE.search(text):
        raise _ImpossibleError(f"U+{ord(found[0]):04X}")
    return escape(text, {"\r": "&#13;"})
