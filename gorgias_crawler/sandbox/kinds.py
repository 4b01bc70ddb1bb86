"""Every kind of object, as declared in ``kinds.json``: its list and its rows.

A kind's row is its *base* with one entry of each cycle of *vary*, by its number, and
what is *named* for that number. In it ``{name}`` stands for a fact about the object,
``{n}`` for its number from 1, ``{nested}`` for a syntax tree, and ``@60`` for the date
sixty seconds after its creation.

A filter is the type of its values, after a colon the field that they are compared with
where the parameter is named otherwise; or the list of the values that are known.
https://developers.gorgias.com/reference
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from gorgias_crawler.sandbox.records import Json, date

Of = Callable[[str], Any]
"""Reads a field of an object by its name."""

CREATED, UPDATED = "created_datetime", "updated_datetime"
BOUNDS = ("gt", "gte", "lt", "lte")
_FACT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    ``path`` is its list's below ``/api/``. ``orders`` are the fields of ``order_by``,
    none where it has no such parameter; ``order`` is what comes without, and
    ``bare_orders`` tells whether a field alone is taken, too. ``filters`` are the other
    parameters, ``defaults`` what they are where they are not given, ``ignored`` those
    that change nothing here. ``needs`` tells which parameter must come with another
    one, or always. With ``dates`` a range of creation can be asked for; with ``totals``
    ``meta`` has ``total_resources``, which is always null.
    """

    path: str
    orders: list[str]
    order: str = f"{CREATED}:desc"
    filters: dict[str, str | list[str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    needs: dict[str, str] = field(default_factory=dict)
    dates: bool = False
    totals: bool = False
    bare_orders: bool = False
    first_id: int = 0
    count: int = 0
    base: Json = field(default_factory=dict)
    vary: tuple[list[Json], ...] = ()
    named: dict[str, Json] = field(default_factory=dict)

    @property
    def parameters(self) -> set[str]:
        """The names of all parameters that the list takes."""
        orders = {"order_by"} if self.orders else set()
        dates = {f"{CREATED}[{bound}]" for bound in BOUNDS} if self.dates else set()
        return {"limit", "cursor", *orders, *dates, *self.filters, *self.ignored}

    def row(self, n: int, created_us: int, facts: Json) -> Json:
        """Return the object with that number; ``facts`` are its own."""
        values = dict(self.base)
        for cycle in self.vary:
            values |= cycle[n % len(cycle)]
        values |= self.named.get(str(n), {})
        filled: Json = _filled(values, created_us, {"n": n + 1} | facts)
        return filled

    def accepts(self, of: Of, name: str, values: list[str]) -> bool:
        """Return whether an object passes a filter; `ValueError` for a wrong value."""
        declared = self.filters[name]
        if isinstance(declared, list):
            return bool(of(name) == declared[declared.index(values[0])])
        test, _, other = declared.partition(":")
        return _TESTS[test](of, other or name, values)


def _boolean(value: str) -> bool:
    return bool(("false", "true").index(value))


def _is_archived(of: Of, name: str) -> bool:
    # one that is deactivated was seen in the default list, too
    return of(name) is not None and not str(of("label")).endswith("still listed")


_TESTS: Mapping[str, Callable[[Of, str, list[str]], bool]] = {
    "str": lambda of, name, values: of(name) in values,
    "int": lambda of, name, values: of(name) in {int(value) for value in values},
    "search": lambda of, name, values: values[0].lower() in of(name).lower(),
    "trashed": lambda of, name, values: _boolean(values[0]) or not of("is_trashed"),
    "archived": lambda of, name, values: _boolean(values[0]) == _is_archived(of, name),
}


def _filled(value: Any, created_us: int, facts: Json) -> Any:
    if isinstance(value, dict):
        return {name: _filled(v, created_us, facts) for name, v in value.items()}
    if isinstance(value, list):
        return [_filled(inner, created_us, facts) for inner in value]
    return _written(value, created_us, facts) if isinstance(value, str) else value


def _written(value: str, created_us: int, facts: Json) -> Any:
    if value[:1] == "@" and value[1:].isdecimal():
        return date(created_us + int(value[1:]) * 1_000_000, facts["n"])
    whole = _FACT.fullmatch(value)
    if whole and whole[1] == "nested":
        return _nested(8 + 4 * facts["n"])
    if whole and whole[1] in facts:
        return facts[whole[1]]
    return _FACT.sub(lambda found: str(facts.get(found[1], found[0])), value)


def _nested(levels: int) -> Json:
    """Return a syntax tree; those of rules are many times the size of their code."""
    tree: Json = {"type": "Identifier", "name": "ticket"}
    for level in range(levels):
        place = {"start": {"line": 1, "column": level}, "end": {"line": 1}}
        tree = {"type": "CallExpression", "arguments": [tree], "loc": place}
    return {"type": "Program", "body": [tree], "sourceType": "script"}


KINDS: Mapping[str, Kind] = {
    name: Kind(**declared)
    for name, declared in json.loads(
        # not by __file__: Scrapyd runs what it was deployed from a zip file
        files("gorgias_crawler.sandbox").joinpath("kinds.json").read_text("utf-8")
    ).items()
}
"""All kinds, by name."""
BY_PATH = {kind.path: name for name, kind in KINDS.items() if kind.path}
