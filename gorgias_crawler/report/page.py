"""The page: one file that needs nothing else, and may ask for nothing else."""

import base64
import hashlib
import importlib.resources
import importlib.util
from collections.abc import Iterable, Iterator
from typing import Any

from gorgias_crawler.command_line import to_install_extra
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.report import charts, sections
from gorgias_crawler.report.figures import Figures
from gorgias_crawler.report.words import Section

_HERE = importlib.resources.files("gorgias_crawler.report")


def html(
    account: str, lines: Iterable[str], figures: Figures, trust: Iterable[Section]
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
        trust=trust,
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
