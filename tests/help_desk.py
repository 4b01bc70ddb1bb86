"""A made-up account as the API gives it, for figures: always the same for a seed.

Bots, rules, notes, reopened, snoozed and merged tickets, nights and weekends, spam,
trash, imported, undated, failed and deleted messages, scores; times with the spread
that answers really have.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

CUSTOMER, BOT, AGENTS = 11, 3, range(101, 109)
BOTS = frozenset({BOT})
REASON_FIELD = "880"
_SECOND = 1_000_000
_BEGIN = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * _SECOND
_CHANNELS = ("email", "chat", "phone", "sms", "whatsapp", "facebook", "contact_form",
             "instagram-direct-message")  # fmt: skip
_TAGS = ("shipping", "refund", "returns", "size question", "vip", "broken on arrival",
         "subscription", '<b>bold</b> & "quoted"')  # fmt: skip
_REASONS = ("Order::Status", "Order::Refund", "Product::Question", None)


@dataclass
class Case:
    """A ticket with its messages, events and survey."""

    ticket: Json
    messages: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    survey: Json | None = None


def iso(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


def help_desk(tickets: int, seed: int = 1, days: int = 365) -> Iterator[Case]:
    """Yield so many tickets, spread over so many days of 2025, the oldest first."""
    draw = random.Random(seed)
    step_us = days * 86_400 * _SECOND // tickets
    number = 0
    for index in range(tickets):
        case = _case(
            draw, index + 1, _BEGIN + index * step_us + draw.randrange(step_us)
        )
        for message in case.messages:
            number += 1
            message["id"] = number
        yield case


def _case(draw: random.Random, id_: int, began_us: int) -> Case:
    case = Case({
        "id": id_,
        "status": "open",
        "channel": draw.choices(_CHANNELS, range(len(_CHANNELS), 0, -1))[0],
        "created_datetime": iso(began_us),
        "closed_datetime": None,
        "snooze_datetime": None,
        "spam": id_ % 41 == 0,
        "trashed_datetime": iso(began_us) if id_ % 53 == 0 else None,
        "tags": [{"id": n, "name": name} for n, name in enumerate(_TAGS)
                 if draw.random() < 0.4 / (n + 1)],
        "custom_fields": {REASON_FIELD: {"id": 880, "value": draw.choice(_REASONS)}},
        "assignee_user": {"id": draw.choice(AGENTS)} if id_ % 3 else None,
    })  # fmt: skip
    ended_us = _converse(draw, case, began_us)
    _event(case, began_us, "ticket-created")
    if draw.random() < 0.9:
        _close(draw, case, ended_us + _some(draw, 7))
    if id_ % 29 == 0:
        _event(case, ended_us, "ticket-merged")
    if id_ % 5 == 0:
        case.survey = {"score": draw.choice((None, 1, 3, 4, 5, 5, 5))}
    return case


def _converse(draw: random.Random, case: Case, at_us: int) -> int:
    """Let customer and team write in turns; return when the last message was."""
    id_, agent = case.ticket["id"], draw.choice(AGENTS)
    _say(case, at_us, CUSTOMER, imported=True if id_ % 61 == 0 else None)
    if id_ % 4 == 0:
        at_us += 20 * _SECOND
        _say(case, at_us, BOT if id_ % 8 else agent, rule_id=None if id_ % 8 else 7)
        _say(case, at_us, BOT, public=False)
    if id_ % 47 == 0:
        lost = {"sent_datetime": None, "failed_datetime": iso(at_us)}
        _say(case, at_us + _SECOND, agent, **lost)
        _say(case, at_us + _SECOND, agent, deleted_datetime=iso(at_us))
    while draw.random() < 0.8 and len(case.messages) < 30:
        at_us += _some(draw, 8)
        if draw.random() < 0.3:
            _say(case, at_us, agent, public=False)
            at_us += 60 * _SECOND
        _say(case, at_us, agent)
        if draw.random() < 0.5:
            break
        at_us += _some(draw, 9)
        _say(case, at_us, CUSTOMER)
    if id_ % 37 == 0:
        _say(case, at_us, agent, created_datetime=None)
    return at_us


def _some(draw: random.Random, size: float) -> int:
    """Draw microseconds around e**size seconds: 18 minutes for 7, 50 for 8."""
    return int(draw.lognormvariate(size, 1.3) * _SECOND)


def _say(case: Case, at_us: int, who: int, **changed: Any) -> None:
    is_note = changed.get("public") is False
    case.messages.append({
        "ticket_id": case.ticket["id"],
        "public": True,
        "from_agent": who != CUSTOMER,
        "sender": {"id": who},
        "rule_id": None,
        "source": {"type": "internal-note" if is_note else "email"},
        "created_datetime": iso(at_us),
        "sent_datetime": None if is_note or who == CUSTOMER else iso(at_us),
        "failed_datetime": None,
        "deleted_datetime": None,
        "imported": None,
        **changed,
    })  # fmt: skip


def _close(draw: random.Random, case: Case, at_us: int) -> None:
    _event(case, at_us, "ticket-closed")
    if draw.random() < 0.15:
        _event(case, at_us + 3_600 * _SECOND, "ticket-reopened")
        at_us += 9_000 * _SECOND
        _event(case, at_us, "ticket-closed")
    case.ticket |= {"status": "closed", "closed_datetime": iso(at_us)}
    if case.ticket["id"] % 43 == 0:
        case.ticket["snooze_datetime"] = iso(at_us + 86_400 * _SECOND)


def _event(case: Case, at_us: int, type_: str) -> None:
    case.events.append({"type": type_, "created_datetime": iso(at_us)})
