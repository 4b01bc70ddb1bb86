"""Every kind of row, and the rows of each."""

from collections.abc import Collection, Iterator
from typing import Any

from gorgias_crawler.archive import Archive
from gorgias_crawler.emit import measured, rows
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.items import Message, Ticket, TicketMetrics

ROWS: dict[str, type] = {
    "messages": Message,
    "tickets": Ticket,
    "ticket_metrics": TicketMetrics,
}
"""The class of each kind's rows, in the order in which kinds are written."""

_OF_EACH = {
    "messages": rows.messages,
    "tickets": rows.tickets,
    "ticket_metrics": measured.ticket_metrics,
}


def rows_of(
    archive: Archive,
    filters: Filters,
    kinds: Collection[str],
    *,
    only_whole: bool = False,
) -> Iterator[Any]:
    """Yield the rows of *kinds*, one kind after another, that *filters* accept.

    *only_whole* leaves out tickets of which something is still to fetch. Raises
    `RunEndError` where the archive is damaged, and before the first row
    `ConfigurationError` where a filter asks for what no ticket can have.
    """
    for kind, of_kind in _OF_EACH.items():
        if kind in kinds:
            yield from of_kind(archive, filters, only_whole=only_whole)
