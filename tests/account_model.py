"""A Gorgias account in memory: what an agenda asks, answered without any network.

The account lives (tests change it by hand, its clock too), and its server may lie: see
`tests.history_faults`. What the account was at each moment is kept, so that replicas
can lag and histories know what was true.
"""

import json
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gorgias_crawler.api import pages, urls
from gorgias_crawler.api.dates import utc_text
from gorgias_crawler.api.objects import ListPage
from gorgias_crawler.api.pages import Message, Page, Ticket
from gorgias_crawler.archive import Archive, order, walks
from gorgias_crawler.errors import AnswerError, NotFoundError, RefusedError
from gorgias_crawler.fetch.agenda import Agenda
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import ObjectCall
from gorgias_crawler.fetch.plans import Options, Relist

if TYPE_CHECKING:
    from tests.history_faults import Fault

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
PAGE = 3  # rows a page, so that small accounts have many pages
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_archive(path: Path) -> Archive:
    """Open an archive that waits for no disk: processes die here, no machine does."""
    archive = Archive.open(path)
    archive.db.execute("PRAGMA synchronous = OFF")
    return archive


@dataclass(slots=True)
class TicketRow:
    id: int
    created_us: int
    updated_us: int
    count: int | None = None  # None: the true count; -1: unknown


@dataclass(slots=True)
class MessageRow:
    id: int
    ticket_id: int
    created_us: int
    unsent: bool = False
    text: str = "text"
    failed: bool = False


@dataclass
class State:
    """What an account is at one moment."""

    tickets: dict[int, TicketRow]
    messages: dict[int, MessageRow]

    def of(self, ticket_id: int) -> list[MessageRow]:
        return [row for row in self.messages.values() if row.ticket_id == ticket_id]

    def copied(self) -> "State":
        return State(
            {id_: copy(row) for id_, row in self.tickets.items()},
            {id_: copy(row) for id_, row in self.messages.items()},
        )


@dataclass
class AccountModel:
    """Tickets and messages, with a clock that tests move by hand.

    Each call takes ``call_us`` of its time, and a new ticket comes ``apart_us`` after
    what was before: by more than a run looks back. ``past`` holds what the account was,
    from when on, where it began with something.
    """

    tickets: dict[int, TicketRow] = field(default_factory=dict)
    messages: dict[int, MessageRow] = field(default_factory=dict)
    now_us: int = 1_000 * HOUR_US
    has_events: bool = True
    events: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    call_us: int = 0
    apart_us: int = 10 * MINUTE_US
    faults: "list[Fault]" = field(default_factory=list)
    past: list[tuple[int, State]] = field(default_factory=list)
    _next_id: int = 1

    # What happens in the account.

    def add_ticket(self, messages: int = 1, count: int | None = None) -> int:
        self.now_us += self.apart_us
        ticket_id = self._id()
        self.tickets[ticket_id] = TicketRow(ticket_id, self.now_us, self.now_us, count)
        for _ in range(messages):
            self._add_message(ticket_id)
        self._remember()
        return ticket_id

    def add_message(
        self, ticket_id: int, *, unsent: bool = False, age_us: int = 0
    ) -> int:
        """Add a message; one with an age is imported, with a date of its own."""
        message_id = self._add_message(ticket_id, unsent=unsent, age_us=age_us)
        self._remember()
        return message_id

    def _add_message(
        self, ticket_id: int, *, unsent: bool = False, age_us: int = 0
    ) -> int:
        self.now_us += 1_000
        message_id = self._id()
        self.messages[message_id] = MessageRow(
            message_id, ticket_id, self.now_us - age_us, unsent
        )
        self.tickets[ticket_id].updated_us = self.now_us + 1
        return message_id

    def touch(self, ticket_id: int) -> None:
        """Change something of a ticket itself, such as its status."""
        self.now_us += 1_000
        self.tickets[ticket_id].updated_us = self.now_us
        self._remember()

    def edit(self, message_id: int) -> None:
        row = self.messages[message_id]
        row.text += " edited"
        self._remember()

    def send(self, message_id: int) -> None:
        self.messages[message_id].unsent = False
        self._remember()

    def fail(self, message_id: int) -> None:
        self.messages[message_id].failed = True
        self._remember()

    def delete_message(self, message_id: int) -> None:
        del self.messages[message_id]
        self._remember()

    def delete_ticket(self, ticket_id: int) -> None:
        del self.tickets[ticket_id]
        self.tell("ticket-deleted", ticket_id)
        for row in self._of(ticket_id):
            del self.messages[row.id]
        self._remember()

    def merge(self, losing: int, target: int) -> None:
        for row in self._of(losing):
            row.ticket_id = target
        del self.tickets[losing]
        self.tell("ticket-merged", losing)
        self.now_us += 1_000
        self.tickets[target].updated_us = self.now_us
        self._remember()

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _of(self, ticket_id: int) -> list[MessageRow]:
        return self._state().of(ticket_id)

    def _state(self) -> State:
        return State(self.tickets, self.messages)

    def _remember(self) -> None:
        if self.past:
            self.past.append((self.now_us, self._state().copied()))

    def at(self, us: int) -> State:
        """Return what the account was then, as far as it remembers."""
        for since_us, state in reversed(self.past):
            if since_us <= us:
                return state
        return self._state()

    def tell(self, type_: str, ticket_id: int) -> None:
        if self.has_events:
            about = {"type": type_, "object_type": "Ticket", "object_id": ticket_id}
            dates = {"created_datetime": utc_text(self.now_us)}
            self.events.append({"id": len(self.events) + 1} | about | dates)

    # The API.

    @property
    def active(self) -> "list[Fault]":
        return [fault for fault in self.faults if fault.is_active(self.now_us)]

    def date_us(self) -> int | None:
        """Return what the server says the time is, None where it says nothing."""
        date_us: int | None = self.now_us
        for fault in self.active:
            date_us = fault.date_us(date_us)
        return date_us

    def answer(self, call: Call) -> Page[Any]:
        if isinstance(call, ObjectCall):
            assert isinstance(call.asked, ListPage)
            since = utc_text(call.asked.since_us or 0)
            told = [e for e in self.events if e["created_datetime"] >= since]
            given = told if call.asked.types else self.events[:1]
            listed = {"data": given, "meta": {"next_cursor": None}}
            return call.parse(json.dumps(listed).encode())
        self.calls += 1
        self.now_us += self.call_us
        active = self.active
        state = self._state()
        for fault in active:
            fault.refuse(call, self.calls)
            if lag_us := fault.lag_us(call, self.calls):
                state = self.at(self.now_us - lag_us)
        read: Call = call
        for fault in active:
            read = fault.read(read, self.calls)
        page: Page[Any] = self._page(read, state, active)
        for fault in active:
            page = fault.page(call, page, self.calls)
        return page

    def _page(self, call: Call, state: State, active: "list[Fault]") -> Page[Any]:
        messages: Iterable[MessageRow] = state.messages.values()
        tickets: Iterable[TicketRow] = state.tickets.values()
        match call:
            case TicketsById():
                listed = [row for row in tickets if row.id in call.asked]
                shown = [self._ticket(row, state, active) for row in listed]
                return Page(tuple(shown), None)
            case TicketPage():
                if call.ticket_id not in state.tickets:
                    raise NotFoundError("404", of_the_api=True)
                own = state.of(call.ticket_id)
                for fault in active:
                    own = fault.messages_of(call.ticket_id, own, state)
                return _page([_message(row) for row in own], call, PAGE, _created)
            case WalkPage() if call.is_of_messages:
                rows = [_message(row) for row in messages]
                return _page(rows, call, call.limit, self._order(_created, call))
            case WalkPage():
                by = _updated if call.walk.name == walks.UPDATES else _created
                told = [self._ticket(row, state, active) for row in tickets]
                return _page(told, call, call.limit, self._order(by, call))
        raise AssertionError(f"unexpected: {call}")

    def _order(self, instant: Callable[[Any], int], call: Call) -> Callable[[Any], int]:
        for fault in self.active:
            instant = fault.order(call, instant)
        return instant

    def _ticket(
        self, row: TicketRow, state: State, active: "Iterable[Fault]" = ()
    ) -> Ticket:
        count = len(state.of(row.id)) if row.count is None else row.count
        for fault in active:
            count = fault.count(row.id, count)
        has_messages = bool(state.of(row.id))
        return _ticket(row.id, row.created_us, row.updated_us, count, has_messages)

    def export(self) -> list[tuple[bytes, list[bytes]]]:
        """What a complete archive holds, in order."""
        state = self._state()
        return [
            (
                self._ticket(self.tickets[id_], state).raw,
                [
                    _message(row).raw
                    for row in sorted(
                        state.of(id_), key=lambda row: (row.created_us, row.id)
                    )
                ],
            )
            for id_ in sorted(self.tickets)
        ]


# What the API sends is read by the crawler's own parser.


@lru_cache(maxsize=100_000)
def _ticket(
    id_: int, created_us: int, updated_us: int, count: int, has_messages: bool
) -> Ticket:
    row = {
        "id": id_,
        "created_datetime": iso(created_us),
        "updated_datetime": iso(updated_us) if updated_us else None,
        "messages_count": None if count < 0 else count,
        "excerpt": "text" if has_messages else None,
    }
    return pages.parse_tickets(_listed(row)).rows[0]


def _message(row: MessageRow) -> Message:
    return _parsed_message(
        row.id, row.ticket_id, row.created_us, row.unsent, row.failed, row.text
    )


@lru_cache(maxsize=100_000)
def _parsed_message(
    id_: int, ticket_id: int, created_us: int, unsent: bool, failed: bool, text: str
) -> Message:
    date = iso(created_us)
    row = {
        "id": id_,
        "ticket_id": ticket_id,
        "created_datetime": date,
        "from_agent": True,
        "public": True,
        "sent_datetime": None if unsent else date,
        "failed_datetime": date if failed else None,
        "body_text": text,
    }
    return pages.parse_messages(_listed(row)).rows[0]


def iso(us: int) -> str:
    return (_EPOCH + timedelta(microseconds=us)).isoformat()


def _listed(row: dict[str, Any]) -> bytes:
    return json.dumps({"data": [row], "meta": {"next_cursor": None}}).encode()


def _created(row: Any) -> int:
    return int(row.created_us)


def _updated(row: Any) -> int:
    # a row without a date comes first where the newest does
    return row.updated_us or 2**62


def _page(
    rows: Iterable[Any], call: Any, limit: int, instant: Callable[[Any], int]
) -> Page[Any]:
    """Keyset paging on (instant, id), as recorded cursors show it."""
    descending = isinstance(call, WalkPage) and walks.ORDERS[call.walk.name] in (
        urls.Order.NEWEST,
        urls.Order.UPDATED,
    )
    cursor = call.walk.cursor if isinstance(call, WalkPage) else call.cursor
    ordered = sorted(rows, key=lambda row: (instant(row), row.id), reverse=descending)
    if cursor is not None:
        try:
            after = tuple(json.loads(cursor))
        except ValueError:
            raise RefusedError("400", status=400) from None
        if ordered and (instant(ordered[0]) < 0) != (after[0] < 0):
            raise RefusedError("400", status=400)  # a cursor of another order
        ordered = [
            row
            for row in ordered
            if ((instant(row), row.id) < after) is descending
            and (instant(row), row.id) != after
        ]
    size = min(PAGE, limit)
    page = ordered[:size]
    more = len(ordered) > size
    cursor = json.dumps([instant(page[-1]), page[-1].id]) if more else None
    return Page(tuple(page), cursor)


class Run:
    """One run of the crawler over *archive*, without Scrapy: one call at a time."""

    def __init__(self, archive: Archive, model: AccountModel, **options: Any) -> None:
        self.archive = archive
        self.model = model
        relist = options.pop("relist", False)
        if isinstance(relist, bool):
            relist = Relist.TICKETS if relist else Relist.NOTHING
        self.options = Options(relist=relist, **options)
        run = archive.begin_run(model.now_us)
        memory = RunMemory(archive, run, self.options, lambda: model.now_us)
        memory.full_page = PAGE
        self.answers = Answers(memory)
        self.agenda = Agenda(self.answers, lambda: 2.0)
        self.waiting: list[Call] = []
        self.waited_us = 0

    @property
    def notes(self) -> list[str]:
        return self.answers.memory.notes

    def take(self, window: int = 4) -> None:
        while len(self.waiting) < window:
            call = self.agenda.take()
            if call is None and self.agenda.flow.ready_us is not None:
                # nothing else goes on
                self.waited_us += self.agenda.flow.ready_us - self.model.now_us
                self.model.now_us = self.agenda.flow.ready_us
                continue
            if call is None:
                return
            self.waiting.append(call)

    def give(self, index: int = 0, error: AnswerError | None = None) -> None:
        """Answer the waiting call number *index*, or fail it with *error*."""
        call = self.waiting.pop(index)
        self.agenda.flow.back(call)
        try:
            if error is not None:
                raise error
            page: Any = self.model.answer(call)
        except AnswerError as failure:
            self.answers.fail(call, failure)
            return
        date_us = self.model.date_us()
        if date_us is None:  # as the spider does
            date_us = self.model.now_us - DAY_US
        self.answers.store(call, page, date_us)

    def finish(self) -> None:
        self.take()
        while self.waiting:
            self.give()
            self.take()
        assert self.agenda.finished


def export(archive: Archive) -> list[tuple[bytes, list[bytes]]]:
    return [
        (ticket, [raw for _, raw in messages])
        for (_, ticket), messages in order.in_order(archive)
    ]
