"""What a walk through all messages settles, and what is due after it."""

from gorgias_crawler.archive import walks
from gorgias_crawler.archive.counts import ARCHIVED, EXPECTED
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.tickets import (
    DUE_AS_SAMPLE,
    DUE_BY_URL,
    DUE_BY_WALK,
    forget_staged,
    is_sampling,
)

SAMPLE_SIZE = 50  # tickets; asked for when counts differ for many (chosen)
SAMPLE_ANSWERED = 0.9  # of the sample, for a judgement (chosen)
SAMPLE_SHARE = 0.01  # of all tickets: more than that is no accident (chosen)


def is_walk_of_use(archive: Archive) -> bool:
    """Tell whether a walk through all messages may settle any ticket."""
    by_walk = "SELECT 1 FROM ticket WHERE due = ? LIMIT 1"
    return archive.db.execute(by_walk, (DUE_BY_WALK,)).fetchone() is not None


def settle_walk(archive: Archive, *, is_whole: bool) -> None:
    """After a walk through messages, hold every ticket's count against the archive.

    A ticket whose count agrees is settled; any other is due, unless its own message
    URL has confirmed the difference. The walk is forgotten with it.

    A walk that is not whole may not have seen a new message, and a deleted one in its
    place would make the count agree; so it settles only what was never archived before.
    """
    is_first = archive.fact("complete_us") is None
    with archive.transaction() as db:
        if is_whole or is_first:
            db.execute(
                f"UPDATE ticket SET due = 0 WHERE due = {DUE_BY_WALK} "
                f"AND {EXPECTED} = {ARCHIVED}"
            )
        db.execute(
            f"UPDATE ticket SET due = {DUE_BY_WALK} WHERE due = 0 "
            f"AND {EXPECTED} <> {ARCHIVED}"
        )
        walks.forget(archive, walks.OLDEST_MESSAGES, walks.NEWEST_MESSAGES)
        _tidy_settled(archive)
        # A walk back to the last complete run does not see where an old message has
        # moved to, so that no sample can speak for it.
        is_sampled = (
            is_whole and archive.fact("floor_us") is None and _draw_sample(archive)
        )
        if is_whole and not is_sampled:
            _leave_to_urls(archive)


def _leave_to_urls(archive: Archive) -> None:
    # Another walk would bring what this one has brought.
    archive.db.execute(
        "UPDATE ticket SET due = ? WHERE due = ?", (DUE_BY_URL, DUE_BY_WALK)
    )


def _draw_sample(archive: Archive) -> bool:
    differing = [
        id_
        for (id_,) in archive.db.execute(
            "SELECT id FROM ticket WHERE due = ? ORDER BY id", (DUE_BY_WALK,)
        )
    ]
    (tickets,) = archive.db.execute("SELECT count(*) FROM ticket").fetchone()
    if len(differing) <= max(SAMPLE_SIZE, tickets * SAMPLE_SHARE):
        return False
    # Spread evenly over the ids, so over the account's age: what differs may depend
    # on when a ticket was made.
    step = len(differing) / SAMPLE_SIZE
    sample = [differing[int(index * step)] for index in range(SAMPLE_SIZE)]
    archive.db.executemany(
        "UPDATE ticket SET due = ? WHERE id = ?",
        ((DUE_AS_SAMPLE, id_) for id_ in sample),
    )
    archive.set_fact("sample_equal", 0)
    archive.set_fact("sample_differing", 0)
    return True


def _tidy_settled(archive: Archive) -> None:
    settled = "IN (SELECT id FROM ticket WHERE due = 0)"
    archive.db.execute(f"DELETE FROM failure WHERE ticket_id {settled}")
    for (ticket_id,) in archive.db.execute(
        f"SELECT DISTINCT asked_ticket_id FROM staged WHERE asked_ticket_id {settled}"
    ).fetchall():
        forget_staged(archive, ticket_id)


def judge_sample(archive: Archive, run: int) -> int | None:
    """Accept the walk where the sampled tickets' own answers equal it.

    A few of them may be without an answer: they failed in run number *run*, or have
    changed since the walk. Returns the number of tickets that were accepted by it, 0
    where the sample differs; None while no sample is drawn or answers are to come.
    """
    to_come = archive.db.execute(
        "SELECT 1 FROM ticket WHERE due = ? AND NOT EXISTS "
        "(SELECT 1 FROM failure WHERE ticket_id = ticket.id AND run = ?) LIMIT 1",
        (DUE_AS_SAMPLE, run),
    ).fetchone()
    if not is_sampling(archive) or to_come:
        return None
    equal, differing = archive.fact("sample_equal"), archive.fact("sample_differing")
    accepted = 0
    with archive.transaction() as db:
        archive.set_fact("sample_equal", None)
        db.execute(
            "UPDATE ticket SET due = ? WHERE due = ?", (DUE_BY_URL, DUE_AS_SAMPLE)
        )
        if not differing and equal >= SAMPLE_SIZE * SAMPLE_ANSWERED:
            accepted = db.execute(
                f"UPDATE ticket SET due = 0, answered = {ARCHIVED} WHERE due = ?",
                (DUE_BY_WALK,),
            ).rowcount
            _tidy_settled(archive)
        _leave_to_urls(archive)
    return accepted


def make_unsent_due(archive: Archive, age_us: int) -> None:
    """Make due the tickets with messages that waited to be sent when they were read.

    Up to *age_us* old at the time of the last such look, as what it made due has been,
    or will be, read since then.
    """
    watermark_us = archive.fact("watermark_us")
    looked_us = archive.fact("unsent_us") or watermark_us
    with archive.transaction() as db:
        db.execute(
            "UPDATE ticket SET due = max(due, ?) WHERE id IN "
            "(SELECT ticket_id FROM message WHERE unsent AND created_us >= ?)",
            (DUE_BY_URL, looked_us - age_us),
        )
        archive.set_fact("unsent_us", watermark_us)
