"""Tickets that count no message: a first run asks for a sample of them, no more."""

from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import ARCHIVED, DUE_BY_URL, DUE_BY_WALK, spread

ZERO_SAMPLE = 20  # tickets; asked for where many have no message (chosen)
_MANY = 0.25  # of all tickets: of healthy accounts few have lost their last (chosen)

_ZERO = (
    "due = 0 AND messages_count = 0 AND settled_rows IS NULL AND NOT gone "
    f"AND {ARCHIVED} = 0"
)


def sample(archive: Archive) -> None:
    """Make some due of the tickets without messages, where many count none.

    A service that counts nothing for a while would otherwise be believed.
    """
    are_many = "SELECT total(messages_count = 0) > ? * count(*) FROM ticket"
    if archive.value(are_many, _MANY):
        zero = archive.column(f"SELECT id FROM ticket WHERE {_ZERO}")
        sampled = [(id_,) for id_ in spread(zero, ZERO_SAMPLE)]
        with archive.transaction() as db:
            db.executemany(
                f"UPDATE ticket SET due = {DUE_BY_URL} WHERE id = ?", sampled
            )


def distrust(archive: Archive) -> None:
    """Make due all tickets that were taken to have no message, in a transaction.

    One of them has some.
    """
    archive.db.execute(f"UPDATE ticket SET due = {DUE_BY_WALK} WHERE {_ZERO}")
