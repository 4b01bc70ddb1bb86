"""Whether a file that no run of this job has written holds rows of its account."""

from collections.abc import Collection
from pathlib import Path

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.items import COLUMNS, decoded
from gorgias_crawler.job import readers
from gorgias_crawler.job.readers import Layout
from gorgias_crawler.wording import many

_NEEDED = {"ticket_id", "created_datetime"}
_LAYOUT = Layout("csv", "utf-8-sig")
_OWN_SHARE = 0.9  # of its tickets: some may have been deleted since it was written


def why_not_of_account(
    path: Path, archive: Archive, known: Collection[str] = COLUMNS
) -> str | None:
    """Return why the CSV file at *path* may be of another account; None if it is not.

    It has a header of *known* columns, and at least nine of ten of its tickets are in
    *archive*, created at the same time. A header alone is of any account.
    """
    tickets = own = 0
    last = ""
    try:
        with path.open("rb") as file:
            names = set(readers.header(file, _LAYOUT))
            if not _NEEDED <= names <= set(known):
                return "its first line does not name columns of ours"
            file.seek(0)
            for row in readers.read(file, _LAYOUT):
                if row["ticket_id"] != last:
                    last = row["ticket_id"]
                    tickets += 1
                    own += row["created_datetime"] == _created(archive, int(last))
    except tuple(readers.UNREADABLE):
        return "it is not a CSV file of tickets"
    if own < _OWN_SHARE * tickets:
        return f"of its {many(tickets, 'ticket')} {own:,} are of this account"
    return None


def _created(archive: Archive, ticket_id: int) -> object:
    raw = order.ticket(archive, ticket_id)
    return decoded(raw).get("created_datetime") if raw else None
