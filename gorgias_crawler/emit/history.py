"""What a ticket's events tell: when it was closed, how often opened again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gorgias_crawler.api.dates import instant_us

Json = Mapping[str, Any]

_LATEST_US = 4_102_444_800_000_000  # the year 2100: later dates are mistakes


def at_us_of(text: object) -> int | None:
    """Return a date in microseconds since 1970, None where it cannot be one."""
    at_us = instant_us(text)
    return at_us if 0 < at_us < _LATEST_US else None


CREATED, MERGED = "ticket-created", "ticket-merged"
CLOSED, REOPENED = "ticket-closed", "ticket-reopened"

TYPES = (CREATED, MERGED, CLOSED, REOPENED)
"""The types of events that count; of a ticket there are several times as many."""


@dataclass(slots=True)
class History:
    """What a ticket's archived events tell, added in any order.

    Instants are in microseconds since 1970, 0 before any. ``until_us`` is up to
    when all events are archived, of whichever ticket.
    """

    has_begin: bool = False
    merged: bool = False
    reopens: int = 0
    closed_us: int = 0  # the last of each
    reopened_us: int = 0
    until_us: int = 0

    def add(self, event: Json) -> None:
        """Add an event of the ticket."""
        at_us = at_us_of(event.get("created_datetime")) or 0
        type_ = event.get("type")
        if type_ == CREATED:
            self.has_begin = True
        elif type_ == MERGED:
            self.merged = True
        elif type_ == CLOSED:
            self.closed_us = max(self.closed_us, at_us)
        elif type_ == REOPENED:
            self.reopens += 1
            self.reopened_us = max(self.reopened_us, at_us)

    def is_whole_of(self, ticket: Json) -> bool:
        """Tell whether no event of *ticket* is missing.

        The first may be, as Gorgias keeps events for about a year, and the last, where
        the ticket changed since events were archived.
        """
        updated_us = at_us_of(ticket.get("updated_datetime")) or 0
        return self.has_begin and updated_us <= self.until_us


def resolved_us(ticket: Json, history: History) -> int | None:
    """Return when *ticket* was closed for the last time, in microseconds since 1970.

    None while it is open or snoozed, and where no date tells.
    """
    if ticket.get("status") != "closed":
        return None
    closed_us = _closed_us(ticket, history)
    # A snoozed ticket has the status "closed" until it wakes.
    snooze_us = at_us_of(ticket.get("snooze_datetime"))
    if closed_us is not None and snooze_us is not None and snooze_us > closed_us:
        return None
    return closed_us


def _closed_us(ticket: Json, history: History) -> int | None:
    closed_us = at_us_of(ticket.get("closed_datetime"))
    if history.closed_us <= history.reopened_us:
        return closed_us
    if closed_us is not None and closed_us > history.until_us:
        return closed_us  # closed again since events were archived
    return history.closed_us
