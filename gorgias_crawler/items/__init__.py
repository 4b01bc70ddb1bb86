"""The rows: one item class a kind of object, its fields the columns."""

from gorgias_crawler.items.message import (
    COLUMNS,
    DEFAULT_COLUMNS,
    Message,
    decoded,
    is_of_ticket,
    message_columns,
    ticket_columns,
)

__all__ = [
    "COLUMNS",
    "DEFAULT_COLUMNS",
    "Message",
    "decoded",
    "is_of_ticket",
    "message_columns",
    "ticket_columns",
]
