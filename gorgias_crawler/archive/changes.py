"""What has changed and what is deleted: what events say, and what is known of it.

An event alone erases nothing. What it names is doubted: asked for by its id, and erased
where that answer agrees.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from gorgias_crawler.archive import objects
from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import IS_COMPLETE
from gorgias_crawler.archive.tickets import DOUBTED

TELLING = ("ticket-deleted", "ticket-merged", "customer-deleted", "customer-merged")
"""Types of events that say that something is deleted
(https://developers.gorgias.com/reference/the-event-object)."""

_DIGITS = 19  # of SQLite's largest integer; ids have ten


def note_events(archive: Archive, events: Iterable[bytes]) -> None:
    """Doubt, inside of a transaction, what *events* (JSON) say is deleted or merged."""
    tickets: set[int] = set()
    customers: set[int] = set()
    merged: set[int] = set()
    for event in map(json.loads, events):
        match event.get("type"):
            case "ticket-deleted" | "ticket-merged":
                # Which ticket of a merge its event is about is not documented.
                tickets |= _ids(event.get("object_id")) | _ids(event.get("data"))
            case "customer-deleted":
                customers |= _ids(event.get("object_id"))
            case "customer-merged":
                merged |= _ids(event.get("data"))
    if merged:
        tickets |= _tickets_of(archive, merged)
    _doubt_tickets(archive, tickets)
    objects.doubt(archive, "customers", customers | merged)


def _ids(value: Any) -> set[int]:
    """Return all that may be an id in *value*: what events hold is not documented."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return {id_ for one in inner for id_ in _ids(one)}
    is_id = type(value) is int or (isinstance(value, str) and value.isdecimal())
    return {int(value)} if is_id and len(str(value)) < _DIGITS else set()


def _tickets_of(archive: Archive, customers: set[int]) -> set[int]:
    """Return the tickets of *customers*: each is read, but merges are rare."""
    names_one = re.compile(b"|".join(b"%d" % id_ for id_ in customers)).search
    found = archive.db.execute("SELECT id, raw FROM ticket WHERE raw <> x''")
    texts = ((id_, unpacked(raw)) for id_, raw in found)
    named = ((id_, json.loads(raw)) for id_, raw in texts if names_one(raw))
    return {id_ for id_, ticket in named if _customer_of(ticket) in customers}


def _customer_of(ticket: dict[str, Any]) -> Any:
    customer = ticket.get("customer")
    return customer.get("id") if isinstance(customer, dict) else None


def _doubt_tickets(archive: Archive, ids: Iterable[int]) -> None:
    archive.db.execute(
        "UPDATE ticket SET listed = ? WHERE listed >= 0 AND id IN "
        "(SELECT value FROM json_each(?))",
        (DOUBTED, json.dumps(sorted(ids))),
    )


def deleted(
    archive: Archive, since_run: int = 0
) -> Iterator[tuple[str, int, int, int]]:
    """Yield the kind and id of what was found deleted in *since_run* or later.

    With each the run that found it, and when that began, in microseconds since 1970
    (0: not known). In the order of kinds and ids.
    """
    yield from archive.db.execute(
        "SELECT kind, deleted.id, run, coalesce(began_us, 0) FROM deleted "
        "LEFT JOIN run ON run.id = deleted.run WHERE run >= ? ORDER BY kind, deleted.id",
        (since_run,),
    )


def tickets(archive: Archive, since_run: int, *, only_complete: bool) -> list[int]:
    """Return the tickets that changed, or whose messages did, in *since_run* or later.

    *only_complete* leaves out those that have something to fetch.
    """
    whole = f"AND {IS_COMPLETE}" if only_complete else ""
    changed = f"SELECT id FROM ticket WHERE changed_run >= ? {whole}"
    return [id_ for (id_,) in archive.db.execute(changed, (since_run,))]


def run_of_ticket(archive: Archive, ticket_id: int) -> int:
    """Return the run that last saw a ticket or its messages change, 0 if unknown."""
    changed = "SELECT changed_run FROM ticket WHERE id = ?"
    return archive.value(changed, ticket_id) or 0
