"""The sections that show which, who and when most."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from gorgias_crawler.report import charts
from gorgias_crawler.report.figures import Figures
from gorgias_crawler.report.words import (
    NO_USERS,
    Archived,
    Section,
    all_days,
    change,
    number,
)

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DRAWN = 15  # tags, reasons and agents; the table has more
_ROWS = 200  # nobody reads more, and the page stays small


def busy(figures: Figures, archived: Archived) -> Section:
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
        f"written, by the clock of {archived.zone}. The stronger the colour, the more.",
        ["hour", *DAYS],
        [
            [f"{hour:02}:00", *(number(hours[hour]) for hours in figures.busy)]
            for hour in range(24)
        ],
        charts.squares(values, DAYS) if is_known else None,
        empty="No customer wrote in this period.",
    )


_CHANGE = (
    "Change compares the newer half of the days with the older half. A ticket counts "
    "once for each."
)


def tags(figures: Figures) -> Section:
    """Return how many tickets each tag has, with its change."""
    section = Section(
        "tags",
        "Tags",
        f"Tickets with each tag, by when they were created. {_CHANGE}",
        ["tag"],
        empty="No ticket of this period has a tag.",
    )
    return _filled(section, figures, figures.tags)


def reasons(figures: Figures, archived: Archived) -> Section:
    """Return how many tickets each contact reason has, with its change."""
    section = Section(
        "reasons",
        "Contact reasons",
        "Tickets by the value of the custom field that Gorgias manages as contact "
        f"reason, by when they were created. {_CHANGE}",
        ["contact reason"],
        empty="No ticket of this period has a contact reason."
        if archived.fields
        else "Not known: which field has the contact reason is not archived. Crawl "
        "with -a objects=custom_fields.",
    )
    return _filled(section, figures, figures.reasons)


def _filled(
    section: Section, figures: Figures, days_of: Mapping[str, Counter[int]]
) -> Section:
    days = all_days(figures)
    older, newer = days[: len(days) // 2], days[(len(days) + 1) // 2 :]
    ranked = sorted(days_of, key=lambda name: (-days_of[name].total(), name))
    rows = []
    for name in ranked[:_ROWS]:
        before, after = (
            sum(count for day, count in days_of[name].items() if day in half)
            for half in (older, newer)
        )
        counts = map(number, (days_of[name].total(), before, after))
        rows.append([name, *counts, change(before, after)])
    drawn = ranked[:_DRAWN]
    values = [{"x": name, "n": days_of[name].total()} for name in drawn]
    return replace(
        section,
        head=[*section.head, "tickets", "older half", "newer half", "change"],
        rows=rows,
        chart=charts.bars(values, drawn) if values else None,
    )


def agents(figures: Figures, archived: Archived) -> Section:
    """Return how much each person of the team does."""
    ranked = sorted(
        figures.agents, key=lambda id_: (-figures.agents[id_].answers, id_)
    )[:_ROWS]
    names = {
        id_: _name(id_, place, archived.names) for place, id_ in enumerate(ranked, 1)
    }
    drawn = [names[id_] for id_ in ranked[:_DRAWN]]
    rows = [
        [names[id_], *map(number, (load.answers, load.tickets, load.notes,
                                   load.assigned))]
        for id_, load in ((id_, figures.agents[id_]) for id_ in ranked)
    ]  # fmt: skip
    values = [
        {"x": names[id_], "n": figures.agents[id_].answers} for id_ in ranked[:_DRAWN]
    ]
    named = "" if archived.names is not None else " They are named with --with-names."
    is_known = archived.users and values
    return Section(
        "agents",
        "Load of agents",
        "Messages to customers that each person of the team wrote, the tickets they "
        "are in, internal notes, and the open tickets that are assigned to each now. "
        f"Bots and rules are left out.{named}",
        ["agent", "answers", "tickets", "notes", "open now"],
        rows if is_known else [],
        charts.bars(values, drawn) if is_known else None,
        empty="Nobody of the team wrote in this period."
        if archived.users
        else NO_USERS,
    )


def _name(id_: int, place: int, names: Mapping[int, str] | None) -> str:
    if names is None:
        return f"Agent {place}"
    name = names.get(id_, "User")
    is_alone = list(names.values()).count(name) == 1
    return name if is_alone else f"{name} ({id_})"
