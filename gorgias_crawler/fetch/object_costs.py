"""What each kind of object will cost in calls, as far as it can be known before."""

from collections.abc import Iterable

from gorgias_crawler.api.kinds import Kind, Refresh
from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.wording import many

# Objects for each ticket where nothing is known yet. No list tells its length: a ticket
# has one customer and one survey at most; events are as many, by the ids that Gorgias
# has given out, as 26 for each ticket, and are kept for a year.
_FOR_A_TICKET = {"customers": 1, "satisfaction_surveys": 1, "events": 26}

KNOWN_PAGES = 2
"""So many pages in a row that bring nothing end a look at a list without an order: one
may be known by chance (chosen)."""

_TO_REFRESH = {
    Refresh.BY_UPDATE: 1,
    Refresh.SINCE: 2,  # what is new, and what is the oldest still there
}


def calls(archive: Archive, kind: Kind, now_us: int) -> int:
    """Return how many calls *kind* takes in this run if little has changed."""
    objects = Objects(archive, kind)
    progress = objects.progress
    if kind.refresh is Refresh.SINGLE:
        return 0  # the account, which the first call of each run asks for
    if progress.listed_us is not None:
        if kind.refresh in _TO_REFRESH:
            return _TO_REFRESH[kind.refresh]
        if kind.refresh is Refresh.WHILE_OPEN:
            open_us = objects.oldest_open_us(now_us)
            return 1 if open_us is None else _pages(objects.count_from(open_us))
        if kind.refresh is Refresh.UNORDERED and progress.newest_first:
            return min(KNOWN_PAGES, _pages(objects.count()))
    expected = counts.listed_tickets(archive) * _FOR_A_TICKET.get(kind.name, 0)
    known = objects.count() or expected
    return max(len(kind.walks), _pages(known))


def sentence(archive: Archive, kinds: Iterable[Kind], now_us: int) -> str:
    """Say what *kinds* cost, the dearest first; empty where it is nothing."""
    costs = {kind.name: calls(archive, kind, now_us) for kind in kinds}
    dearest = sorted(filter(costs.get, costs), key=lambda name: -costs[name])
    if not dearest:
        return ""
    each = ", ".join(f"{name} {costs[name]:,}" for name in dearest)
    return f"Other objects take about {many(sum(costs.values()), 'call')}: {each}."


def _pages(objects: int) -> int:
    return max(1, -(-objects // PAGE_LIMIT))
