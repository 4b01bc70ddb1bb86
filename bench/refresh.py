"""What the run of the next night costs: calls against the fewest, time, and the file.

A complete job is refreshed with nothing changed, then after a night's changes, then
with ``-a relist=true`` after tickets and messages were deleted and tickets merged.
After each, the file must be that of a fresh export.

The fewest calls are the account, the events that tell of deletions, the pages of the
changed tickets (with the ticket that shows their end, and a look at what was updated
while several pages were read), and the cheaper of two ways to their new messages.
Changed tickets that no walk can tell of come on top, a call each: those that count no
message, and those with an archived one that was never sent, as no list tells if it is.

    python bench/refresh.py --tickets 20000 --changed 200
"""

import argparse
import csv
import io
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from crawling import EPOCH_LOG, Place, conclude, expected_bytes, stored_s, table

from gorgias_crawler.items import DEFAULT_COLUMNS
from gorgias_crawler.sandbox import Call, Sandbox, World
from gorgias_crawler.sandbox.records import TicketRecord
from gorgias_crawler.sandbox.world import PAGE_LIMIT
from tests.changes import change
from tests.expected import fewest_calls

_NIGHT = {"new_tickets": 0.2, "replies": 0.67, "closings": 0.13}  # of what changes
# Of all tickets: fewer than a run stops at, as it believes in no masses.
_DELETED = {"deleted_tickets": 0.005, "deleted_messages": 0.0025, "merges": 0.0005}
_MOST_CALLS = 1.1  # times the fewest
_QUIET = 3  # calls that find out that nothing has changed: account, updates, deletions
_MOST_OF_NOTHING = _QUIET + 1  # the first refresh asks whether there is any event
# A row of the default file has no message id; of these columns no two rows are the
# same but by chance, whatever becomes of a message's ticket.
_IDENTITY = ("body", "sender", "receiver", "sent_datetime")

Rows = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Outcome:
    """What one run came to.

    The seconds are those from the start of the process to its first call, from there
    to the last answer, from there until the file was in place, and to the exit.
    """

    name: str
    calls: list[Call]
    least: int
    single: int
    start_s: float
    asking_s: float
    writing_s: float
    closing_s: float
    missing: int
    stale: int
    extra: int
    is_equal: bool

    @property
    def whole_s(self) -> float:
        """From the start of the process to its exit."""
        return self.start_s + self.asking_s + self.writing_s + self.closing_s


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changed", type=int, default=300, help="tickets in a night")
    # an agent's message that is neither sent nor failed is an accident in real accounts
    parser.add_argument("--unsent-every", type=int, default=1600)
    arguments = parser.parse_args()
    world = World(tickets=arguments.tickets, unsent_every=arguments.unsent_every)
    with (
        tempfile.TemporaryDirectory(prefix="refresh-") as directory,
        Sandbox(world, rate=None) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        first = _run(place, "first export", (fewest_calls(world)["bulk"], 0))
        nothing = _run(place, "nothing changed", (_QUIET, 0))
        least = _change(world, arguments.seed, _parts(_NIGHT, arguments.changed))
        night = _run(place, "after a night", least)
        change(world, arguments.seed, **_parts(_DELETED, arguments.tickets))
        relist = _run(place, "after deletions", (0, 0), "-a", "relist=true")
    outcomes = [first, nothing, night, relist]
    print(table(_HEADER, [_row(outcome) for outcome in outcomes]))
    broken = [f"{o.name}: the file differs" for o in outcomes if not o.is_equal]
    if len(night.calls) > _MOST_CALLS * (night.least + night.single):
        broken.append(f"{len(night.calls)} calls after a night")
    if len(nothing.calls) > _MOST_OF_NOTHING:
        broken.append(f"{len(nothing.calls)} calls when nothing had changed")
    return conclude(broken)


def _parts(shares: dict[str, float], whole: int) -> dict[str, int]:
    return {name: ceil(share * whole) for name, share in shares.items()}


def _change(world: World, seed: int, night: dict[str, int]) -> tuple[int, int]:
    """Let a night pass; return the fewest calls, and those for single tickets."""
    began_us = world.now_us()
    change(world, seed, **night)
    changed = new = of_tickets = single = 0
    for ticket in world.in_order("tickets"):
        assert isinstance(ticket, TicketRecord)
        if ticket.updated_us < began_us:
            continue
        changed += 1
        arrived = sum(message.created_us >= began_us for message in ticket.messages)
        new += arrived
        pages = ceil(len(ticket.messages) / PAGE_LIMIT)
        of_tickets += pages if arrived else 0
        single += max(1, pages) if _is_asked_itself(ticket, began_us) else 0
    account = deletions = 1
    of_walk = ceil(new / PAGE_LIMIT)
    print(
        f"A night: {changed} tickets changed, {new} messages are new: {of_walk} calls "
        f"in bulk, {of_tickets} per ticket. Changed tickets that no walk can tell of: "
        f"{single} calls.\n"
    )
    # one ticket more, because only one that has not changed shows the end
    pages = ceil((changed + 1) / PAGE_LIMIT)
    # what is updated while several pages are read jumps to the head that was passed
    further_look = 1 if pages > 1 else 0
    return account + deletions + pages + further_look + min(of_walk, of_tickets), single


def _is_asked_itself(ticket: TicketRecord, until_us: int) -> bool:
    return not ticket.messages or any(
        message.from_agent and not message.is_note and message.sent_us is None
        for message in ticket.messages
        if message.created_us < until_us
    )


def _run(place: Place, name: str, least: tuple[int, int], *options: str) -> Outcome:
    sandbox = place.sandbox
    before = len(sandbox.calls)
    began_s = time.monotonic()
    ended = place.crawl("-s", EPOCH_LOG, *options)
    ended_s = time.monotonic()
    if ended.status != 0:
        raise SystemExit(f"{name} ended with {ended.status}:\n{ended.log}")
    calls = sandbox.calls[before:]
    file_s = stored_s(ended.log)
    found, expected = place.file.read_bytes(), expected_bytes(sandbox.world)
    missing, stale, extra = _compare(expected, found)
    return Outcome(
        name,
        calls,
        *least,
        calls[0].at_s - began_s,
        calls[-1].at_s - calls[0].at_s,
        file_s - calls[-1].at_s,
        ended_s - file_s,
        missing,
        stale,
        extra,
        found == expected,
    )


def _compare(expected: bytes, found: bytes) -> tuple[int, int, int]:
    """Return how many rows are missing, there with old values, and one too many."""
    wanted, there = _rows(expected), _rows(found)
    short, surplus = wanted - there, there - wanted
    of_short, of_surplus = _messages(short), _messages(surplus)
    stale = (of_short & of_surplus).total()
    return short.total() - stale, stale, surplus.total() - stale


def _rows(data: bytes) -> Rows:
    text = io.StringIO(data.decode(), newline="")
    return Counter(tuple(row) for row in csv.reader(text))


def _messages(rows: Rows) -> Rows:
    """Return the rows by what their messages are known by."""
    columns = [DEFAULT_COLUMNS.index(name) for name in _IDENTITY]
    messages: Rows = Counter()
    for row, times in rows.items():
        messages[tuple(row[column] for column in columns)] += times
    return messages


_HEADER = (
    "run",
    "calls",
    "the least",
    "and for single tickets",
    "time",
    "until the first call",
    "asking",
    "writing the file",
    "closing",
    "missing, stale, extra rows",
    "file of a fresh export",
)


def _row(outcome: Outcome) -> tuple[object, ...]:
    writing = outcome.writing_s / outcome.whole_s
    return (
        outcome.name,
        f"{len(outcome.calls):,}",
        f"{outcome.least:,}" if outcome.least else "",
        f"{outcome.single:,}" if outcome.least else "",
        f"{outcome.whole_s:.1f} s",
        f"{outcome.start_s:.1f} s",
        f"{outcome.asking_s:.1f} s",
        f"{outcome.writing_s:.1f} s ({writing:.0%})",
        f"{outcome.closing_s:.1f} s",
        f"{outcome.missing}, {outcome.stale}, {outcome.extra}",
        "yes" if outcome.is_equal else "NO",
    )


if __name__ == "__main__":
    sys.exit(main())
