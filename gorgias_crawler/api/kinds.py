"""Every kind of object beside tickets and messages: one declaration each.

Paths and parameters are the documented ones (https://developers.gorgias.com/reference);
what is not known there is said where it matters. A kind that is added here can be asked
for, archived, refreshed, counted, exported and verified.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gorgias_crawler.api.urls import Order
from gorgias_crawler.items.tag import Tag

Json = dict[str, Any]


class Refresh(Enum):
    """The cheapest honest way to have what is new and what has changed."""

    WHOLE = "whole"
    """A small list: read whole, and taken over at once when its last page is there."""

    BY_UPDATE = "by update"
    """The list has an order by update: from the newest to what is known."""

    SINCE = "since"
    """The list takes a date to begin with, and no object of it ever changes."""

    WHILE_OPEN = "while open"
    """By creation; an object may change while it is open, so the list is read back to
    the oldest one that is."""

    UNORDERED = "unordered"
    """No order is promised. A list that was seen from the newest throughout is read
    until pages bring nothing new, and whole now and then."""

    SINGLE = "single"
    """One object, not a list."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is known of one kind of object.

    ``name`` is the user's word for it, ``row`` its item class, ``path`` its list below
    the base URL. ``needs`` says what is missing where it may not be read. ``walks`` are
    the parameters of each walk that is needed to see all of it. ``volatile`` are fields
    that move by themselves: no change. ``kept`` returns what of an object may be
    archived, without its secrets. ``open_until_us`` says how long it may change.
    ``stays`` marks a kind that others refer to: what no list shows any more stays.
    One that ``tells_deletions`` says what was deleted of other kinds. ``parents`` are
    the columns that hold ids of other kinds, with the names of those.
    """

    name: str
    row: type
    path: str
    needs: str
    refresh: Refresh = Refresh.WHOLE
    order: Order | None = Order.OLDEST
    walks: tuple[Mapping[str, str], ...] = ({},)
    volatile: frozenset[str] = frozenset()
    kept: Callable[[Json], Json] | None = None
    open_until_us: Callable[[Json], int | None] | None = None
    stays: bool = False
    tells_deletions: bool = False
    parents: Mapping[str, str] = field(default_factory=dict)


_DECLARED = (
    Kind(
        name="tags",
        row=Tag,
        path="/tags",
        needs="the scope tags:read",
        volatile=frozenset({"usage"}),
    ),
)

KINDS = {kind.name: kind for kind in _DECLARED}
"""Every kind by its name, in the order in which they are fetched."""
