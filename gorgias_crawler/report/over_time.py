"""The sections that show how something goes over time."""

from collections import Counter
from collections.abc import Sequence

from gorgias_crawler.report import charts
from gorgias_crawler.report.figures import (
    BEFORE,
    TIMES,
    Figures,
    Period,
    quantile,
    whole,
)
from gorgias_crawler.report.words import (
    NO_USERS,
    Section,
    length,
    mean,
    number,
    score,
)

_CHANNELS = 6  # with a colour of their own; the others share one
_MEDIAN, _NINTH = "median", "90th percentile"


def volume(figures: Figures, spans: Sequence[Period]) -> Section:
    """Return how many tickets came, by channel."""
    totals = whole(figures).sums.channels
    named = [channel for channel, _ in totals.most_common(_CHANNELS)]
    others = ["other"] if len(totals) > len(named) else []
    parts = list(dict.fromkeys([*named, *others]))  # a channel may be called so, too
    values, rows = [], []
    for span in spans:
        found = _named(span.sums.channels, named)
        values += [{"x": span.label, "part": p, "n": found[p]} for p in parts]
        rows.append([span.label, *_counts(found, parts)])
    return Section(
        "volume",
        "Tickets by channel",
        "Tickets by when they were created and the channel they came in through, also "
        "those that your team began. A "
        "week is named by its Monday; the first and the last may be cut short.",
        ["from", "all", *parts],
        rows,
        ["all", *_counts(_named(totals, named), parts)],
        charts.stacked_bars(values, parts) if rows else None,
        parts,
        empty="No ticket was created in this period.",
    )


def _named(channels: Counter[str], named: Sequence[str]) -> Counter[str]:
    """Return *channels* with one count for all that are not *named*."""
    found: Counter[str] = Counter()
    for channel, count in channels.items():
        found[channel if channel in named else "other"] += count
    return found


def _counts(found: Counter[str], parts: Sequence[str]) -> list[str]:
    return [number(count) for count in (found.total(), *(found[p] for p in parts))]


_OF_TIMES = {
    "first_response": "Time to the first answer",
    "first_human_response": "Time to a person's first answer",
    "next_response": "Time to later answers",
    "resolution": "Time to resolution",
}
_DEFINITIONS = {
    "first_response": "From the customer's first message to your team's first message "
    "after it, also of a bot or rule. Notes are no answers.",
    "first_human_response": "From the customer's first message to the first message of "
    "a person of your team. Bots, rules and notes do not count.",
    "next_response": "How long the customer waited for a person each time after that: "
    "of each ticket the median, then over the tickets.",
    "resolution": "From the beginning of the ticket to when it was closed for the last "
    "time. Open and snoozed tickets have none.",
}


def times(figures: Figures, spans: Sequence[Period], name: str) -> Section:
    """Return how long the metric *name*, one of `TIMES`, was."""
    kinds = [(f"{name}_seconds", "")]
    if figures.beside.hours:
        kinds.append((f"{name}_business_seconds", ", business hours"))
    shares = [(_MEDIAN, 0.5), (_NINTH, 0.9)]
    parts = [f"{word}{kind}" for _, kind in kinds for word, _ in shares]
    values, rows = [], []
    for span in [*spans, whole(figures)]:
        times = [span.sums.times[metric] for metric, _ in kinds]
        found = [quantile(of, share) for of in times for _, share in shares]
        rows.append([span.label, number(len(times[0])), *map(length, found)])
        values += [
            {"x": span.label, "part": part, "n": value}
            for part, value in zip(parts, found, strict=True)
        ]
    values = values[: -len(parts)]  # the whole is in the table alone
    hours = (
        f"Business hours are the account's, by the clock of {figures.beside.zone}."
        if figures.beside.hours
        else "In business hours it is not known: the account's settings are not "
        "archived (-a objects=account)."
    )
    is_known = any(value["n"] is not None for value in values)
    people = (
        ""
        if figures.beside.bots is not None or name in {TIMES[0], TIMES[3]}
        else NO_USERS
    )
    return Section(
        name.replace("_", "-"),
        _OF_TIMES[name],
        f"{_DEFINITIONS[name]} By when the ticket was created; tickets without it, and those "
        f"with imported messages, are not counted. Half of the tickets were faster "
        f"than the median, nine of ten than the 90th percentile. {hours}",
        ["from", "tickets", *parts],
        rows[:-1],
        rows[-1],
        charts.lines(values, parts, charts.durations(values)) if is_known else None,
        parts,
        "line",
        empty=people or "No ticket of this period has one.",
    )


def backlog(figures: Figures, spans: Sequence[Period]) -> Section:
    """Return how many tickets were open."""
    rows, values = [], []
    is_open = figures.entered[BEFORE]
    for span in spans:
        is_open += span.entered - span.resolved
        rows.append([span.label, *map(number, (span.entered, span.resolved, is_open))])
        values.append({"x": span.label, "part": "open", "n": is_open})
    return Section(
        "backlog",
        "Backlog",
        "How many tickets were open at the end of each period: created, also before the "
        "page begins, and not yet closed for the last time. Snoozed tickets are open, and "
        "so is one between its closing and its opening again. Closed tickets without "
        "a date of closing are left out.",
        ["from", "created", "closed", "open at the end"],
        rows,
        chart=charts.lines(values, ["open"]) if rows else None,
        empty="No ticket was created in this period.",
    )


def satisfaction(figures: Figures, spans: Sequence[Period]) -> Section:
    """Return how content customers were."""
    rows, values = [], []
    for span in [*spans, whole(figures)]:
        scores = span.sums.scores
        each = [number(scores[value]) for value in range(1, 6)]
        rows.append([span.label, number(scores.total()), score(mean(scores)), *each])
        values.append({"x": span.label, "part": "mean", "n": mean(scores)})
    *values, mean_of_all = values
    is_known = mean_of_all["n"] is not None
    return Section(
        "satisfaction",
        "Satisfaction",
        "The mean of the scores, 1 to 5, that customers gave, by when the ticket was "
        "created. Scores arrive days later, so the newest are few.",
        ["from", "scores", "mean", *map(str, range(1, 6))],
        rows[:-1] if is_known else [],
        rows[-1],
        charts.lines(values, ["mean"], charts.scores()) if is_known else None,
        empty="No ticket of this period has a score."
        if figures.beside.scores is not None
        else "Not known: surveys are not archived. Crawl with "
        "-a objects=satisfaction_surveys.",
    )
