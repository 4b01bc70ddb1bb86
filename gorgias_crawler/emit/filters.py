"""Which of the archived tickets and messages become rows (``-a status=closed`` ...).

The archive always holds the whole account; a filter only leaves rows out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gorgias_crawler.api import instant_us
from gorgias_crawler.errors import ConfigurationError

Json = Mapping[str, Any]

MEANINGS = {
    "since": "only tickets created on this day (UTC) or later, for example `2025-01-01`",
    "until": "only tickets created on this day (UTC) or before, for example `2025-12-31`",
    "status": "only tickets with this status: `open` or `closed`",
    "channel": "only tickets of these channels, for example `email,chat`",
    "tag": "only tickets with at least one of these tags, for example `vip,refund`",
    "spam": "`false` leaves spam out; `true` exports only spam",
    "trashed": "`false` leaves out what is in the trash; `true` exports only that",
    "notes": "`false` leaves internal notes out; `true` exports only internal notes",
}
"""Every filter with its meaning, for the help and the README."""

TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
"""The words for a boolean argument."""

_STATUSES = {"open", "closed"}
_EXAMPLES = {"status": "closed", "channel": "email,chat", "tag": "vip,refund"}


@dataclass(frozen=True)
class Filters:
    """What becomes a row; None and empty leave nothing out.

    ``since_us`` and ``until_us`` bound the ticket's creation, the second exclusively,
    in microseconds since 1970. ``asked`` is what they were made of, as it was given.
    """

    since_us: int | None = None
    until_us: int | None = None
    status: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()
    tag: frozenset[str] = frozenset()
    spam: bool | None = None
    trashed: bool | None = None
    notes: bool | None = None
    asked: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        """Tell whether anything may be left out."""
        return self != Filters()

    def accept_ticket(self, ticket: Json) -> bool:
        """Tell whether messages of *ticket* become rows."""
        created_us = instant_us(ticket.get("created_datetime"))
        return (
            (self.since_us is None or created_us >= self.since_us)
            and (self.until_us is None or created_us < self.until_us)
            and (not self.status or ticket.get("status") in self.status)
            and (not self.channel or ticket.get("channel") in self.channel)
            and (not self.tag or not self.tag.isdisjoint(_tags(ticket)))
            and self.spam in (None, bool(ticket.get("spam")))
            and self.trashed in (None, bool(ticket.get("trashed_datetime")))
        )

    def accept_message(self, message: Json) -> bool:
        """Tell whether *message*, of an accepted ticket, becomes a row."""
        return self.notes in (None, message.get("public") is False)


def _tags(ticket: Json) -> set[str]:
    tags = ticket.get("tags")
    return {
        str(tag.get("name")).lower()
        for tag in (tags if isinstance(tags, list) else [])
        if isinstance(tag, dict)
    }


def parse(values: Mapping[str, str]) -> Filters:
    """Return the filters that *values* ask for. Raises `ConfigurationError`."""
    given = {name: values[name] for name in MEANINGS if name in values}
    parsed: dict[str, Any] = {}
    for name, value in given.items():
        attribute = name if name in _NAMES else f"{name}_us"
        parsed[attribute] = _PARSERS[name](name, value)
    asked = " ".join(f"-a {name}={value}" for name, value in given.items())
    wanted = Filters(**parsed, asked=asked)
    if wanted.since_us is not None and wanted.until_us is not None:
        _check_span(wanted.since_us, wanted.until_us, given)
    return wanted


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
    words = frozenset(word.strip().lower() for word in value.split(",") if word.strip())
    if not words:
        example = _EXAMPLES[name]
        raise ConfigurationError(
            f"-a {name}={value}: name at least one, for example -a {name}={example}."
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


def _since(name: str, value: str) -> int:
    return _instant_us(name, value, timedelta(0))


def _until(name: str, value: str) -> int | None:
    try:
        return _instant_us(name, value, timedelta(days=1))
    except OverflowError:  # the last day that there is bounds nothing
        return None


def _instant_us(name: str, value: str, length_of_day: timedelta) -> int:
    """Return an instant; where a whole day is meant, *length_of_day* after it began."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return _moment_us(name, value)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return instant_us((begin + length_of_day).isoformat())


def _moment_us(name: str, value: str) -> int:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ConfigurationError(
            f"-a {name}={value}: give a date, for example -a {name}=2025-01-31, or a "
            "time such as 2025-01-31T08:00:00+01:00."
        ) from None
    return instant_us(value)


_NAMES = {field.name for field in fields(Filters)}
_PARSERS: dict[str, Callable[[str, str], Any]] = {
    "since": _since,
    "until": _until,
    "status": _statuses,
    "channel": _words,
    "tag": _words,
    "spam": truth,
    "trashed": truth,
    "notes": truth,
}
