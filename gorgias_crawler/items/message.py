"""The item: one message with its ticket's columns. Field order is column order.

A field's metadata says what it means and where it comes from; the README's table of
columns is made from it.
"""

from functools import partial

from gorgias_crawler.items import columns, value
from gorgias_crawler.items.columns import column, row_of
from gorgias_crawler.items.ticket import Ticket

_of_ticket = partial(columns.same_column, Ticket)


@row_of("message")
class Message:
    """One row of the export. Values are as the API gives them, None if it has none."""

    ticket_id: value.Id = _of_ticket("id")
    channel: value.Text = _of_ticket("channel")
    subject: value.Text = _of_ticket("subject")
    body: value.Text = column(
        "what was written: the first body that is not blank",
        "body_text, body_html, stripped_text",
    )
    sender: value.Text = column(
        "who wrote it: e-mail, else address, else name",
        "message.sender.email else message.source.from.address else message.sender.name",
    )
    receiver: value.Text = column(
        "who it went to: e-mail, else address, else name",
        "message.receiver.email else message.source.to[].address else message.receiver.name",
    )
    created_datetime: value.Instant = _of_ticket("created_datetime")
    sent_datetime: value.Instant = column(
        "when the message was sent; empty for notes and most of what customers write"
    )
    status: value.Text = _of_ticket("status")

    message_id: value.Id = column("number of the message in Gorgias", "message.id")
    message_created_datetime: value.Instant = column(
        "when the message was created", "message.created_datetime"
    )
    message_channel: value.Text = column(
        "channel the message was sent through", "message.channel"
    )
    message_via: value.Text = column(
        "how the message was made: email, helpdesk, api, ...", "message.via"
    )
    message_subject: value.Text = column("subject of the message", "message.subject")
    message_external_id: value.Text = column(
        "id of the message in another system, if one set it", "message.external_id"
    )
    provider_message_id: value.Text = column(
        "id of the message at the mail or chat provider", "message.message_id"
    )
    public: value.Boolean = column(
        "False: an internal note, which customers do not see"
    )
    from_agent: value.Boolean = column(
        "True: written by your team; False: by the customer"
    )
    sender_id: value.Integer = column(
        "number of the customer or user who wrote it", "message.sender.id"
    )
    sender_name: value.Text = column(
        "name of who wrote it, as Gorgias last gave it with this message",
        "message.sender.name",
    )
    receiver_id: value.Integer = column(
        "number of the customer or user it went to", "message.receiver.id"
    )
    receiver_name: value.Text = column(
        "name of who it went to, as Gorgias last gave it with this message",
        "message.receiver.name",
    )
    source_type: value.Text = column(
        "kind of message: email, chat, internal-note, ...", "message.source.type"
    )
    to: value.Texts = column("addresses it was sent to", "message.source.to[].address")
    cc: value.Texts = column("addresses that got a copy", "message.source.cc[].address")
    bcc: value.Texts = column(
        "addresses that got a blind copy", "message.source.bcc[].address"
    )
    body_text: value.Text = column("the message as plain text")
    body_html: value.Text = column("the message as HTML")
    stripped_text: value.Text = column("plain text without the mails quoted below it")
    stripped_html: value.Text = column("HTML without the mails quoted below it")
    stripped_signature: value.Text = column("signature at the end of the message")
    attachments: value.Texts = column(
        "addresses of the attached files, which open with the API's key alone",
        "message.attachments[].url",
    )
    # Each with an entry for each address.
    attachment_names: value.Texts = column(
        "what the attached files are called", "message.attachments[].name"
    )
    attachment_types: value.Texts = column(
        "their types, such as image/png", "message.attachments[].content_type"
    )
    attachment_sizes: value.Integers = column(
        "their sizes in bytes, as far as Gorgias tells", "message.attachments[].size"
    )
    attachment_files: value.Texts = column(
        "where they are below the directory of files, after a crawl with files=true",
        "archive.file.stored_as",
    )
    inline_files: value.Texts = column(
        "the same for images that are in the text of a mail alone",
        "archive.file.stored_as",
    )
    intents: value.Texts = column(
        "what Gorgias thinks the message is about", "message.intents[].name"
    )
    integration_id: value.Integer = column(
        "number of the mailbox, chat or page it came through"
    )
    rule_id: value.Integer = column("number of the rule that sent it, if one did")
    failed_datetime: value.Instant = column("when sending the message failed")
    opened_datetime: value.Instant = column("when the receiver opened the message")
    deleted_datetime: value.Instant = column("when the message was deleted")

    sender_firstname: value.Text = column(
        "first name of who wrote it", "message.sender.firstname"
    )
    sender_lastname: value.Text = column(
        "last name of who wrote it", "message.sender.lastname"
    )
    receiver_firstname: value.Text = column(
        "first name of who it went to", "message.receiver.firstname"
    )
    receiver_lastname: value.Text = column(
        "last name of who it went to", "message.receiver.lastname"
    )
    from_address: value.Text = column(
        "address it was sent from", "message.source.from.address"
    )
    processed_datetime: value.Instant = column("when Gorgias took the message in")
    last_sending_error: value.Text = column(
        "why sending the message failed",
        "message.last_sending_error.error else message.last_sending_error",
    )
    imported: value.Boolean = column("True: taken over from another help desk")
    macro_ids: value.Integers = column(
        "numbers of the macros that were used in it", "message.macros[].id"
    )
    actions: value.Json = column(
        "what macros and rules did with it: type, name, status and arguments; secrets "
        "are replaced"
    )
    source: value.Json = column(
        "the way it was sent: all names and addresses, and what the channel adds"
    )
    headers: value.Json = column("headers of the mail: name to value")
    auth_customer_identity: value.Json = column(
        "who the customer proved to be, and to which service"
    )
    replied_to: value.Json = column("the message that this one answers")
    replied_by: value.Json = column("the message that answers this one")
    message_meta: value.Json = column(
        "what else Gorgias and apps keep with the message", "message.meta"
    )

    external_id: value.Text = _of_ticket("external_id")
    via: value.Text = _of_ticket("via")
    language: value.Text = _of_ticket("language")
    priority: value.Text = _of_ticket("priority")
    spam: value.Boolean = _of_ticket("spam")
    is_unread: value.Boolean = _of_ticket("is_unread")
    messages_count: value.Integer = _of_ticket("messages_count")
    tags: value.Texts = _of_ticket("tags")
    customer_id: value.Integer = _of_ticket("customer_id")
    customer_email: value.Text = _of_ticket("customer_email")
    customer_name: value.Text = _of_ticket("customer_name")
    assignee: value.Text = _of_ticket("assignee")
    assignee_team: value.Text = _of_ticket("assignee_team")
    custom_fields: value.Json = _of_ticket("custom_fields")
    updated_datetime: value.Instant = _of_ticket("updated_datetime")
    ticket_opened_datetime: value.Instant = _of_ticket("opened_datetime")
    closed_datetime: value.Instant = _of_ticket("closed_datetime")
    snooze_datetime: value.Instant = _of_ticket("snooze_datetime")
    trashed_datetime: value.Instant = _of_ticket("trashed_datetime")
    last_message_datetime: value.Instant = _of_ticket("last_message_datetime")

    excerpt: value.Text = _of_ticket("excerpt")
    summary: value.Json = _of_ticket("summary")
    ticket_from_agent: value.Boolean = _of_ticket("from_agent")
    customer_firstname: value.Text = _of_ticket("customer_firstname")
    customer_lastname: value.Text = _of_ticket("customer_lastname")
    assignee_id: value.Integer = _of_ticket("assignee_id")
    assignee_firstname: value.Text = _of_ticket("assignee_firstname")
    assignee_lastname: value.Text = _of_ticket("assignee_lastname")
    team_id: value.Integer = _of_ticket("team_id")
    tag_ids: value.Integers = _of_ticket("tag_ids")
    integrations: value.Json = _of_ticket("integrations")
    ticket_meta: value.Json = _of_ticket("meta")
    last_received_message_datetime: value.Instant = _of_ticket(
        "last_received_message_datetime"
    )
    last_sent_message_not_delivered: value.Boolean = _of_ticket(
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
