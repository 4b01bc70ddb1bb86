"""Doubts: a ticket's answer that took something away, until another one agrees.

An answer with fewer messages than the listing counts, or without one that is archived,
may come from a replica that lags behind, or be empty by mistake. What it shows is
remembered here, and the ticket is asked for again: only two answers that agree, far
enough from one another, are believed.
"""

import json
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from gorgias_crawler.archive.file import Archive

LAG_US = 10_000_000
"""So far must two answers lie from one another where a ticket has changed of late: more
than any lag of a replica that was seen (1 to 5 s), twice."""

CALM_US = 5_000_000
"""The same where it has not: no replica lags behind then, but an answer may be empty by
mistake, and so may its like until a server that is ill is taken out (chosen)."""

_LATE_US = 3600 * 1_000_000
"""What is older than that, against the newest update of the account, has not changed
of late: an hour is more than any lag, and few tickets change in it (chosen)."""


def is_recent(archive: Archive, ticket_id: int) -> bool:
    """Tell whether a ticket has changed of late, by the account's newest update."""
    newest_us = archive.facts.newest_us or 0
    recent = "SELECT 1 FROM ticket WHERE id = ? AND updated_us > ?"
    return archive.value(recent, ticket_id, newest_us - _LATE_US) is not None


def agrees(archive: Archive, ticket_id: int, shown: Iterable[int], now_us: int) -> bool:
    """Tell whether an answer at *now_us* shows the messages that an earlier one did."""
    earlier = "SELECT 1 FROM doubt WHERE ticket_id = ? AND shown = ? AND ready_us <= ?"
    return archive.value(earlier, ticket_id, _text(shown), now_us) is not None


def _text(ids: Iterable[int]) -> str:
    return json.dumps(sorted(ids))


def note(
    archive: Archive,
    ticket_id: int,
    shown: Iterable[int],
    now_us: int,
    *,
    takes_away: bool,
) -> None:
    """Remember, inside of a transaction, which messages an answer showed.

    One that shows the same before its time leaves the earlier one as it is. What is
    archived is worth the longer wait: it may be had nowhere else any more.
    """
    wait_us = LAG_US if takes_away or is_recent(archive, ticket_id) else CALM_US
    archive.db.execute(
        "INSERT INTO doubt VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
        "SET shown = excluded.shown, ready_us = excluded.ready_us "
        "WHERE shown <> excluded.shown",
        (ticket_id, _text(shown), now_us + wait_us),
    )


def note_walk(archive: Archive, which: str, run: int, now_us: int) -> None:
    """Take what a walk since *run* brought of some tickets for their first answers.

    The condition *which* selects them; runs inside of a transaction.
    """
    found = archive.db.execute(
        "SELECT ticket.id, message.id FROM ticket "
        "JOIN message ON message.ticket_id = ticket.id "
        f"WHERE message.read_run >= ? AND {which} ORDER BY ticket.id",
        (run,),
    )
    for ticket_id, messages in groupby(found, key=itemgetter(0)):
        shown = [id_ for _, id_ in messages]
        note(archive, ticket_id, shown, now_us, takes_away=False)


def forget(archive: Archive, ticket_id: int) -> None:
    """Forget a doubt, inside of a transaction."""
    archive.db.execute("DELETE FROM doubt WHERE ticket_id = ?", (ticket_id,))


def next_ready_us(archive: Archive, run: int) -> int | None:
    """Return when the first due ticket may be asked for again, None without a doubt.

    Those that failed in *run* are left to the next.
    """
    ready_us: int | None = archive.value(
        "SELECT min(ready_us) FROM doubt WHERE EXISTS "
        "(SELECT 1 FROM ticket WHERE id = doubt.ticket_id AND due > 0) AND NOT EXISTS "
        "(SELECT 1 FROM failure WHERE ticket_id = doubt.ticket_id AND run = ?)",
        run,
    )
    return ready_us
