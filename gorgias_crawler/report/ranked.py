"""The sections that show which, who and when most."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from gorgias_crawler.report import charts
from gorgias_crawler.report.figures import Figures, all_days
from gorgias_crawler.report.words import (
    NO_USERS,
    Section,
    change,
    number,
)

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DRAWN = 15  # tags, reasons and agents; the table has more
_ROWS = 200  # nobody reads more, and the page stays small


def busy(figures: Figures) -> Section:
    """Return when customers write."""
    values = [
        {"day": DAYS[day], "hour": hour, "n": count}
        for day, hours in enumerate(figures.busy)
        for hour, count in enumerate(hours)
    ]
    is_known = any(value["n"] for value in values)
    return Section(
        "busy",
        "When customers write",
        "Messages of customers by the day of the week and the hour in which they were "
        f"written, by the clock of {figures.beside.zone}.",
        ["hour", *DAYS],
        [
            [f"{hour:02}:00", *(number(hours[hour]) for hours in figures.busy)]
            for hour in range(24)
        ],
        chart=charts.squares(values, DAYS) if is_known else None,
        parts=_shades(max(map(max, figures.busy))),
        marks="shade",
        empty="No customer wrote in this period.",
    )


def _shades(most: int) -> list[str]:
    """Return the numbers that each shade of `charts.squares` stands for, if any."""
    bounds = [-(-most * step // charts.SHADES) for step in range(charts.SHADES)]
    spans = [(first, last - 1) for first, last in pairwise([*bounds, most + 1])]
    return [
        number(first)
        if first == last
        else f"{number(first)} to {number(last)}"
        if first < last
        else ""
        for first, last in spans
    ]


def _compared(figures: Figures) -> tuple[range, range]:
    """Return the older and the newer half of the days."""
    days = all_days(figures)
    return days[: len(days) // 2], days[(len(days) + 1) // 2 :]


def _change(figures: Figures) -> str:
    older, newer = _compared(figures)
    dates = (
        f" (from {date.fromordinal(newer[0])}) with the older half (to "
        f"{date.fromordinal(older[-1])})"
        if older
        else " with the older half"
    )
    return (
        f"Change compares the newer half of the days{dates}. A ticket counts once for "
        "each."
    )


def tags(figures: Figures) -> Section:
    """Return how many tickets each tag has, with its change."""
    section = Section(
        "tags",
        "Tags",
        f"Tickets with each tag, by when they were created. {_change(figures)}",
        ["tag"],
        empty="No ticket of this period has a tag.",
    )
    return _filled(section, figures, figures.tags)


def reasons(figures: Figures) -> Section:
    """Return how many tickets each contact reason has, with its change."""
    section = Section(
        "reasons",
        "Contact reasons",
        "Tickets by the value of the custom field that Gorgias manages as contact "
        f"reason, by when they were created. {_change(figures)}",
        ["contact reason"],
        empty="No ticket of this period has a contact reason."
        if figures.beside.reason_fields is not None
        else "Not known: which field has the contact reason is not archived. Crawl "
        "with -a objects=custom_fields.",
    )
    return _filled(section, figures, figures.reasons)


def _filled(
    section: Section, figures: Figures, days_of: Mapping[str, Counter[int]]
) -> Section:
    halves = _compared(figures)
    ranked = sorted(days_of, key=lambda name: (-days_of[name].total(), name))
    rows = []
    for name in ranked[:_ROWS]:
        before, after = (
            sum(count for day, count in days_of[name].items() if day in half)
            for half in halves
        )
        counts = map(number, (days_of[name].total(), before, after))
        rows.append([name, *counts, change(before, after)])
    drawn = {name: days_of[name].total() for name in ranked[:_DRAWN]}
    return replace(
        section,
        head=[*section.head, "tickets", "older half", "newer half", "change"],
        rows=rows,
        chart=charts.bars(drawn) if drawn else None,
    )


def agents(figures: Figures) -> Section:
    """Return how much each person of the team does."""
    ranked = sorted(
        figures.agents, key=lambda id_: (-figures.agents[id_].answers, id_)
    )[:_ROWS]
    names = {
        id_: _name(id_, place, figures.beside.names)
        for place, id_ in enumerate(ranked, 1)
    }
    drawn = {names[id_]: figures.agents[id_].answers for id_ in ranked[:_DRAWN]}
    rows = [
        [names[id_], *map(number, (load.answers, load.tickets, load.notes,
                                   load.assigned))]
        for id_, load in ((id_, figures.agents[id_]) for id_ in ranked)
    ]  # fmt: skip
    named = (
        "" if figures.beside.names is not None else " They are named with --with-names."
    )
    is_known = figures.beside.bots is not None and drawn
    return Section(
        "agents",
        "Load of agents",
        "Messages to customers that each person of the team wrote, the tickets they "
        "are in, internal notes, and the open and snoozed tickets that are assigned to each. "
        f"Bots and rules are left out.{named}",
        ["agent", "answers", "tickets", "notes", "open, assigned"],
        rows if is_known else [],
        chart=charts.bars(drawn) if is_known else None,
        empty="Nobody of the team wrote in this period."
        if figures.beside.bots is not None
        else NO_USERS,
    )


def _name(id_: int, place: int, names: Mapping[int, str] | None) -> str:
    if names is None:
        return f"Agent {place}"
    name = names.get(id_, "User")
    is_alone = list(names.values()).count(name) == 1
    return name if is_alone else f"{name} ({id_})"
