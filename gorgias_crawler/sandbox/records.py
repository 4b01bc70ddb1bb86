"""What the world keeps of tickets and messages; all else follows from their numbers."""

from dataclasses import dataclass, field

_CHANNELS = ("email", "email", "chat", "contact_form", "instagram-direct-message")


@dataclass(slots=True, eq=False)
class TicketRecord:
    """A ticket: what may change of it, and its number.

    Messages of one that is ``realistic`` are letters of real size, without oddities.
    """

    id: int
    number: int
    created_us: int
    updated_us: int
    status: str
    is_realistic: bool = False
    messages: list["MessageRecord"] = field(default_factory=list)

    @property
    def is_trashed(self) -> bool:
        """Whether the ticket is in the trash."""
        return self.number % 43 == 6

    @property
    def channel(self) -> str:
        """The ticket's channel."""
        return _CHANNELS[self.number % len(_CHANNELS)]


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
    def from_agent(self) -> bool:
        """Whether an agent wrote it."""
        return self.is_note or self.number % 16 in {1, 4, 7, 9, 12, 15}
