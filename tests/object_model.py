"""Lists of objects in memory, that answer what a fetch of a kind asks, and may fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gorgias_crawler.api.dates import utc_text
from gorgias_crawler.api.kinds import Kind, Refresh
from gorgias_crawler.api.urls import Order
from gorgias_crawler.archive import Archive
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.errors import AnswerError, NotFoundError, RefusedError
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import Answer, ObjectCall
from gorgias_crawler.fetch.objects import KindFetch
from gorgias_crawler.fetch.plans import Options

BASE = "http://shop.example/api"
MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
GONE = NotFoundError("404 Not Found", of_the_api=True)

Fault = Callable[[ObjectCall], AnswerError | str | None]
"""Returns an error, or ``empty`` or ``reversed`` for what a list is, or None."""


@dataclass
class Thing:
    """A row of a made-up kind."""

    id: int | None = None
    name: str | None = None


def kind(refresh: Refresh, **changes: Any) -> Kind:
    declared: dict[str, Any] = {
        "name": "things",
        "row": Thing,
        "path": "/things",
        "needs": "the scope things:read",
        "refresh": refresh,
        "order": None if refresh is Refresh.UNORDERED else Order.OLDEST,
    }
    return Kind(**declared | changes)


@dataclass
class Shop:
    """The objects of one kind, with a clock that tests move by hand."""

    kind: Kind
    things: dict[int, dict[str, Any]] = field(default_factory=dict)
    now_us: int = 1_000 * DAY_US
    oldest_first: bool = False  # the order where none is asked for
    limit: int = 3  # objects a page at most
    calls: int = 0
    fault: Fault = lambda call: None
    _next_id: int = 1

    def add(self, **values: Any) -> int:
        """Make an object, and let ten minutes pass: more than a run looks back."""
        self.now_us += 10 * MINUTE_US
        id_, self._next_id = self._next_id, self._next_id + 1
        at = utc_text(self.now_us)
        dates = {"created_datetime": at, "updated_datetime": at}
        self.things[id_] = {"id": id_, "name": f"n{id_}", "usage": 0} | dates | values
        return id_

    def change(self, id_: int, **values: Any) -> None:
        self.now_us += 10 * MINUTE_US
        self.things[id_] |= {"updated_datetime": utc_text(self.now_us)} | values

    def answer(self, call: ObjectCall) -> Answer | AnswerError:
        self.calls += 1
        self.now_us += 1_000_000
        url = urlsplit(call.url(BASE))
        fault = self.fault(call)
        if isinstance(fault, AnswerError):
            return fault
        *_, last = url.path.split("/")
        if last.isdigit():
            thing = self.things.get(int(last))
            return self._given(call, thing) if thing else GONE
        if self.kind.refresh is Refresh.SINGLE:
            return self._given(call, next(iter(self.things.values())))
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        return self._given(call, self._page(query, fault))

    def _given(self, call: ObjectCall, value: Any) -> Answer:
        return Answer(call.parse(json.dumps(value).encode()), self.now_us)

    def _page(self, query: dict[str, str], fault: str | None) -> dict[str, Any]:
        limit = min(int(query.pop("limit")), self.limit)
        order = query.pop("order_by", None)
        since = query.pop("created_datetime[gte]", "")
        cursor = json.loads(query.pop("cursor", "null"))
        column, _, way = (order or "created_datetime:desc").partition(":")
        descends = way == "desc" and not (order is None and self.oldest_first)
        found = sorted(
            (thing[column], thing["id"])
            for thing in self.things.values()
            if all(str(thing.get(name)) == value for name, value in query.items())
            and thing["created_datetime"] >= since
        )
        if descends ^ (fault == "reversed"):
            found.reverse()
        if cursor is not None:
            key = tuple(cursor) or (("z",) if descends else ("",))
            descending = descends ^ (fault == "reversed")
            found = [at for at in found if (at < key if descending else at > key)]
        page = [] if fault == "empty" else found[:limit]
        more = len(found) > limit and bool(page) and fault != "ends"
        shown = page[: {"gap": 0, "short": 1}.get(fault or "", limit)]
        return {
            "data": [self.things[id_] for _, id_ in shown],
            "meta": {"next_cursor": json.dumps(page[-1]) if more else None},
        }


class KilledError(Exception):
    """The process died before an answer was archived."""


def run(
    archive: Archive, shop: Shop, *, kill_after: int | None = None, **options: Any
) -> KindFetch:
    """Fetch the shop's kind in a further run; die after so many calls."""
    memory = RunMemory(
        archive, archive.begin_run(), Options(**options), lambda: shop.now_us
    )
    memory.full_page = shop.limit
    fetch = KindFetch(memory, shop.kind)
    calls = 0
    while call := fetch.take():
        if calls == kill_after:
            raise KilledError
        calls += 1
        assert calls < 500, "it does not end"
        fetch.answered(shop.answer(call))
    assert fetch.is_done
    return fetch


def archived(archive: Archive, shop: Shop) -> dict[int, dict[str, Any]]:
    """Return what is archived, by id."""
    found = Objects(archive, shop.kind).in_order()
    return {thing["id"]: thing for thing in (json.loads(raw) for raw, *_ in found)}


def deleted(archive: Archive) -> dict[int, int]:
    """Return the runs that found objects deleted, by their ids."""
    return dict(archive.db.execute("SELECT id, run FROM deleted WHERE kind = 'things'"))


FORBIDDEN = RefusedError("403 Forbidden", status=403)
