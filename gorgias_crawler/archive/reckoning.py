"""What is missing, and what is settled."""

from dataclasses import dataclass

from gorgias_crawler.archive import walks
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.rows import (
    DUE_AS_SAMPLE,
    DUE_BY_URL,
    DUE_BY_WALK,
    is_sampling,
    tidy_settled,
)

SAMPLE_SIZE = 50  # tickets; asked for when counts differ for many (chosen)
SAMPLE_ANSWERED = 0.9  # of the sample, for a judgement (chosen)
SAMPLE_SHARE = 0.01  # of all tickets: more than that is no accident (chosen)

LOOK_BACK_US = 5 * 60 * 1_000_000
"""Read again before a watermark, as clocks and clusters differ (5 min, chosen)."""

_NEVER = -(2**63)  # before any instant: microseconds since 1970
_EXPECTED = "coalesce(answered, messages_count)"
_ARCHIVED = "(SELECT count(*) FROM message WHERE ticket_id = ticket.id)"
IS_WHOLE = f"(due = 0 OR (due = {DUE_BY_WALK} AND {_EXPECTED} = {_ARCHIVED}))"
"""The condition of a ticket of which nothing is missing. A walk through messages settles
all its tickets at its end; by the counts, many are whole before."""


@dataclass(frozen=True)
class Totals:
    """Counts over the whole archive.

    ``expected`` is the number of messages that the tickets should have, as far as it
    is known. ``noted`` tickets have another number of messages than their listing
    says, as their own message URL confirmed.
    """

    tickets: int
    expected: int
    messages: int
    due: int
    failed: int
    gone: int
    noted: int


def totals(archive: Archive) -> Totals:
    """Count the archive."""
    row = archive.db.execute(
        f"SELECT count(*), coalesce(sum({_EXPECTED}), 0), "
        "(SELECT count(*) FROM message), count(nullif(due, 0)), "
        "(SELECT count(*) FROM failure), coalesce(sum(gone), 0), "
        "count(CASE WHEN answered <> messages_count AND NOT gone THEN 1 END) "
        "FROM ticket"
    ).fetchone()
    return Totals(*row)


def failures(archive: Archive) -> list[tuple[int, str]]:
    """Return the tickets that could not be fetched, with the reasons."""
    return archive.db.execute(
        "SELECT ticket_id, reason FROM failure ORDER BY ticket_id"
    ).fetchall()


def noted(archive: Archive) -> list[tuple[int, int, int]]:
    """Return (ticket id, count by its listing, count by its own URL) where they differ.

    Of more than 1,000 the first are returned; `totals` counts all.
    """
    return archive.db.execute(
        "SELECT id, messages_count, answered FROM ticket INDEXED BY ticket_counts "
        "WHERE answered <> messages_count AND NOT gone ORDER BY id LIMIT 1000"
    ).fetchall()


def miscounted(archive: Archive) -> list[tuple[int, int, int]]:
    """Return (ticket id, expected count, archived count) of settled tickets that differ."""
    return archive.db.execute(
        f"SELECT id, {_EXPECTED}, {_ARCHIVED} AS archived FROM ticket "
        f"WHERE due = 0 AND NOT gone AND {_EXPECTED} <> archived ORDER BY id"
    ).fetchall()


def is_listed(archive: Archive) -> bool:
    """Tell whether a listing of all tickets has come to its end."""
    listing = walks.get(archive, walks.LISTING)
    return listing is not None and listing.done


def is_complete(archive: Archive) -> bool:
    """Tell whether every listed ticket is archived with all its messages."""
    due = archive.db.execute("SELECT 1 FROM ticket WHERE due > 0 LIMIT 1").fetchone()
    return is_listed(archive) and due is None and not unconfirmed(archive, 1)


def is_relisting(archive: Archive) -> bool:
    """Tell whether a relisting has begun and no run since has come to its end.

    Then a run that shall relist goes on with it.
    """
    return bool(archive.fact("relisting"))


def is_walk_of_use(archive: Archive) -> bool:
    """Tell whether a walk through all messages may settle any ticket."""
    by_walk = "SELECT 1 FROM ticket WHERE due = ? LIMIT 1"
    return archive.db.execute(by_walk, (DUE_BY_WALK,)).fetchone() is not None


def due_tickets(archive: Archive, after: int, limit: int, run: int) -> list[int]:
    """Return up to *limit* due tickets with ids above *after*, ascending.

    Those that failed in run number *run* are left to the next. While a sample is
    asked for, the tickets that it decides about wait.
    """
    rows = archive.db.execute(
        "SELECT id FROM ticket WHERE due >= ? AND due > 0 AND id > ? AND NOT EXISTS "
        "(SELECT 1 FROM failure WHERE ticket_id = ticket.id AND run = ?) "
        "ORDER BY id LIMIT ?",
        (DUE_BY_URL if is_sampling(archive) else DUE_BY_WALK, after, run, limit),
    )
    return [id_ for (id_,) in rows]


def unconfirmed(archive: Archive, limit: int) -> list[int]:
    """Return up to *limit* ids of tickets that only asking for them can settle.

    They are tickets of archived messages that no listing showed, and tickets that
    the last listing showed no more.
    """
    rows = archive.db.execute(
        "SELECT id FROM ticket WHERE listed < ? LIMIT ?",
        (listing_number(archive), limit),
    )
    return [id_ for (id_,) in rows]


def listing_number(archive: Archive) -> int:
    """Return how many listings of all tickets have begun in this job."""
    return archive.fact("listing") or 0


def begin_listing(archive: Archive) -> None:
    """Begin a further listing of all tickets; what it does not show has vanished."""
    with archive.transaction():
        archive.set_fact("listing", listing_number(archive) + 1)
        archive.set_fact("relisting", 1)
        walks.forget(archive, walks.LISTING)


def move_watermark(archive: Archive, name: str) -> None:
    """Move the watermark, inside of the transaction of a page of walk *name*.

    All that changed before it is archived or due. It is the server's clock at the
    first page of a walk, so what changes during a walk is read again by the next run.
    """
    walk = walks.get(archive, name)
    watermark_us = archive.fact("watermark_us")
    assert walk is not None
    assert walk.date_us is not None
    if watermark_us is None or (walk.done and walk.date_us > watermark_us):
        archive.set_fact("watermark_us", walk.date_us)


def note_end(archive: Archive) -> None:
    """Note that a run has come to its end, so that the next one may list anew."""
    if is_relisting(archive):
        with archive.transaction():
            archive.set_fact("relisting", None)


def note_completion(archive: Archive) -> None:
    """Note, where nothing is missing, up to which instant that is so."""
    if is_complete(archive):
        with archive.transaction():
            archive.set_fact("complete_us", archive.fact("watermark_us"))


def floor_us(archive: Archive, name: str) -> int:
    """Return the instant before which a walk from the newest has seen enough."""
    if name == walks.UPDATES:
        return int(archive.fact("watermark_us")) - LOOK_BACK_US
    if name == walks.NEWEST_MESSAGES:
        return archive.fact("floor_us") or _NEVER
    return _NEVER


def have_met(archive: Archive) -> bool:
    """Tell whether the two ends of the walk through all messages have met."""
    oldest = walks.get(archive, walks.OLDEST_MESSAGES)
    newest = walks.get(archive, walks.NEWEST_MESSAGES)
    if not (oldest and newest and oldest.at and newest.at):
        return False
    return oldest.at >= newest.at


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
                f"AND {_EXPECTED} = {_ARCHIVED}"
            )
        db.execute(
            f"UPDATE ticket SET due = {DUE_BY_WALK} WHERE due = 0 "
            f"AND {_EXPECTED} <> {_ARCHIVED}"
        )
        walks.forget(archive, walks.OLDEST_MESSAGES, walks.NEWEST_MESSAGES)
        tidy_settled(archive)
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
                f"UPDATE ticket SET due = 0, answered = {_ARCHIVED} WHERE due = ?",
                (DUE_BY_WALK,),
            ).rowcount
            tidy_settled(archive)
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


def not_whole(archive: Archive) -> int:
    """Count the tickets of which something is still to fetch."""
    (count,) = archive.db.execute(
        f"SELECT count(*) FROM ticket WHERE NOT {IS_WHOLE}"
    ).fetchone()
    return int(count)
