"""A Gorgias account in memory: what an agenda asks, answered without any network."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gorgias_crawler import api
from gorgias_crawler.api import Message, Page, Ticket
from gorgias_crawler.api.dates import utc_text
from gorgias_crawler.api.objects import ListPage
from gorgias_crawler.archive import Archive, order, walks
from gorgias_crawler.arguments import Options
from gorgias_crawler.errors import AnswerError, NotFoundError, RefusedError
from gorgias_crawler.fetch.agenda import Agenda
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import ObjectCall
from gorgias_crawler.fetch.plans import Relist

HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000


def open_archive(path: Path) -> Archive:
    """Open an archive that waits for no disk: processes die here, no machine does."""
    archive = Archive.open(path)
    archive.db.execute("PRAGMA synchronous = OFF")
    return archive


@dataclass
class TicketRow:
    id: int
    created_us: int
    updated_us: int
    count: int | None = None  # None: the true count; -1: unknown


@dataclass
class MessageRow:
    id: int
    ticket_id: int
    created_us: int
    unsent: bool = False
    text: str = "text"


@dataclass
class AccountModel:
    """Tickets and messages, with a clock that tests move by hand."""

    tickets: dict[int, TicketRow] = field(default_factory=dict)
    messages: dict[int, MessageRow] = field(default_factory=dict)
    now_us: int = 1_000 * HOUR_US
    has_events: bool = True
    events: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    _next_id: int = 1

    def add_ticket(self, messages: int = 1, count: int | None = None) -> int:
        self.now_us += 10 * MINUTE_US  # apart by more than a run looks back
        ticket_id = self._id()
        self.tickets[ticket_id] = TicketRow(ticket_id, self.now_us, self.now_us, count)
        for _ in range(messages):
            self.add_message(ticket_id)
        return ticket_id

    def add_message(self, ticket_id: int, *, unsent: bool = False) -> int:
        self.now_us += 1_000
        message_id = self._id()
        self.messages[message_id] = MessageRow(
            message_id, ticket_id, self.now_us, unsent
        )
        self.tickets[ticket_id].updated_us = self.now_us + 1
        return message_id

    def delete_message(self, message_id: int) -> None:
        del self.messages[message_id]

    def delete_ticket(self, ticket_id: int) -> None:
        del self.tickets[ticket_id]
        self.tell("ticket-deleted", ticket_id)
        for row in self._of(ticket_id):
            del self.messages[row.id]

    def merge(self, losing: int, target: int) -> None:
        for row in self._of(losing):
            row.ticket_id = target
        del self.tickets[losing]
        self.tell("ticket-merged", losing)
        self.now_us += 1_000
        self.tickets[target].updated_us = self.now_us

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _of(self, ticket_id: int) -> list[MessageRow]:
        return [row for row in self.messages.values() if row.ticket_id == ticket_id]

    def tell(self, type_: str, ticket_id: int) -> None:
        if self.has_events:
            about = {"type": type_, "object_type": "Ticket", "object_id": ticket_id}
            dates = {"created_datetime": utc_text(self.now_us)}
            self.events.append({"id": len(self.events) + 1} | about | dates)

    # The API.

    def answer(self, call: Call) -> Page[Any]:
        if isinstance(call, ObjectCall):
            assert isinstance(call.asked, ListPage)
            since = utc_text(call.asked.since_us or 0)
            told = [e for e in self.events if e["created_datetime"] >= since]
            given = told if call.asked.types else self.events[:1]
            page = {"data": given, "meta": {"next_cursor": None}}
            return call.parse(json.dumps(page).encode())  # type: ignore[no-any-return]
        self.calls += 1
        match call:
            case WalkPage() if call.is_of_messages:
                rows = [self._message(row) for row in self.messages.values()]
                return _page(rows, call, call.limit, lambda row: row.created_us)
            case WalkPage():
                tickets = [self._ticket(row) for row in self.tickets.values()]
                by_update = call.walk.name == walks.UPDATES
                return _page(
                    tickets,
                    call,
                    call.limit,
                    # a row without a date comes first where the newest does
                    lambda row: (
                        (row.updated_us or 2**62) if by_update else row.created_us
                    ),
                )
            case TicketsById():
                found = [
                    self._ticket(self.tickets[i]) for i in call.ids if i in self.tickets
                ]
                return Page(tuple(found), None)
            case TicketPage():
                if call.ticket_id not in self.tickets:
                    raise NotFoundError("404", of_the_api=True)
                rows = [self._message(row) for row in self._of(call.ticket_id)]
                return _page(rows, call, PAGE, lambda row: row.created_us)
        raise AssertionError(f"unexpected: {call}")

    def _ticket(self, row: TicketRow) -> Ticket:
        count: int | None = len(self._of(row.id)) if row.count is None else row.count
        if count == -1:
            count = None
        raw = json.dumps({"id": row.id, "updated": row.updated_us, "n": count})
        return Ticket(row.id, row.created_us, row.updated_us, count, raw.encode())

    def _message(self, row: MessageRow) -> Message:
        raw = json.dumps({"id": row.id, "text": row.text, "unsent": row.unsent})
        return Message(row.id, row.ticket_id, row.created_us, row.unsent, raw.encode())

    def export(self) -> list[tuple[bytes, list[bytes]]]:
        """What a complete archive holds, in order."""
        return [
            (
                self._ticket(self.tickets[id_]).raw,
                [
                    self._message(row).raw
                    for row in sorted(
                        self._of(id_), key=lambda row: (row.created_us, row.id)
                    )
                ],
            )
            for id_ in sorted(self.tickets)
        ]


PAGE = 3  # rows a page, so that small accounts have many pages


def _page(rows, call, limit, instant) -> Page[Any]:
    """Keyset paging on (instant, id), as recorded cursors show it."""
    descending = isinstance(call, WalkPage) and walks.ORDERS[call.walk.name] in (
        api.Order.NEWEST,
        api.Order.UPDATED,
    )
    cursor = call.walk.cursor if isinstance(call, WalkPage) else call.cursor
    ordered = sorted(rows, key=lambda row: (instant(row), row.id), reverse=descending)
    if cursor is not None:
        try:
            after = tuple(json.loads(cursor))
        except ValueError:
            raise RefusedError("400", status=400) from None
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

    def __init__(self, archive: Archive, model: AccountModel, **options) -> None:
        self.archive = archive
        self.model = model
        relist = options.pop("relist", False)
        if isinstance(relist, bool):
            relist = Relist.TICKETS if relist else Relist.NOTHING
        self.options = Options(relist=relist, **options)
        run = archive.begin_run(model.now_us)
        memory = RunMemory(archive, run, self.options, lambda: model.now_us)
        self.answers = Answers(memory)
        self.agenda = Agenda(self.answers, lambda: 2.0)
        self.waiting: list[Call] = []

    def take(self, window: int = 4) -> None:
        while len(self.waiting) < window:
            call = self.agenda.take()
            if call is None and self.agenda.ready_us is not None:
                self.model.now_us = self.agenda.ready_us  # nothing else goes on
                continue
            if call is None:
                return
            self.waiting.append(call)

    def give(self, index: int = 0, error: AnswerError | None = None) -> None:
        """Answer the waiting call number *index*, or fail it with *error*."""
        call = self.waiting.pop(index)
        self.agenda.back(call)
        try:
            if error is not None:
                raise error
            page: Any = self.model.answer(call)
        except AnswerError as failure:
            self.answers.fail(call, failure)
            return
        self.answers.store(call, page, self.model.now_us)

    def finish(self) -> None:
        self.take()
        while self.waiting:
            self.give()
            self.take()
        assert self.agenda.finished


def export(archive: Archive) -> list[tuple[bytes, list[bytes]]]:
    return [(t.raw, list(messages)) for t, messages in order.in_order(archive)]
