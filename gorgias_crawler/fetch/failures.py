"""What fails is restarted, asked for in smaller pieces, or recorded.

What a run remembers of its walks and tickets for that is only of this run, and may be
lost with it.
"""

import logging
from collections import defaultdict, deque

from gorgias_crawler import api
from gorgias_crawler.archive import Archive, ticket_pages, tickets, walks
from gorgias_crawler.errors import (
    AnswerError,
    CredentialsError,
    MisdirectedError,
    NotFoundError,
    RefusedError,
    RunEndError,
    UnansweredError,
    UnauthorizedError,
    is_gone,
    refuses_cursor,
)
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.plans import Fetch
from gorgias_crawler.fetch.trail import Trail

logger = logging.getLogger(__name__)


class Failures:
    """What fails in one run, number *run*, that fetches messages as *fetch* says.

    ``to_continue`` holds tickets that have further pages. ``bulk_refusal`` says why
    the walk through all messages was given up. ``may_be_merged`` turns true when a
    ticket, or all its messages, have vanished. ``notes`` are for the manifest.
    """

    def __init__(self, archive: Archive, run: int, fetch: Fetch) -> None:
        self.archive = archive
        self.run = run
        self.fetch = fetch
        self.changes = tickets.Changes()
        self.notes: list[str] = []
        self.to_continue: deque[int] = deque()
        self.bulk_refusal: str | None = None
        self.ids_at_once = api.PAGE_LIMIT
        self.may_be_merged = False
        self._vanished: set[int] = set()
        self.trails: dict[str, Trail] = defaultdict(Trail)

    def is_open(self, name: str) -> bool:
        """Tell whether a walk has more to see."""
        if name in walks.OF_MESSAGES and self.bulk_refusal is not None:
            return False
        walk = walks.get(self.archive, name)
        return walk is not None and not walk.done

    def failed(self, call: Call, error: AnswerError) -> None:
        """Restart, shrink, or record what got no answer.

        Raises `RunEndError` or `CredentialsError` where the run cannot go on.
        """
        if isinstance(error, UnauthorizedError):
            raise RunEndError(
                "unauthorized",
                "Gorgias refuses the credentials now (401): were they revoked, or has "
                "the token expired? What was archived is kept: set new ones and run "
                "the same command again.",
            )
        if isinstance(error, MisdirectedError):
            raise RunEndError("misdirected", str(error))
        match call:
            case TicketPage():
                self._ticket_failed(call, error)
            case TicketsById():
                self._ids_failed(call, error)
            case WalkPage():
                self._walk_failed(call, error)

    def _ticket_failed(self, call: TicketPage, error: AnswerError) -> None:
        if refuses_cursor(call.cursor, error) and self.trails[call.key].restart():
            ticket_pages.restart_ticket(self.archive, call.ticket_id)
            self.to_continue.append(call.ticket_id)
        elif call.cursor is None and is_gone(error):
            ticket_pages.store_gone(self.archive, call.ticket_id)
            self.note_vanished({call.ticket_id})
            self.changes.gone += 1
        else:
            self.record_failure(call.ticket_id, error.reason)

    def record_failure(self, ticket_id: int, reason: str) -> None:
        """Record that a ticket cannot be fetched; the others go on."""
        ticket_pages.restart_ticket(self.archive, ticket_id)
        ticket_pages.store_failure(self.archive, ticket_id, reason, self.run)
        self.trails.pop(walks.of_ticket(ticket_id), None)
        logger.warning(
            "Ticket %s cannot be fetched: %s. It is tried again by the next run.",
            ticket_id,
            reason,
        )

    def _ids_failed(self, call: TicketsById, error: AnswerError) -> None:
        refused = isinstance(error, NotFoundError | RefusedError)
        if refused and len(call.ids) > 1:
            self.ids_at_once = len(call.ids) // 2
        elif is_gone(error):
            with self.archive.transaction():
                self.forget(set(call.ids))
        else:
            raise RunEndError(
                "listing_failed",
                f"Tickets cannot be asked for by their ids ({error.reason}). What was "
                "archived is kept; run the same command again later.",
            )

    def _walk_failed(self, call: WalkPage, error: AnswerError) -> None:
        if not self.is_open(call.walk.name):
            return  # The ends have met, or are given up: what fails here is not needed.
        trail = self.trails[call.key]
        is_first = call.walk.name == walks.LISTING and call.walk.at is None
        if refuses_cursor(call.walk.cursor, error):
            if trail.restart():
                logger.warning(
                    "The cursor of the walk through %s is refused (%s): beginning "
                    "the walk again; what is archived stays.",
                    call.walk.name,
                    error.reason,
                )
                walks.restart(self.archive, call.walk.name)
                return
        elif isinstance(error, UnansweredError) and trail.shrink():
            logger.warning(
                "A page of %s fails (%s): asking for %d rows instead of %d.",
                call.walk.name,
                error.reason,
                trail.limit,
                call.limit,
            )
            return
        elif isinstance(error, RefusedError) and error.status == 403 and is_first:
            raise CredentialsError(
                f"These credentials may not list tickets ({error.reason}): use those "
                "of a user who may, or give the token the scope tickets:read."
            )
        self.give_up(call.walk.name, error.reason)

    def give_up(self, name: str, why: str) -> None:
        """Fetch per ticket where a walk through messages cannot go on.

        Raises `RunEndError` where there is no other way than the walk *name*.
        """
        if name not in walks.OF_MESSAGES:
            raise RunEndError(
                "listing_failed",
                f"The walk through {name} cannot go on: {why}. What was archived is "
                "kept; run the same command again later.",
            )
        if self.fetch is Fetch.BULK:
            raise RunEndError(
                "bulk_refused",
                f"The walk through all messages (-a fetch=bulk) cannot go on: {why}. "
                "Leave -a fetch=bulk out to have them fetched per ticket.",
            )
        self.bulk_refusal = why
        self.notes.append(f"The walk through all messages was given up: {why}.")
        logger.warning(
            "The walk through all messages cannot go on: %s. Fetching per ticket.", why
        )

    def note_vanished(self, ids: set[int]) -> None:
        """Note that tickets, or all their messages, are gone: merged, perhaps."""
        # Once for each ticket: one that is listed for ever, though it is gone, would
        # be asked for without end.
        self.may_be_merged |= not ids <= self._vanished
        self._vanished |= ids

    def forget(self, ids: set[int]) -> None:
        """Erase tickets, inside of a transaction, that the account has no more."""
        self.note_vanished(ids)
        self.changes.vanished += len(ids)
        self.changes.erased_messages += tickets.forget_tickets(self.archive, ids)
