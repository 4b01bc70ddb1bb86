"""Every kind of object beside tickets and messages: one declaration each.

Paths and parameters are the documented ones (https://developers.gorgias.com/reference);
what is not known there is said where it matters. A kind that is added here can be asked
for, archived, refreshed, counted, exported and verified.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import Any

from gorgias_crawler.api import secrets
from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.api.urls import Order
from gorgias_crawler.items.account import Account
from gorgias_crawler.items.custom_field import CustomField
from gorgias_crawler.items.customer import Customer
from gorgias_crawler.items.event import Event
from gorgias_crawler.items.integration import Integration
from gorgias_crawler.items.job import Job
from gorgias_crawler.items.macro import Macro
from gorgias_crawler.items.rule import Rule
from gorgias_crawler.items.satisfaction_survey import SatisfactionSurvey
from gorgias_crawler.items.tag import Tag
from gorgias_crawler.items.team import Team
from gorgias_crawler.items.user import User
from gorgias_crawler.items.view import View
from gorgias_crawler.items.voice_call import VoiceCall
from gorgias_crawler.items.voice_call_event import VoiceCallEvent
from gorgias_crawler.items.voice_call_recording import VoiceCallRecording
from gorgias_crawler.items.widget import Widget

Json = dict[str, Any]


class Refresh(Enum):
    """The cheapest honest way to have what is new and what has changed."""

    WHOLE = "whole"
    """A small list: read whole, and taken over at once when its last page is there."""

    BY_UPDATE = "by update"
    """The list has an order by update: from the newest to what is known."""

    SINCE = "since"
    """The list takes a date to begin with, and no object of it ever changes."""

    WHILE_OPEN = "while open"
    """By creation; an object may change while it is open, so the list is read back to
    the oldest one that is."""

    UNORDERED = "unordered"
    """No order is promised. A list that was seen from the newest throughout is read
    until pages bring nothing new, and whole now and then."""

    SINGLE = "single"
    """One object, not a list."""


@dataclass(frozen=True)
class Kind:
    """What is known of one kind of object.

    ``name`` is the user's word for it, ``row`` its item class, ``path`` its list below
    the base URL. ``needs`` says what is missing where it may not be read. ``walks`` are
    the parameters of each walk that is needed to see all of it. ``kept`` returns what
    of an object may be archived, without its secrets. ``open_until_us`` says how long
    it may change.
    ``stays`` marks a kind that others refer to: what no list shows any more stays.
    One that ``tells_deletions`` says what was deleted of other kinds. ``parents`` are
    the columns that hold ids of other kinds, with the names of those.
    """

    name: str
    row: type
    path: str
    needs: str
    _: KW_ONLY
    refresh: Refresh = Refresh.WHOLE
    order: Order | None = Order.OLDEST
    walks: tuple[Mapping[str, str], ...] = ({},)
    kept: Callable[[Json], Json] | None = None
    open_until_us: Callable[[Json], int | None] | None = None
    stays: bool = False
    tells_deletions: bool = False
    parents: Mapping[str, str] = field(default_factory=dict)


_DAY_US = 24 * 3600 * 1_000_000

_ANSWERED_WITHIN_US = 60 * _DAY_US
"""So long after a survey was sent its score may still come: most customers answer in
days, and hardly one after two months (chosen)."""


def _survey_open_until_us(survey: Json) -> int | None:
    """Return until when a survey may get its score, None where it has one."""
    if survey.get("score") is not None:
        return None
    dates = ("sent_datetime", "should_send_datetime", "created_datetime")
    sent_us = next(filter(None, (instant_us(survey.get(name)) for name in dates)), 0)
    return sent_us + _ANSWERED_WITHIN_US


def _without(*names: str) -> Callable[[Json], Json]:
    """Return what leaves fields out: syntax trees say again what the code says."""
    return lambda value: {k: v for k, v in value.items() if k not in names}


_ARCHIVED = ({"archived": "false"}, {"archived": "true"})
_PERSON = {"ticket_id": "tickets", "customer_id": "customers"}
_VOICE = "Gorgias Voice, and a user who may see calls"

_DECLARED = (
    Kind(
        *("account", Account, "/account", "the scope account:read"),
        refresh=Refresh.SINGLE,
        kept=secrets.of_account,
    ),
    Kind(
        *("users", User, "/users", "the scope users:read"),
        kept=secrets.without_secrets,
        stays=True,
    ),
    Kind(
        *("teams", Team, "/teams", "the scope users:read"),
        parents={"member_ids": "users"},
    ),
    Kind("tags", Tag, "/tags", "the scope tags:read"),
    Kind(
        "custom_fields",
        CustomField,
        "/custom-fields",
        "the scope custom_fields:read",
        order=None,  # by priority alone, which is no time
        walks=tuple(
            {"object_type": type_, **archived}
            for type_ in ("Ticket", "Customer")
            for archived in _ARCHIVED
        ),
    ),
    Kind(
        *("views", View, "/views", "the scope tickets:read"),
        kept=_without("filters_ast"),
    ),
    Kind(
        *("macros", Macro, "/macros", "the scope macros:read"),
        walks=_ARCHIVED,
        kept=secrets.without_secrets,
    ),
    Kind(
        *("rules", Rule, "/rules", "the scope rules:read"),
        kept=secrets.of_rule,
    ),
    Kind(
        *("integrations", Integration, "/integrations", "the scope integrations:read"),
        kept=secrets.of_integration,
        parents={"user_id": "users"},
    ),
    Kind(
        *("customers", Customer, "/customers", "the scope customers:read"),
        refresh=Refresh.BY_UPDATE,
    ),
    Kind(
        "satisfaction_surveys",
        SatisfactionSurvey,
        "/satisfaction-surveys",
        "the scope satisfaction_survey:read",
        refresh=Refresh.WHILE_OPEN,
        open_until_us=_survey_open_until_us,
        parents=_PERSON,
    ),
    Kind(
        *("events", Event, "/events", "the scope events:read"),
        kept=secrets.without_secrets,
        refresh=Refresh.SINCE,
        stays=True,
        tells_deletions=True,
        parents={"user_id": "users"},
    ),
    Kind(
        *("jobs", Job, "/jobs", "the scope jobs:read"),
        kept=secrets.without_secrets,
        parents={"user_id": "users"},
    ),
    Kind(
        *("widgets", Widget, "/widgets", "the scope integrations:read"),
        kept=secrets.without_secrets,
        parents={"integration_id": "integrations"},
    ),
    Kind(
        *("voice_calls", VoiceCall, "/phone/voice-calls", _VOICE),
        refresh=Refresh.UNORDERED,
        order=None,
        parents=_PERSON | {"integration_id": "integrations"},
    ),
    Kind(
        *("voice_call_events", VoiceCallEvent, "/phone/voice-call-events", _VOICE),
        refresh=Refresh.UNORDERED,
        order=None,
        parents={"call_id": "voice_calls"},
    ),
    Kind(
        "voice_call_recordings",
        VoiceCallRecording,
        "/phone/voice-call-recordings",
        _VOICE,
        refresh=Refresh.UNORDERED,
        order=None,
        parents={"call_id": "voice_calls"},
    ),
)

KINDS = {kind.name: kind for kind in _DECLARED}
"""Every kind by its name, in the order in which they are fetched."""
