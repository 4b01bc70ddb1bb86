"""What comes of tickets: their customers, surveys, calls and the log of events."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from gorgias_crawler.sandbox import files, objects, people
from gorgias_crawler.sandbox.kinds import KINDS
from gorgias_crawler.sandbox.records import (
    BEGIN_US,
    DAY_US,
    DAYS,
    END_US,
    HOUR_US,
    Account,
    Event,
    Json,
    Record,
    TicketRecord,
    customer_id,
    date,
)

RETENTION_US = 365 * DAY_US  # the log is kept for twelve months
FIRST_EVENT_ID = 2_190_000_001  # above 2**31
_FIRST_CALL_ID = 61_001
_SECOND_US = 1_000_000
# how often a customer writes in each hour of the day (UTC), and from Monday to Sunday
_BUSY_HOURS = (1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 9, 8, 7, 8, 8, 7, 6, 6, 5, 5, 4, 3, 2, 1)
_BUSY_DAYS = (9, 8, 8, 8, 7, 3, 2)

Tickets = Collection[TicketRecord]
Records = dict[int, Record]


def make(account: Account, name: str, record: Any) -> Json:
    """Return the object that a list shows of *record*."""
    if name == "tickets":
        return objects.ticket_object(record)
    if name == "messages":
        return objects.message_object(record)
    row = KINDS[name].row(record.number, record.created_us, facts(account, record))
    changes: Json = record.changes
    return row | changes


def facts(account: Account, record: Any) -> Json:
    """Return what the rows of a kind say of an object of their own."""
    known = {"id": record.id, "domain": account.domain}
    source = record.source
    if isinstance(source, TicketRecord):
        call = source.number // OF_TICKETS["voice_calls"][1]
        known |= {"ticket_id": source.id, "customer_id": customer_id(source.owner)}
        known |= {"score": record.number % 5 + 1, "call_id": _FIRST_CALL_ID + call}
        known["url"] = files.recording_of(account, call).url
    return known | (source if isinstance(source, dict) else {})


def instants(draw: random.Random, count: int) -> list[int]:
    """Return when customers wrote, over two years, more often at busy times."""
    found = []
    for index in range(count):
        week = int((index + draw.random()) * (DAYS // 7) / count)
        weekday = draw.choices(range(7), _BUSY_DAYS)[0]
        hour = draw.choices(range(24), _BUSY_HOURS)[0]
        at_us = (week * 7 + weekday) * DAY_US + hour * HOUR_US
        found.append(BEGIN_US + at_us + draw.randrange(HOUR_US))
    return sorted(found)


def length(draw: random.Random, mean: float) -> int:
    """Draw how many messages a ticket has: most tickets are short, some are long."""
    spread = draw.expovariate(1 / max(mean - 0.5, 0.1))
    return max(1, min(round(spread + 0.5), 60))


def made(tickets: Tickets, account: Account) -> dict[str, dict[int, Any]]:
    """Return all objects of an account but its tickets and messages, by kind and id."""
    found: dict[str, dict[int, Any]] = {"customers": customers(tickets, account)}
    for name, kind in KINDS.items():
        if name in OF_TICKETS:
            found[name] = of_tickets(name, tickets)
        elif kind.first_id:
            found[name] = setup(name)
    created = {name: found[name] for name in CREATED}
    return found | {"events": events(tickets, created)}


def setup(name: str) -> Records:
    """Return the objects of a small list: what was there before the first ticket."""
    kind = KINDS[name]
    count = kind.count or len(kind.vary[0])
    found = {}
    for n in range(count):
        # two share an instant; the last one is young enough for the log to tell of it
        created_us = BEGIN_US - 90 * DAY_US + n // 2 * DAY_US
        created_us += 500 * DAY_US if n == count - 1 else 0
        is_updated = kind.row(n, created_us, {}).get("updated_datetime")
        updated_us = created_us + HOUR_US if is_updated else None
        id_ = kind.first_id + n
        found[id_] = Record(id_, created_us, updated_us, n)
    return found


def customers(tickets: Tickets, account: Account) -> Records:
    """Return all customers, also those who never wrote."""
    first_us: dict[int, int] = {}
    for ticket in tickets:
        at_us = first_us.get(ticket.customer, END_US)
        first_us[ticket.customer] = min(at_us, ticket.created_us)
    step_us = DAYS * DAY_US // account.customers
    found = {}
    for index in range(account.customers):
        created_us = first_us.get(index, BEGIN_US + index * step_us)
        updated_us = min(created_us + index % 5 * 3 * DAY_US, END_US)
        id_ = customer_id(index)
        person = people.customer_person(index) | {"updated": date(updated_us)}
        found[id_] = Record(id_, created_us, updated_us, index, person)
    return found


def of_tickets(name: str, tickets: Tickets, latest_us: int = END_US) -> Records:
    """Return what some tickets have: so many of each, in the way of `OF_TICKETS`.

    None is younger than *latest_us*.
    """
    first_id, divisor, rest, count, delay_us = OF_TICKETS[name]
    found = {}
    for ticket in tickets:
        n, left = divmod(ticket.number, divisor)
        for step in range(count if left == rest else 0):
            # a survey comes when all has been said, a call comes first
            since_us = ticket.updated_us if name in _AT_THE_END else ticket.created_us
            at_us = min(since_us + delay_us * (step + 1), latest_us)
            id_ = first_id + n * count + step
            found[id_] = Record(id_, at_us, None, n * count + step, ticket)
    return found


OF_TICKETS = {
    "satisfaction_surveys": (7_000_001, 3, 1, 1, 5_000_000),
    "voice_calls": (_FIRST_CALL_ID, 11, 3, 1, 0),
    "voice_call_events": (1, 11, 3, 3, 30_000_000),
    "voice_call_recordings": (200_001, 11, 3, 1, 60_000_000),
}
"""First id; which tickets, by divisor and rest of their number; how many, and
microseconds after the ticket. A call is that of the ticket by which it is known."""
_AT_THE_END = {"satisfaction_surveys"}


def events(tickets: Tickets, lists: Mapping[str, Records]) -> dict[int, Event]:
    """Return the log of the account's last twelve months; *lists* are what it made."""
    since_us = END_US - RETENTION_US
    found = [
        event
        for ticket in tickets
        if ticket.updated_us >= since_us
        for event in of_ticket(ticket)
    ]
    for name, records in lists.items():
        type_, object_type = CREATED[name]
        found += [
            Event(r.created_us, type_, object_type, r.id) for r in records.values()
        ]
    kept = [event for event in found if event.created_us >= since_us]
    kept.sort(key=lambda event: event.created_us)
    for n, event in enumerate(kept):
        event.id = FIRST_EVENT_ID + n * 2
    return {event.id: event for event in kept}


CREATED = {
    "customers": ("customer-created", "Customer"),
    "tags": ("tag-created", "Tag"),
    "macros": ("macro-created", "Macro"),
    "rules": ("rule-created", "Rule"),
    "views": ("view-created", "View"),
    "custom_fields": ("custom-field-created", "CustomField"),
}
"""The kinds whose creation the log tells, with its event and its name for them."""


def of_ticket(ticket: TicketRecord) -> Iterator[Event]:
    """Yield what the log says of a ticket's life until now."""
    n, id_, at_us = ticket.number, ticket.id, ticket.created_us
    agent = people.AGENT_IDS[n % 4]
    yield Event(at_us, "ticket-created", "Ticket", id_, context=n)
    for message in ticket.messages:
        user = people.writer_id(message) if message.from_agent else None
        for type_, of, of_id in (
            ("ticket-message-created", "TicketMessage", message.id),
            ("ticket-updated", "Ticket", id_),
        ):
            yield Event(message.created_us, type_, of, of_id, user, None, n)
    end_us = ticket.updated_us
    if ticket.status == "closed":
        half_us = (at_us + end_us) // 2
        if n % 5 == 0:
            yield Event(half_us, "ticket-closed", "Ticket", id_, agent)
            yield Event(half_us + HOUR_US // 60, "ticket-reopened", "Ticket", id_)
        yield Event(end_us, "ticket-closed", "Ticket", id_, agent, None, n)
    for divisor, rest, type_, of, data in _SOMETIMES:
        if n % divisor == rest:
            writer = customer_id(ticket.customer)
            ids = _IDS | {"Ticket": id_, "User": agent, "Customer": writer}
            user = None if of == "Rule" else agent
            yield Event(
                at_us + _SECOND_US, type_, of, ids[of], user, data(ticket, agent)
            )


_Data = Callable[[TicketRecord, int], Json | None]
_IDS = {"Rule": 120_001, "Macro": 370_001, "CustomField": 320_001}
_SKIPPED = {"reasons": ["ticket has no message of an agent"]}
_SOMETIMES: tuple[tuple[int, int, str, str, _Data], ...] = (
    (3, 1, "ticket-assigned", "Ticket", lambda t, a: {"assignee_user_id": a}),
    (3, 0, "ticket-tags-added", "Ticket", lambda t, a: {"tags_added": [1_800_001]}),
    (
        15,
        3,
        "ticket-tags-removed",
        "Ticket",
        lambda t, a: {"tags_removed": [1_800_003]},
    ),
    (8, 3, "ticket-subject-updated", "Ticket", lambda t, a: {"new_subject": "=1+1"}),
    (23, 11, "ticket-marked-spam", "Ticket", lambda t, a: None),
    (9, 4, "ticket-satisfaction-survey-skipped", "Ticket", lambda t, a: _SKIPPED),
    (4, 2, "user-logged-in", "User", lambda t, a: {"remote_addr": "192.0.2.7"}),
    (6, 1, "rule-executed", "Rule", lambda t, a: {"ticket_id": t.id}),
    (1, 0, "rules-pipeline-executed", "Ticket", lambda t, a: None),
    (2, 1, "macro-applied", "Macro", lambda t, a: {"ticket_id": t.id}),
    (3, 2, "action-executed", "Ticket", lambda t, a: {"name": "addTags"}),
    (7, 2, "customer-updated", "Customer", lambda t, a: None),
    (25, 7, "custom-field-updated", "CustomField", lambda t, a: None),
)
"""What happens to some tickets, by their number: divisor, rest, type, object, data."""
