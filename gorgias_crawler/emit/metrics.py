"""A ticket's metrics, from the objects that the API gives; see ``docs/metrics.md``.

What is not known is None, never 0.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Any

from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.business_hours import BusinessHours
from gorgias_crawler.emit.history import History, at_us_of, resolved_us
from gorgias_crawler.items.ticket_metrics import TicketMetrics

Json = Mapping[str, Any]
Wait = tuple[int, int]

_SECOND_US = 1_000_000


class Author(Enum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"  # a person of the team
    BOT = "bot"  # a rule, or a user with the role of a bot
    TEAM = "team"  # a person or a bot: the message or the archive does not tell
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


def authored(messages: Iterable[Json], bots: Collection[int] | None) -> list[Authored]:
    """Return the *messages* that count, in the order in which they were written.

    Left out are those that were deleted and those that failed to be sent.
    """
    dated = [
        (at_us_of(message.get("created_datetime")), message)
        for message in messages
        if not message.get("deleted_datetime") and not _is_failed(message)
    ]
    dated.sort(key=lambda pair: (pair[0] or 0, pair[1]["id"]))
    return [
        Authored(at_us, author(message, bots), _sender_id(message))
        for at_us, message in dated
    ]


@dataclass(frozen=True, slots=True)
class Measured:
    """A ticket with what was found about it.

    ``resolved_us`` is when it was closed for the last time, in microseconds since
    1970; None while it ``is_open``, which snoozed tickets are, and where no date tells.
    """

    ticket: Json
    written: Sequence[Authored]
    resolved_us: int | None
    is_open: bool
    metrics: TicketMetrics


def measured(ticket: Json, messages: Iterable[Json], beside: Beside) -> Measured:
    """Measure *ticket*, whose *messages* may come in any order."""
    messages = list(messages)
    written = authored(messages, beside.bots)
    history = (beside.histories or {}).get(ticket["id"]) or History()
    closed_us = resolved_us(ticket, history)
    metrics = TicketMetrics(ticket_id=ticket["id"])
    _set_counts(metrics, written)
    if not any(message.get("imported") for message in messages):
        _set_responses(metrics, written, beside.hours)
        began_us = _began_us(ticket, written)
        if began_us is not None and closed_us is not None:
            _set_times(metrics, "resolution", [(began_us, closed_us)], beside.hours)
    is_whole = history.is_whole_of(ticket)
    if is_whole:
        metrics.reopens = history.reopens
    if history.merged or is_whole:
        metrics.merged = history.merged
    if closed_us is not None and metrics.customer_messages:
        agents = metrics.agent_messages
        metrics.one_touch = None if agents is None else agents == 1
    metrics.satisfaction_score = (beside.scores or {}).get(ticket["id"])
    is_snoozed = closed_us is None and bool(ticket.get("snooze_datetime"))
    is_open = ticket.get("status") != "closed" or is_snoozed
    return Measured(ticket, written, closed_us, is_open, metrics)


def author(message: Json, bots: Collection[int] | None) -> Author:
    """Return who wrote *message*; *bots* are users' numbers, None if not archived."""
    is_note = _object(message, "source").get("type") == "internal-note"
    if is_note or message.get("public") is False:
        return Author.NOTE
    if not isinstance(message.get("from_agent"), bool):
        return Author.UNKNOWN
    if not message["from_agent"]:
        return Author.CUSTOMER
    if message.get("rule_id") is not None:
        return Author.BOT
    sender_id = _sender_id(message)
    if bots is None or sender_id is None:
        return Author.TEAM
    return Author.BOT if sender_id in bots else Author.AGENT


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


def _set_responses(
    metrics: TicketMetrics, written: Sequence[Authored], hours: BusinessHours | None
) -> None:
    if metrics.customer_messages is None or any(m.at_us is None for m in written):
        return
    _set_times(metrics, "first_response", _waits(written, OF_TEAM)[:1], hours)
    if metrics.agent_messages is None:
        return
    waits = _waits(written, {Author.AGENT})
    _set_times(metrics, "first_human_response", waits[:1], hours)
    _set_times(metrics, "next_response", waits[1:], hours)
    metrics.next_responses = len(waits[1:])


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


def _set_times(
    metrics: TicketMetrics, name: str, waits: list[Wait], hours: BusinessHours | None
) -> None:
    """Set the metric *name*, the median of *waits*, as it is and in business hours."""
    calendar = [max(0, until_us - since_us) for since_us, until_us in waits]
    business = [hours.us_between(*wait) for wait in waits] if hours else []
    for kind, lengths_us in (("", calendar), ("_business", business)):
        seconds = int(median(lengths_us)) // _SECOND_US if lengths_us else None
        setattr(metrics, f"{name}{kind}_seconds", seconds)


def _began_us(ticket: Json, written: Iterable[Authored]) -> int | None:
    began_us = at_us_of(ticket.get("created_datetime"))
    if began_us is None:
        return None
    # A message may be older than its ticket: another ticket was merged into it.
    return min([began_us, *(m.at_us for m in written if m.at_us is not None)])


def _int(value: object) -> int | None:
    return value if type(value) is int else None


def _object(parent: Json, name: str) -> Json:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
