"""How far a run is and how long it will take, in one line."""

from dataclasses import dataclass

from gorgias_crawler import plans
from gorgias_crawler.agenda import Agenda
from gorgias_crawler.archive import Archive, reckoning
from gorgias_crawler.plans import duration
from gorgias_crawler.throttle import Budget


@dataclass(frozen=True)
class Progress:
    """A moment of a run. ``left_s`` are seconds, None where nobody can know.

    Of the messages so many are ``done``; while rows are written they are the rows.
    """

    phase: str
    tickets_whole: int
    tickets: int
    messages: int
    total: int
    rows: int
    calls_per_s: float
    budget: str
    left_s: float | None

    @property
    def done(self) -> int:
        """Return what the bar shows of ``total``."""
        return self.rows or self.messages

    def __str__(self) -> str:
        """Say it in a line."""
        parts = [
            f"{self.phase}: {self.tickets_whole:,} of {self.tickets:,} tickets",
            f"{self.messages:,} of {self.total:,} messages",
        ]
        if self.rows:
            parts.append(f"{self.rows:,} rows")
        return ", ".join([*parts, self.tail])

    @property
    def tail(self) -> str:
        """Say what a bar does not show: rate, budget, time left."""
        left = "" if self.left_s is None else f", about {duration(self.left_s)} left"
        return f"{self.calls_per_s:.1f} calls/s, budget {self.budget}{left}"


def measure(
    archive: Archive, budget: Budget, agenda: Agenda, rows: int, calls_per_s: float
) -> Progress:
    """Return how far the run is; *calls_per_s* is what it made of late."""
    totals = reckoning.totals(archive)
    return Progress(
        phase=agenda.phase,
        tickets_whole=totals.tickets - totals.due,
        tickets=totals.tickets,
        messages=totals.messages,
        total=totals.expected,
        rows=rows,
        calls_per_s=calls_per_s,
        budget="unknown" if budget.limit is None else f"{budget.used}/{budget.limit}",
        left_s=_left_s(archive, budget, agenda),
    )


def _left_s(archive: Archive, budget: Budget, agenda: Agenda) -> float | None:
    """Return the seconds that the remaining calls take at the budget's rate."""
    if not reckoning.is_listed(archive):
        return None
    plan = plans.choose(plans.possible(archive), agenda.fetch)
    return plan.calls / budget.calls_per_s
