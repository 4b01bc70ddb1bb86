"""The account behind the sandbox: made from a seed, and able to change."""

import random
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from time import time

from gorgias_crawler.sandbox import objects, rows
from gorgias_crawler.sandbox.objects import Json
from gorgias_crawler.sandbox.records import Account, MessageRecord, TicketRecord

PAGE_LIMIT = 100
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_BEGIN_US = int(datetime(2024, 7, 1, tzinfo=UTC).timestamp()) * 1_000_000
_DAYS = 730  # two years
_END_US = _BEGIN_US + _DAYS * _DAY_US
# how often a customer writes in each hour of the day, in UTC
_BUSY_HOURS = (1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 9, 8, 7, 8, 8, 7, 6, 6, 5, 5, 4, 3, 2, 1)
_BUSY_DAYS = (9, 8, 8, 8, 7, 3, 2)  # Monday to Sunday
# a third of the messages share their instant with the one before
_PAUSES_US = (0, 0, 1_000_000, _HOUR_US // 4, _HOUR_US, 20 * _HOUR_US)
_FIRST_TICKET_ID = 90_000_001
_FIRST_MESSAGE_ID = 2_400_000_101  # above 2**31, as the newest ids of Gorgias are
_LONG_TICKETS = {7: 130, 23: 240}  # two and three pages

Key = tuple[int, int]


class World:
    """Tickets and messages of a pretend account, the same for the same arguments.

    *messages_per_ticket* is their mean number, the two long tickets aside. One message
    in *unsent_every*, a multiple of 16, is an agent's that was neither sent nor failed.
    *is_realistic* gives messages the size of mail, for measuring.
    All methods may be called from any thread.
    """

    def __init__(
        self,
        tickets: int = 50,
        seed: int = 1,
        messages_per_ticket: float = 5.0,
        unsent_every: int = 16,
        *,
        is_realistic: bool = False,
    ) -> None:
        # 3,000 customers of 5,000 tickets: many write once, some often
        self.account = Account(tickets, seed, max(1, tickets * 3 // 5), is_realistic)
        self._unsent_every = unsent_every
        self._lock = threading.RLock()
        self._random = random.Random(seed)
        self._tickets: dict[int, TicketRecord] = {}
        self._messages: dict[int, MessageRecord] = {}
        self._ticket_number = self._message_number = seed % 7
        self._sorted: dict[str, Sequence[TicketRecord | MessageRecord]] = {}
        created_us = _BEGIN_US
        for index, instant_us in enumerate(self._instants(tickets)):
            if index % 10 != 4:  # each tenth ticket shares its instant with another
                created_us = max(created_us + 1, instant_us)
            count = 0 if index % 12 == 5 else self._count(messages_per_ticket * 12 / 11)
            count = _LONG_TICKETS.get(index, count)
            begin_us = created_us if index % 6 else _whole(created_us)
            self._add_ticket(begin_us, count, _END_US)

    def _instants(self, count: int) -> list[int]:
        """Return when customers wrote, over two years, more often at busy times."""
        draw = self._random
        instants = []
        for index in range(count):
            week = int((index + draw.random()) * (_DAYS // 7) / count)
            weekday = draw.choices(range(7), _BUSY_DAYS)[0]
            hour = draw.choices(range(24), _BUSY_HOURS)[0]
            at_us = (week * 7 + weekday) * _DAY_US + hour * _HOUR_US
            instants.append(_BEGIN_US + at_us + draw.randrange(_HOUR_US))
        return sorted(instants)

    def _count(self, mean: float) -> int:
        """Draw from 1 upward: most tickets are short, some are long."""
        spread = self._random.expovariate(1 / max(mean - 0.5, 0.1))
        return max(1, min(round(spread + 0.5), 60))

    @staticmethod
    def now_us() -> int:
        """Return the present, in microseconds since 1970."""
        return int(time() * 1_000_000)

    # What there is.

    def by_created(self, kind: str) -> Sequence[TicketRecord | MessageRecord]:
        """Return all ``"tickets"`` or ``"messages"``, oldest first."""
        records = self._tickets if kind == "tickets" else self._messages
        return self._in_order(kind, records, created_key)

    def by_updated(self) -> Sequence[TicketRecord | MessageRecord]:
        """Return all tickets, the one that was updated longest ago first."""
        return self._in_order("updated", self._tickets, updated_key)

    def _in_order(
        self,
        name: str,
        records: Mapping[int, TicketRecord] | Mapping[int, MessageRecord],
        key: Callable[[TicketRecord | MessageRecord], Key],
    ) -> Sequence[TicketRecord | MessageRecord]:
        with self._lock:
            if name not in self._sorted:
                self._sorted[name] = sorted(records.values(), key=key)
            return self._sorted[name]

    def ticket(self, ticket_id: int) -> TicketRecord | None:
        """Return the ticket if it exists."""
        return self._tickets.get(ticket_id)

    def totals(self) -> dict[str, int]:
        """Return what a complete export holds, and the fewest calls for it."""
        with self._lock:
            counts = [len(ticket.messages) for ticket in self._tickets.values()]
        pages = [ceil(count / PAGE_LIMIT) for count in counts]
        listing = max(1, ceil(len(counts) / PAGE_LIMIT))
        return {
            "tickets": len(counts),
            "messages": sum(counts),
            "calls_per_ticket": 1 + listing + sum(pages),
            "calls_bulk": 1 + listing + ceil(sum(counts) / PAGE_LIMIT),
        }

    def expected_rows(self) -> list[Json]:
        """Return the rows of the default CSV file, made without the crawler's code."""
        with self._lock:
            return [
                rows.row(objects.ticket_object(record), objects.message_object(message))
                for _, record in sorted(self._tickets.items())
                for message in sorted(record.messages, key=created_key)
            ]

    # What happens to it.

    def add_ticket(self, messages: int = 1) -> int:
        """Let a customer write for the first time; return the ticket's id."""
        with self._lock:
            now_us = self.now_us()
            return self._add_ticket(now_us, messages, now_us).id

    def reply(self, ticket_id: int) -> int:
        """Add a message to a ticket; return the message's id."""
        with self._lock:
            ticket = self._tickets[ticket_id]
            message = self._add_message(ticket, self.now_us())
            ticket.updated_us = self.now_us()
            return message.id

    def set_status(self, ticket_id: int, status: str) -> None:
        """Open or close a ticket."""
        with self._lock:
            self._tickets[ticket_id].status = status
            self._touch(self._tickets[ticket_id])

    def send_late(self, message_id: int) -> None:
        """Send what waits to be sent; only where it is old does its ticket move."""
        with self._lock:
            message = self._messages[message_id]
            if not message.is_unsent:
                return
            message.sent_late_us = self.now_us()
            if self.now_us() - message.created_us > 48 * _HOUR_US:
                self._touch(message.ticket)

    def delete_ticket(self, ticket_id: int) -> None:
        """Delete a ticket for good; its messages go with it."""
        with self._lock:
            for message in self._tickets.pop(ticket_id).messages:
                del self._messages[message.id]
            self._sorted.clear()

    def delete_message(self, message_id: int) -> None:
        """Delete a message; as with Gorgias, its ticket does not move."""
        with self._lock:
            message = self._messages.pop(message_id)
            message.ticket.messages.remove(message)
            self._sorted.clear()

    def merge(self, loser_id: int, winner_id: int) -> None:
        """Move a ticket's messages to another one and delete it."""
        with self._lock:
            loser, winner = self._tickets.pop(loser_id), self._tickets[winner_id]
            for message in loser.messages:
                message.ticket = winner
                winner.messages.append(message)
            self._touch(winner)

    def change(
        self,
        seed: int = 1,
        *,
        new_tickets: int = 0,
        replies: int = 0,
        closings: int = 0,
        late_sent: int = 0,
        deleted_tickets: int = 0,
        deleted_messages: int = 0,
        merges: int = 0,
    ) -> None:
        """Let a night pass: so many of each, on tickets drawn by *seed*."""
        draw = random.Random(seed)
        with self._lock:
            for _ in range(new_tickets):
                self.add_ticket(draw.randrange(1, 4))
            for ticket_id in draw.choices(sorted(self._tickets), k=replies):
                self.reply(ticket_id)
            for ticket_id in draw.sample(sorted(self._tickets), closings):
                self.set_status(ticket_id, "closed")
            unsent = sorted(m.id for m in self._messages.values() if m.is_unsent)
            for message_id in draw.sample(unsent, min(late_sent, len(unsent))):
                self.send_late(message_id)
            for ticket_id in draw.sample(sorted(self._tickets), deleted_tickets):
                self.delete_ticket(ticket_id)
            for message_id in draw.sample(sorted(self._messages), deleted_messages):
                self.delete_message(message_id)
            for _ in range(merges):
                self.merge(*draw.sample(sorted(self._tickets), 2))

    def _touch(self, ticket: TicketRecord) -> None:
        ticket.updated_us = self.now_us()
        self._sorted.clear()

    def _add_ticket(
        self, created_us: int, messages: int, latest_us: int
    ) -> TicketRecord:
        self._ticket_number += 1
        number = self._ticket_number
        status = "open" if number % 4 == 0 else "closed"
        id_ = _FIRST_TICKET_ID + number * 7 + number % 5
        ticket = TicketRecord(id_, number, created_us, created_us, status, self.account)
        self._tickets[id_] = ticket
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
        # ids do not ascend with time everywhere: imports are dated back
        id_ = _FIRST_MESSAGE_ID + number * 8 + (7 if number % 8 == 3 else 0)
        waits = number % self._unsent_every == 15  # written by an agent
        message = MessageRecord(id_, number, ticket, created_us, waits)
        self._messages[id_] = message
        ticket.messages.append(message)
        self._sorted.clear()
        return message


def created_key(record: TicketRecord | MessageRecord) -> Key:
    """Order by creation, then id."""
    return record.created_us, record.id


def updated_key(record: TicketRecord | MessageRecord) -> Key:
    """Order tickets by their last update, then id."""
    assert isinstance(record, TicketRecord)
    return record.updated_us, record.id


def position(
    records: Sequence[TicketRecord | MessageRecord],
    key: Callable[[TicketRecord | MessageRecord], Key],
    at: Key,
) -> int:
    """Return the index of the first record that is not before *at*."""
    return bisect_left(records, at, key=key)


def _whole(us: int) -> int:
    return us - us % 1_000_000
