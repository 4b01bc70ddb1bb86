"""The Gorgias API: what can be asked, and what comes back."""

from gorgias_crawler.api.dates import http_date_us, instant_us
from gorgias_crawler.api.pages import (
    BadAnswerError,
    Message,
    Page,
    Ticket,
    parse_account,
    parse_error,
    parse_messages,
    parse_tickets,
    parse_unsent,
)
from gorgias_crawler.api.urls import (
    PAGE_LIMIT,
    Order,
    account_url,
    messages_url,
    tickets_by_id_url,
    tickets_url,
)

__all__ = [
    "PAGE_LIMIT",
    "BadAnswerError",
    "Message",
    "Order",
    "Page",
    "Ticket",
    "account_url",
    "http_date_us",
    "instant_us",
    "messages_url",
    "parse_account",
    "parse_error",
    "parse_messages",
    "parse_tickets",
    "parse_unsent",
    "tickets_by_id_url",
    "tickets_url",
]
