"""Which of the archived tickets and messages become rows (``-a status=closed`` ...).

The archive always holds the whole account; a filter only leaves rows out.
"""

import csv
import re
from calendar import isleap, monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from gorgias_crawler.api.dates import instant_us, us_of
from gorgias_crawler.errors import ConfigurationError

Json = Mapping[str, Any]

MEANINGS = {
    "since": "only tickets created on this day (UTC) or later, for example `2025-01-01`, "
    "`2025-01`, `2025` (from its first day) or `30d` (30 days ago)",
    "until": "only tickets created on this day (UTC) or before, for example "
    "`2025-12-31`, `2025-12`, `2025` (to its last day) or `30d`",
    "by": "which date `since` and `until` mean: `creation` (default) or `update` of the "
    "ticket, or `message`, the creation of the message",
    "status": "only tickets with this status: `open` or `closed`",
    "channel": "only tickets of these channels, for example `email,chat`",
    "tag": "only tickets with at least one of these tags, for example `vip,refund`; a "
    'name with a comma stands in quotes, as in CSV: `vip,"late, again"`',
    "customer": "only tickets of these customers, by e-mail address or number in Gorgias",
    "spam": "`false` leaves spam out; `true` exports only spam",
    "trashed": "`false` leaves out what is in the trash; `true` exports only that",
    "notes": "`false` leaves internal notes out; `true` exports only internal notes",
    "changed_since": "only what runs after this one saw change (its number is "
    "`run` in `run.json`), or runs since a date; conversations also have a line for each "
    "ticket that was deleted since, or that other filters now leave out",
}
"""Every filter with its meaning, for the help and the README."""

TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
"""The words for a boolean argument."""

_STATUSES = {"open", "closed"}
_DATES = {"creation": "created_datetime", "update": "updated_datetime", "message": None}
_EXAMPLES = {
    "status": "closed",
    "channel": "email,chat",
    "tag": "vip,refund",
    "customer": "ana@example.org",
}


@dataclass(frozen=True)
class Filters:
    """What becomes a row; None and empty leave nothing out.

    ``since_us`` and ``until_us`` bound the date that ``by`` names, the second
    exclusively, in microseconds since 1970. ``asked`` is what they were made of, as it
    was given, but for relative dates, which stand there as days.
    """

    since_us: int | None = None
    until_us: int | None = None
    by: str = "creation"
    status: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()
    tag: frozenset[str] = frozenset()
    customer: frozenset[str] = frozenset()
    spam: bool | None = None
    trashed: bool | None = None
    notes: bool | None = None
    changed_since: int | None = None
    asked: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        """Tell whether anything may be left out."""
        return self != Filters()

    def accept_ticket(self, ticket: Json) -> bool:
        """Tell whether messages of *ticket* become rows."""
        field = _DATES[self.by]
        return (
            (field is None or self._is_in_span(ticket.get(field)))
            and (not self.status or ticket.get("status") in self.status)
            and (not self.channel or not self.channel.isdisjoint(channels(ticket)))
            and (not self.tag or not self.tag.isdisjoint(tags(ticket)))
            and (not self.customer or not self.customer.isdisjoint(customers(ticket)))
            and self.spam in (None, bool(ticket.get("spam")))
            and self.trashed in (None, bool(ticket.get("trashed_datetime")))
        )

    def with_run(self, last_run_before: Callable[[int], int]) -> Self:
        """Return these filters with the number of a run in place of a date.

        *last_run_before* tells the last run that began before an instant.
        """
        if self.changed_since is None or self.changed_since >= 0:
            return self
        return replace(self, changed_since=last_run_before(-self.changed_since))

    @property
    def first_run(self) -> int:
        """The first run whose changes become rows; 0 leaves nothing out."""
        return 0 if self.changed_since is None else self.changed_since + 1

    def accept_message(self, message: Json) -> bool:
        """Tell whether *message*, of an accepted ticket, becomes a row."""
        is_of_note = self.notes in (None, message.get("public") is False)
        is_dated = _DATES[self.by] is not None
        return is_of_note and (
            is_dated or self._is_in_span(message.get("created_datetime"))
        )

    def _is_in_span(self, date_: Any) -> bool:
        if self.since_us is None and self.until_us is None:
            return True
        at_us = instant_us(date_)
        return (self.since_us is None or at_us >= self.since_us) and (
            self.until_us is None or at_us < self.until_us
        )


def channels(ticket: Json) -> set[str]:
    """Return the channel of *ticket*, in small letters."""
    return {_word(ticket.get("channel"))}


def customers(ticket: Json) -> set[str]:
    """Return what the customer of *ticket* may be called by: id, e-mail address."""
    customer = ticket.get("customer")
    if not isinstance(customer, dict):
        return set()
    return {
        str(customer[name]).lower() for name in ("id", "email") if customer.get(name)
    }


def tags(ticket: Json) -> set[str]:
    """Return the names of the tags of *ticket*, in small letters."""
    found = ticket.get("tags")
    return {
        _word(tag.get("name"))
        for tag in (found if isinstance(found, list) else [])
        if isinstance(tag, dict)
    }


def _word(name: object) -> str:
    return str(name).strip().lower()


def parse(values: Mapping[str, str]) -> Filters:
    """Return the filters that *values* ask for. Raises `ConfigurationError`."""
    given = {name: values[name] for name in MEANINGS if name in values}
    given = resolved(given, datetime.now(UTC).date())
    parsed: dict[str, Any] = {
        f"{name}_us" if name in {"since", "until"} else name: _PARSERS[name](
            name, value
        )
        for name, value in given.items()
    }
    asked = " ".join(f"-a {name}={value}" for name, value in given.items())
    wanted = Filters(**parsed, asked=asked)
    if "by" in given and not {"since", "until"} & given.keys():
        raise ConfigurationError(
            f"-a by={given['by']}: it says which date since and until mean; give one "
            "of them, too, for example -a since=30d."
        )
    if wanted.since_us is not None and wanted.until_us is not None:
        _check_span(wanted.since_us, wanted.until_us, given)
    return wanted


def resolved(values: Mapping[str, str], today: date) -> dict[str, str]:
    """Return *values* with days in place of dates that are relative to *today* (UTC).

    So what is recorded of a run means the same on another day.
    """
    known = dict(values)
    for name in ("since", "until", "changed_since"):
        if match := re.fullmatch(r"(\d{1,5})d", known.get(name, "")):
            known[name] = (today - timedelta(int(match[1]))).isoformat()
    return known


def _check_span(since_us: int, until_us: int, given: Mapping[str, str]) -> None:
    if since_us >= until_us:
        since, until = given["since"], given["until"]
        raise ConfigurationError(
            f"-a since={since} -a until={until}: no ticket is created after the first "
            "and before the second; give the earlier one to since."
        )


def truth(name: str, value: str) -> bool:
    """Return a boolean argument. Raises `ConfigurationError`."""
    if value.lower() not in TRUTH:
        raise ConfigurationError(
            f"-a {name}={value}: say true or false, for example -a {name}=false."
        )
    return TRUTH[value.lower()]


def _words(name: str, value: str) -> frozenset[str]:
    try:
        (listed,) = csv.reader([value], skipinitialspace=True, strict=True)
    except csv.Error:  # a quote that does not end
        listed = []
    words = frozenset(filter(None, map(_word, listed)))
    if not words:
        raise ConfigurationError(
            f"-a {name}={value}: name at least one, and those with a comma in quotes, "
            f"""for example -a {name}={_EXAMPLES[name]} or -a '{name}="one, two"'."""
        )
    return words


def _statuses(name: str, value: str) -> frozenset[str]:
    words = _words(name, value)
    if not words <= _STATUSES:
        raise ConfigurationError(
            f"-a {name}={value}: a ticket is open or closed, for example "
            f"-a {name}={_EXAMPLES[name]}."
        )
    return words


def _run(name: str, value: str) -> int:
    """Return the number of a run, or an instant, which is below 0."""
    if value.isascii() and value.isdigit():
        return int(value)
    try:
        return min(-1, -_since(name, value))  # no run was before 1970
    except ConfigurationError:
        raise ConfigurationError(
            f"-a {name}={value}: give the number of a run, as `run` in the run.json of "
            f"your last export says it, or a date, for example -a {name}=12 or "
            f"-a {name}=2025-01-31."
        ) from None


def _dates(name: str, value: str) -> str:
    if value not in _DATES:
        raise ConfigurationError(
            f"-a {name}={value}: say {', '.join(_DATES)}, for example -a by=update."
        )
    return value


def _since(name: str, value: str) -> int:
    return _instant_us(name, value, is_end=False)


def _until(name: str, value: str) -> int | None:
    try:
        return _instant_us(name, value, is_end=True)
    except OverflowError:  # the last day that there is bounds nothing
        return None


def _instant_us(name: str, value: str, *, is_end: bool) -> int:
    """Return an instant; of a whole day, month or year its begin, or its end."""
    try:
        if match := re.fullmatch(r"(\d{4})(?:-(\d\d))?", value):
            day = date(int(match[1]), int(match[2] or 1), 1)
            of_month = monthrange(day.year, day.month)[1]
            length = timedelta(of_month if match[2] else 365 + isleap(day.year))
        else:
            day, length = date.fromisoformat(value), timedelta(days=1)
    except ValueError:
        return _moment_us(name, value)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return us_of(begin + is_end * length)


def _moment_us(name: str, value: str) -> int:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ConfigurationError(
            f"-a {name}={value}: give a date, for example -a {name}=2025-01-31, a "
            "month or year such as 2025-01, days ago such as 30d, or a time such as "
            "2025-01-31T08:00:00+01:00."
        ) from None
    return instant_us(value)


_PARSERS: dict[str, Callable[[str, str], Any]] = {
    "since": _since,
    "until": _until,
    "by": _dates,
    "status": _statuses,
    "channel": _words,
    "tag": _words,
    "customer": _words,
    "spam": truth,
    "trashed": truth,
    "notes": truth,
    "changed_since": _run,
}
