"""From an archive to the page."""

from dataclasses import dataclass
from datetime import UTC, date

from gorgias_crawler.archive import Archive
from gorgias_crawler.emit import measured
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.report import page, sections, trust
from gorgias_crawler.report.figures import Figures
from gorgias_crawler.report.words import Archived
from gorgias_crawler.wording import many


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
    hours = beside.hours
    figures = Figures(
        zone=hours.zone if hours else UTC,
        bots=beside.bots,
        reason_fields=beside.reason_fields or (),
        keeps=frozenset(name for name in ("spam", "trashed") if getattr(filters, name)),
    )
    for ticket in measured.tickets(archive, filters, beside, only_whole=True):
        figures.add(ticket)
    archived = _archived(beside, with_names=with_names)
    missing = measured.unfinished(archive, filters)
    share = _share(figures, missing)
    head = page.Head(
        str(archive.facts.domain or archive.facts.host or "an account"),
        [_period(figures, filters, archived.zone), share, *_left_out(figures)],
        sections.tiles(figures),
    )
    html = page.html(
        head,
        sections.sections(figures, archived),
        list(trust.sections(archive, beside)),
    )
    return Report(html, figures.tickets, [share] if missing else [])


def _archived(beside: Beside, *, with_names: bool) -> Archived:
    return Archived(
        users=beside.bots is not None,
        hours=beside.hours is not None,
        fields=beside.reason_fields is not None,
        surveys=beside.scores is not None,
        zone=beside.hours.zone.key if beside.hours else "UTC",
        names=(beside.names or {}) if with_names else None,
    )


def _period(figures: Figures, filters: Filters, zone: str) -> str:
    asked = f", filtered by {filters.asked}" if filters.asked else ""
    if not figures.days:
        return f"No tickets{asked}."
    first, last = (date.fromordinal(end(figures.days)) for end in (min, max))
    return (
        f"Tickets created from {first} to {last}{asked}. Days and hours are those of the "
        f"clock of {zone}."
    )


def _share(figures: Figures, missing: int) -> str:
    found = figures.tickets + figures.left_out.total()
    if not missing:
        return (
            f"It rests on all {many(found, 'ticket')} that were asked for and listed."
        )
    whole = found + missing
    return (
        f"It rests on {found:,} of {many(whole, 'ticket')} that were asked for and listed "
        f"({found / whole:.0%}): the others are not complete yet; crawl again to fetch "
        "what is missing."
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
