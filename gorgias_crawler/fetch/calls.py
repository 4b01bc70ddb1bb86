"""The kinds of calls that a run makes after it knows the account."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.api import urls
from gorgias_crawler.api.pages import parse_messages, parse_tickets
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.fetch.object_calls import ObjectCall


@dataclass(frozen=True)
class WalkPage:
    """The next page of a walk through a whole list."""

    walk: Walk
    limit: int

    @property
    def key(self) -> str:
        """What may be in flight only once."""
        return self.walk.name

    @property
    def is_of_messages(self) -> bool:
        """Whether the objects are messages, not tickets."""
        return self.walk.name in walks.OF_MESSAGES

    def parse(self, body: bytes) -> Any:
        """Return the page that *body* holds. Raises `BadAnswerError`."""
        if self.is_of_messages:
            return parse_messages(body)
        return parse_tickets(body)

    def url(self, base_url: str) -> str:
        """Return what to ask."""
        order, cursor = walks.ORDERS[self.walk.name], self.walk.cursor
        if self.is_of_messages:
            return urls.messages_url(base_url, order, cursor, self.limit)
        return urls.tickets_url(base_url, order, cursor, self.limit)


@dataclass(frozen=True)
class TicketPage:
    """A page of one ticket's own messages."""

    ticket_id: int
    cursor: str | None
    parse = staticmethod(parse_messages)

    @property
    def key(self) -> str:
        """What may be in flight only once."""
        return walks.of_ticket(self.ticket_id)

    def url(self, base_url: str) -> str:
        """Return what to ask."""
        return urls.messages_url(
            base_url, urls.Order.OLDEST, self.cursor, urls.PAGE_LIMIT, self.ticket_id
        )


@dataclass(frozen=True)
class TicketsById:
    """Tickets of which only asking for them by their ids tells if they exist.

    With them a ``witness`` is asked for, of which this run knows that it is there.
    """

    ids: tuple[int, ...]
    witness: int | None = None
    parse = staticmethod(parse_tickets)

    @property
    def key(self) -> str:
        """What may be in flight only once."""
        return "tickets by id"

    def url(self, base_url: str) -> str:
        """Return what to ask."""
        return urls.tickets_by_id_url(base_url, self.asked)

    @property
    def asked(self) -> tuple[int, ...]:
        """All ids that are asked for."""
        return self.ids if self.witness is None else (*self.ids, self.witness)


Call = WalkPage | TicketPage | TicketsById | ObjectCall
