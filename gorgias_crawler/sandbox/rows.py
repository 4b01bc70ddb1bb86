"""The rows that a crawl of the pretend account must come to."""

import re

from gorgias_crawler.sandbox.objects import Json

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def row(ticket: Json, message: Json) -> Json:
    """Return the nine default columns as text, by the words of contract and README."""
    source = message["source"] or {}
    to = source.get("to") or [{}]
    sent_from = source.get("from") or {}
    bodies = (message[name] for name in ("body_text", "body_html", "stripped_text"))
    values = {
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
        for name, value in values.items()
    }


def _who(person: Json | None, address: str | None) -> str:
    person = person or {}
    return person.get("email") or address or person.get("name") or ""
