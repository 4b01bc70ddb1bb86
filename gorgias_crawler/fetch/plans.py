"""Which way to fetch messages takes the fewest calls, and how long it will take."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from gorgias_crawler.archive import Archive, remaining, walks
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.wording import duration, many

LOOK_BACK_US = 5 * 60 * 1_000_000
"""Read again before a watermark, as clocks and clusters differ (5 min, chosen)."""


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


class Relist(Enum):
    """What is asked for anew (``-a relist=...``)."""

    NOTHING = "false"
    TICKETS = "true"
    FULL = "full"


@dataclass(frozen=True)
class Options:
    """What a run is to fetch.

    ``allow_deletions`` lets it believe that much was deleted at once. ``objects`` are
    the kinds beside tickets and messages; with ``all_objects`` it does not matter if
    some may not be read. With ``files`` those of messages are fetched, too.
    """

    fetch: Fetch = Fetch.AUTO
    relist: Relist = Relist.NOTHING
    estimate: bool = False
    allow_deletions: bool = False
    objects: tuple[str, ...] = ()
    all_objects: bool = False
    files: bool = False


@dataclass(frozen=True)
class Plan:
    """One way to fetch what is due.

    ``calls`` is how many it takes as far as the counts tell. ``floor_us`` is set for
    a bulk walk that needs only messages since then (microseconds since 1970).
    """

    fetch: Fetch
    calls: int
    floor_us: int | None = None


def possible(archive: Archive, *, rereads: bool = False) -> list[Plan]:
    """Return the plans that would complete *archive*, that with fewest calls first.

    A walk from the newest message back to the last complete run is a bulk plan too.
    *rereads* where all messages are to be asked for anew.
    """
    if rereads:
        per_ticket, bulk = remaining.calls_to_reread(archive)
        if is_begun(archive):  # what is left of it is less than that
            bulk = min(bulk, per_ticket)
    else:
        per_ticket = remaining.calls_per_ticket(archive)
        bulk = remaining.calls_in_bulk(archive)
    plans = [Plan(Fetch.PER_TICKET, per_ticket), Plan(Fetch.BULK, bulk)]
    complete_us = archive.facts.complete_us
    if rereads or complete_us is None:
        plans.reverse()  # a walk also shows messages of tickets that no list shows
    if complete_us is not None and not rereads and not is_begun(archive):
        floor_us = complete_us - LOOK_BACK_US
        calls = remaining.calls_back_to(archive, floor_us)
        plans.append(Plan(Fetch.BULK, calls, floor_us))
    # Of equal plans the first: a ticket's own URL is the surer way for what changed.
    return sorted(plans, key=lambda plan: plan.calls)


def choose(plans: Iterable[Plan], fetch: Fetch) -> Plan:
    """Return the first of *plans* that goes the way *fetch* asks for."""
    return next(plan for plan in plans if fetch in (Fetch.AUTO, plan.fetch))


def begin_bulk(archive: Archive, run: int, floor_us: int | None) -> None:
    """Begin in *run* the walk through messages back to *floor_us*, or go on."""
    if is_begun(archive):
        return
    with archive.transaction():
        archive.facts.floor_us = floor_us
        walks.put_at_head(archive, walks.NEWEST_MESSAGES, run)
        if floor_us is None:
            walks.put_at_head(archive, walks.OLDEST_MESSAGES, run)


def is_begun(archive: Archive) -> bool:
    """Tell whether a walk through messages has begun and has not ended."""
    return walks.get(archive, walks.NEWEST_MESSAGES) is not None


_WORDS = {Fetch.BULK: "in bulk", Fetch.PER_TICKET: "ticket by ticket"}


def comparison(
    plans: Iterable[Plan], calls_per_s: float, chosen: Plan | None = None
) -> str:
    """Say each way with its calls and the time they take, the *chosen* one first."""
    ways: dict[Fetch, Plan] = {} if chosen is None else {chosen.fetch: chosen}
    for plan in plans:
        ways.setdefault(plan.fetch, plan)
    first, *others = (
        f"{_WORDS[plan.fetch]}: {many(plan.calls, 'call')}, about "
        f"{duration(plan.calls / calls_per_s)}"
        for plan in ways.values()
    )
    return f"{first} ({'; '.join(others)})"
