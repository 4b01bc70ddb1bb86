"""A ticket's metrics, from the objects that the API gives; see ``docs/metrics.md``.

What is not known is None, never 0.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Any

from gorgias_crawler.api import instant_us
from gorgias_crawler.emit.business_hours import BusinessHours
from gorgias_crawler.items.ticket_metrics import TicketMetrics

Json = Mapping[str, Any]
Wait = tuple[int, int]

_SECOND_US = 1_000_000
_LATEST_US = 4_102_444_800 * _SECOND_US  # the year 2100: later dates are mistakes


class Author(Enum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"  # a person of the team
    BOT = "bot"  # a rule, or a user with the role of a bot
    TEAM = "team"  # a person or a bot: the users are not archived
    NOTE = "note"  # an internal note, whoever wrote it
    UNKNOWN = "unknown"


OF_TEAM = frozenset({Author.AGENT, Author.BOT, Author.TEAM})
"""Whose messages are responses."""


@dataclass(frozen=True, slots=True)
class Authored:
    """A message that counts: when it was written and by whom.

    ``at_us`` is in microseconds since 1970, None without a date; ``user_id`` is the
    number of the user or customer.
    """

    at_us: int | None
    author: Author
    user_id: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the ticket; None is not known.

    ``bots`` are the numbers of the users that are bots, ``events`` those of the ticket.
    """

    bots: Collection[int] | None = None
    hours: BusinessHours | None = None
    events: Sequence[Json] | None = None
    survey: Json | None = None


def authored(messages: Iterable[Json], bots: Collection[int] | None) -> list[Authored]:
    """Return the *messages* that count, in the order in which they were written.

    Left out are those that were deleted and those that failed to be sent.
    """
    dated = [
        (_at_us(message.get("created_datetime")), message)
        for message in messages
        if not message.get("deleted_datetime") and not _is_failed(message)
    ]
    dated.sort(key=lambda pair: (pair[0] or 0, pair[1]["id"]))
    return [
        Authored(at_us, _author(message, bots), _sender_id(message))
        for at_us, message in dated
    ]


@dataclass(frozen=True, slots=True)
class Measured:
    """A ticket with what was found about it.

    ``resolved_us`` is when it was closed for the last time, in microseconds since
    1970; None while it is open or snoozed, and where no date tells.
    """

    ticket: Json
    written: Sequence[Authored]
    resolved_us: int | None
    metrics: TicketMetrics


def measured(ticket: Json, messages: Iterable[Json], known: Known) -> Measured:
    """Measure *ticket*, whose *messages* may come in any order."""
    messages = list(messages)
    written = authored(messages, known.bots)
    closed_us = resolved_us(ticket, known.events or ())
    metrics = TicketMetrics(ticket_id=ticket["id"])
    _set_counts(metrics, written)
    if not any(message.get("imported") for message in messages):
        _set_responses(metrics, written, known.hours)
        began_us = _began_us(ticket, written)
        if began_us is not None and closed_us is not None:
            _set_resolution(metrics, (began_us, closed_us), known.hours)
    _set_history(metrics, known.events or ())
    if closed_us is not None and metrics.agent_messages is not None:
        metrics.one_touch = metrics.agent_messages == 1
    metrics.satisfaction_score = _int((known.survey or {}).get("score"))
    return Measured(ticket, written, closed_us, metrics)


def bot_ids(users: Iterable[Json]) -> frozenset[int]:
    """Return the numbers of those *users* that are bots, by their role."""
    return frozenset(
        user["id"] for user in users if _object(user, "role").get("name") == "bot"
    )


def _author(message: Json, bots: Collection[int] | None) -> Author:
    is_note = _object(message, "source").get("type") == "internal-note"
    if is_note or message.get("public") is False:
        return Author.NOTE
    if not isinstance(message.get("from_agent"), bool):
        return Author.UNKNOWN
    if not message["from_agent"]:
        return Author.CUSTOMER
    if message.get("rule_id") is not None:
        return Author.BOT
    if bots is None:
        return Author.TEAM
    return Author.BOT if _sender_id(message) in bots else Author.AGENT


def _sender_id(message: Json) -> int | None:
    return _int(_object(message, "sender").get("id"))


def _is_failed(message: Json) -> bool:
    return bool(message.get("failed_datetime") and not message.get("sent_datetime"))


def _set_counts(metrics: TicketMetrics, written: Sequence[Authored]) -> None:
    authors = [message.author for message in written]
    metrics.notes = authors.count(Author.NOTE)
    if Author.UNKNOWN in authors:
        return
    metrics.customer_messages = authors.count(Author.CUSTOMER)
    if Author.TEAM not in authors:
        metrics.agent_messages = authors.count(Author.AGENT)
        metrics.bot_messages = authors.count(Author.BOT)


def _set_history(metrics: TicketMetrics, events: Sequence[Json]) -> None:
    types = [event.get("type") for event in events]
    # They are whole where the first one is among them: Gorgias keeps them for a year.
    is_whole = "ticket-created" in types
    if is_whole:
        metrics.reopens = types.count("ticket-reopened")
    if "ticket-merged" in types or is_whole:
        metrics.merged = "ticket-merged" in types


def _set_responses(
    metrics: TicketMetrics, written: Sequence[Authored], hours: BusinessHours | None
) -> None:
    if metrics.customer_messages is None or any(m.at_us is None for m in written):
        return
    first, business = _lengths(_waits(written, OF_TEAM)[:1], hours)
    metrics.first_response_seconds = _whole_seconds(first)
    metrics.first_response_business_seconds = _whole_seconds(business)
    if metrics.agent_messages is None:
        return
    waits = _waits(written, {Author.AGENT})
    first, business = _lengths(waits[:1], hours)
    metrics.first_human_response_seconds = _whole_seconds(first)
    metrics.first_human_response_business_seconds = _whole_seconds(business)
    metrics.next_responses = len(waits[1:])
    later, business = _lengths(waits[1:], hours)
    metrics.next_response_seconds = _whole_seconds(later)
    metrics.next_response_business_seconds = _whole_seconds(business)


def _waits(written: Iterable[Authored], who: Collection[Author]) -> list[Wait]:
    """Return how long the customer waited each time, until one of *who* answered.

    From the first message of the customer that nobody of them had answered yet.
    """
    waits: list[Wait] = []
    since_us: int | None = None
    for message in written:
        assert message.at_us is not None
        if message.author is Author.CUSTOMER and since_us is None:
            since_us = message.at_us
        elif message.author in who and since_us is not None:
            waits.append((since_us, message.at_us))
            since_us = None
    return waits


def _set_resolution(
    metrics: TicketMetrics, wait: Wait, hours: BusinessHours | None
) -> None:
    calendar, business = _lengths([wait], hours)
    metrics.resolution_seconds = _whole_seconds(calendar)
    metrics.resolution_business_seconds = _whole_seconds(business)


def _began_us(ticket: Json, written: Iterable[Authored]) -> int | None:
    began_us = _at_us(ticket.get("created_datetime"))
    if began_us is None:
        return None
    # A message may be older than its ticket: another ticket was merged into it.
    return min([began_us, *(m.at_us for m in written if m.at_us is not None)])


def resolved_us(ticket: Json, events: Iterable[Json]) -> int | None:
    """Return when *ticket* was closed for the last time, in microseconds since 1970.

    None while it is open or snoozed, and where no date tells.
    """
    if ticket.get("status") != "closed":
        return None
    closed_us = _closed_us(ticket, events)
    # A snoozed ticket has the status "closed" until it wakes.
    snooze_us = _at_us(ticket.get("snooze_datetime"))
    if closed_us is not None and snooze_us is not None and snooze_us > closed_us:
        return None
    return closed_us


def _closed_us(ticket: Json, events: Iterable[Json]) -> int | None:
    closed_us = _at_us(ticket.get("closed_datetime"))
    dated = sorted(
        (at_us, str(event.get("type")))
        for event in events
        if (at_us := _at_us(event.get("created_datetime"))) is not None
    )
    of_status = [
        pair for pair in dated if pair[1] in {"ticket-closed", "ticket-reopened"}
    ]
    if not of_status or of_status[-1][1] == "ticket-reopened":
        return closed_us
    if closed_us is not None and closed_us > dated[-1][0]:
        return closed_us  # closed again since the events were archived
    return of_status[-1][0]


def _lengths(
    waits: Iterable[Wait], hours: BusinessHours | None
) -> tuple[list[int], list[int]]:
    """Return the lengths of *waits* in microseconds: calendar, business."""
    waits = list(waits)
    business = [hours.us_between(*wait) for wait in waits] if hours else []
    return [max(0, until_us - since_us) for since_us, until_us in waits], business


def _whole_seconds(lengths_us: Sequence[int]) -> int | None:
    return int(median(lengths_us)) // _SECOND_US if lengths_us else None


def _at_us(text: object) -> int | None:
    at_us = instant_us(text)
    return at_us if 0 < at_us < _LATEST_US else None


def _int(value: object) -> int | None:
    return value if type(value) is int else None


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
