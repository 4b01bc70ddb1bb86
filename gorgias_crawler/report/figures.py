"""The figures of the page, added up ticket by ticket.

What is kept grows with days, tags and agents; of a ticket stay its times, 4 bytes each,
because a median needs all of them.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from gorgias_crawler.api.dates import utc_of
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.history import at_us_of
from gorgias_crawler.emit.metrics import Author, Measured

TIMES = ("first_response", "first_human_response", "next_response", "resolution")
"""The metrics that the page gives medians of, each by the calendar and in hours."""

BEFORE = 0
"""The day on which tickets entered that were open when the page begins."""

_LONGEST_S = 2**32 - 1  # what 4 bytes hold: 136 years
_HOURS = 24
_DAYS_OF_WEEK = 7


@dataclass
class Day:
    """The tickets that were created on one day.

    ``times`` has the seconds of each metric of `TicketMetrics` by its name.
    """

    channels: Counter[str] = field(default_factory=Counter)
    scores: Counter[int] = field(default_factory=Counter)
    times: dict[str, "array[int]"] = field(
        default_factory=lambda: defaultdict(lambda: array("I"))
    )


@dataclass
class Load:
    """What one person of the team did."""

    answers: int = 0
    tickets: int = 0  # that were answered
    notes: int = 0
    assigned: int = 0  # open tickets that wait for this person


@dataclass
class Figures:
    """The sums. Days are numbers as `date.toordinal` gives them, by `Beside.zone`.

    Agents are named as far as ``beside`` has their ``names``.
    ``keeps`` are ``"spam"`` and ``"trashed"`` where such tickets are asked for: else
    they are counted in ``left_out`` alone. ``undated`` tickets do not tell when they
    were created.
    """

    beside: Beside = field(default_factory=Beside)
    keeps: frozenset[str] = frozenset()
    tickets: int = 0
    undated: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    messages: Counter[Author] = field(default_factory=Counter)
    open: int = 0
    one_touch: Counter[bool] = field(default_factory=Counter)
    reopened: Counter[bool] = field(default_factory=Counter)
    days: dict[int, Day] = field(default_factory=lambda: defaultdict(Day))
    entered: Counter[int] = field(default_factory=Counter)
    resolved: Counter[int] = field(default_factory=Counter)
    busy: list[list[int]] = field(
        default_factory=lambda: [[0] * _HOURS for _ in range(_DAYS_OF_WEEK)]
    )
    tags: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: dict[str, Counter[int]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    agents: dict[int, Load] = field(default_factory=lambda: defaultdict(Load))

    def add(self, found: Measured) -> None:
        """Add one ticket."""
        ticket = found.ticket
        if why := self._left_out(ticket):
            self.left_out[why] += 1
            return
        self.tickets += 1
        self.open += found.is_open
        self.messages.update(message.author for message in found.written)
        self._add_people(found)
        if found.metrics.one_touch is not None:
            self.one_touch[found.metrics.one_touch] += 1
        if found.metrics.reopens is not None:
            self.reopened[found.metrics.reopens > 0] += 1
        created_us = at_us_of(ticket.get("created_datetime"))
        if created_us is None:
            self.undated += 1
            return
        day = self._at(created_us).toordinal()
        self._add_to_day(day, found)
        self._add_subjects(day, ticket)
        self.entered[day] += found.is_open or found.resolved_us is not None
        if found.resolved_us is not None:
            self.resolved[max(day, self._at(found.resolved_us).toordinal())] += 1

    def add_older(self, found: Measured) -> None:
        """Add a ticket that was open when the page begins, to the backlog alone."""
        if self._left_out(found.ticket):
            return
        self.entered[BEFORE] += 1
        if found.resolved_us is not None:
            self.resolved[self._at(found.resolved_us).toordinal()] += 1

    def _left_out(self, ticket: Mapping[str, Any]) -> str | None:
        if ticket.get("spam") and "spam" not in self.keeps:
            return "spam"
        if ticket.get("trashed_datetime") and "trashed" not in self.keeps:
            return "trashed"
        return None

    def _at(self, at_us: int) -> datetime:
        return utc_of(at_us).astimezone(self.beside.zone)

    def _add_to_day(self, number: int, found: Measured) -> None:
        day = self.days[number]
        day.channels[str(found.ticket.get("channel") or "none")] += 1
        if found.metrics.satisfaction_score is not None:
            day.scores[found.metrics.satisfaction_score] += 1
        for time in TIMES:
            for name in (f"{time}_seconds", f"{time}_business_seconds"):
                seconds = getattr(found.metrics, name)
                if seconds is not None:
                    day.times[name].append(min(seconds, _LONGEST_S))

    def _add_subjects(self, day: int, ticket: Mapping[str, Any]) -> None:
        tags = ticket.get("tags")
        for tag in tags if isinstance(tags, list) else ():
            if name := _object(tag).get("name"):
                self.tags[str(name)][day] += 1
        values = _object(ticket.get("custom_fields"))
        for id_ in self.beside.reason_fields or ():
            if value := _object(values.get(id_)).get("value"):
                self.reasons[str(value)][day] += 1

    def _add_people(self, found: Measured) -> None:
        answered = set()
        for message in found.written:
            if message.author is Author.CUSTOMER and message.at_us is not None:
                at = self._at(message.at_us)
                self.busy[at.weekday()][at.hour] += 1
            elif message.user_id is None or message.user_id in (self.beside.bots or ()):
                continue
            elif message.author is Author.AGENT:
                answered.add(message.user_id)
                self.agents[message.user_id].answers += 1
            elif message.author is Author.NOTE:
                self.agents[message.user_id].notes += 1
        for user_id in answered:
            self.agents[user_id].tickets += 1
        assignee = _object(found.ticket.get("assignee_user")).get("id")
        if found.is_open and isinstance(assignee, int):
            self.agents[assignee].assigned += 1


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Period:
    """A stretch of days that a chart has one place for; ``label`` is unique.

    ``sums`` are those of its days; ``entered`` and ``resolved`` are the tickets that
    came into the backlog and left it.
    """

    label: str
    days: range
    sums: Day
    entered: int
    resolved: int


def periods(figures: Figures) -> list[Period]:
    """Cut the days from the first ticket to the last into periods of one length.

    Days, weeks (named by their Monday), months or years: so many that each can be
    told from its neighbour on a telephone.
    """
    days = all_days(figures)
    label_of = _label_of(len(days))
    labels: dict[str, list[int]] = {}
    for day in days:
        labels.setdefault(label_of(date.fromordinal(day)), []).append(day)
    return [
        period(figures, label, range(found[0], found[-1] + 1))
        for label, found in labels.items()
    ]


def all_days(figures: Figures) -> range:
    """Return all days from the first ticket to the last."""
    if not figures.days:
        return range(0)
    return range(min(figures.days), max(figures.days) + 1)


def period(figures: Figures, label: str, days: range) -> Period:
    """Return the sums of *days*."""
    sums = Day()
    for day in filter(figures.days.__contains__, days):
        sums.channels.update(figures.days[day].channels)
        sums.scores.update(figures.days[day].scores)
        for name, seconds in figures.days[day].times.items():
            sums.times[name].extend(seconds)
    entered, resolved = (
        sum(count[day] for day in days) for count in (figures.entered, figures.resolved)
    )
    return Period(label, days, sums, entered, resolved)


def whole(figures: Figures) -> Period:
    """Return the sums of all days."""
    return period(figures, "all", all_days(figures))


def _label_of(days: int) -> Callable[[date], str]:
    if days <= 45:  # a month and a half of days
        return date.isoformat
    if days <= 400:  # a year of weeks
        return lambda day: (day - timedelta(days=day.weekday())).isoformat()
    if days <= 2_000:  # five years of months
        return lambda day: f"{day:%Y-%m}"
    return lambda day: f"{day:%Y}"


def quantile(values: Iterable[int], share: float) -> float | None:
    """Return the value below which *share* of the *values* lie; None if none do.

    Between two values in proportion, as `quantile_cont` of SQL and pandas do.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
