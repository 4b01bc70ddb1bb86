"""What figures need beside tickets and messages, out of whatever is archived."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from gorgias_crawler.emit import history
from gorgias_crawler.emit.business_hours import BusinessHours, of_account
from gorgias_crawler.emit.history import History

Json = Mapping[str, Any]


Reader = Callable[..., Iterable[Json] | None]
"""Gives the archived objects of a kind, None where the kind is not archived; of words
that follow the kind's name they have one."""


@dataclass(frozen=True)
class Beside:
    """What is archived of the other kinds; None where a kind is not.

    ``names`` and ``bots`` are of users, by their numbers. ``reason_fields`` are the
    numbers of the custom fields that Gorgias manages as contact reason.
    """

    names: Mapping[int, str] | None = None
    bots: frozenset[int] | None = None
    hours: BusinessHours | None = None
    reason_fields: frozenset[str] | None = None
    scores: Mapping[int, int] | None = None
    histories: Mapping[int, History] | None = None

    @classmethod
    def read(cls, objects: Reader, events_until_us: int) -> "Beside":
        """Read all that is needed.

        Of an event only what a ticket's `History` needs is kept. *events_until_us* is
        up to when all are archived.
        """
        users = _listed(objects("users"))
        fields = _listed(objects("custom_fields"))
        return cls(
            names=None if users is None else {u["id"]: _name(u) for u in users},
            bots=None if users is None else bot_ids(users),
            hours=_hours(objects("account") or ()),
            reason_fields=None if fields is None else _reason_fields(fields),
            scores=_scores(objects("satisfaction_surveys")),
            histories=_histories(objects("events", *history.TYPES), events_until_us),
        )

    @property
    def zone(self) -> tzinfo:
        """The time zone of the account's business hours, else UTC."""
        return self.hours.zone if self.hours else UTC


def bot_ids(users: Iterable[Json]) -> frozenset[int]:
    """Return the numbers of those *users* that are bots, by their role."""
    return frozenset(
        user["id"]
        for user in users
        if isinstance(user.get("role"), dict) and user["role"].get("name") == "bot"
    )


def _listed(objects: Iterable[Json] | None) -> list[Json] | None:
    return None if objects is None else list(objects)


def _name(user: Json) -> str:
    return str(user.get("name") or user.get("email") or f"User {user['id']}")


def _hours(accounts: Iterable[Json]) -> BusinessHours | None:
    for account in accounts:
        settings = account.get("settings")
        return of_account(settings if isinstance(settings, list) else ())
    return None


def _reason_fields(fields: Iterable[Json]) -> frozenset[str]:
    return frozenset(
        str(field["id"])
        for field in fields
        if field.get("managed_type") == "contact_reason"
        and field.get("object_type") == "Ticket"
    )


def _scores(surveys: Iterable[Json] | None) -> dict[int, int] | None:
    if surveys is None:
        return None
    return {
        survey["ticket_id"]: survey["score"]
        for survey in surveys
        if type(survey.get("score")) is int and type(survey.get("ticket_id")) is int
    }


def _histories(
    events: Iterable[Json] | None, until_us: int
) -> dict[int, History] | None:
    if events is None:
        return None
    histories: dict[int, History] = {}
    for event in events:
        if event.get("object_type") == "Ticket":
            told = histories.setdefault(event["object_id"], History(until_us=until_us))
            told.add(event)
    return histories
