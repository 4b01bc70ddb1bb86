"""From an archive to the page: one file that needs, and may ask for, nothing else."""

import base64
import hashlib
import importlib.resources
import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.command_line import to_install_extra
from gorgias_crawler.emit import measured
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.report import charts, sections, trust
from gorgias_crawler.report.figures import Figures
from gorgias_crawler.report.words import Section, utc_minute
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

    Raises what reading a damaged archive raises.
    """
    beside = Beside.read(archive)
    names = (beside.names or {}) if with_names else None
    figures = figures_of(archive, filters, replace(beside, names=names))
    missing = measured.unfinished(archive, filters)
    is_listed = counts.is_listed(archive)
    found = figures.tickets + figures.left_out.total()
    share = _share(found, missing, is_listed=is_listed)
    asked = filters.asked if with_names else _CUSTOMER.sub(_HIDDEN, filters.asked)
    page = html(
        str(archive.facts.domain or archive.facts.host or "an account"),
        [_period(figures, asked), f"{share}{_as_of(archive)}", *_left_out(figures)],
        figures,
        trust.sections(archive, beside),
    )
    return Report(page, figures.tickets, [share] if missing or not is_listed else [])


def figures_of(archive: Archive, filters: Filters, beside: Beside) -> Figures:
    """Return the sums over the tickets that *filters* accept, as above."""
    figures = Figures(
        beside,
        frozenset(name for name in ("spam", "trashed") if getattr(filters, name)),
    )
    for ticket in measured.tickets(archive, filters, beside, only_complete=True):
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


_HERE = importlib.resources.files("gorgias_crawler.report")


def html(
    account: str, lines: Iterable[str], figures: Figures, kept: Iterable[Section]
) -> str:
    """Return the page of *figures*; `check_libraries` tells whether it can be made.

    *lines* say what it rests on. Its policy
    (https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP) allows its own style sheet,
    by hash, and nothing else: no script, no request, no form.
    """
    style = _HERE.joinpath("page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page: str = _template().render(
        account=account,
        lines=lines,
        tiles=sections.tiles(figures),
        what_tiles_count=sections.TILES,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
        sections=[(one, list(_drawings(one))) for one in sections.sections(figures)],
        trust=kept,
    )
    return page


def _drawings(section: Section) -> Iterator[tuple[str, str]]:
    if section.chart is not None:
        name = f"{section.title}: a chart; its numbers are in the table beside it."
        for size, width_px in charts.WIDTHS.items():
            yield size, charts.drawn(section.chart, width_px, name)


def check_libraries() -> None:
    """Raise `ConfigurationError` where a library is missing that a page needs."""
    missing = [
        name
        for name in ("jinja2", "vl_convert")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise ConfigurationError(
            f"A report needs {' and '.join(missing)}: {to_install_extra('report')}"
        )


def _template() -> Any:
    import jinja2  # noqa: PLC0415  # only a report needs it

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.globals.update(
        colour=charts.colour, shade=charts.shade, dashes=charts.DASHES
    )
    return environment.from_string(_HERE.joinpath("page.html.jinja").read_text("utf-8"))
