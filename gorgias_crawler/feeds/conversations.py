"""Conversations for search indexes and language models: a ticket a line."""

import json
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import IO, Any

from itemadapter import ItemAdapter

from gorgias_crawler.emit.metrics import Author, author
from gorgias_crawler.feeds.formats import SpiderItemExporter
from gorgias_crawler.items import is_of_ticket

OF_TICKET = ("document_id", "changed_run")
"""Columns of a ticket that this format alone has."""

OWN_COLUMNS = (*OF_TICKET, "role")
"""Columns that this format alone has."""

CONVERSATION_COLUMNS = [
    "document_id", "ticket_id", "subject", "channel", "status", "language", "tags",
    "customer_name", "customer_email", "assignee", "created_datetime",
    "updated_datetime", "closed_datetime", "spam", "trashed_datetime", "custom_fields",
    "changed_run",
    "message_id", "role", "message_created_datetime", "sent_datetime", "from_agent",
    "public", "sender", "receiver", "body", "attachments", "attachment_names",
    "attachment_types", "attachment_sizes", "attachment_files", "inline_files",
]  # fmt: skip
"""What a search index or a language model needs of a conversation."""

OF_ROLE = ("source_type", "sender_id", "public", "from_agent", "rule_id")
"""Columns that say who wrote a message."""

_ROLES = {
    Author.TEAM: "agent",  # whether it is a bot is not known without the users
    Author.UNKNOWN: None,
}


class ConversationsItemExporter(SpiderItemExporter):
    """JSON Lines with one ticket a line, its messages in order under ``messages``.

    Relies on the order of the export: rows of a ticket come together. A ticket's
    ``document_id`` is the same in every export of its account; ``changed_run`` is the
    run of the job that last saw it change, 0 where that is not known. The ``role`` of a
    message is customer, agent, bot or note. With ``-a changed_since`` a line for each
    ticket that was deleted since, or changed so that the filters leave nothing of it,
    has ``deleted`` true: an index forgets both. With ``FEED_EXPORT_FIELDS`` its columns
    are taken instead, under the names that it gives them.

    Of the spider it uses ``described()``, ``changed_in(ticket_id)``, ``bots()`` and
    ``tickets_since()``.
    """

    def __init__(self, file: IO[bytes], *, spider: Any, **kwargs: Any) -> None:
        super().__init__(file, spider=spider, **kwargs)
        columns = self.fields_to_export or CONVERSATION_COLUMNS
        if not isinstance(columns, Mapping):
            columns = {name: name for name in columns}
        row = spider.kinds["messages"]
        of_ticket = {
            name for name in columns if name in OF_TICKET or is_of_ticket(name, row)
        }
        self._of_ticket = {k: v for k, v in columns.items() if k in of_ticket}
        self._of_message = {k: v for k, v in columns.items() if k not in of_ticket}
        self._own: dict[str, Callable[[ItemAdapter], Any]] = {
            "document_id": lambda row: self._document_id(row["ticket_id"]),
            "changed_run": lambda row: spider.changed_in(row["ticket_id"]),
            "role": self._role,
        }
        self._account: str | None = None
        self._ticket_id: int | None = None
        self._conversation: dict[str, Any] = {}

    def export_item(self, item: Any) -> None:
        """Add a message; write the ticket before it when another one begins."""
        row = ItemAdapter(item)
        if row["ticket_id"] != self._ticket_id:
            self._write_ticket()
            self._ticket_id = row["ticket_id"]
            self._to_forget.discard(self._ticket_id)
            self._conversation = self._values(row, self._of_ticket)
            self._conversation["messages"] = []
        self._conversation["messages"].append(self._values(row, self._of_message))

    def row(self, item: Any) -> dict[str, Any]:
        """Return what a line says of *item*, a message, with its ticket."""
        row = ItemAdapter(item)
        return self._values(row, {**self._of_ticket, **self._of_message})

    def finish_exporting(self) -> None:
        """Write the last ticket, and what was deleted."""
        self._write_ticket()
        for ticket_id in sorted(self._to_forget):
            self._write(
                {
                    "document_id": self._document_id(ticket_id),
                    "ticket_id": ticket_id,
                    "deleted": True,
                }
            )

    def _values(self, row: ItemAdapter, names: Mapping[str, str]) -> dict[str, Any]:
        own = self._own
        return {
            name: own[column](row) if column in own else row[column]
            for column, name in names.items()
        }

    def _write_ticket(self) -> None:
        if self._ticket_id is not None:
            self._write(self._conversation)

    def _write(self, line: Mapping[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False)
        self.file.write(f"{text}\n".encode(self.encoding or "utf-8"))

    def _document_id(self, ticket_id: int) -> str:
        if self._account is None:
            self._account = self.spider.described()["account"] or ""
        return f"gorgias:{self._account}:ticket:{ticket_id}"

    def _role(self, row: ItemAdapter) -> str | None:
        message = {
            "source": {"type": row.get("source_type")},
            "sender": {"id": row.get("sender_id")},
            **{name: row.get(name) for name in ("public", "from_agent", "rule_id")},
        }
        wrote = author(message, self._bots)
        return _ROLES.get(wrote, wrote.value)

    @cached_property
    def _to_forget(self) -> set[int]:
        return set(self.spider.tickets_since())

    @cached_property
    def _bots(self) -> Collection[int] | None:
        bots: Collection[int] | None = self.spider.bots()
        return bots
