"""What a server may do wrong for a while: faults of an `AccountModel`'s answers.

Each lasts from ``begin_us`` until ``end_us`` of the model's clock. Chance is drawn from
the number of the call, so that a history is the same each time.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gorgias_crawler.api.pages import Page
from gorgias_crawler.archive import walks
from gorgias_crawler.errors import NotFoundError, RefusedError, UnansweredError
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from tests.account_model import MessageRow, State

LISTS = ("listing", "updates")
MESSAGES = ("walk", "own")
WALKED = (*LISTS, *MESSAGES)


def kind(call: Call) -> str:
    """Return which kind of list a call asks for."""
    match call:
        case TicketPage():
            return "own"
        case TicketsById():
            return "ids"
        case WalkPage() if call.is_of_messages:
            return "walk"
        case WalkPage():
            return "updates" if call.walk.name == walks.UPDATES else "listing"
    return "object"


def chance(number: int, percent: int) -> bool:
    """Draw from *number*: Knuth's multiplicative hash spreads neighbours."""
    return (number * 2_654_435_761 >> 7) % 100 < percent


def cursor_of(call: Call) -> str | None:
    if isinstance(call, WalkPage):
        return call.walk.cursor
    return call.cursor if isinstance(call, TicketPage) else None


@dataclass
class Fault:
    """One that does nothing; each kind changes what it is about.

    It strikes calls of ``kinds``, and of those ``percent``.
    """

    kinds: tuple[str, ...] = ()
    percent: int = 100
    begin_us: int = field(default=0, repr=False)
    end_us: int = field(default=2**62, repr=False)

    def is_active(self, now_us: int) -> bool:
        return self.begin_us <= now_us < self.end_us

    def strikes(self, call: Call, number: int) -> bool:
        return kind(call) in self.kinds and chance(number, self.percent)

    def refuse(self, call: Call, number: int) -> None:
        """Raise the error that the call number *number* comes to."""

    def lag_us(self, call: Call, number: int) -> int:
        return 0

    def read(self, call: Call, number: int) -> Call:
        """Return the call as the server understands it."""
        return call

    def date_us(self, date_us: int | None) -> int | None:
        return date_us

    def count(self, ticket_id: int, count: int) -> int:
        return count

    def order(self, call: Call, instant: Callable[[Any], int]) -> Callable[[Any], int]:
        return instant

    def messages_of(
        self, ticket_id: int, own: list[MessageRow], state: State
    ) -> list[MessageRow]:
        return own

    def page(self, call: Call, page: Page[Any], number: int) -> Page[Any]:
        return page


@dataclass
class Lag(Fault):
    """Some answers come from a replica that is ``seconds`` behind."""

    seconds: float = 5

    def lag_us(self, call: Call, number: int) -> int:
        return int(self.seconds * 1e6) if self.strikes(call, number) else 0


@dataclass
class NotFound(Fault):
    """A deployment: the API's own 404 for what is there."""

    def refuse(self, call: Call, number: int) -> None:
        if self.strikes(call, number):
            raise NotFoundError("404", of_the_api=True)


@dataclass
class Unanswered(Fault):
    """An outage that outlasts the retries."""

    def refuse(self, call: Call, number: int) -> None:
        if self.strikes(call, number):
            raise UnansweredError("503")


@dataclass
class RefusedCursors(Fault):
    """Cursors that are not known any more."""

    def refuse(self, call: Call, number: int) -> None:
        if cursor_of(call) is not None and self.strikes(call, number):
            raise RefusedError("400", status=400)


@dataclass
class Empty(Fault):
    """Lists without a row, with status 200."""

    def page(self, call: Call, page: Page[Any], number: int) -> Page[Any]:
        return Page((), None) if self.strikes(call, number) else page


@dataclass
class EmptyEnds(Fault):
    """No lie, but a way to page: a list's last page names a next, which is empty."""

    def page(self, call: Call, page: Page[Any], number: int) -> Page[Any]:
        if not page.rows or page.next_cursor is not None or kind(call) not in WALKED:
            return page
        last = page.rows[-1]
        by_update = kind(call) == "updates"
        at_us = last.updated_us if by_update else last.created_us
        return replace(page, next_cursor=json.dumps([at_us, last.id]))


@dataclass
class Short(Fault):
    """Lists that leave some rows out, always the same ones."""

    share: int = 30

    def page(self, call: Call, page: Page[Any], number: int) -> Page[Any]:
        if not self.strikes(call, number):
            return page
        shown = [row for row in page.rows if not chance(row.id, self.share)]
        return replace(page, rows=tuple(shown))


@dataclass
class Again(Fault):
    """The first page again and again, each time with a cursor that was never seen."""

    def read(self, call: Call, number: int) -> Call:
        if not self.strikes(call, number):
            return call
        if isinstance(call, TicketPage):
            return replace(call, cursor=None)
        if isinstance(call, WalkPage):
            return replace(call, walk=replace(call.walk, cursor=None))
        return call

    def page(self, call: Call, page: Page[Any], number: int) -> Page[Any]:
        if not self.strikes(call, number):
            return page
        return replace(page, next_cursor=f"never seen: {number}")


@dataclass
class Unordered(Fault):
    """``order_by`` is ignored: the other end of the list comes first.

    Only so: of three in any order one in six would come in the right one by chance.
    """

    def order(self, call: Call, instant: Callable[[Any], int]) -> Callable[[Any], int]:
        if kind(call) not in self.kinds:
            return instant
        return lambda row: -instant(row)


@dataclass
class WrongDate(Fault):
    """The ``Date`` header is ahead by so many seconds, or absent."""

    seconds: int | None = 600

    def date_us(self, date_us: int | None) -> int | None:
        if self.seconds is None or date_us is None:
            return None
        return date_us + self.seconds * 1_000_000


@dataclass
class WrongCounts(Fault):
    """Counts are off by ``by`` for a share of the tickets, or 0.

    One that is too low is never 0: among true zeros nothing would tell it.
    """

    by: int | None = 1
    share: int = 50

    def count(self, ticket_id: int, count: int) -> int:
        if not chance(ticket_id, self.share) or count < 0:
            return count
        return 0 if self.by is None else max(min(1, count), count + self.by)


@dataclass
class Shared(Fault):
    """Messages that the URLs of two tickets both show, as the ticket's that is asked.

    The messages of one ticket are shown by its neighbour's URL, too.
    """

    def messages_of(
        self, ticket_id: int, own: list[MessageRow], state: State
    ) -> list[MessageRow]:
        ids = sorted(state.tickets)
        at = ids.index(ticket_id)
        if at % 4 or at + 1 >= len(ids) or "own" not in self.kinds:
            return own
        others = state.of(ids[at + 1])[:1]
        return [*own, *(replace(row, ticket_id=ticket_id) for row in others)]
