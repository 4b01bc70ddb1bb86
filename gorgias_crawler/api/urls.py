"""What can be asked of the Gorgias API: its URLs.

Endpoints and parameters are the documented ones
(https://developers.gorgias.com/reference/list-tickets and ``/list-messages``); an
unknown parameter is answered 400, so nothing else is ever sent.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from urllib.parse import urlencode

PAGE_LIMIT = 100
"""Rows a page at most (documented; the API's own default is 30)."""


class Order(Enum):
    """The sort orders that the walks use (``order_by``)."""

    OLDEST = "created_datetime:asc"
    NEWEST = "created_datetime:desc"
    UPDATED = "updated_datetime:desc"


def account_url(base_url: str) -> str:
    """Return the URL that tells whose key this is, for the price of one call."""
    return f"{base_url}/account"


def tickets_url(base_url: str, order: Order, cursor: str | None, limit: int) -> str:
    """Return the URL of one page of all tickets, those in the trash included."""
    query = {"limit": limit, "order_by": order.value, "trashed": "true"}
    return f"{base_url}/tickets?{_encoded(query, cursor)}"


def tickets_by_id_url(base_url: str, ids: Iterable[int]) -> str:
    """Return the URL of up to 100 tickets that are known by their ids."""
    query = [("limit", PAGE_LIMIT), *(("ticket_ids", id_) for id_ in ids)]
    return f"{base_url}/tickets?{urlencode([*query, ('trashed', 'true')])}"


def messages_url(
    base_url: str,
    order: Order,
    cursor: str | None,
    limit: int,
    ticket_id: int | None = None,
) -> str:
    """Return the URL of one page of a ticket's messages, or of the whole account's."""
    query: dict[str, object] = {} if ticket_id is None else {"ticket_id": ticket_id}
    query |= {"limit": limit, "order_by": order.value}
    return f"{base_url}/messages?{_encoded(query, cursor)}"


def _encoded(query: Mapping[str, object], cursor: str | None) -> str:
    pairs = [*query.items(), *([] if cursor is None else [("cursor", cursor)])]
    return urlencode(pairs, safe=":")
