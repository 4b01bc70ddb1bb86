"""Objects of any kind: what to ask, and bytes to typed objects."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from gorgias_crawler.api import pages
from gorgias_crawler.api.dates import instant_us, utc_text
from gorgias_crawler.api.kinds import Kind, Refresh
from gorgias_crawler.api.urls import PAGE_LIMIT, Order

_ONLY = 1  # the id of an object that is the only one of its kind


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a kind.

    ``created_us`` and ``updated_us`` are microseconds since 1970, 0 where there is no
    date. Until ``open_until_us``, if it is set, the object may change without a sign.
    ``raw`` is its JSON as it may be archived.
    """

    id: int
    created_us: int
    updated_us: int
    open_until_us: int | None
    raw: bytes


@dataclass(frozen=True)
class ListPage:
    """What a page of a list is asked with.

    ``walk`` is the number of the walk that it belongs to; ``order`` another order than
    the kind's own. With ``since_us`` (microseconds since 1970) nothing older is asked
    for, where the list takes a date, and with ``types`` only events of these types.
    """

    kind: Kind
    walk: int = 0
    order: Order | None = None
    since_us: int | None = None
    types: tuple[str, ...] = ()
    cursor: str | None = None
    limit: int = PAGE_LIMIT

    def url(self, base_url: str) -> str:
        """Return the URL of the page."""
        kind = self.kind
        if kind.refresh is Refresh.SINGLE:
            return f"{base_url}{kind.path}"
        query: dict[str, object] = {**kind.walks[self.walk], "limit": self.limit}
        if order := self.order or kind.order:
            query["order_by"] = order.value
        if self.since_us is not None:
            query["created_datetime[gte]"] = utc_text(self.since_us)
        types = [("types", name) for name in self.types]
        cursor = [("cursor", self.cursor)] if self.cursor is not None else []
        pairs = urlencode([*query.items(), *types, *cursor], safe=":[]")
        return f"{base_url}{kind.path}?{pairs}"

    def parse(self, body: bytes) -> pages.Page[Object]:
        """Return the page that *body* holds. Raises `BadAnswerError`."""
        if self.kind.refresh is Refresh.SINGLE:
            return page_of_single(self.kind, pages.decoded_object(body))
        return pages.page(body, partial(_object, self.kind))


@dataclass(frozen=True)
class ById:
    """One object that is asked for by its id."""

    kind: Kind
    id: int

    def url(self, base_url: str) -> str:
        """Return the URL of the object."""
        return f"{base_url}{self.kind.path}/{self.id}"

    def parse(self, body: bytes) -> pages.Page[Object]:
        """Return *body* as a page of one object. Raises `BadAnswerError`."""
        return _page_of_one(self.kind, pages.decoded_object(body))


def page_of_single(kind: Kind, value: dict[str, Any]) -> pages.Page[Object]:
    """Return the page of the only object of *kind*, made of its *value*."""
    return _page_of_one(kind, {"id": _ONLY} | value)


def _page_of_one(kind: Kind, value: dict[str, Any]) -> pages.Page[Object]:
    return pages.Page((_object(kind, value, json.dumps(value).encode()),), None)


def _object(kind: Kind, value: dict[str, Any], raw: bytes) -> Object:
    if kind.kept and (kept := kind.kept(value)) != value:
        value, raw = kept, json.dumps(kept).encode()
    return Object(
        id=pages.usable_id(value.get("id")),
        created_us=instant_us(value.get("created_datetime")),
        updated_us=instant_us(value.get("updated_datetime")),
        open_until_us=kind.open_until_us(value) if kind.open_until_us else None,
        raw=pages.checked_nesting(value, raw),
    )
