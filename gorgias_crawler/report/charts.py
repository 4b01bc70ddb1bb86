"""Charts as SVG, drawn by Vega-Lite (https://vega.github.io/vega-lite/docs/).

They are drawn when the page is made, so that it needs no script. Colours are names of
the page's style sheet, which has them for dark and for light screens.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import accumulate
from typing import Any

Json = dict[str, Any]
Values = Sequence[Mapping[str, Any]]

WIDTHS = {"wide": 560, "narrow": 330}
"""Pixels of the two drawings of a chart: text keeps its size on a telephone."""


def colour(number: int) -> str:
    """Return the colour of the chart's part *number*, counted from 1."""
    return f"var(--colour-{number})"


def shade(number: int) -> str:
    """Return the shade number *number* of a chart of `squares`, counted from 1."""
    return f"var(--shade-{number})"


DASHES = ((1, 0), (6, 3), (2, 2), (8, 2, 2, 2))
"""How the lines of a chart differ for those who do not tell colours apart."""

_FONT_PX = 13
_HEIGHT_PX = 280
_SQUARE_PX = 34  # of an hour of the week: seven are as high as other charts
_BAR_PX = 24  # of a horizontal bar, so that its name fits beside it
_LABEL_COLUMNS = 22  # of its name: 150 pixels mostly, and 290 of 330 if all are wide
_PALETTE = [colour(number) for number in range(1, 9)]
SHADES = 6
"""So many shades can be told apart in a legend."""

_TICKS = {  # seconds, where durations are read off; less stands at the first
    10: "\N{LESS-THAN OR EQUAL TO} 10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 14_400: "4 h",
    86_400: "1 d", 604_800: "1 wk", 2_592_000: "30 d", 31_536_000: "1 y",
}  # fmt: skip

_TEXT = {"labelColor": "var(--text)", "titleColor": "var(--text)",
         "labelFontSize": _FONT_PX, "titleFontSize": _FONT_PX,
         "titleFontWeight": "normal"}  # fmt: skip
_CONFIG: Json = {
    "font": "Arial",
    "background": None,
    "aria": False,  # the drawing as a whole has a name, and its numbers a table
    "view": {"stroke": None},
    "axis": {**_TEXT, "gridColor": "var(--line)", "domainColor": "var(--line)",
             "ticks": False, "labelPadding": 6, "labelOverlap": "greedy"},
    "range": {"category": _PALETTE},
}  # fmt: skip


def stacked_bars(values: Values, parts: Sequence[str]) -> Json:
    """Return a chart of ``x``, ``n`` and ``part``: *parts* from the ground up."""
    return _chart(
        [{**value, "order": parts.index(value["part"])} for value in values],
        "bar",
        x=_periods(values),
        y=_numbers(),
        color=_parts(parts),
        order={"field": "order"},
    )


def lines(values: Values, parts: Sequence[str], axis: Json | None = None) -> Json:
    """Return a chart of ``x``, ``n`` and ``part``, a line each.

    It is broken where a period has no value. *axis* is that of ``n``: of numbers,
    unless it is one of `durations` or `scores`.
    """
    return _chart(
        values,
        {"type": "line", "point": {"size": 25}, "strokeWidth": 2},
        x=_periods(values),
        y=axis or _numbers(),
        color=_parts(parts),
        strokeDash=_parts(parts, range=DASHES[: len(parts)]),
    )


def bars(counts: Mapping[str, int]) -> Json:
    """Return a chart of horizontal bars with names, in their order."""
    labels = _labels(counts)
    bars = zip(labels, counts.values(), strict=True)
    axis = {"labelLimit": 0, "labelOverlap": False}
    chart = _chart(
        [{"x": label, "n": count} for label, count in bars],
        {"type": "bar", "color": _PALETTE[0]},
        y={**_NAMES, "field": "x", "sort": labels, "axis": axis},
        x=_numbers(),
    )
    return {**chart, "height": {"step": _BAR_PX}}


def squares(values: Values, days: Sequence[str]) -> Json:
    """Return a chart of ``hour``, ``day`` and ``n``: the more, the stronger."""
    most = max((value["n"] for value in values), default=1) or 1
    shades = [shade(number) for number in range(1, SHADES + 1)]
    hours = {"labelAngle": 0, "values": [*range(0, 24, 3)],
             "labelExpr": "datum.value + ':00'"}  # fmt: skip
    chart = _chart(
        values,
        {"type": "rect", "stroke": "var(--card)", "strokeWidth": 2},
        x={**_NAMES, "field": "hour", "type": "ordinal", "axis": hours},
        y={**_NAMES, "field": "day", "sort": days, "axis": {"labelOverlap": False}},
        color={
            "field": "n",
            "type": "quantitative",
            "scale": {"type": "quantize", "domain": [0, most], "range": shades},
            "legend": None,
        },
    )
    return {**chart, "height": {"step": _SQUARE_PX}}


_NAMES = {"type": "nominal", "title": None}


def _chart(values: Values, mark: str | Json, **encoding: Json) -> Json:
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _parts(parts: Sequence[str], **scale: Any) -> Json:
    return {
        "field": "part",
        "type": "nominal",
        "scale": {"domain": parts, **scale},
        "legend": None,
    }


def _labels(names: Iterable[str]) -> list[str]:
    """Return *names* cut to fit beside a bar, each still another.

    Vega would cut an emoji in half, and fail; signs that are not seen, such as those
    that turn the direction of letters, are left out.
    """
    labels: list[str] = []
    for name in names:
        seen = "".join(c for c in name if unicodedata.category(c)[0] != "C")
        widths = (1 + (unicodedata.east_asian_width(c) in "WF") for c in seen)
        fits = sum(columns <= _LABEL_COLUMNS for columns in accumulate(widths))
        label = (
            seen
            if fits == len(seen)
            else f"{seen[:fits].rstrip()}\N{HORIZONTAL ELLIPSIS}"
        )
        number, alone = 1, label
        while alone in labels:
            number += 1
            alone = f"{label} ({number})"
        labels.append(alone)
    return labels


def drawn(chart: Json, width_px: int, name: str) -> str:
    """Return *chart* as an ``svg`` element that a page may hold.

    *name* is what a screen reader says of it.
    """
    import vl_convert  # noqa: PLC0415  # 84 MB that only a report needs

    whole = {
        "height": _HEIGHT_PX,
        **chart,
        "width": width_px,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 2,
        "config": _CONFIG,
    }
    return _embeddable(vl_convert.vegalite_to_svg(whole), name)


def _embeddable(svg: str, name: str) -> str:
    match = re.match(r'<svg [^>]*viewBox="0 0 (\d+) (\d+)">', svg)
    assert match is not None, svg[:200]
    width, height = match.groups()
    return (
        f'<svg role="img" aria-label="{escape(name)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{svg[match.end() :]}'
    )


def _periods(values: Values) -> Json:
    return {
        "field": "x",
        "type": "ordinal",
        "title": None,
        # all of them, also those without a value: else time would jump
        "scale": {"domain": list(dict.fromkeys(value["x"] for value in values))},
        # letters may be wider elsewhere
        "axis": {"labelAngle": 0, "labelSeparation": 24},
    }


def _numbers() -> Json:
    # a half of a ticket would be written as one
    whole = "datum.value % 1 ? '' : datum.label"
    axis = {"format": ",d", "tickCount": 5, "labelExpr": whole}
    return {"field": "n", "type": "quantitative", "title": None, "axis": axis}


def scores() -> Json:
    """Return an axis of mean scores, from the worst to the best that can be given."""
    return {**_numbers(), "scale": {"domain": [1, 5]}}


def durations(values: Values) -> Json:
    """Return an axis of seconds, on a scale of powers that encloses *values*."""
    least = max(min(_TICKS), min(v["n"] for v in values if v["n"] is not None))
    most = max(v["n"] for v in values if v["n"] is not None)
    below = [tick for tick in _TICKS if tick <= least][-1]
    above = next((tick for tick in _TICKS if tick > most), most)
    within = {s: word for s, word in _TICKS.items() if below <= s <= above}
    words = "".join(f"datum.value == {s} ? '{word}' : " for s, word in within.items())
    scale = {"type": "log", "nice": False, "clamp": True, "domain": [below, above]}
    axis = {"values": list(within), "labelExpr": f"{words}''"}
    return {**_numbers(), "scale": scale, "axis": axis}
