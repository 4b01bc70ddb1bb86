"""The item: one message with its ticket's columns. Field order is column order.

A field's metadata says what it means and where it comes from; the README's table of
columns is made from it.
"""

from functools import partial

from gorgias_crawler.items import columns
from gorgias_crawler.items.attachments import Attachments
from gorgias_crawler.items.columns import (
    AnyJson,
    Boolean,
    Id,
    Instant,
    Integer,
    Integers,
    Text,
    Texts,
    column,
    row_of,
)
from gorgias_crawler.items.lazy import LazyRow
from gorgias_crawler.items.ticket import Ticket

_of_ticket = partial(columns.same_column, Ticket)
_of_files = partial(columns.same_column, Attachments)


@row_of("message")
class Message(LazyRow):
    """One row of the export. Values are as the API gives them, None if it has none."""

    ticket_id: Id = _of_ticket("id")
    channel: Text = _of_ticket("channel")
    subject: Text = _of_ticket("subject")
    body: Text = column(
        "what was written: the first body that is not blank",
        "body_text, body_html, stripped_text",
    )
    sender: Text = column(
        "who wrote it: e-mail, else address, else name",
        "message.sender.email else message.source.from.address else message.sender.name",
    )
    receiver: Text = column(
        "who it went to: e-mail, else address, else name",
        "message.receiver.email else message.source.to[].address else message.receiver.name",
    )
    created_datetime: Instant = _of_ticket("created_datetime")
    sent_datetime: Instant = column(
        "when the message was sent; empty for notes and most of what customers write"
    )
    status: Text = _of_ticket("status")

    message_id: Id = column("number of the message in Gorgias", "message.id")
    message_created_datetime: Instant = column(
        "when the message was created", "message.created_datetime"
    )
    message_channel: Text = column(
        "channel the message was sent through", "message.channel"
    )
    message_via: Text = column(
        "how the message was made: email, helpdesk, api, ...", "message.via"
    )
    message_subject: Text = column("subject of the message", "message.subject")
    message_external_id: Text = column(
        "id of the message in another system, if one set it", "message.external_id"
    )
    provider_message_id: Text = column(
        "id of the message at the mail or chat provider", "message.message_id"
    )
    public: Boolean = column("False: an internal note, which customers do not see")
    from_agent: Boolean = column("True: written by your team; False: by the customer")
    sender_id: Integer = column(
        "number of the customer or user who wrote it", "message.sender.id"
    )
    sender_name: Text = column(
        "name of who wrote it, as Gorgias last gave it with this message",
        "message.sender.name",
    )
    receiver_id: Integer = column(
        "number of the customer or user it went to", "message.receiver.id"
    )
    receiver_name: Text = column(
        "name of who it went to, as Gorgias last gave it with this message",
        "message.receiver.name",
    )
    source_type: Text = column(
        "kind of message: email, chat, internal-note, ...", "message.source.type"
    )
    to: Texts = column("addresses it was sent to", "message.source.to[].address")
    cc: Texts = column("addresses that got a copy", "message.source.cc[].address")
    bcc: Texts = column(
        "addresses that got a blind copy", "message.source.bcc[].address"
    )
    body_text: Text = column("the message as plain text")
    body_html: Text = column("the message as HTML")
    stripped_text: Text = column("plain text without the mails quoted below it")
    stripped_html: Text = column("HTML without the mails quoted below it")
    stripped_signature: Text = column("signature at the end of the message")
    attachments: Texts = _of_files("attachments")
    attachment_names: Texts = _of_files("attachment_names")
    attachment_types: Texts = _of_files("attachment_types")
    attachment_sizes: Integers = _of_files("attachment_sizes")
    attachment_files: Texts = _of_files("attachment_files")
    inline_files: Texts = _of_files("inline_files")
    intents: Texts = column(
        "what Gorgias thinks the message is about", "message.intents[].name"
    )
    integration_id: Integer = column(
        "number of the mailbox, chat or page it came through"
    )
    rule_id: Integer = column("number of the rule that sent it, if one did")
    failed_datetime: Instant = column("when sending the message failed")
    opened_datetime: Instant = column("when the receiver opened the message")
    deleted_datetime: Instant = column("when the message was deleted")

    sender_firstname: Text = column(
        "first name of who wrote it", "message.sender.firstname"
    )
    sender_lastname: Text = column(
        "last name of who wrote it", "message.sender.lastname"
    )
    receiver_firstname: Text = column(
        "first name of who it went to", "message.receiver.firstname"
    )
    receiver_lastname: Text = column(
        "last name of who it went to", "message.receiver.lastname"
    )
    from_address: Text = column(
        "address it was sent from", "message.source.from.address"
    )
    processed_datetime: Instant = column("when Gorgias took the message in")
    last_sending_error: Text = column(
        "why sending the message failed",
        "message.last_sending_error.error else message.last_sending_error",
    )
    imported: Boolean = column("True: taken over from another help desk")
    macro_ids: Integers = column(
        "numbers of the macros that were used in it", "message.macros[].id"
    )
    actions: AnyJson = column(
        "what macros and rules did with it: type, name, status and arguments; secrets "
        "are replaced"
    )
    source: AnyJson = column(
        "the way it was sent: all names and addresses, and what the channel adds"
    )
    headers: AnyJson = column("headers of the mail: name to value")
    auth_customer_identity: AnyJson = column(
        "who the customer proved to be, and to which service"
    )
    replied_to: AnyJson = column("the message that this one answers")
    replied_by: AnyJson = column("the message that answers this one")
    message_meta: AnyJson = column(
        "what else Gorgias and apps keep with the message", "message.meta"
    )

    external_id: Text = _of_ticket("external_id")
    via: Text = _of_ticket("via")
    language: Text = _of_ticket("language")
    priority: Text = _of_ticket("priority")
    spam: Boolean = _of_ticket("spam")
    is_unread: Boolean = _of_ticket("is_unread")
    messages_count: Integer = _of_ticket("messages_count")
    tags: Texts = _of_ticket("tags")
    customer_id: Integer = _of_ticket("customer_id")
    customer_email: Text = _of_ticket("customer_email")
    customer_name: Text = _of_ticket("customer_name")
    assignee: Text = _of_ticket("assignee")
    assignee_team: Text = _of_ticket("assignee_team")
    custom_fields: AnyJson = _of_ticket("custom_fields")
    updated_datetime: Instant = _of_ticket("updated_datetime")
    ticket_opened_datetime: Instant = _of_ticket("opened_datetime")
    closed_datetime: Instant = _of_ticket("closed_datetime")
    snooze_datetime: Instant = _of_ticket("snooze_datetime")
    trashed_datetime: Instant = _of_ticket("trashed_datetime")
    last_message_datetime: Instant = _of_ticket("last_message_datetime")

    excerpt: Text = _of_ticket("excerpt")
    summary: AnyJson = _of_ticket("summary")
    ticket_from_agent: Boolean = _of_ticket("from_agent")
    customer_firstname: Text = _of_ticket("customer_firstname")
    customer_lastname: Text = _of_ticket("customer_lastname")
    assignee_id: Integer = _of_ticket("assignee_id")
    assignee_firstname: Text = _of_ticket("assignee_firstname")
    assignee_lastname: Text = _of_ticket("assignee_lastname")
    team_id: Integer = _of_ticket("team_id")
    tag_ids: Integers = _of_ticket("tag_ids")
    integrations: AnyJson = _of_ticket("integrations")
    ticket_meta: AnyJson = _of_ticket("meta")
    last_received_message_datetime: Instant = _of_ticket(
        "last_received_message_datetime"
    )
    last_sent_message_not_delivered: Boolean = _of_ticket(
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
