"""Archived tickets to their metrics."""

from collections.abc import Iterator
from dataclasses import replace

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.emit.metrics import Measured, measured
from gorgias_crawler.emit.rows import accepted
from gorgias_crawler.items import decoded
from gorgias_crawler.items.ticket_metrics import TicketMetrics


def ticket_metrics(
    archive: Archive, filters: Filters, *, only_complete: bool = False
) -> Iterator[TicketMetrics]:
    """Yield a row for every ticket that *filters* accept, in the order of ids.

    *only_complete* leaves out tickets of which something is still to fetch. Raises
    `RunEndError` where the archive is damaged.
    """
    beside = Beside.read(archive)
    for ticket in tickets(archive, filters, beside, only_complete=only_complete):
        yield ticket.metrics


def tickets(
    archive: Archive, filters: Filters, beside: Beside, *, only_complete: bool = False
) -> Iterator[Measured]:
    """Yield what is measured of every ticket that *filters* accept, as above.

    Raises, before the first, `ConfigurationError` where a filter asks for what no
    ticket can have.
    """
    for ticket, messages in accepted(archive, filters, only_complete=only_complete):
        yield measured(ticket, messages, beside)


def older_open(
    archive: Archive, filters: Filters, beside: Beside
) -> Iterator[Measured]:
    """Yield, without messages, the tickets that were open when *filters* begin.

    They were created before, and are else what *filters* accept.
    """
    since_us = filters.since_us
    if (
        since_us is None
        or filters.by != "creation"
        or filters.changed_since is not None
    ):
        return
    before = replace(filters, since_us=None, until_us=since_us)
    for ticket in map(decoded, order.tickets(archive)):
        if before.accept_ticket(ticket):
            found = measured(ticket, (), beside)
            if found.is_open or (found.resolved_us or 0) >= since_us:
                yield found


def unfinished(archive: Archive, filters: Filters) -> int:
    """Count the tickets that *filters* accept and that have something to fetch."""
    return sum(filters.accept_ticket(decoded(raw)) for raw in order.unfinished(archive))
