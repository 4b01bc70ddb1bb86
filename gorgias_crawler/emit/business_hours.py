"""How much of a stretch of time lies in the account's business hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from gorgias_crawler.api.dates import us_of, utc_of

Span = tuple[int, int]
Week = tuple[tuple[Span, ...], ...]

_DAY = 24 * 60  # minutes
_DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class BusinessHours:
    """The hours in which the team works, by the clock of its time zone.

    ``week`` has for each day, Monday first, spans of minutes since midnight that
    neither touch nor overlap. Where clocks change, a day is as long as it is: 23 or 25
    hours, and a time that comes twice closes at its second coming.
    """

    zone: ZoneInfo
    week: Week
    _days: dict[int, tuple[Span, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def us_between(self, since_us: int, until_us: int) -> int:
        """Return the business time from *since_us* to *until_us*.

        All in microseconds, instants since 1970 UTC; 0 where the second is earlier.
        """
        if until_us <= since_us:
            return 0
        days = range(self._day_of(since_us), self._day_of(until_us) + 1)
        return sum(
            max(0, min(until_us, closes_us) - max(since_us, opens_us))
            for day in days
            for opens_us, closes_us in self._spans(day)
        )

    def _day_of(self, us: int) -> int:
        return utc_of(us).astimezone(self.zone).toordinal()

    def _spans(self, day: int) -> tuple[Span, ...]:
        if day not in self._days:
            spans = self.week[(day - 1) % _DAYS_OF_WEEK]  # day 1 was a Monday
            self._days[day] = tuple(
                (self._instant_us(day, opens, 0), self._instant_us(day, closes, 1))
                for opens, closes in spans
            )
        return self._days[day]

    def _instant_us(self, day: int, minute: int, fold: int) -> int:
        if minute == _DAY:  # the same instant as the next day's first, on any clock
            day, minute, fold = day + 1, 0, 0
        at = time(minute // 60, minute % 60, fold=fold, tzinfo=self.zone)
        return us_of(datetime.combine(date.fromordinal(day), at))


def of_account(settings: Iterable[object]) -> BusinessHours | None:
    """Return the hours that an account's *settings* give, None where there are none.

    A setting is ``{"type": "business-hours", "data": {"timezone": "Europe/Paris",
    "business_hours": [{"days": "1,2,3,4,5", "from_time": "09:00", "to_time":
    "17:00"}]}}``; day 1 is Monday
    (https://developers.gorgias.com/reference/the-account-setting-object). A span that
    ends at or before its beginning ends on the next day.
    """
    for setting in settings:
        if isinstance(setting, Mapping) and setting.get("type") == "business-hours":
            try:
                hours = _parsed(setting["data"])
                return hours if any(hours.week) else None
            except (KeyError, ValueError, TypeError, AttributeError, OSError):
                return None  # half of the hours would be a wrong answer
    return None


def _parsed(data: Mapping[str, Any]) -> BusinessHours:
    zone = ZoneInfo(data["timezone"])
    minutes: list[list[Span]] = [[] for _ in range(_DAYS_OF_WEEK)]
    for entry in data["business_hours"]:
        opens, closes = _minute(entry["from_time"]), _minute(entry["to_time"])
        for number in str(entry["days"]).split(","):
            if not 1 <= int(number) <= _DAYS_OF_WEEK:
                raise ValueError(f"day {number} of the week")
            day = int(number) - 1
            if opens < closes:
                minutes[day].append((opens, closes))
            else:
                minutes[day].append((opens, _DAY))
                minutes[(day + 1) % _DAYS_OF_WEEK].append((0, closes))
    return BusinessHours(zone, tuple(map(_joined, minutes)))


def _minute(text: str) -> int:
    if text.startswith("24:00"):
        return _DAY
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Return *spans* without overlaps and empty ones, in order."""
    joined: list[Span] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        elif opens < closes:
            joined.append((opens, closes))
    return tuple(joined)
