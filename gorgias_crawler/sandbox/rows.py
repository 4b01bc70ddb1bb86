"""What a complete export holds, made without the crawler's code."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from math import ceil

from gorgias_crawler.sandbox import files, history
from gorgias_crawler.sandbox.files import File
from gorgias_crawler.sandbox.kinds import CREATED
from gorgias_crawler.sandbox.order import sort_key
from gorgias_crawler.sandbox.records import (
    Account,
    Json,
    MessageRecord,
    Record,
    TicketRecord,
)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def expected_rows(account: Account, tickets: Mapping[int, TicketRecord]) -> list[Json]:
    """Return the rows of the default CSV file."""
    order = sort_key(account, "messages", CREATED)
    return [
        _row(
            history.make(account, "tickets", ticket),
            history.make(account, "messages", message),
        )
        for _, ticket in sorted(tickets.items())
        for message in sorted(ticket.messages, key=order)
    ]


def totals(counts: list[int], limit: int) -> dict[str, int]:
    """Return the sums, and the fewest calls for them, from each ticket's *counts*."""
    pages = [ceil(count / limit) for count in counts]
    listing = max(1, ceil(len(counts) / limit))
    return {
        "tickets": len(counts),
        "messages": sum(counts),
        # The listing is held against the newest tickets, by one call.
        "calls_per_ticket": 1 + listing + 1 + sum(pages),
        "calls_bulk": 1 + listing + ceil(sum(counts) / limit),
    }


def all_files(
    account: Account,
    messages: Mapping[int, MessageRecord],
    recordings: Iterable[Record],
) -> list[File]:
    """Return the files of all messages, and of the recordings that have an address."""
    found = []
    for message in messages.values():
        found += files.attached_to(message) + files.inline_of(message)
    for record in recordings:
        if history.make(account, "voice_call_recordings", record)["url"]:
            found.append(files.recording_of(account, record.number))
    return found


def files_of(
    account: Account, number: int, message: MessageRecord | None
) -> list[File]:
    """Return the files that have *number*: of a call, or of the message with it."""
    recording = files.recording_of(account, number)
    if message is None:
        return [recording]
    return [recording, *files.attached_to(message), *files.inline_of(message)]


def as_csv(rows: list[Json]) -> bytes:
    """Return *rows* as a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _row(ticket: Json, message: Json) -> Json:
    source = message["source"] or {}
    to = source.get("to") or [{}]
    sent_from = source.get("from") or {}
    bodies = (message[name] for name in ("body_text", "body_html", "stripped_text"))
    row = {
        "ticket_id": ticket["id"],
        "channel": ticket["channel"],
        "subject": ticket["subject"],
        "body": next((body for body in bodies if body and body.strip()), ""),
        "sender": _who(message["sender"], sent_from.get("address")),
        "receiver": _who(message["receiver"], to[0].get("address")),
        "created_datetime": ticket["created_datetime"],
        "sent_datetime": message["sent_datetime"],
        "status": ticket["status"],
    }
    return {
        name: _LONE_SURROGATE.sub("\ufffd", "" if value is None else str(value))
        for name, value in row.items()
    }


def _who(person: Json | None, address: str | None) -> str:
    person = person or {}
    return person.get("email") or address or person.get("name") or ""
