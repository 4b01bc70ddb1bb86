"""The words of the page: a section, and how its numbers are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gorgias_crawler import wording
from gorgias_crawler.report.charts import Json

NO_VALUE = "\N{EN DASH}"
"""Stands where there is none: unknown is never 0."""

NO_USERS = (
    "Not known: who is a person and who a bot is not archived. Crawl with "
    "-a objects=users."
)

Row = Sequence[str]


@dataclass(frozen=True)
class Section:
    """One question: *definition* says what is counted, *empty* why nothing is drawn.

    ``whole`` is the row below the others, of all of them. ``parts`` are what the
    chart's colours stand for in their order, where it has more than one, and ``marks``
    how the legend shows them: as a ``square``, a ``line`` or a ``shade``.
    """

    id: str
    title: str
    definition: str
    head: Row = ()
    rows: Sequence[Row] = ()
    whole: Row = ()
    chart: Json | None = None
    parts: Sequence[str] = ()
    marks: str = "square"
    empty: str = ""


def number(value: int) -> str:
    """Write a number with its thousands apart."""
    return f"{value:,}"


def utc_minute(ended: str) -> str:
    """Write the instant that a manifest gives, to the minute."""
    return f"{ended[:16].replace('T', ' ')} UTC"


def length(seconds: float | None) -> str:
    """Write a length of time."""
    return NO_VALUE if seconds is None else wording.duration(seconds)


def share(of: Mapping[Any, int]) -> str:
    """Write the share of what is true."""
    total = sum(of.values())
    return f"{of.get(True, 0) / total:.0%}" if total else NO_VALUE


def mean(scores: Mapping[int, int]) -> float | None:
    """Return the mean of *scores*, a number of tickets each."""
    total = sum(scores.values())
    return sum(s * n for s, n in scores.items()) / total if total else None


def score(value: float | None) -> str:
    """Write a mean score."""
    return NO_VALUE if value is None else f"{value:.2f}"


def change(before: int, after: int) -> str:
    """Write how much more there is than before."""
    if not before:
        return "new" if after else NO_VALUE
    percent = round(100 * (after - before) / before)
    return f"{percent:+}%" if percent else "0%"
