"""The endpoints: what is asked, against the world, gives a status and a JSON body.

Paging is by keyset, with the recorded form of the cursor: base64 of
``["next", "<instant of the last row>", <its id>]``.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from gorgias_crawler.sandbox import objects
from gorgias_crawler.sandbox.objects import Json
from gorgias_crawler.sandbox.records import MessageRecord, TicketRecord
from gorgias_crawler.sandbox.world import (
    PAGE_LIMIT,
    Key,
    World,
    created_key,
    position,
    updated_key,
)

Query = Mapping[str, Sequence[str]]
Records = Sequence[TicketRecord | MessageRecord]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULT_LIMIT = 30
_TICKET_PARAMETERS = {
    "limit", "cursor", "order_by", "customer_id", "external_id", "view_id", "rule_id",
    "ticket_ids", "trashed",
}  # fmt: skip
_MESSAGE_PARAMETERS = {"limit", "cursor", "order_by", "ticket_id"}


class RefusedError(Exception):
    """The API answers with an error object instead of a page."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(world: World, path: str, query: Query) -> tuple[int, Json | None]:
    """Return status and body for *path*; no body where there is no such endpoint."""
    try:
        match path:
            case "/api/account":
                domain = world.account.domain
                return HTTPStatus.OK, {"id": 1, "domain": domain, "status": "active"}
            case "/api/tickets":
                return HTTPStatus.OK, _tickets(world, query)
            case "/api/messages":
                return HTTPStatus.OK, _messages(world, query)
    except RefusedError as refused:
        return refused.status, {"error": {"msg": str(refused)}}
    return HTTPStatus.NOT_FOUND, None


def _tickets(world: World, query: Query) -> Json:
    _check(query, _TICKET_PARAMETERS)
    order = _one(query, "order_by", "created_datetime:desc")
    field, _, direction = order.partition(":")
    if field not in {"created_datetime", "updated_datetime"}:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"order_by: {order}")
    is_updated = field == "updated_datetime"
    key = updated_key if is_updated else created_key
    records = world.by_updated() if is_updated else world.by_created("tickets")
    if "ticket_ids" in query:
        if not 1 <= len(query["ticket_ids"]) <= PAGE_LIMIT:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "ticket_ids: 1 to 100")
        wanted = {_integer("ticket_ids", value) for value in query["ticket_ids"]}
        found = (world.ticket(id_) for id_ in wanted)
        records = sorted((ticket for ticket in found if ticket), key=key)
    if _one(query, "trashed", "true") == "false":
        records = [
            r for r in records if isinstance(r, TicketRecord) and not r.is_trashed
        ]
    return _page("/api/tickets", query, records, key, direction)


def _messages(world: World, query: Query) -> Json:
    _check(query, _MESSAGE_PARAMETERS)
    order = _one(query, "order_by", "created_datetime:desc")
    field, _, direction = order.partition(":")
    if field != "created_datetime":
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"order_by: {order}")
    records = world.by_created("messages")
    if "ticket_id" in query:
        ticket = world.ticket(_integer("ticket_id", query["ticket_id"][0]))
        if ticket is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Ticket does not exist.")
        records = sorted(ticket.messages, key=created_key)
    return _page("/api/messages", query, records, created_key, direction)


def _check(query: Query, known: set[str]) -> None:
    for name in query:
        if name not in known:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"Unknown parameter: {name}")


def _one(query: Query, name: str, default: str) -> str:
    return query.get(name, [default])[0]


def _integer(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name}: not an integer") from None


def _page(
    path: str,
    query: Query,
    records: Records,
    key: Callable[[TicketRecord | MessageRecord], Key],
    direction: str,
) -> Json:
    if direction not in {"asc", "desc"}:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"order_by: {query['order_by'][0]}")
    limit = _integer("limit", _one(query, "limit", str(_DEFAULT_LIMIT)))
    if not 1 <= limit <= PAGE_LIMIT:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "limit: 1 to 100")
    after = _decoded(query["cursor"][0]) if "cursor" in query else None
    if direction == "asc":
        start = 0 if after is None else position(records, key, (after[0], after[1] + 1))
        rows = list(records[start : start + limit])
        has_more = start + limit < len(records)
    else:
        end = len(records) if after is None else position(records, key, after)
        rows = list(reversed(records[max(0, end - limit) : end]))
        has_more = end > limit
    return {
        "object": "list",
        "uri": f"{path}?{urlencode(query, doseq=True)}",
        "data": [_object(row) for row in rows],
        "meta": {
            "prev_cursor": _cursor("prev", key(rows[0])) if rows and after else None,
            "next_cursor": _cursor("next", key(rows[-1])) if has_more else None,
        },
    }


def _object(record: TicketRecord | MessageRecord) -> Json:
    if isinstance(record, TicketRecord):
        return objects.ticket_object(record)
    return objects.message_object(record)


def _cursor(direction: str, key: Key) -> str:
    instant = (_EPOCH + timedelta(microseconds=key[0])).isoformat()
    payload = json.dumps([direction, instant.removesuffix("+00:00"), key[1]])
    return base64.b64encode(payload.encode()).decode()


def _decoded(cursor: str) -> Key:
    try:
        _, instant, id_ = json.loads(base64.b64decode(cursor, validate=True))
        at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        return (at - _EPOCH) // timedelta(microseconds=1), int(id_)
    except (ValueError, TypeError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Invalid cursor.") from None
