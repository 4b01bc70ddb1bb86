"""From an archive to the page."""

import re
from dataclasses import dataclass, replace
from datetime import date

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.emit import measured
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.report import page, trust
from gorgias_crawler.report.figures import Figures
from gorgias_crawler.report.words import utc_minute
from gorgias_crawler.wording import many

_CUSTOMER = re.compile(r"(?<=-a customer=).*?(?= -a |$)")
_HIDDEN = "\N{HORIZONTAL ELLIPSIS}"  # who it is stands on the page with names alone


@dataclass(frozen=True)
class Report:
    """The page, how many tickets it is about, and what whoever made it must know."""

    html: str
    tickets: int
    warnings: list[str]


def report(archive: Archive, filters: Filters, *, with_names: bool) -> Report:
    """Return the page of the tickets that *filters* accept.

    Raises `RunEndError` where the archive is damaged.
    """
    beside = measured.read_beside(archive)
    names = (beside.names or {}) if with_names else None
    figures = figures_of(archive, filters, replace(beside, names=names))
    missing = measured.unfinished(archive, filters)
    is_listed = counts.is_listed(archive)
    found = figures.tickets + figures.left_out.total()
    share = _share(found, missing, is_listed=is_listed)
    asked = filters.asked if with_names else _CUSTOMER.sub(_HIDDEN, filters.asked)
    html = page.html(
        str(archive.facts.domain or archive.facts.host or "an account"),
        [_period(figures, asked), f"{share}{_as_of(archive)}", *_left_out(figures)],
        figures,
        trust.sections(archive, beside),
    )
    return Report(html, figures.tickets, [share] if missing or not is_listed else [])


def figures_of(archive: Archive, filters: Filters, beside: Beside) -> Figures:
    """Return the sums over the tickets that *filters* accept, as above."""
    figures = Figures(
        beside,
        frozenset(name for name in ("spam", "trashed") if getattr(filters, name)),
    )
    for ticket in measured.tickets(archive, filters, beside, only_whole=True):
        figures.add(ticket)
    for ticket in measured.older_open(archive, filters, beside):
        figures.add_older(ticket)
    return figures


def _period(figures: Figures, asked: str) -> str:
    asked = f", filtered by {asked}" if asked else ""
    if not figures.days:
        return f"No tickets{asked}."
    first, last = (date.fromordinal(end(figures.days)) for end in (min, max))
    when = f"on {first}" if first == last else f"from {first} to {last}"
    return (
        f"Tickets created {when}{asked}. Days and hours are those of the "
        f"clock of {figures.beside.zone}."
    )


def _share(found: int, missing: int, *, is_listed: bool) -> str:
    """Say on how many tickets the page rests, of those that were asked for."""
    if is_listed and not missing:
        return f"It rests on all tickets asked for: {found:,}."
    rests = f"It rests on {found:,} of {many(found + missing, 'ticket')} asked for"
    next_step = "crawl again to fetch what is missing."
    if not is_listed:
        return (
            f"{rests} and listed so far. The list is not finished, and how many more "
            f"there are is not known: {next_step}"
        )
    percent = int(100 * found / (found + missing))  # what is not all is never 100%
    return f"{rests} ({percent}%). The others are not complete yet: {next_step}"


def _as_of(archive: Archive) -> str:
    last = archive.last_manifest()
    return (
        f" As of {utc_minute(last['ended'])}, when the last run ended." if last else ""
    )


def _left_out(figures: Figures) -> list[str]:
    said = []
    if spam := figures.left_out["spam"]:
        said.append(f"{many(spam, 'ticket')} marked as spam")
    if trashed := figures.left_out["trashed"]:
        said.append(f"{many(trashed, 'ticket')} in the trash")
    lines = [f"Left out: {' and '.join(said)}."] if said else []
    if figures.undated:
        lines.append(
            f"{many(figures.undated, 'ticket')} without a date of creation: in no chart."
        )
    return lines
