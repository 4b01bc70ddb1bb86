"""XML that a parser takes, with the values as they were given."""

import re
from typing import Any
from xml.sax.saxutils import escape
from xml.sax.xmlreader import AttributesImpl

from itemadapter import ItemAdapter
from scrapy.exporters import XmlItemExporter

from gorgias_crawler.command_line import typed
from gorgias_crawler.emit.cells import json_text
from gorgias_crawler.errors import RunEndError

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
