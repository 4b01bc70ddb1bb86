"""How many calls what is still to fetch takes, each way, as far as the counts tell."""

from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive import counts, walks
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import ARCHIVED, DUE_BY_URL, DUE_BY_WALK

_PAGES = f"max(1, (coalesce(messages_count, 1) + {PAGE_LIMIT} - 1) / {PAGE_LIMIT})"


def calls_per_ticket(archive: Archive) -> int:
    """Return the calls where each due ticket is asked for by itself."""
    return _calls(archive, "due > 0")


def calls_in_bulk(archive: Archive) -> int:
    """Return the calls of a walk through all messages, or of what is left of it."""
    totals = counts.totals(archive)
    is_begun = walks.get(archive, walks.NEWEST_MESSAGES) is not None
    archived = totals.messages if is_begun else 0
    pages = -(-max(0, totals.expected - archived) // PAGE_LIMIT)
    return pages + _calls_by_url(archive)


def calls_back_to(archive: Archive, floor_us: int) -> int:
    """Return the calls of a walk from the newest message back to *floor_us*."""
    new = (
        f"SELECT sum(max(0, messages_count - {ARCHIVED})) FROM ticket "
        f"WHERE due > 0 AND due = {DUE_BY_WALK}"
    )
    # It passes what was archived since then, too: much, if no run since was complete.
    passed = "SELECT count(*) FROM message WHERE created_us >= ?"
    messages: int = (archive.value(new) or 0) + archive.value(passed, floor_us)
    # One page more: the walk ends where it has seen a message from before.
    return messages // PAGE_LIMIT + 1 + _calls_by_url(archive)


def calls_to_reread(archive: Archive) -> tuple[int, int]:
    """Return the calls to ask for all messages anew: ticket by ticket, and in bulk."""
    pages = -(-counts.totals(archive).expected // PAGE_LIMIT)
    return _calls(archive, "listed >= 0"), pages


def _calls_by_url(archive: Archive) -> int:
    # "due > 0" names the index that holds due tickets alone.
    return _calls(archive, f"due > 0 AND due >= {DUE_BY_URL}")


def _calls(archive: Archive, which: str) -> int:
    return archive.value(f"SELECT sum({_PAGES}) FROM ticket WHERE {which}") or 0
