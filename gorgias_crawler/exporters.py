"""Formats of feeds beside Scrapy's own: a header for empty files, and conversations."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from itemadapter import ItemAdapter
from scrapy.exporters import BaseItemExporter, CsvItemExporter

from gorgias_crawler.items import DEFAULT_COLUMNS, is_of_ticket

CONVERSATION_COLUMNS = [
    "ticket_id", "subject", "channel", "status", "language", "tags", "customer_name",
    "customer_email", "assignee", "created_datetime", "closed_datetime", "spam",
    "trashed_datetime", "custom_fields",
    "message_id", "message_created_datetime", "sent_datetime", "from_agent", "public",
    "sender", "receiver", "body", "attachments",
]  # fmt: skip
"""What a search index or a language model needs of a conversation."""


class HeaderedCsvItemExporter(CsvItemExporter):
    """Scrapy's, but a file without rows has its header too."""

    def __init__(self, file: BytesIO, **kwargs: Any) -> None:
        super().__init__(file, **kwargs)
        self._is_empty = True

    def export_item(self, item: Any) -> None:
        """Write a row."""
        self._is_empty = False
        super().export_item(item)

    def finish_exporting(self) -> None:
        """Write the header if no row has brought it."""
        fields = self.fields_to_export
        if self._is_empty and self.include_headers_line and fields:
            names = fields.values() if isinstance(fields, Mapping) else fields
            self.csv_writer.writerow(names)
        super().finish_exporting()


class ConversationsItemExporter(BaseItemExporter):
    """JSON Lines with one ticket a line, its messages in order under ``messages``.

    Relies on the order of the export: rows of a ticket come together. Internal notes
    have ``public`` false. With ``FEED_EXPORT_FIELDS`` its columns are taken instead.
    """

    def __init__(self, file: BytesIO, **kwargs: Any) -> None:
        super().__init__(dont_fail=True, **kwargs)
        self.file = file
        columns = list(self.fields_to_export or ())
        if not columns or columns == DEFAULT_COLUMNS:
            columns = CONVERSATION_COLUMNS
        self._of_ticket = [name for name in columns if is_of_ticket(name)]
        self._of_message = [name for name in columns if not is_of_ticket(name)]
        self._ticket_id: int | None = None
        self._conversation: dict[str, Any] = {}

    def export_item(self, item: Any) -> None:
        """Add a message; write the ticket before it when another one begins."""
        adapter = ItemAdapter(item)
        if adapter["ticket_id"] != self._ticket_id:
            self._write()
            self._ticket_id = adapter["ticket_id"]
            self._conversation = {name: adapter[name] for name in self._of_ticket}
            self._conversation["messages"] = []
        message = {name: adapter[name] for name in self._of_message}
        self._conversation["messages"].append(message)

    def finish_exporting(self) -> None:
        """Write the last ticket."""
        self._write()

    def _write(self) -> None:
        if self._ticket_id is not None:
            line = json.dumps(self._conversation, ensure_ascii=False)
            self.file.write(f"{line}\n".encode())
