"""What comes back, good or bad, handed on by the kind of call."""

from typing import Any

from gorgias_crawler.errors import (
    AnswerError,
    MisdirectedError,
    RunEndError,
    UnauthorizedError,
)
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.kinds import KindFetches
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import Answer, ObjectCall
from gorgias_crawler.fetch.ticket_answers import TicketAnswers
from gorgias_crawler.fetch.ticket_lists import TicketLists


class Answers:
    """All that comes back in one run.

    ``walks`` through tickets and messages, single ``tickets``, and other ``objects``.
    """

    def __init__(self, memory: RunMemory) -> None:
        self.memory = memory
        self.walks = TicketLists(memory)
        self.tickets = TicketAnswers(memory)
        self.objects = KindFetches(memory)

    def store(self, call: Call, page: Any, made_us: int) -> None:
        """Archive what *call* was answered by a server whose clock said *made_us*.

        Raises `RunEndError` where the run cannot go on.
        """
        # A clock that is ahead would hide changes: ours or the server's.
        made_us = min(made_us, self.memory.clock_us())
        match call:
            case TicketPage():
                self.tickets.store_page(call, page, self.memory.clock_us())
            case TicketsById():
                self.tickets.store_by_id(call, page, self.memory.clock_us())
            case ObjectCall():
                call.asker.answered(Answer(page, made_us))
            case WalkPage() if call.is_of_messages:
                self.walks.store_messages(call, page, made_us)
            case WalkPage():
                self.walks.store_tickets(call, page, made_us)

    def fail(self, call: Call, error: AnswerError) -> None:
        """Restart, shrink, or record what got no answer.

        Raises `RunEndError` or `CredentialsError` where the run cannot go on.
        """
        self.end_where_useless(error)
        match call:
            case TicketPage():
                self.tickets.fail_page(call, error)
            case TicketsById():
                self.tickets.fail_by_id(call, error)
            case ObjectCall():
                call.asker.answered(error)
            case WalkPage():
                self.walks.fail(call, error)

    def end_where_useless(self, error: AnswerError) -> None:
        """Raise `RunEndError` for an *error* that every other call would meet, too."""
        if isinstance(error, UnauthorizedError):
            raise RunEndError(
                "unauthorized",
                "Gorgias refuses the credentials now (401): were they revoked, or has "
                "the token expired? What was archived is kept: set new ones and run "
                "the same command again.",
            )
        if isinstance(error, MisdirectedError):
            raise RunEndError("misdirected", str(error))
