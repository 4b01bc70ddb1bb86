"""Which way to fetch messages takes the fewest calls, and how long it will take."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from gorgias_crawler.api import PAGE_LIMIT
from gorgias_crawler.archive import Archive, counts, facts, walks
from gorgias_crawler.archive.tickets import DUE_BY_URL, DUE_BY_WALK
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.wording import duration, many


class Fetch(Enum):
    """The ways to fetch messages (``-a fetch=...``)."""

    AUTO = "auto"
    BULK = "bulk"
    PER_TICKET = "per-ticket"

    @classmethod
    def parse(cls, value: str) -> "Fetch":
        """Return the way called *value*. Raises `ConfigurationError`."""
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(way.value for way in cls)
            raise ConfigurationError(
                f"-a fetch={value}: there is no such way to fetch; choose one of "
                f"{names}, for example -a fetch=auto."
            ) from None


@dataclass(frozen=True)
class Options:
    """What a run is to fetch."""

    fetch: Fetch = Fetch.AUTO
    relist: bool = False
    estimate: bool = False


@dataclass(frozen=True)
class Plan:
    """One way to fetch what is due.

    ``calls`` is how many it takes as far as the counts tell. ``floor_us`` is set for
    a bulk walk that needs only messages since then (microseconds since 1970).
    """

    fetch: Fetch
    calls: int
    floor_us: int | None = None


def possible(archive: Archive) -> list[Plan]:
    """Return the plans that would complete *archive*, that with fewest calls first.

    A walk from the newest message back to the last complete run is a bulk plan too.
    """
    plans = [
        Plan(Fetch.PER_TICKET, _calls_of_tickets(archive, DUE_BY_WALK)),
        Plan(Fetch.BULK, _calls_of_walk(archive)),
    ]
    complete_us = archive.fact("complete_us")
    if complete_us is not None and _walk(archive) is None:
        floor_us = complete_us - facts.LOOK_BACK_US
        calls = _calls_of_short_walk(archive, floor_us)
        plans.append(Plan(Fetch.BULK, calls, floor_us))
    # Of equal plans the first: a ticket's own URL is the surer way.
    return sorted(plans, key=lambda plan: plan.calls)


def choose(plans: Iterable[Plan], fetch: Fetch) -> Plan:
    """Return the first of *plans* that goes the way *fetch* asks for."""
    return next(plan for plan in plans if fetch in (Fetch.AUTO, plan.fetch))


def begin_bulk(archive: Archive, plan: Plan) -> None:
    """Begin the walk through messages that *plan* needs, or go on with one."""
    if _walk(archive) is not None:
        return
    with archive.transaction():
        archive.set_fact("floor_us", plan.floor_us)
        walks.put_at_head(archive, walks.NEWEST_MESSAGES)
        if plan.floor_us is None:
            walks.put_at_head(archive, walks.OLDEST_MESSAGES)


def is_begun(archive: Archive) -> bool:
    """Tell whether a walk through messages has begun and is not settled yet."""
    return _walk(archive) is not None


def comparison(plans: Iterable[Plan], calls_per_s: float) -> str:
    """Say each way with its calls and the time they take, the cheaper first."""
    ways: dict[Fetch, Plan] = {}
    for plan in plans:
        ways.setdefault(plan.fetch, plan)
    return "; ".join(
        f"{plan.fetch.value.replace('-', ' ')}: {many(plan.calls, 'call')}, "
        f"{duration(plan.calls / calls_per_s)}"
        for plan in ways.values()
    )


def _walk(archive: Archive) -> walks.Walk | None:
    return walks.get(archive, walks.NEWEST_MESSAGES)


def _calls_of_tickets(archive: Archive, least_due: int) -> int:
    (calls,) = archive.db.execute(
        "SELECT coalesce(sum(max(1, (coalesce(messages_count, 1) + ?1 - 1) / ?1)), 0) "
        "FROM ticket WHERE due > 0 AND due >= ?2",
        (PAGE_LIMIT, least_due),
    ).fetchone()
    return int(calls)


def _calls_of_walk(archive: Archive) -> int:
    totals = counts.totals(archive)
    archived = totals.messages if _walk(archive) is not None else 0
    pages = -(-max(0, totals.expected - archived) // PAGE_LIMIT)
    return pages + _calls_of_tickets(archive, DUE_BY_URL)


def _calls_of_short_walk(archive: Archive, floor_us: int) -> int:
    (new,) = archive.db.execute(
        "SELECT coalesce(sum(max(0, messages_count - (SELECT count(*) FROM message "
        "WHERE ticket_id = ticket.id))), 0) FROM ticket WHERE due = ?",
        (DUE_BY_WALK,),
    ).fetchone()
    # It passes what was archived since then, too: much, if no run since was complete.
    (passed,) = archive.db.execute(
        "SELECT count(*) FROM message WHERE created_us >= ?", (floor_us,)
    ).fetchone()
    # One page more: the walk ends where it has seen a message from before.
    pages = (int(new) + int(passed)) // PAGE_LIMIT + 1
    return pages + _calls_of_tickets(archive, DUE_BY_URL)
