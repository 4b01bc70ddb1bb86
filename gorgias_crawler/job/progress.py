"""How far a run is and how long it will take, in one line."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gorgias_crawler.api.budget import Budget
from gorgias_crawler.archive import Archive, counts, files
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.files import PHASE
from gorgias_crawler.fetch.plans import Fetch
from gorgias_crawler.wording import duration, size

if TYPE_CHECKING:
    from gorgias_crawler.fetch.agenda import Agenda


@dataclass(frozen=True)
class Progress:
    """A moment of a run. ``left_s`` are seconds, None where nobody can know.

    Of the ``total`` messages so many are archived as ``messages``; ``rows`` are
    written. ``budget`` is what the bucket held of its limit. While files are fetched or
    tickets listed, ``there`` says how many there are; it is empty before and after.
    """

    phase: str
    tickets_complete: int
    tickets: int
    messages: int
    total: int
    rows: int
    calls_per_s: float
    budget: str
    left_s: float | None
    there: str = ""

    def __str__(self) -> str:
        """Say it all, in the order of what matters."""
        left = "" if self.left_s is None else f"about {duration(self.left_s)} left"
        calls = [f"{self.calls_per_s:.1f} calls/s", f"budget {self.budget}"]
        if self.there:
            parts = [f"{self.phase}: {self.there}", left, *calls]
            return ", ".join(filter(None, parts))
        parts = [
            f"{self.phase}: {self.tickets_complete:,} of {self.tickets:,} tickets",
            f"{self.messages:,} of {self.total:,} messages",
            f"{self.rows:,} rows" if self.rows else "",
            left,
            *calls,
        ]
        return ", ".join(filter(None, parts))

    def line(self, columns: int) -> str:
        """Say it in *columns*: all of it, or in short and without what does not fit."""
        if len(text := str(self)) <= columns or self.there:
            return text[:columns]
        verb, what = self.phase.split()[0], "rows" if self.rows else "messages"
        parts = [
            f"{verb}: {_short(self.tickets_complete)}/{_short(self.tickets)} tickets",
            f"{_short(self.rows or self.messages)}/{_short(self.total)} {what}",
            "" if self.left_s is None else f"{_hours(self.left_s)} left",
            f"{self.calls_per_s:.1f}/s",
            f"budget {self.budget}",
        ]
        text, *others = filter(None, parts)
        for part in others:
            if len(text) + len(part) + 2 > columns:
                break
            text = f"{text}, {part}"
        return text[:columns]


def _short(number: int) -> str:
    """Say a number in four characters: 999, 9.9k, 101k, 2.6M."""
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            return f"{number / unit:.{int(number < 10 * unit)}f}{sign}"
    return str(number)


def _hours(seconds: float) -> str:
    return duration(seconds) if seconds < 6000 else f"{seconds / 3600:.0f} h"


def measure(
    archive: Archive,
    budget: Budget,
    agenda: "Agenda",
    rows: int,
    calls_per_s: float,
    rows_per_s: float | None,
) -> Progress:
    """Return how far the run is after *rows* rows; both rates are those of late.

    *rows_per_s* is None where it does not tell how long the rest takes. It counts all
    tickets and messages: 0.9 s for a million tickets (measured).
    """
    totals, there, left_s = counts.totals(archive), "", None
    if agenda.flow.phase == PHASE:
        of = files.totals(archive)
        there = f"{of.stored:,} of {of.known:,} files, {size(of.bytes)}"
        # Each is one call, and when their host is slow the calls wait, too.
        left_s = of.to_fetch / calls_per_s if calls_per_s else None
    elif not counts.is_listed(archive):  # how many there are nobody knows yet
        there = f"{totals.tickets:,} known so far"
    elif not agenda.finished:
        left_s = left_to_fetch_s(archive, agenda.fetch, budget.calls_per_s)
    elif rows_per_s:
        left_s = max(0, totals.messages - rows) / rows_per_s
    return Progress(
        phase=agenda.flow.phase,
        tickets_complete=totals.tickets - counts.incomplete(archive),
        tickets=totals.tickets,
        messages=totals.messages,
        total=totals.expected,
        rows=rows,
        calls_per_s=calls_per_s,
        budget="unknown" if budget.limit is None else f"{budget.used}/{budget.limit}",
        left_s=left_s,
        there=there,
    )


def left_to_fetch_s(archive: Archive, fetch: Fetch, calls_per_s: float) -> float | None:
    """Return the seconds that the remaining calls take, None where nobody can know."""
    if not counts.is_listed(archive):
        return None
    return plans.choose(plans.possible(archive), fetch).calls / calls_per_s
