"""The endpoints: what is asked, against the world, gives a status and a JSON body.

Paging is by keyset, with the recorded form of the cursor: base64 of
``["next", "<instant of the last row>", <its id>]``.
"""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from gorgias_crawler.sandbox import history
from gorgias_crawler.sandbox.kinds import BOUNDS, BY_PATH, CREATED, KINDS, Kind
from gorgias_crawler.sandbox.order import Key, reader, sort_key
from gorgias_crawler.sandbox.records import BEGIN_US, DAY_US, Json, date, instant_us
from gorgias_crawler.sandbox.world import PAGE_LIMIT, World

Query = Mapping[str, Sequence[str]]

_DEFAULT_LIMIT = 30
_LATEST = float("inf")  # behind every id


class RefusedError(Exception):
    """The API answers with an error object instead of a page."""

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


def answer(
    world: World,
    path: str,
    query: Query,
    not_permitted: Mapping[str, int] | None = None,
) -> tuple[int, Json | None]:
    """Return status and body for *path*; no body where there is no such endpoint.

    *not_permitted* gives the status with which a kind is refused, by its name.
    """
    place = path.removeprefix("/api/")
    parent, _, last = place.rpartition("/")
    name = BY_PATH.get(place) or BY_PATH.get(parent if last.isdecimal() else "")
    if not path.startswith("/api/") or name is None:
        return HTTPStatus.NOT_FOUND, None
    try:
        if not_permitted and name in not_permitted:
            return not_permitted[name], {"error": {"msg": _NOT_PERMITTED}}
        if place not in BY_PATH:
            return HTTPStatus.OK, _detail(world, name, last)
        is_list = name not in {"account", "account_settings"}
        return HTTPStatus.OK, (_list if is_list else _single)(world, name, query)
    except RefusedError as refused:
        return refused.status, {"error": {"msg": str(refused)}}


_NOT_PERMITTED = "You don't have enough permissions to perform this action."


def _single(world: World, name: str, query: Query) -> Json:
    """Return the account or its settings: neither is a list that has pages."""
    _check(query, set(KINDS[name].filters))
    settings = world.objects("account_settings")
    if name == "account_settings":
        wanted = query.get("type")
        return {"data": [s for s in settings if not wanted or s["type"] in wanted]}
    facts = {"domain": world.account.domain, "settings": settings}
    return KINDS[name].row(0, BEGIN_US - 100 * DAY_US, facts)


def _detail(world: World, name: str, last: str) -> Json:
    is_served = name not in {"account", "tickets", "messages"}
    record = world.records(name).get(int(last)) if is_served else None
    if record is None:
        raise RefusedError("Object does not exist.", HTTPStatus.NOT_FOUND)
    made = history.make(world.account, name, record)
    if name == "customers":
        names = ("channel", "phone_channel", "second_channel")
        ids = {name: 650_000_000 + record.id * 3 + n for n, name in enumerate(names)}
        facts = history.facts(world.account, record) | ids
        made |= KINDS["customer"].row(record.number, record.created_us, facts)
        made["channels"] = [c for c in made["channels"] if c["address"]]
    return made


def _list(world: World, name: str, query: Query) -> Json:
    kind = KINDS[name]
    query = {name.removesuffix("[]"): values for name, values in query.items()}
    _check(query, kind.parameters)
    for of, needed in kind.needs.items():
        if needed not in query and (not of or of in query):
            raise RefusedError(f"Missing parameter: {needed}")
    fields, direction = _order(kind, query)
    key = sort_key(world.account, name, fields)
    try:
        limit = int(query.get("limit", [str(_DEFAULT_LIMIT)])[0])
        records = _selected(world, name, query, fields)
        after = _decoded(kind, query, fields)
        place = 0 if after is None else _place(records, after, direction, key)
    except (ValueError, TypeError) as error:
        raise RefusedError(f"Invalid value: {error}") from None
    if not 1 <= limit <= PAGE_LIMIT:
        raise RefusedError("limit: 1 to 100")
    if direction == "asc":
        rows = list(records[place : place + limit])
        has_more = place + limit < len(records)
    else:
        end = len(records) if after is None else place
        rows = list(reversed(records[max(0, end - limit) : end]))
        has_more = end > limit
    meta: Json = {
        "prev_cursor": _cursor("prev", key(rows[0]), fields)
        if rows and after
        else None,
        "next_cursor": _cursor("next", key(rows[-1]), fields) if has_more else None,
    }
    return {
        "object": "list",
        "uri": f"/api/{kind.path}?{urlencode(query, doseq=True)}",
        "data": [history.make(world.account, name, row) for row in rows],
        "meta": meta | ({"total_resources": None} if kind.totals else {}),
    }


def _check(query: Query, known: set[str]) -> None:
    for name in query:
        if name not in known:
            raise RefusedError(f"Unknown parameter: {name}")


def _order(kind: Kind, query: Query) -> tuple[str, str]:
    """Return by which fields, and whether ``"asc"`` or ``"desc"``."""
    asked = query.get("order_by", [kind.order])[0]
    parts = [part.partition(":") for part in asked.split(",")]
    fields = ",".join(part[0] for part in parts)
    directions = {part[2] or ("desc" if kind.bare_orders else "") for part in parts}
    known = kind.orders or (CREATED,)
    if fields not in known or directions not in ({"asc"}, {"desc"}):
        raise RefusedError(f"order_by: {asked}")
    return fields, directions.pop()


def _selected(world: World, name: str, query: Query, fields: str) -> Sequence[Any]:
    """Return the records that are asked for, in ascending order."""
    kind, key = KINDS[name], sort_key(world.account, name, fields)
    records = world.in_order(name, fields)
    given = {n: [value] for n, value in kind.defaults.items()}
    given |= {n: list(values) for n, values in query.items() if n in kind.filters}
    if name == "messages" and given:
        ticket = world.tickets.get(int(given.pop("ticket_id")[0]))
        if ticket is None:
            raise RefusedError("Ticket does not exist.", HTTPStatus.NOT_FOUND)
        records = sorted(ticket.messages, key=key)
    if "ticket_ids" in given:
        ids = {int(value) for value in given.pop("ticket_ids")}
        if not 1 <= len(query["ticket_ids"]) <= PAGE_LIMIT:
            raise RefusedError("ticket_ids: 1 to 100")
        records = sorted(filter(None, map(world.tickets.get, ids)), key=key)
    if kind.dates:
        records = _dated(records, query, key)
    for n, values in given.items():
        records = [
            r
            for r in records
            if kind.accepts(reader(world.account, name, r), n, values)
        ]
    return records


def _dated(records: Sequence[Any], query: Query, key: Any) -> Sequence[Any]:
    """Cut to the range of creation; ``gt`` and ``lte`` take in ids of their instant."""
    for bound in BOUNDS:
        values = query.get(f"{CREATED}[{bound}]")
        if values:
            # a + in a query is a space to those who forget to encode it
            at_us = instant_us(values[0].replace(" ", "+"))
            edge = (at_us, _LATEST if bound in {"gt", "lte"} else -_LATEST)
            at = bisect_left(records, edge, key=key)
            records = records[at:] if bound.startswith("g") else records[:at]
    return records


def _place(records: Sequence[Any], after: Key, direction: str, key: Any) -> int:
    bisect = bisect_right if direction == "asc" else bisect_left
    return bisect(records, after, key=key)


def _cursor(direction: str, key: Key, fields: str) -> str:
    *values, id_ = key
    told = [
        date(value).removesuffix("+00:00") if name.endswith("_datetime") else value
        for name, value in zip(fields.split(","), values, strict=True)
    ]
    payload = json.dumps([direction, told[0] if len(told) == 1 else told, id_])
    return base64.b64encode(payload.encode()).decode()


def _decoded(kind: Kind, query: Query, fields: str) -> Key | None:
    """Return the key of the row behind which a page begins, None for the first page.

    On the voice lists a cursor that is null leads back to the start.
    """
    cursor = query.get("cursor", ["null"])[0]
    if "cursor" not in query or (not kind.orders and cursor in {"", "null"}):
        return None
    _, told, id_ = json.loads(base64.b64decode(cursor, validate=True))
    names = fields.split(",")
    values = told if len(names) > 1 else [told]
    return (
        *(
            instant_us(value) if name.endswith("_datetime") else value
            for name, value in zip(names, values, strict=True)
        ),
        int(id_),
    )
