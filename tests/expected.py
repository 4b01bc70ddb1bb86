"""What a complete export of a world holds, made without the crawler's code."""

import re
from math import ceil

from gorgias_crawler.sandbox import World, files, history
from gorgias_crawler.sandbox.files import File
from gorgias_crawler.sandbox.kinds import CREATED
from gorgias_crawler.sandbox.order import sort_key
from gorgias_crawler.sandbox.records import Json
from gorgias_crawler.sandbox.world import PAGE_LIMIT

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def expected_rows(world: World) -> list[dict[str, str]]:
    """Return the rows of the default CSV file."""
    account, order = world.account, sort_key(world.account, "messages", CREATED)
    with world.lock:
        return [
            _row(
                history.make(account, "tickets", ticket),
                history.make(account, "messages", message),
            )
            for _, ticket in sorted(world.tickets.items())
            for message in sorted(ticket.messages, key=order)
        ]


def fewest_calls(world: World) -> dict[str, int]:
    """Return the fewest calls for a first run, by its ``-a fetch``."""
    counts = [len(ticket.messages) for ticket in world.tickets.values()]
    listing = max(1, ceil(len(counts) / PAGE_LIMIT))
    return {
        # The listing is held against the newest tickets, by one call.
        "per-ticket": 1
        + listing
        + 1
        + sum(ceil(count / PAGE_LIMIT) for count in counts),
        "bulk": 1 + listing + ceil(sum(counts) / PAGE_LIMIT),
    }


def expected_files(world: World) -> list[File]:
    """Return the files of all messages, and of the recordings that have an address."""
    found = []
    with world.lock:
        for message in world.messages.values():
            found += files.attached_to(message) + files.inline_of(message)
        for record in world.records("voice_call_recordings").values():
            if history.make(world.account, "voice_call_recordings", record)["url"]:
                found.append(files.recording_of(world.account, record.number))
    return found


def _row(ticket: Json, message: Json) -> dict[str, str]:
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
