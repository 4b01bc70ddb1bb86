"""What one run remembers beside the archive; the next run needs nothing of it."""

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from gorgias_crawler.api.dates import us_of
from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive import Archive, counts, ticket_pages
from gorgias_crawler.archive.tickets import Changes
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.fetch.plans import Options
from gorgias_crawler.wording import many

_BELIEVED, _BELIEVED_SHARE = 20, 0.05
"""So many deletions, or this share of all that is known, are believed in one run
(chosen): of tickets, and of each other kind."""

_NAMED = 1_000  # notes of tickets that run.json names; more would be no help

logger = logging.getLogger(__name__)


def are_many(lost: int, known: int) -> bool:
    """Tell whether *lost* are more of what is known than may be gone at once."""
    return lost > max(_BELIEVED, int(known * _BELIEVED_SHARE))


def are_too_many(lost: int, known: int) -> bool:
    """Tell whether *lost* are many, or all: a list that lacks them is not believed.

    The only one of its kind may be gone.
    """
    return are_many(lost, known) or (lost == known and known > 1)


def now_us() -> int:
    """Return our clock, in microseconds since 1970."""
    return us_of(datetime.now(UTC))


class RunMemory:
    """The run number *run* of an archive, as it was asked for by *options*.

    ``changes`` is what it brought, ``notes`` are sentences for the manifest.
    ``may_be_merged`` turns true when a ticket, or all its messages, have vanished,
    ``shows_messages`` when an answer has shown a message. A ``full_page`` of a list
    has so many objects.
    *clock_us* tells the time in microseconds since 1970.
    """

    def __init__(
        self,
        archive: Archive,
        run: int,
        options: Options,
        clock_us: Callable[[], int] = now_us,
    ) -> None:
        self.archive = archive
        self.run = run
        self.options = options
        self.clock_us = clock_us
        self.changes = Changes(run)
        self.notes: list[str] = []
        self.may_be_merged = False
        self.shows_messages = False
        self.full_page = PAGE_LIMIT
        self._vanished: set[int] = set()
        self._listed: int | None = None  # tickets, before any is erased
        self._shown: tuple[int, ...] = ()  # tickets, by the last page that had some

    def note(self, sentence: str) -> None:
        """Keep a sentence for the manifest."""
        if len(self.notes) < _NAMED:
            self.notes.append(sentence)

    def note_vanished(self, ids: set[int]) -> None:
        """Note that tickets, or all their messages, are gone: merged, perhaps."""
        # Once for each ticket: one that is listed for ever, though it is gone, would
        # be asked for without end.
        self.may_be_merged |= not ids <= self._vanished
        self._vanished |= ids

    def note_shown(self, ids: Iterable[int]) -> None:
        """Note tickets that a page of a list has shown."""
        self._shown = tuple(ids) or self._shown

    def witness(self, ids: Collection[int]) -> int | None:
        """Return a ticket that is there and not among *ids*, None without one.

        It is asked for with them: where it is not shown, the others prove nothing.
        """
        return next((id_ for id_ in self._shown if id_ not in ids), None)

    def doubt_shown(self, ids: Collection[int]) -> None:
        """Note tickets that are no witnesses any more, where there is another one."""
        self._shown = tuple(id_ for id_ in self._shown if id_ not in ids) or self._shown

    def record_failure(self, ticket_id: int, reason: str) -> None:
        """Record that a ticket cannot be fetched; the others go on."""
        ticket_pages.store_failure(self.archive, ticket_id, reason, self.run)
        logger.warning(
            "Ticket %s cannot be fetched: %s. The next run tries again.",
            ticket_id,
            reason,
        )

    def check_deletions(self, lost: int) -> None:
        """Raise `RunEndError` where *lost* are too many tickets to be believed.

        They are those that this run has seen to be deleted, and that no event told.
        """
        if are_too_many(lost, self._known()):
            self.refuse(f"{lost:,} of")

    def may_lack(self) -> bool:
        """Tell whether a second answer that lacks messages may be believed.

        Not where too many tickets lack what is archived, or several are empty and no
        answer of the run shows a message. Counts that are off take nothing away.
        """
        if self.options.allow_deletions:
            return True
        lacking = self.changes.lacking
        is_plausible = len(lacking) <= 1 or self.shows_messages
        return is_plausible and not are_many(sum(lacking.values()), self._known())

    def _known(self) -> int:
        if self._listed is None:
            self._listed = counts.listed_tickets(self.archive)
        return self._listed

    def refuse(self, what: str) -> None:
        """Raise `RunEndError`, but where the user has allowed it: *what* is gone."""
        if self.options.allow_deletions:
            return
        raise RunEndError(
            "too_many_deleted",
            f"Gorgias does not show {what} {many(self._known(), 'ticket')} "
            "any more. So many at once are not believed, and nothing was erased. If "
            "they were deleted, run the same command with -a allow_deletions=true; "
            "else run it again later.",
        )
