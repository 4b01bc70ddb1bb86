"""What the world keeps of tickets and messages; all else follows from their numbers."""

from dataclasses import dataclass, field

_CHANNELS = ("email", "email", "chat", "contact_form", "instagram-direct-message")


@dataclass(slots=True, eq=False)
class Account:
    """What all objects of an account share.

    Messages of one that is ``realistic`` are letters of real size, without oddities.
    """

    tickets: int
    seed: int
    customers: int
    is_realistic: bool = False

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
