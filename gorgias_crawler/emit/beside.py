"""What figures need beside tickets and messages, out of whatever is archived."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, TypeVar

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.archive import Archive
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.emit import history
from gorgias_crawler.emit.business_hours import BusinessHours, of_account
from gorgias_crawler.emit.history import History
from gorgias_crawler.items import decoded

Json = Mapping[str, Any]
Made = TypeVar("Made")


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
    def read(cls, archive: Archive) -> "Beside":
        """Read all that is needed. Raises `RunEndError`.

        Of an event only what a ticket's `History` needs is kept.
        """
        with archive.reading():
            until_us = Objects(archive, KINDS["events"]).progress.watermark_us
            # It is of the Date of an answer, in whole seconds; what came in that second
            # and changed an archived ticket was there when events were read, which is
            # later.
            histories = partial(_histories, until_us + 999_999 if until_us else 0)
            return cls(
                names=_of(archive, "users", _names),
                bots=bots(archive),
                hours=_of(archive, "account", _hours),
                reason_fields=_of(archive, "custom_fields", _reason_fields),
                scores=_of(archive, "satisfaction_surveys", _scores),
                histories=_of(archive, "events", histories, *history.TYPES),
            )

    @property
    def zone(self) -> tzinfo:
        """The time zone of the account's business hours, else UTC."""
        return self.hours.zone if self.hours else UTC


def bots(archive: Archive) -> frozenset[int] | None:
    """Return the numbers of the users that are bots, None where none are archived."""
    return _of(archive, "users", _bots)


def _of(
    archive: Archive, kind: str, make: Callable[[Iterator[Json]], Made], *words: str
) -> Made | None:
    """Return what *make* makes of the objects of *kind*, of *words* those with one.

    None where the kind is not archived.
    """
    archived = Objects(archive, KINDS[kind])
    # Decoding takes most of the time, and of events one in ten is of use.
    wanted = [word.encode() for word in words] or [b""]
    found = (
        decoded(raw)
        for raw, *_ in archived.in_order()
        if any(word in raw for word in wanted)
    )
    return make(found) if archived.are_known else None


def _bots(users: Iterable[Json]) -> frozenset[int]:
    return frozenset(
        user["id"]
        for user in users
        if isinstance(user.get("role"), dict) and user["role"].get("name") == "bot"
    )


def _names(users: Iterable[Json]) -> dict[int, str]:
    return {
        user["id"]: str(user.get("name") or user.get("email") or f"User {user['id']}")
        for user in users
    }


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


def _scores(surveys: Iterable[Json]) -> dict[int, int]:
    return {
        survey["ticket_id"]: survey["score"]
        for survey in surveys
        if type(survey.get("score")) is int and type(survey.get("ticket_id")) is int
    }


def _histories(until_us: int, events: Iterable[Json]) -> dict[int, History]:
    histories: dict[int, History] = {}
    for event in events:
        ticket_id = event.get("object_id")
        if event.get("object_type") == "Ticket" and type(ticket_id) is int:
            told = histories.setdefault(ticket_id, History(until_us=until_us))
            told.add(event)
    return histories
