"""What the world keeps of each object; all else follows from their numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

Json = dict[str, Any]

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGIN_US = int(datetime(2024, 7, 1, tzinfo=UTC).timestamp()) * 1_000_000  # a Monday
DAYS = 730  # two years
END_US = BEGIN_US + DAYS * DAY_US
_FIRST_CUSTOMER_ID = 500_000_101  # users have the ids before it
_CHANNELS = ("email", "email", "chat", "contact_form", "instagram-direct-message")


@dataclass(slots=True, eq=False)
class Account:
    """What all objects of an account share.

    ``bodies``, if given, makes those of messages, without the oddities.
    ``files`` is the mean number of attachments of a message, None for a few that show
    every oddity; ``file_bytes`` are the least and the largest size of a file.
    ``merged`` tells which customer (by index) has become part of which other one.
    """

    tickets: int
    seed: int
    customers: int
    bodies: Callable[["MessageRecord"], dict[str, str | None]] | None = None
    files: float | None = None
    file_bytes: tuple[int, int] = (1_024, 8_192)
    merged: dict[int, int] = field(default_factory=dict)
    tag_names: dict[int, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The account's name, by which a job knows that it is another one's."""
        return f"sandbox-{self.tickets}-tickets-seed-{self.seed}"


@dataclass(slots=True, eq=False)
class TicketRecord:
    """A ticket: what may change of it, and its number."""

    id: int
    number: int
    created_us: int
    updated_us: int
    status: str
    account: Account
    messages: list["MessageRecord"] = field(default_factory=list)

    @property
    def is_trashed(self) -> bool:
        """Whether the ticket is in the trash."""
        return self.number % 43 == 6

    @property
    def channel(self) -> str:
        """The ticket's channel."""
        return _CHANNELS[self.number % len(_CHANNELS)]

    @property
    def customer(self) -> int:
        """The index of the customer who wrote; some write often, some never."""
        return self.number * self.number % self.account.customers

    @property
    def owner(self) -> int:
        """The index of the customer whose ticket it is now, after merges."""
        index = self.customer
        while index in self.account.merged:
            index = self.account.merged[index]
        return index

    @property
    def customer_id(self) -> int | None:
        """The id of its customer, if it names one."""
        return customer_id(self.owner) if self.has_customer else None

    @property
    def has_customer(self) -> bool:
        """Whether the ticket names its customer."""
        return self.number % 17 != 16

    @property
    def external_id(self) -> str | None:
        """The ticket's id in another system."""
        return f"ext-{self.number}" if self.number % 9 == 2 else None


@dataclass(slots=True, eq=False)
class MessageRecord:
    """A message; one that ``waits`` is unsent until ``sent_late_us`` is set."""

    id: int
    number: int
    ticket: TicketRecord
    created_us: int
    waits: bool = False
    sent_late_us: int | None = None

    @property
    def ticket_id(self) -> int:
        """The id of its ticket."""
        return self.ticket.id

    @property
    def is_first(self) -> bool:
        """Whether the message opened its ticket."""
        return self.ticket.messages[0] is self

    @property
    def is_note(self) -> bool:
        """Whether the message is an internal note."""
        return self.number % 16 == 10

    @property
    def is_unsent(self) -> bool:
        """Whether an agent wrote it and it was neither sent nor failed."""
        return self.waits and self.sent_late_us is None

    @property
    def has_failed(self) -> bool:
        """Whether sending it failed once; each third was not sent after that."""
        return self.number % 16 == 9 and self.number % 5 == 0

    @property
    def sent_us(self) -> int | None:
        """When it was sent, if it was: some days late, some never."""
        if self.sent_late_us is not None:
            return self.sent_late_us
        if not self.from_agent or self.is_note or self.waits:
            return None
        if self.has_failed and self.number % 3 == 0:
            return None
        is_late = self.number % 48 == 7
        return self.created_us + (75 * 3_600 if is_late else 2) * 1_000_000

    @property
    def from_agent(self) -> bool:
        """Whether an agent wrote it."""
        return self.is_note or self.number % 16 in {1, 4, 7, 9, 12, 15}

    @property
    def is_from_bot(self) -> bool:
        """Whether the one who wrote it is a program."""
        return self.number % 16 == 12


def customer_id(index: int) -> int:
    """Return the id of the customer with that index."""
    return _FIRST_CUSTOMER_ID + index * 3 + index % 2


@dataclass(slots=True, eq=False)
class Record:
    """An object of any other kind: made of its number and its *source* when asked for.

    ``changes`` are the values that it got since.
    """

    id: int
    created_us: int
    updated_us: int | None
    number: int
    source: Any = None
    changes: Json = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Event:
    """An entry of the audit log; ``context`` groups what one act caused, 0 for none."""

    created_us: int
    type: str
    object_type: str
    object_id: int
    user_id: int | None = None
    data: Json | None = None
    context: int = 0
    id: int = 0
    number: ClassVar = 0
    changes: ClassVar[Json] = {}

    @property
    def source(self) -> Json:
        """What its row says of it."""
        chain = f"{self.context:08x}-0000-4000-8000-000000000001"
        return {
            "context": chain if self.context else None,
            "data": self.data,
            "object_id": self.object_id,
            "object_type": self.object_type,
            "type": self.type,
            "user_id": self.user_id,
        }


def date(us: int, number: int = 0) -> str:
    """Write microseconds since 1970 as the API does; some dates lack an offset."""
    text = (_EPOCH + timedelta(microseconds=us)).isoformat()
    return text.removesuffix("+00:00") if number % 31 == 17 else text


def instant_us(text: str) -> int:
    """Read a date of the API; one without offset is UTC. Raises `ValueError`."""
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - _EPOCH) // timedelta(microseconds=1)
