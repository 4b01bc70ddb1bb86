"""The rows: one item class a kind of object, its fields the columns."""

from gorgias_crawler.items.columns import Type, column, types
from gorgias_crawler.items.decoding import decoded
from gorgias_crawler.items.deleted import Deleted
from gorgias_crawler.items.message import (
    COLUMNS,
    DEFAULT_COLUMNS,
    Message,
    is_of_ticket,
)
from gorgias_crawler.items.ticket import Ticket
from gorgias_crawler.items.ticket_metrics import TicketMetrics

__all__ = [
    "COLUMNS",
    "DEFAULT_COLUMNS",
    "Deleted",
    "Message",
    "Ticket",
    "TicketMetrics",
    "Type",
    "column",
    "decoded",
    "is_of_ticket",
    "types",
]
