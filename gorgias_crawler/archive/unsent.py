"""Messages that wait to be sent: their tickets are asked for again, for a while."""

from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import DUE_BY_URL, forget_staged_unsent

_UNSENT_DAYS_US = 7 * 24 * 3600 * 1_000_000
"""So old may a message be that waits to be sent, and is asked for in every run: what a
queue or a person has not sent in a week is rare to be sent at all (chosen)."""

_UNSENT_TICKETS, _UNSENT_SHARE = 100, 0.01
"""At most so many tickets a run, or this share of all, are asked for that (chosen)."""


def make_due(archive: Archive, run: int, now_us: int) -> None:
    """Make due the tickets with messages that waited to be sent when they were read.

    In every run for a week, then each time that their age has doubled since they were
    read; at most `_UNSENT_TICKETS` a run, or `_UNSENT_SHARE`, the longest unasked
    first. *now_us* is the account's present.
    """
    tickets: int = archive.value("SELECT count(*) FROM ticket")
    with archive.transaction() as db:
        forget_staged_unsent(archive)
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
