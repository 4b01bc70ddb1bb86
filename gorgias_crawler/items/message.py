"""The item: one message with its ticket's columns. Field order is column order.

A field's metadata says what it means and where it comes from; the README's table of
columns is made from it.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from gorgias_crawler.items import columns
from gorgias_crawler.items.attachments import Attachments
from gorgias_crawler.items.columns import Type, column
from gorgias_crawler.items.lazy import LazyRow
from gorgias_crawler.items.ticket import Ticket

_of_ticket = partial(columns.same_column, Ticket)
_of_files = partial(columns.same_column, Attachments)


@dataclass(slots=True)
class Message(LazyRow):
    """One row of the export. Values are as the API gives them, None if it has none."""

    ticket_id: int = _of_ticket("id")
    channel: str | None = _of_ticket("channel")
    subject: str | None = _of_ticket("subject")
    body: str | None = column(
        "what was written: the first body that is not blank",
        "body_text, body_html, stripped_text",
        Type.TEXT,
    )
    sender: str | None = column(
        "who wrote it: e-mail, else address, else name",
        "message.sender.email else message.source.from.address else message.sender.name",
        Type.TEXT,
    )
    receiver: str | None = column(
        "who it went to: e-mail, else address, else name",
        "message.receiver.email else message.source.to[].address else message.receiver.name",
        Type.TEXT,
    )
    created_datetime: str | None = _of_ticket("created_datetime")
    sent_datetime: str | None = column(
        "when the message was sent; empty for notes and most of what customers write",
        "message.sent_datetime",
        Type.INSTANT,
    )
    status: str | None = _of_ticket("status")

    message_id: int = column(
        "number of the message in Gorgias", "message.id", Type.INTEGER
    )
    message_created_datetime: str | None = column(
        "when the message was created", "message.created_datetime", Type.INSTANT
    )
    message_channel: str | None = column(
        "channel the message was sent through", "message.channel", Type.TEXT
    )
    message_via: str | None = column(
        "how the message was made: email, helpdesk, api, ...", "message.via", Type.TEXT
    )
    message_subject: str | None = column(
        "subject of the message", "message.subject", Type.TEXT
    )
    message_external_id: str | None = column(
        "id of the message in another system, if one set it",
        "message.external_id",
        Type.TEXT,
    )
    provider_message_id: str | None = column(
        "id of the message at the mail or chat provider",
        "message.message_id",
        Type.TEXT,
    )
    public: bool | None = column(
        "False: an internal note, which customers do not see",
        "message.public",
        Type.BOOLEAN,
    )
    from_agent: bool | None = column(
        "True: written by your team; False: by the customer",
        "message.from_agent",
        Type.BOOLEAN,
    )
    sender_id: int | None = column(
        "number of the customer or user who wrote it", "message.sender.id", Type.INTEGER
    )
    sender_name: str | None = column(
        "name of who wrote it, as Gorgias last gave it with this message",
        "message.sender.name",
        Type.TEXT,
    )
    receiver_id: int | None = column(
        "number of the customer or user it went to", "message.receiver.id", Type.INTEGER
    )
    receiver_name: str | None = column(
        "name of who it went to, as Gorgias last gave it with this message",
        "message.receiver.name",
        Type.TEXT,
    )
    source_type: str | None = column(
        "kind of message: email, chat, internal-note, ...",
        "message.source.type",
        Type.TEXT,
    )
    to: list[str] | None = column(
        "addresses it was sent to", "message.source.to[].address", Type.TEXTS
    )
    cc: list[str] | None = column(
        "addresses that got a copy", "message.source.cc[].address", Type.TEXTS
    )
    bcc: list[str] | None = column(
        "addresses that got a blind copy", "message.source.bcc[].address", Type.TEXTS
    )
    body_text: str | None = column(
        "the message as plain text", "message.body_text", Type.TEXT
    )
    body_html: str | None = column(
        "the message as HTML", "message.body_html", Type.TEXT
    )
    stripped_text: str | None = column(
        "plain text without the mails quoted below it",
        "message.stripped_text",
        Type.TEXT,
    )
    stripped_html: str | None = column(
        "HTML without the mails quoted below it", "message.stripped_html", Type.TEXT
    )
    stripped_signature: str | None = column(
        "signature at the end of the message", "message.stripped_signature", Type.TEXT
    )
    attachments: list[str] | None = _of_files("attachments")
    attachment_names: list[str] | None = _of_files("attachment_names")
    attachment_types: list[str] | None = _of_files("attachment_types")
    attachment_sizes: list[int] | None = _of_files("attachment_sizes")
    attachment_files: list[str] | None = _of_files("attachment_files")
    inline_files: list[str] | None = _of_files("inline_files")
    intents: list[str] | None = column(
        "what Gorgias thinks the message is about", "message.intents[].name", Type.TEXTS
    )
    integration_id: int | None = column(
        "number of the mailbox, chat or page it came through",
        "message.integration_id",
        Type.INTEGER,
    )
    rule_id: int | None = column(
        "number of the rule that sent it, if one did", "message.rule_id", Type.INTEGER
    )
    failed_datetime: str | None = column(
        "when sending the message failed", "message.failed_datetime", Type.INSTANT
    )
    opened_datetime: str | None = column(
        "when the receiver opened the message", "message.opened_datetime", Type.INSTANT
    )
    deleted_datetime: str | None = column(
        "when the message was deleted", "message.deleted_datetime", Type.INSTANT
    )

    sender_firstname: str | None = column(
        "first name of who wrote it", "message.sender.firstname", Type.TEXT
    )
    sender_lastname: str | None = column(
        "last name of who wrote it", "message.sender.lastname", Type.TEXT
    )
    receiver_firstname: str | None = column(
        "first name of who it went to", "message.receiver.firstname", Type.TEXT
    )
    receiver_lastname: str | None = column(
        "last name of who it went to", "message.receiver.lastname", Type.TEXT
    )
    from_address: str | None = column(
        "address it was sent from", "message.source.from.address", Type.TEXT
    )
    processed_datetime: str | None = column(
        "when Gorgias took the message in", "message.processed_datetime", Type.INSTANT
    )
    last_sending_error: str | None = column(
        "why sending the message failed",
        "message.last_sending_error.error else message.last_sending_error",
        Type.TEXT,
    )
    imported: bool | None = column(
        "True: taken over from another help desk", "message.imported", Type.BOOLEAN
    )
    macro_ids: list[int] | None = column(
        "numbers of the macros that were used in it",
        "message.macros[].id",
        Type.INTEGERS,
    )
    actions: Any = column(
        "what macros and rules did with it: type, name, status and arguments; secrets "
        "are replaced",
        "message.actions",
        Type.JSON,
    )
    source: Any = column(
        "the way it was sent: all names and addresses, and what the channel adds",
        "message.source",
        Type.JSON,
    )
    headers: Any = column(
        "headers of the mail: name to value", "message.headers", Type.JSON
    )
    auth_customer_identity: Any = column(
        "who the customer proved to be, and to which service",
        "message.auth_customer_identity",
        Type.JSON,
    )
    replied_to: Any = column(
        "the message that this one answers", "message.replied_to", Type.JSON
    )
    replied_by: Any = column(
        "the message that answers this one", "message.replied_by", Type.JSON
    )
    message_meta: Any = column(
        "what else Gorgias and apps keep with the message", "message.meta", Type.JSON
    )

    external_id: str | None = _of_ticket("external_id")
    via: str | None = _of_ticket("via")
    language: str | None = _of_ticket("language")
    priority: str | None = _of_ticket("priority")
    spam: bool | None = _of_ticket("spam")
    is_unread: bool | None = _of_ticket("is_unread")
    messages_count: int | None = _of_ticket("messages_count")
    tags: list[str] | None = _of_ticket("tags")
    customer_id: int | None = _of_ticket("customer_id")
    customer_email: str | None = _of_ticket("customer_email")
    customer_name: str | None = _of_ticket("customer_name")
    assignee: str | None = _of_ticket("assignee")
    assignee_team: str | None = _of_ticket("assignee_team")
    custom_fields: dict[str, Any] | None = _of_ticket("custom_fields")
    updated_datetime: str | None = _of_ticket("updated_datetime")
    ticket_opened_datetime: str | None = _of_ticket("opened_datetime")
    closed_datetime: str | None = _of_ticket("closed_datetime")
    snooze_datetime: str | None = _of_ticket("snooze_datetime")
    trashed_datetime: str | None = _of_ticket("trashed_datetime")
    last_message_datetime: str | None = _of_ticket("last_message_datetime")

    excerpt: str | None = _of_ticket("excerpt")
    summary: Any = _of_ticket("summary")
    ticket_from_agent: bool | None = _of_ticket("from_agent")
    customer_firstname: str | None = _of_ticket("customer_firstname")
    customer_lastname: str | None = _of_ticket("customer_lastname")
    assignee_id: int | None = _of_ticket("assignee_id")
    assignee_firstname: str | None = _of_ticket("assignee_firstname")
    assignee_lastname: str | None = _of_ticket("assignee_lastname")
    team_id: int | None = _of_ticket("team_id")
    tag_ids: list[int] | None = _of_ticket("tag_ids")
    integrations: Any = _of_ticket("integrations")
    ticket_meta: Any = _of_ticket("meta")
    last_received_message_datetime: str | None = _of_ticket(
        "last_received_message_datetime"
    )
    last_sent_message_not_delivered: bool | None = _of_ticket(
        "last_sent_message_not_delivered"
    )


COLUMNS = list(columns.types(Message))
"""Every column there is."""

DEFAULT_COLUMNS = COLUMNS[:9]
"""The columns of the CSV file where nothing else is asked for."""


def is_of_ticket(name: str, row: type = Message) -> bool:
    """Tell whether all messages of a ticket share the column *name* of *row*."""
    column = columns.columns(row).get(name)
    return column is not None and column.metadata["source"].startswith("ticket.")
