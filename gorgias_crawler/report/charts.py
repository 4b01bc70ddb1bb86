"""Charts as SVG, drawn by Vega-Lite (https://vega.github.io/vega-lite/docs/).

They are drawn when the page is made, so that it needs no script. Colours are names of
the page's style sheet, which has them for dark and for light screens.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

Json = dict[str, Any]
Values = Sequence[Mapping[str, Any]]

WIDTHS = {"wide": 560, "narrow": 330}
"""Pixels of the two drawings of a chart: text keeps its size on a telephone."""


def colour(number: int) -> str:
    """Return the colour of the chart's part *number*, counted from 1."""
    return f"var(--colour-{number})"


DASHES = ((1, 0), (6, 3), (2, 2), (8, 2, 2, 2))
"""How the lines of a chart differ for those who do not tell colours apart."""

_FONT_PX = 13
_HEIGHT_PX = 240
_BAR_PX = 24  # of a horizontal bar, so that its name fits beside it
_PALETTE = [colour(number) for number in range(1, 9)]
_SHADES = [f"var(--shade-{number})" for number in range(6)]
_TICKS = {  # seconds, where durations are read off; less is drawn as the first
    10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 14_400: "4 h",
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
    order = {part: number for number, part in enumerate(parts)}
    return {
        "data": {
            "values": [{**value, "order": order[value["part"]]} for value in values]
        },
        "mark": "bar",
        "encoding": {
            "x": _periods(),
            "y": _numbers("n"),
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": list(parts)},
                "legend": None,
            },
            "order": {"field": "order"},
        },
    }


def lines(values: Values, parts: Sequence[str], *, durations: bool = False) -> Json:
    """Return a chart of ``x``, ``n`` and ``part``, a line each.

    *durations* are in seconds, on a scale of powers. Periods without a value are
    left out.
    """
    known = [value for value in values if value["n"] is not None]
    return {
        "data": {"values": [{**v, "n": max(v["n"], min(_TICKS)) if durations else v["n"]}
                            for v in known]},
        "mark": {"type": "line", "point": {"size": 25}, "strokeWidth": 2},
        "encoding": {
            "x": _periods(),
            "y": _durations(known) if durations else _numbers("n"),
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": list(parts)},
                "legend": None,
            },
            "strokeDash": {
                "field": "part",
                "type": "nominal",
                "scale": {
                    "domain": list(parts),
                    "range": [list(dash) for dash in DASHES[: len(parts)]],
                },
                "legend": None,
            },
        },
    }  # fmt: skip


def bars(values: Values, order: Sequence[str]) -> Json:
    """Return a chart of horizontal bars of ``x`` and ``n``, in *order*."""
    return {
        "data": {"values": list(values)},
        "mark": {"type": "bar", "color": _PALETTE[0]},
        "height": {"step": _BAR_PX},
        "encoding": {
            "y": {
                "field": "x",
                "type": "nominal",
                "sort": list(order),
                "title": None,
                "axis": {"labelLimit": 160, "labelOverlap": False},
            },
            "x": _numbers("n"),
        },
    }


def squares(values: Values, days: Sequence[str]) -> Json:
    """Return a chart of ``hour``, ``day`` and ``n``: the more, the stronger."""
    return {
        "data": {"values": list(values)},
        "mark": {"type": "rect", "stroke": "var(--page)", "strokeWidth": 1},
        "height": {"step": _BAR_PX},
        "encoding": {
            "x": {"field": "hour", "type": "ordinal", "title": None,
                  "axis": {"labelAngle": 0, "values": [0, 3, 6, 9, 12, 15, 18, 21]}},
            "y": {"field": "day", "type": "nominal", "sort": list(days), "title": None,
                  "axis": {"labelOverlap": False}},
            "color": {
                "field": "n",
                "type": "quantitative",
                "scale": {
                    "type": "quantize",
                    "domain": [0, max((value["n"] for value in values), default=1) or 1],
                    "range": _SHADES,
                },
                "legend": None,
            },
        },
    }  # fmt: skip


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


def _periods() -> Json:
    axis = {"labelAngle": 0, "labelSeparation": 24}  # letters may be wider elsewhere
    return {"field": "x", "type": "ordinal", "title": None, "axis": axis}


def _numbers(name: str) -> Json:
    return {
        "field": name,
        "type": "quantitative",
        "title": None,
        "axis": {"tickMinStep": 1, "format": ",d", "tickCount": 5},
    }


def _durations(values: Values) -> Json:
    words = "".join(f"datum.value == {s} ? '{word}' : " for s, word in _TICKS.items())
    return {
        "field": "n",
        "type": "quantitative",
        "title": None,
        "scale": {"type": "log", "nice": False, "domain": _bounds(values)},
        "axis": {"values": list(_TICKS), "labelExpr": f"{words}''"},
    }


def _bounds(values: Values) -> list[int]:
    """Return the two ticks that enclose all *values*."""
    least = min((max(value["n"], min(_TICKS)) for value in values), default=1)
    most = max((value["n"] for value in values), default=1)
    below = [tick for tick in _TICKS if tick <= least][-1]
    above = next((tick for tick in _TICKS if tick > most), most)
    return [below, above]
