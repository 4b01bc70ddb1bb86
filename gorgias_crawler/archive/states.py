"""Every state that a ticket can be in, and what moves it from one to the next.

A ticket is **due** while its messages may be missing or stale:

======  =======================================================================
due     what is needed
======  =======================================================================
0       nothing: it is complete
1       its messages; a walk through all messages may bring them
2       its own message URL: no walk can tell that its messages are complete
3       as 2, and its answer tells whether a walk can be trusted (a sample)
======  =======================================================================

==========================================  ===================================
what happens                                to
==========================================  ===================================
a list shows it new or changed              1; 2 where no walk could tell
a walk ends, its count and rows agree       0
... they differ                             2; 3 for a sample of those that have
                                            more rows than counted
the sample equals the walk                  0, all that have more rows
its own answer has all rows                 0
its own answer takes something away         2, with a doubt; see `doubts`
two answers agree                           0, the pair (count, rows) is kept
a message leaves it for another ticket      2
a message waits to be sent                  2, see `asked_again`
it cannot be fetched                        stays, with a failure of this run
two answers say that it is deleted          erased
==========================================  ===================================
"""

from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.api.pages import Ticket
from gorgias_crawler.archive import doubts, walks
from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.items import decoded

DUE_BY_WALK = 1
DUE_BY_URL = 2
DUE_AS_SAMPLE = 3

_NEVER = 2**63 - 1  # after any instant: microseconds since 1970

SAMPLE_SIZE = 50  # tickets; asked for when counts differ for many (chosen)
SAMPLE_ANSWERED = 0.9  # of the sample, for a judgement (chosen)
SAMPLE_SHARE = 0.01  # of all tickets: more than that is no accident (chosen)

EXPECTED = (
    "coalesce(CASE WHEN settled_count IS messages_count THEN settled_rows END, "
    "messages_count)"
)
"""How many messages a ticket should have, as far as it is known: what its own answers
have agreed on, as long as its listing counts the same as then."""

ARCHIVED = "(SELECT count(*) FROM message WHERE ticket_id = ticket.id)"
"""How many it has in the archive."""

IS_COMPLETE = f"(due = 0 OR (due = {DUE_BY_WALK} AND {EXPECTED} = {ARCHIVED}))"
"""Whether nothing of a ticket is missing: by the counts, also before a walk ends."""


class Listed:
    """What is due of the tickets of one page; the archive is asked once for a page."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._is_first = archive.facts.complete_us is None
        listing = walks.get(archive, walks.LISTING)
        self._is_first_listing = self._is_first and not (listing and listing.done)
        # The walk has passed the newest messages: it misses what has come since, and a
        # deletion beside it would make the count agree.
        self._is_passed = is_sampling(archive) or (
            walks.get(archive, walks.NEWEST_MESSAGES) is not None
        )

    def due_of_new(self, ticket: Ticket) -> int:
        """Return what is due of a ticket of which the archive has nothing yet."""
        return self._needed(ticket, has_messages=False)

    def due_of_changed(self, ticket: Ticket, due: int, *, is_miscounted: bool) -> int:
        """Return what is due of a ticket that is shown changed, where *due* was.

        The count of one that *is_miscounted* has been wrong before: if it agrees, that
        may be by accident.
        """
        needed = self._needed(ticket, has_messages=_has(self._archive, ticket.id))
        is_waiting = _has(self._archive, ticket.id, "AND unsent")
        if is_waiting or (is_miscounted and needed == DUE_BY_WALK):
            needed = DUE_BY_URL
        # A sampled ticket that has changed tells nothing of the walk any more.
        return max(needed, min(due, DUE_BY_URL))

    def _needed(self, ticket: Ticket, *, has_messages: bool) -> int:
        if ticket.messages_count is None:
            return DUE_BY_URL
        if ticket.messages_count == 0 and not has_messages:
            # Most tickets have a message: a count that moves later than its ticket
            # would hide it. A first listing cannot ask for each; see `asked_again`.
            if not self._is_first_listing:
                return DUE_BY_URL
            if not ticket.has_excerpt:
                return 0
        if self._is_passed or (self._is_first and has_messages):
            return DUE_BY_URL  # See `end_walk` for walks that are not whole.
        return DUE_BY_WALK


def _has(archive: Archive, ticket_id: int, condition: str = "") -> bool:
    found = f"SELECT 1 FROM message WHERE ticket_id = ? {condition} LIMIT 1"
    return archive.value(found, ticket_id) is not None


def note_complete(archive: Archive, ticket_id: int) -> None:
    """Forget a ticket's failure, doubt and staged pages, inside of a transaction."""
    archive.db.execute("DELETE FROM failure WHERE ticket_id = ?", (ticket_id,))
    doubts.forget(archive, ticket_id)
    forget_staged(archive, ticket_id)


def forget_staged(archive: Archive, ticket_id: int) -> None:
    """Begin a ticket's pages again, inside of a transaction."""
    archive.db.execute("DELETE FROM staged WHERE asked_ticket_id = ?", (ticket_id,))
    walks.forget(archive, walks.of_ticket(ticket_id))


def forget_staged_where(archive: Archive, which: str) -> None:
    """Begin the pages of all tickets again that have such pages, as `forget_staged`."""
    for ticket_id in archive.column(
        f"SELECT DISTINCT asked_ticket_id FROM staged WHERE {which}"
    ):
        forget_staged(archive, ticket_id)


def is_sampling(archive: Archive) -> bool:
    """Tell whether a sample decides, when its answers are there, about a walk."""
    return archive.facts.sample_equal is not None


def is_walk_of_use(archive: Archive) -> bool:
    """Tell whether a walk through all messages may complete any ticket."""
    by_walk = f"SELECT 1 FROM ticket WHERE due = {DUE_BY_WALK} LIMIT 1"
    return archive.value(by_walk) is not None


def end_walk(archive: Archive, *, is_whole: bool, now_us: int) -> None:
    """After a walk through messages, hold every ticket's count against the archive.

    A ticket whose count agrees is complete; any other is due, unless its own answers
    have agreed on the difference. The walk is forgotten with it.

    A walk that is not whole may not have seen a new message, and a deleted one in its
    place would make the count agree; so it completes nothing that was archived before.
    In a first run it completes what it has passed.
    """
    with archive.transaction() as db:
        if is_whole:
            db.execute(
                f"UPDATE ticket SET due = 0 WHERE due = {DUE_BY_WALK} "
                f"AND {EXPECTED} = {ARCHIVED}"
            )
        elif archive.facts.complete_us is None:
            _complete_passed(archive)
        db.execute(
            f"UPDATE ticket SET due = {DUE_BY_WALK} WHERE due = 0 "
            f"AND {EXPECTED} <> {ARCHIVED}"
        )
        _end_rereading(archive, is_whole=is_whole)
        walk = walks.get(archive, walks.NEWEST_MESSAGES)
        walks.forget(archive, *walks.OF_MESSAGES)
        _tidy_complete(archive)
        if is_whole and walk is not None:
            # A walk back to the last complete run does not see where an old message
            # has moved to, so that no sample can speak for it.
            is_through_all = archive.facts.floor_us is None
            _leave_to_urls(archive, f"AND {_HAS_FEWER}")
            if is_through_all:
                fewer = f"due = {DUE_BY_URL} AND {_HAS_FEWER}"
                doubts.note_walk(archive, fewer, walk.run, now_us)
            if not (is_through_all and _draw_sample(archive)):
                _leave_to_urls(archive)


def _complete_passed(archive: Archive) -> None:
    """Complete tickets that both ends of a walk have passed, though they did not meet.

    Their counts agree with what is archived, which alone is no proof: a count may be
    too low by just what lies in the gap between the ends. So all that a ticket has must
    lie before the gap, as it was last updated, or behind it, as it was created.
    """
    oldest, newest = (walks.get(archive, name) for name in walks.OF_MESSAGES)
    begins_us, ends_us = _passed_us(oldest, 0), _passed_us(newest, _NEVER)
    agreeing = archive.db.execute(
        "SELECT id, updated_us, raw FROM ticket "
        f"WHERE due = {DUE_BY_WALK} AND {EXPECTED} = {ARCHIVED}"
    )
    passed = [
        (id_,)
        for id_, updated_us, raw in agreeing
        if 0 < updated_us < begins_us
        or instant_us(decoded(unpacked(raw)).get("created_datetime")) > ends_us
    ]
    archive.db.executemany("UPDATE ticket SET due = 0 WHERE id = ?", passed)


def _passed_us(walk: Walk | None, else_us: int) -> int:
    return walk.at[0] if walk and walk.at and not walk.unordered else else_us


_HAS_FEWER = f"coalesce({EXPECTED} > {ARCHIVED}, 0)"


def _end_rereading(archive: Archive, *, is_whole: bool) -> None:
    """Make due the tickets of messages that a walk to read all anew did not show."""
    since_run = archive.facts.reread_run
    if since_run is None:
        return
    missed = "SELECT ticket_id FROM message WHERE read_run < :run"
    if not is_whole:  # what it has not passed is asked for ticket by ticket
        missed += " UNION SELECT id FROM ticket WHERE asked_run < :run"
    archive.db.execute(
        f"UPDATE ticket SET due = max(due, {DUE_BY_URL}) WHERE id IN ({missed})",
        {"run": since_run},
    )
    archive.facts.reread_run = None


def _leave_to_urls(archive: Archive, which: str = "") -> None:
    # Another walk would bring what this one has brought.
    archive.db.execute(
        f"UPDATE ticket SET due = {DUE_BY_URL} WHERE due = {DUE_BY_WALK} {which}"
    )


def _draw_sample(archive: Archive) -> bool:
    """Draw a sample of tickets that have more rows than counted, if there are many."""
    by_walk = f"SELECT id FROM ticket WHERE due = {DUE_BY_WALK} ORDER BY id"
    differing = archive.column(by_walk)
    tickets = archive.value("SELECT count(*) FROM ticket")
    if len(differing) <= max(SAMPLE_SIZE, tickets * SAMPLE_SHARE):
        return False
    archive.db.executemany(
        "UPDATE ticket SET due = ? WHERE id = ?",
        ((DUE_AS_SAMPLE, id_) for id_ in spread(differing, SAMPLE_SIZE)),
    )
    archive.facts.sample_equal = archive.facts.sample_differing = 0
    return True


def spread(ids: list[int], size: int) -> list[int]:
    """Return up to *size* of *ids*, evenly, so over the account's age.

    What differs may depend on when a ticket was made.
    """
    step = max(1.0, len(ids) / size)
    return [ids[int(index * step)] for index in range(min(size, len(ids)))]


def _tidy_complete(archive: Archive) -> None:
    complete = "IN (SELECT id FROM ticket WHERE due = 0)"
    archive.db.execute(f"DELETE FROM failure WHERE ticket_id {complete}")
    archive.db.execute(f"DELETE FROM doubt WHERE ticket_id {complete}")
    forget_staged_where(archive, f"asked_ticket_id {complete}")


def forget_sample(archive: Archive) -> None:
    """Let no sample decide about a walk, inside of a transaction."""
    archive.facts.sample_equal = None
    sampled = f"UPDATE ticket SET due = {DUE_BY_URL} WHERE due = {DUE_AS_SAMPLE}"
    archive.db.execute(sampled)


def judge_sample(archive: Archive, run: int) -> int | None:
    """Accept the walk where the sampled tickets' own answers equal it.

    A few of them may be without an answer: they failed in run number *run*, or have
    changed since the walk. Returns the number of tickets that were accepted by it, 0
    where the sample differs; None while no sample is drawn or answers are to come.
    """
    to_come = archive.value(
        f"SELECT 1 FROM ticket WHERE due = {DUE_AS_SAMPLE} AND NOT EXISTS "
        "(SELECT 1 FROM failure WHERE ticket_id = ticket.id AND run = ?) LIMIT 1",
        run,
    )
    equal, differing = archive.facts.sample_equal, archive.facts.sample_differing
    if equal is None or to_come:
        return None
    accepted = 0
    with archive.transaction() as db:
        forget_sample(archive)
        if not differing and equal >= SAMPLE_SIZE * SAMPLE_ANSWERED:
            accepted = db.execute(
                "UPDATE ticket SET due = 0, settled_count = messages_count, "
                f"settled_rows = {ARCHIVED} WHERE due = {DUE_BY_WALK}"
            ).rowcount
            _tidy_complete(archive)
        _leave_to_urls(archive)
    return accepted
