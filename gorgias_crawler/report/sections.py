"""What the page shows, in its order."""

from collections.abc import Iterator

from gorgias_crawler.emit.metrics import Author
from gorgias_crawler.report import over_time, ranked
from gorgias_crawler.report.figures import (
    TIMES,
    Figures,
    periods,
    quantile,
    whole,
)
from gorgias_crawler.report.words import (
    NO_VALUE,
    Section,
    length,
    mean,
    number,
    score,
    share,
)
from gorgias_crawler.wording import many


def sections(figures: Figures) -> Iterator[Section]:
    """Yield the sections in the order of the page."""
    spans = periods(figures)
    yield over_time.volume(figures, spans)
    for name in TIMES:
        yield over_time.times(figures, spans, name)
    yield ranked.busy(figures)
    yield over_time.backlog(figures, spans)
    yield ranked.tags(figures)
    yield ranked.reasons(figures)
    yield ranked.agents(figures)
    yield over_time.satisfaction(figures, spans)


TILES = (
    "Open: not closed when the last run ended, or snoozed. Median: half of the tickets "
    "were faster. A single answer: of the closed tickets in which the customer wrote, "
    "those with one message of a person of your team, however many notes and messages "
    "of bots. Reopened: of the tickets whose events are archived from the first to the "
    "last. Mean score: of the surveys that customers answered."
)
"""What the figures of `tiles` count."""


def _counted(count: int, noun: str, rest: str = "") -> tuple[str, str]:
    value, _, nouns = many(count, noun).partition(" ")
    return value, f"{nouns}{rest}"


def tiles(figures: Figures) -> list[tuple[str, str]]:
    """Return the figures at the head of the page with what they are."""
    sums = whole(figures).sums
    return [
        _counted(figures.tickets, "ticket"),
        _counted(figures.messages[Author.CUSTOMER], "message", " from customers"),
        (number(figures.open), "open"),
        (
            length(quantile(sums.times[f"{TIMES[1]}_seconds"], 0.5)),
            "to a person's first answer (median)",
        ),
        (
            length(quantile(sums.times[f"{TIMES[3]}_seconds"], 0.5)),
            "to resolution (median)",
        ),
        (
            # of those alone that nobody or a rule answered it would be 0
            NO_VALUE if figures.beside.bots is None else share(figures.one_touch),
            "of the closed had a single answer",
        ),
        (share(figures.reopened), "were reopened"),
        (score(mean(sums.scores)), "mean score, 1 to 5"),
    ]
