"""The item: one message with its ticket's columns. Field order is column order.

A field's metadata says what it means and where it comes from; the README's table of
columns is made from it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

Json = Mapping[str, Any]
Steps = tuple[tuple[str, bool], ...]  # keys, and whether a list of objects is there

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def _column(meaning: str, source: str) -> Any:
    return field(default=None, metadata={"meaning": meaning, "source": source})


@dataclass(slots=True)
class Message:
    """One row of the export. Values are as the API gives them; None where it has none."""

    ticket_id: int = _column("the ticket's id", "ticket.id")
    channel: str | None = _column("where the ticket came in", "ticket.channel")
    subject: str | None = _column("the ticket's subject", "ticket.subject")
    body: str | None = _column("the first body that is not blank", "message.body_text")
    sender: str | None = _column("e-mail, address or name", "message.sender")
    receiver: str | None = _column("e-mail, address or name", "message.receiver")
    created_datetime: str | None = _column("ticket made", "ticket.created_datetime")
    sent_datetime: str | None = _column("message sent", "message.sent_datetime")
    status: str | None = _column("open or closed", "ticket.status")

    message_id: int = _column("the message's id", "message.id")
    message_created_datetime: str | None = _column(
        "message made", "message.created_datetime"
    )
    message_channel: str | None = _column("where it went", "message.channel")
    message_via: str | None = _column("how it was made", "message.via")
    message_subject: str | None = _column("its own subject", "message.subject")
    message_external_id: str | None = _column("id elsewhere", "message.external_id")
    provider_message_id: str | None = _column(
        "id at the mail or chat provider", "message.message_id"
    )
    public: bool | None = _column("false: internal note", "message.public")
    from_agent: bool | None = _column("written by the shop", "message.from_agent")
    sender_id: int | None = _column("customer or user", "message.sender.id")
    sender_name: str | None = _column("as shown", "message.sender.name")
    receiver_id: int | None = _column("customer or user", "message.receiver.id")
    receiver_name: str | None = _column("as shown", "message.receiver.name")
    source_type: str | None = _column("kind of source", "message.source.type")
    to: list[str] | None = _column("all addresses", "message.source.to[].address")
    cc: list[str] | None = _column("all addresses", "message.source.cc[].address")
    bcc: list[str] | None = _column("all addresses", "message.source.bcc[].address")
    body_text: str | None = _column("plain text", "message.body_text")
    body_html: str | None = _column("HTML", "message.body_html")
    stripped_text: str | None = _column("without quotes", "message.stripped_text")
    stripped_html: str | None = _column("without quotes", "message.stripped_html")
    stripped_signature: str | None = _column(
        "the signature", "message.stripped_signature"
    )
    attachments: list[str] | None = _column("addresses", "message.attachments[].url")
    intents: list[str] | None = _column("recognised", "message.intents[].name")
    integration_id: int | None = _column("mailbox, page", "message.integration_id")
    rule_id: int | None = _column("rule that wrote it", "message.rule_id")
    failed_datetime: str | None = _column("not sent", "message.failed_datetime")
    opened_datetime: str | None = _column("opened", "message.opened_datetime")
    deleted_datetime: str | None = _column("deleted", "message.deleted_datetime")

    external_id: str | None = _column("id elsewhere", "ticket.external_id")
    via: str | None = _column("how the ticket was made", "ticket.via")
    language: str | None = _column("ISO 639-1", "ticket.language")
    priority: str | None = _column("critical to low", "ticket.priority")
    spam: bool | None = _column("is spam", "ticket.spam")
    is_unread: bool | None = _column("unread", "ticket.is_unread")
    messages_count: int | None = _column("notes included", "ticket.messages_count")
    tags: list[str] | None = _column("names", "ticket.tags[].name")
    customer_id: int | None = _column("the customer", "ticket.customer.id")
    customer_email: str | None = _column("the customer", "ticket.customer.email")
    customer_name: str | None = _column("the customer", "ticket.customer.name")
    assignee: str | None = _column("user's e-mail or name", "ticket.assignee_user")
    assignee_team: str | None = _column("team's name", "ticket.assignee_team.name")
    custom_fields: str | None = _column("JSON: id to value", "ticket.custom_fields")
    updated_datetime: str | None = _column("changed", "ticket.updated_datetime")
    ticket_opened_datetime: str | None = _column("opened", "ticket.opened_datetime")
    closed_datetime: str | None = _column("closed", "ticket.closed_datetime")
    snooze_datetime: str | None = _column("sleeps until", "ticket.snooze_datetime")
    trashed_datetime: str | None = _column("in the trash", "ticket.trashed_datetime")
    last_message_datetime: str | None = _column(
        "last message", "ticket.last_message_datetime"
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
    value: dict[str, Any] = json.loads(raw.decode("ascii"))
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
    values["custom_fields"] = _json_of_values(ticket.get("custom_fields"))
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
    # Most columns are the object's own values; to look those up at once halves the time.
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
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _json_of_values(custom_fields: object) -> str | None:
    if not isinstance(custom_fields, dict) or not custom_fields:
        return None
    values = {id_: _object(custom_fields, id_).get("value") for id_ in custom_fields}
    return json.dumps(values, ensure_ascii=False)
