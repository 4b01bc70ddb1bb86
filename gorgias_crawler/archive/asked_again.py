"""Tickets that are complete by what is known of them, and yet are asked for again.

Messages that wait to be sent are sent without a sign; a count of none may be wrong.
"""

from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import (
    ARCHIVED,
    DUE_BY_URL,
    DUE_BY_WALK,
    forget_staged_where,
    spread,
)

_UNSENT_DAYS_US = 7 * 24 * 3600 * 1_000_000
"""So old may a message be that waits to be sent, and is asked for in every run: what a
queue or a person has not sent in a week is rare to be sent at all (chosen)."""

_UNSENT_TICKETS, _UNSENT_SHARE = 100, 0.01
"""At most so many tickets a run, or this share of all, are asked for that (chosen)."""

_ZERO_SAMPLE = 20  # tickets; asked for where many have no message (chosen)
_MANY = 0.25  # of all tickets: of healthy accounts few have lost their last (chosen)

_ZERO = (
    "due = 0 AND messages_count = 0 AND settled_rows IS NULL AND NOT gone "
    f"AND {ARCHIVED} = 0"
)


def begin_run(archive: Archive, run: int, now_us: int) -> None:
    """Leave what earlier runs doubted; make due what waited to be sent in them.

    That is in every run for a week, then each time that the age of a message has
    doubled since it was read; at most `_UNSENT_TICKETS` a run, or `_UNSENT_SHARE`, the
    longest unasked first. *now_us* is the account's present.
    """
    tickets: int = archive.value("SELECT count(*) FROM ticket")
    with archive.transaction() as db:
        # What two runs were not shown may be two faults: a run sees it itself twice.
        db.execute("DELETE FROM doubt")
        # What waited then to be sent may have been sent since.
        forget_staged_where(archive, "unsent")
        db.execute(
            f"UPDATE ticket SET due = max(due, {DUE_BY_URL}) WHERE id IN "
            "(SELECT ticket_id FROM message INDEXED BY message_unsent "
            "LEFT JOIN run ON run.id = read_run "
            "WHERE unsent AND read_run < :run AND (created_us >= :now - :days "
            "OR :now - created_us >= 2 * (coalesce(began_us, 0) - created_us)) "
            "GROUP BY ticket_id ORDER BY min(read_run), ticket_id LIMIT :most)",
            {
                "run": run,
                "now": now_us,
                "days": _UNSENT_DAYS_US,
                "most": max(_UNSENT_TICKETS, int(tickets * _UNSENT_SHARE)),
            },
        )


def sample_zero(archive: Archive) -> None:
    """Make some due of the tickets that count no message, where many do.

    A service that counts nothing for a while would otherwise be believed.
    """
    are_many = "SELECT total(messages_count = 0) > ? * count(*) FROM ticket"
    if archive.value(are_many, _MANY):
        zero = archive.column(f"SELECT id FROM ticket WHERE {_ZERO}")
        sampled = [(id_,) for id_ in spread(zero, _ZERO_SAMPLE)]
        with archive.transaction() as db:
            db.executemany(
                f"UPDATE ticket SET due = {DUE_BY_URL} WHERE id = ?", sampled
            )


def distrust_zero(archive: Archive) -> None:
    """Make due all tickets that were taken to have no message, in a transaction.

    One of them has some.
    """
    archive.db.execute(f"UPDATE ticket SET due = {DUE_BY_WALK} WHERE {_ZERO}")
