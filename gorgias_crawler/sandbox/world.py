"""The account behind the sandbox: made from a seed, and able to change."""

import random
import threading
from collections.abc import Callable, Sequence
from time import time
from typing import Any

from gorgias_crawler.sandbox import files, history
from gorgias_crawler.sandbox.files import File
from gorgias_crawler.sandbox.kinds import CREATED
from gorgias_crawler.sandbox.order import sort_key
from gorgias_crawler.sandbox.records import (
    BEGIN_US,
    END_US,
    HOUR_US,
    Account,
    Event,
    Json,
    MessageRecord,
    TicketRecord,
)

PAGE_LIMIT = 100
# a third of the messages share their instant with the one before
_PAUSES_US = (0, 0, 1_000_000, HOUR_US // 4, HOUR_US, 20 * HOUR_US)
_FIRST_TICKET_ID = 90_000_001
_FIRST_MESSAGE_ID = 2_400_000_101  # above 2**31, as the newest ids of Gorgias are
_LONG_TICKETS = {7: 130, 23: 240}  # two and three pages


class World:
    """All objects of a pretend account, the same for the same arguments.

    *messages_per_ticket* is their mean number, the two long tickets aside. One message
    in *unsent_every*, a multiple of 16, is an agent's that was neither sent nor failed.
    *bodies* makes others than the plain ones, for measuring. *files_per_message*
    is a mean, without it a few messages have files of every kind; *file_bytes* are the
    least and the largest size of one.
    All methods may be called from any thread.
    """

    def __init__(
        self,
        tickets: int = 50,
        seed: int = 1,
        messages_per_ticket: float = 5.0,
        unsent_every: int = 16,
        *,
        bodies: Callable[[MessageRecord], dict[str, str | None]] | None = None,
        files_per_message: float | None = None,
        file_bytes: tuple[int, int] = (1_024, 8_192),
    ) -> None:
        customers = max(1, tickets * 3 // 5)  # many write once, some often
        born = (tickets, seed, customers, bodies, files_per_message, file_bytes)
        self.account = Account(*born)
        self._unsent_every = unsent_every
        self.lock = threading.RLock()
        self._random = random.Random(seed)
        self._lists: dict[str, dict[int, Any]] = {"tickets": {}, "messages": {}}
        self._ticket_number = self._message_number = seed % 7
        self._sorted: dict[tuple[str, str], Sequence[Any]] = {}
        created_us = BEGIN_US
        for index, instant_us in enumerate(history.instants(self._random, tickets)):
            if index % 10 != 4:  # each tenth ticket shares its instant with another
                created_us = max(created_us + 1, instant_us)
            count = history.length(self._random, messages_per_ticket * 12 / 11)
            count = _LONG_TICKETS.get(index, 0 if index % 12 == 5 else count)
            begin_us = created_us if index % 6 else created_us // 10**6 * 10**6
            self._add_ticket(begin_us, count, END_US)
        self._lists |= history.made(self.tickets.values(), self.account)

    def now_us(self) -> int:
        """Return the present, in microseconds since 1970."""
        return int(time() * 1_000_000)

    # What there is.

    @property
    def tickets(self) -> dict[int, TicketRecord]:
        """All tickets, by id."""
        return self._lists["tickets"]

    @property
    def messages(self) -> dict[int, MessageRecord]:
        """All messages, by id."""
        return self._lists["messages"]

    def records(self, name: str) -> dict[int, Any]:
        """Return all objects of a kind by id."""
        return self._lists[name]

    def objects(self, name: str) -> list[Json]:
        """Return all objects of a kind as its list shows them, by id."""
        with self.lock:
            found = sorted(self.records(name).items())
            return [history.make(self.account, name, record) for _, record in found]

    def in_order(self, name: str, fields: str = CREATED) -> Sequence[Any]:
        """Return all records of a kind in ascending order."""
        with self.lock:
            if (name, fields) not in self._sorted:
                records = self.records(name).values()
                ordered = sorted(records, key=sort_key(self.account, name, fields))
                self._sorted[name, fields] = ordered
            return self._sorted[name, fields]

    def totals(self) -> dict[str, int]:
        """Return what a complete export holds."""
        return {"tickets": len(self.tickets), "messages": len(self.messages)}

    def file(self, path: str) -> File | None:
        """Return the file with that path, as it is asked for, if it is still there."""
        number = files.number_in(path)
        found = [files.recording_of(self.account, number)]
        if message := self.messages.get(_message_id(number)):
            found += files.attached_to(message) + files.inline_of(message)
        return next((f for f in found if files.asked_as(f.path) == path), None)

    # What happens to it; the log tells of it.

    def write(self, type_: str, object_type: str, object_id: int, **more: Any) -> None:
        """Add an event to the log."""
        log = self.records("events")
        event = Event(self.now_us(), type_, object_type, object_id, **more)
        event.id = next(reversed(log), history.FIRST_EVENT_ID) + 2
        log[event.id] = event
        self.forget_order()

    def forget_order(self) -> None:
        """Order all lists anew when they are next asked for: something has changed."""
        self._sorted.clear()

    def add_ticket(self, messages: int = 1) -> int:
        """Let a customer write, and some also call; return the ticket's id."""
        with self.lock:
            ticket = self._add_ticket(self.now_us(), messages, self.now_us())
            self.write("ticket-created", "Ticket", ticket.id)
            for message in ticket.messages:
                self.write("ticket-message-created", "TicketMessage", message.id)
            for name in history.OF_TICKETS:
                new = history.of_tickets(name, [ticket], self.now_us())
                self.records(name).update(new)
            return ticket.id

    def reply(self, ticket_id: int) -> int:
        """Add a message to a ticket; return the message's id."""
        with self.lock:
            ticket = self.tickets[ticket_id]
            message = self._add_message(ticket, self.now_us())
            self.write("ticket-message-created", "TicketMessage", message.id)
            self.touch(ticket)
            return message.id

    def delete_ticket(self, ticket_id: int) -> None:
        """Delete a ticket for good; its messages go with it, its survey stays."""
        with self.lock:
            for message in self.tickets.pop(ticket_id).messages:
                del self.messages[message.id]
            self.write("ticket-deleted", "Ticket", ticket_id, user_id=500_000_004)

    def touch(self, ticket: TicketRecord) -> None:
        """Let a ticket be updated now."""
        ticket.updated_us = self.now_us()
        self.write("ticket-updated", "Ticket", ticket.id)

    def _add_ticket(
        self, created_us: int, messages: int, latest_us: int
    ) -> TicketRecord:
        self._ticket_number += 1
        number = self._ticket_number
        status = "open" if number % 4 == 0 else "closed"
        id_ = _FIRST_TICKET_ID + number * 7 + number % 5
        ticket = TicketRecord(id_, number, created_us, created_us, status, self.account)
        self.tickets[id_] = ticket
        at_us = created_us
        for _ in range(messages):
            self._add_message(ticket, min(at_us, latest_us))
            at_us += self._random.choice(_PAUSES_US) * (number % 3 + 1)
        ticket.updated_us = min(at_us, latest_us)
        self._sorted.clear()
        return ticket

    def _add_message(self, ticket: TicketRecord, created_us: int) -> MessageRecord:
        self._message_number += 1
        number = self._message_number
        waits = number % self._unsent_every == 15  # written by an agent
        message = MessageRecord(_message_id(number), number, ticket, created_us, waits)
        self.messages[message.id] = message
        ticket.messages.append(message)
        self._sorted.clear()
        return message


def _message_id(number: int) -> int:
    # ids do not ascend with time everywhere: imports are dated back
    return _FIRST_MESSAGE_ID + number * 8 + (7 if number % 8 == 3 else 0)
