"""The item: one message with its ticket's columns. Field order is column order.

A field's metadata says what it means and where it comes from; the README's table of
columns is made from it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gorgias_crawler.items.columns import column as _column

Json = Mapping[str, Any]
Steps = tuple[tuple[str, bool], ...]  # keys, and whether a list of objects is there

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Message:
    """One row of the export. Values are as the API gives them, None if it has none."""

    ticket_id: int = _column("number of the ticket in Gorgias", "ticket.id")
    channel: str | None = _column(
        "channel the ticket came in through: email, chat, ...", "ticket.channel"
    )
    subject: str | None = _column("subject of the ticket", "ticket.subject")
    body: str | None = _column(
        "what was written: the first body that is not blank", "message.body_text"
    )
    sender: str | None = _column(
        "who wrote it: e-mail, else address, else name", "message.sender"
    )
    receiver: str | None = _column(
        "who it went to: e-mail, else address, else name", "message.receiver"
    )
    created_datetime: str | None = _column(
        "when the ticket was created", "ticket.created_datetime"
    )
    sent_datetime: str | None = _column(
        "when the message was sent; empty for internal notes", "message.sent_datetime"
    )
    status: str | None = _column(
        "status of the ticket: open or closed", "ticket.status"
    )

    message_id: int = _column("number of the message in Gorgias", "message.id")
    message_created_datetime: str | None = _column(
        "when the message was created", "message.created_datetime"
    )
    message_channel: str | None = _column(
        "channel the message was sent through", "message.channel"
    )
    message_via: str | None = _column(
        "how the message was made: email, helpdesk, api, ...", "message.via"
    )
    message_subject: str | None = _column("subject of the message", "message.subject")
    message_external_id: str | None = _column(
        "id of the message in another system, if one set it", "message.external_id"
    )
    provider_message_id: str | None = _column(
        "id of the message at the mail or chat provider", "message.message_id"
    )
    public: bool | None = _column(
        "False: an internal note, which customers do not see", "message.public"
    )
    from_agent: bool | None = _column(
        "True: written by your team; False: by the customer", "message.from_agent"
    )
    sender_id: int | None = _column(
        "number of the customer or user who wrote it", "message.sender.id"
    )
    sender_name: str | None = _column("name of who wrote it", "message.sender.name")
    receiver_id: int | None = _column(
        "number of the customer or user it went to", "message.receiver.id"
    )
    receiver_name: str | None = _column(
        "name of who it went to", "message.receiver.name"
    )
    source_type: str | None = _column(
        "kind of message: email, chat, internal-note, ...", "message.source.type"
    )
    to: list[str] | None = _column(
        "addresses it was sent to", "message.source.to[].address"
    )
    cc: list[str] | None = _column(
        "addresses that got a copy", "message.source.cc[].address"
    )
    bcc: list[str] | None = _column(
        "addresses that got a blind copy", "message.source.bcc[].address"
    )
    body_text: str | None = _column("the message as plain text", "message.body_text")
    body_html: str | None = _column("the message as HTML", "message.body_html")
    stripped_text: str | None = _column(
        "plain text without the mails quoted below it", "message.stripped_text"
    )
    stripped_html: str | None = _column(
        "HTML without the mails quoted below it", "message.stripped_html"
    )
    stripped_signature: str | None = _column(
        "signature at the end of the message", "message.stripped_signature"
    )
    attachments: list[str] | None = _column(
        "links to the attached files", "message.attachments[].url"
    )
    intents: list[str] | None = _column(
        "what Gorgias thinks the message is about", "message.intents[].name"
    )
    integration_id: int | None = _column(
        "number of the mailbox, chat or page it came through", "message.integration_id"
    )
    rule_id: int | None = _column(
        "number of the rule that sent it, if one did", "message.rule_id"
    )
    failed_datetime: str | None = _column(
        "when sending the message failed", "message.failed_datetime"
    )
    opened_datetime: str | None = _column(
        "when the receiver opened the message", "message.opened_datetime"
    )
    deleted_datetime: str | None = _column(
        "when the message was deleted", "message.deleted_datetime"
    )

    external_id: str | None = _column(
        "id of the ticket in another system, if one set it", "ticket.external_id"
    )
    via: str | None = _column(
        "how the ticket was made: email, helpdesk, api, form, ...", "ticket.via"
    )
    language: str | None = _column(
        "language of the ticket: en, fr, ...", "ticket.language"
    )
    priority: str | None = _column(
        "priority of the ticket: critical, high, normal or low", "ticket.priority"
    )
    spam: bool | None = _column("True: the ticket is marked as spam", "ticket.spam")
    is_unread: bool | None = _column(
        "True: the user of the API key has not read the ticket", "ticket.is_unread"
    )
    messages_count: int | None = _column(
        "how many messages the ticket has, notes included", "ticket.messages_count"
    )
    tags: list[str] | None = _column("names of the ticket's tags", "ticket.tags[].name")
    customer_id: int | None = _column(
        "number of the ticket's customer", "ticket.customer.id"
    )
    customer_email: str | None = _column(
        "e-mail address of the ticket's customer", "ticket.customer.email"
    )
    customer_name: str | None = _column(
        "name of the ticket's customer", "ticket.customer.name"
    )
    assignee: str | None = _column(
        "agent the ticket is assigned to: e-mail, else name", "ticket.assignee_user"
    )
    assignee_team: str | None = _column(
        "team the ticket is assigned to", "ticket.assignee_team.name"
    )
    custom_fields: dict[str, Any] | None = _column(
        "the ticket's custom fields: number of the field to its value",
        "ticket.custom_fields",
    )
    updated_datetime: str | None = _column(
        "when the ticket was last changed", "ticket.updated_datetime"
    )
    ticket_opened_datetime: str | None = _column(
        "when the ticket was first opened", "ticket.opened_datetime"
    )
    closed_datetime: str | None = _column(
        "when the ticket was closed", "ticket.closed_datetime"
    )
    snooze_datetime: str | None = _column("snoozed until", "ticket.snooze_datetime")
    trashed_datetime: str | None = _column(
        "when the ticket was moved to the trash", "ticket.trashed_datetime"
    )
    last_message_datetime: str | None = _column(
        "when the ticket's last message was written", "ticket.last_message_datetime"
    )


DEFAULT_COLUMNS = [column.name for column in fields(Message)][:9]
"""The columns of the CSV file where nothing else is asked for."""

COLUMNS = [column.name for column in fields(Message)]
"""Every column there is."""


def is_of_ticket(name: str) -> bool:
    """Tell whether all messages of a ticket share the column *name*."""
    return name in _PATHS["ticket"] or name in {"assignee", "custom_fields"}


def decoded(raw: bytes) -> dict[str, Any]:
    """Return the archived object *raw*.

    A half of a surrogate pair, which no file encoding can hold, becomes U+FFFD.
    """
    value: dict[str, Any] = json.loads(raw.decode())
    if b"\\ud" in raw:  # pairs are common, as emoji are; halves are not
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            value = _encodable(value)
    return value


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_encodable(entry) for entry in value]
    if isinstance(value, dict):
        return {_encodable(name): _encodable(entry) for name, entry in value.items()}
    return value


def ticket_columns(ticket: Json) -> dict[str, Any]:
    """Return the columns that all messages of *ticket* share."""
    user = _object(ticket, "assignee_user")
    values = _columns("ticket", ticket)
    values["assignee"] = user.get("email") or user.get("name")
    values["custom_fields"] = _values_by_id(ticket.get("custom_fields"))
    return values


def message_columns(message: Json) -> dict[str, Any]:
    """Return the columns of *message* itself, all but ``body``."""
    values = _columns("message", message)
    from_address = _object(_object(message, "source"), "from").get("address")
    to_address = next(iter(values["to"] or ()), None)
    values["sender"] = _person(_object(message, "sender"), from_address)
    values["receiver"] = _person(_object(message, "receiver"), to_address)
    return values


def _columns(kind: str, value: Json) -> dict[str, Any]:
    # Most columns are the object's own values: to take those at once halves the time.
    get = value.get
    columns = {name: get(key) for name, key in _OWN[kind].items()}
    for name, path in _NESTED[kind].items():
        columns[name] = _at(value, path)
    return columns


def _at(value: Any, path: Steps) -> Any:
    """Return what stands at *path*, None where something on the way is missing."""
    for index, (key, is_list) in enumerate(path):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
        if is_list:
            entries = value if isinstance(value, list) else []
            found = (_at(entry, path[index + 1 :]) for entry in entries)
            return [entry for entry in found if entry]
    return value


def _path(source: str) -> Steps:
    """Return the steps of a *source* such as ``message.source.to[].address``."""
    steps = source.split(".")[1:]
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in steps)


def _is_own(path: Steps) -> bool:
    return len(path) == 1 and not path[0][1]


_PATHS: dict[str, dict[str, Steps]] = {
    kind: {
        column.name: _path(column.metadata["source"])
        for column in fields(Message)
        if column.metadata["source"].startswith(f"{kind}.") and column.name != "body"
    }
    for kind in ("ticket", "message")
}
_OWN = {
    kind: {name: path[0][0] for name, path in paths.items() if _is_own(path)}
    for kind, paths in _PATHS.items()
}
_NESTED = {
    kind: {name: path for name, path in paths.items() if not _is_own(path)}
    for kind, paths in _PATHS.items()
}


def _person(person: Json, address: object) -> Any:
    return person.get("email") or address or person.get("name") or ""


def _object(parent: Json, name: str) -> Json:
    return value if isinstance(value := parent.get(name), dict) else {}


def _values_by_id(custom_fields: object) -> dict[str, Any] | None:
    if not isinstance(custom_fields, dict) or not custom_fields:
        return None
    return {id_: _object(custom_fields, id_).get("value") for id_ in custom_fields}
