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
from gorgias_crawler.items.reading import (
    MESSAGE_READERS,
    lazy_ticket,
    message_readers,
    message_row,
    ticket_readers,
    whole_rows,
)
from gorgias_crawler.items.ticket import Ticket
from gorgias_crawler.items.ticket_metrics import TicketMetrics

__all__ = [
    "COLUMNS",
    "DEFAULT_COLUMNS",
    "MESSAGE_READERS",
    "Deleted",
    "Message",
    "Ticket",
    "TicketMetrics",
    "Type",
    "column",
    "decoded",
    "is_of_ticket",
    "lazy_ticket",
    "message_readers",
    "message_row",
    "ticket_readers",
    "types",
    "whole_rows",
]
