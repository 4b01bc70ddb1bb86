"""The whole help desk: what every kind of object costs, and what kills do to it.

A first run with ``objects=all`` writes a file a kind; its calls are held against the
fewest (a page holds 100 objects), its time behind a bucket against the ideal,
``(calls - share * size) / leak``. Then a night passes, in which one ticket in a hundred
changes and five are deleted: its run is held against a fresh export, kind by kind.
Last, jobs are killed at random moments until so many kills met a living process, and
each must come to the files of an uninterrupted run, byte for byte.

    python bench/help_desk.py --tickets 5000 --rate 40/20
    python bench/help_desk.py --tickets 200 --kills 100
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from crawling import HungError, Place, conclude, of_crawler, table

from gorgias_crawler.api.kinds import KINDS, Refresh
from gorgias_crawler.sandbox import Call, Sandbox, World
from gorgias_crawler.sandbox.world import PAGE_LIMIT
from tests.changes import change
from tests.expected import fewest_calls

_SHARE = 0.8  # GORGIAS_BUDGET_SHARE
_MOST_MB = 110.0  # any size: README
_MOST_IDEALS = 1.05  # as for tickets and messages: `budget.py`
_STRIKES_PER_JOB = 8  # then the job is left alone, so that each job comes to its end
_OPTIONS = ["-a", "objects=all", "-O", "backup/:jsonl"]
_KEYS = {"messages": "message_id", "deleted": "id"}

Files = dict[str, bytes]


@dataclass
class Tally:
    """What came of all kills, rows lost and doubled by the file they should be in."""

    delivered: int = 0
    jobs: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=5_000)
    parser.add_argument("--rate", help="calls/seconds; without it nothing is limited")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    world = World(tickets=given.tickets, seed=given.seed)
    root = Path(tempfile.mkdtemp(prefix="help-desk-"))
    with Sandbox(world, rate=given.rate) as sandbox:
        broken = _first_run(Place(root / "job", sandbox), world, given.rate)
        if given.kills:
            broken += _kills(root, sandbox, given.kills, random.Random(given.seed))
        else:
            broken += _night(root, sandbox, world, given.seed)
    if broken:
        print(f"The directories are kept: {root}")
    else:
        shutil.rmtree(root)
    return conclude(broken)


# What it costs.


def _first_run(place: Place, world: World, rate: str | None) -> list[str]:
    ended = place.measure(*_OPTIONS)
    if ended.status != 0:
        raise SystemExit(f"the first run ended with {ended.status}:\n{ended.log}")
    calls = of_crawler(place.sandbox.calls)
    files = _files(place)
    rows = [(name, f"{len(_ids(name, data)):,}") for name, data in files.items()]
    print(table(("file", "rows"), rows))
    least = _least(world)
    took_s = calls[-1].at_s - calls[0].at_s
    broken = _bound("calls of the first run", len(calls), least)
    broken += _bound("peak memory in MB", round(place.peak_mb), _MOST_MB)
    print(f"{place.cpu_s:.1f} s of CPU, {took_s:.1f} s from first to last call")
    if rate:
        size, period_s = map(int, rate.split("/"))
        ideal_s = (len(calls) - int(size * _SHARE)) * period_s / size
        broken += _bound(
            "time as a multiple of the ideal", took_s / ideal_s, _MOST_IDEALS
        )
        refused = sum(call.status == 429 for call in place.sandbox.calls)
        broken += _bound("calls refused", refused, 0)
    return broken


def _least(world: World) -> int:
    """Return the fewest calls: account, the cheaper way to messages, pages of kinds."""
    calls = min(fewest_calls(world).values())
    for name, kind in KINDS.items():
        if name == "account":
            continue  # every run asks for it first
        if name == "custom_fields":
            calls += len(kind.walks)  # few fields: each walk is a page
        else:
            calls += max(len(kind.walks), ceil(len(world.objects(name)) / PAGE_LIMIT))
        # A long list is held against its newest objects when it is read first.
        calls += kind.refresh in (Refresh.BY_UPDATE, Refresh.WHILE_OPEN, Refresh.SINCE)
    return calls


def _bound(what: str, found: float, most: float) -> list[str]:
    shown = f"{what}: {found:,.4g} (bound {most:,.4g})"
    print(shown)
    return [] if found <= most else [shown]


# A night.


def _night(root: Path, sandbox: Sandbox, world: World, seed: int) -> list[str]:
    place = Place(root / "job", sandbox)
    # No scores: the world's surveys were sent months ago, and none is asked for again
    # after 60 days (`tests/test_objects.py` holds what comes in time).
    percent = max(1, len(world.tickets) // 100)
    change(
        world,
        seed,
        replies=percent,
        deleted_tickets=5,
        changed_customers=percent,
        new_events=percent,
        tag_renames=1,
    )
    for name in ("the night after", "a night without changes"):
        before = len(sandbox.calls)
        ended = place.measure(*_OPTIONS)
        if ended.status != 0:
            raise SystemExit(f"{name} ended with {ended.status}:\n{ended.log}")
        calls = of_crawler(sandbox.calls[before:])
        print(f"{name}: {len(calls)} calls, {place.cpu_s:.1f} s of CPU")
        print(_by_path(calls))
    fresh = Place(root / "fresh", sandbox)
    if fresh.crawl(*_OPTIONS).status != 0:
        raise SystemExit(f"the fresh export failed:\n{fresh.log.read_text()}")
    ours, theirs = _files(place), _files(fresh)
    return [
        f"{name} differs from a fresh export"
        for name in theirs.keys() - {"deleted"}
        if _values(ours[name]) != _values(theirs[name])
    ]


def _by_path(calls: list[Call]) -> str:
    paths = Counter(call.path.removeprefix("/api/") for call in calls)
    return ", ".join(f"{path} {count}" for path, count in paths.most_common())


def _values(data: bytes) -> list[dict[str, object]]:
    """Return rows without what each archive counts for itself."""
    rows = [json.loads(line) for line in data.splitlines()]
    return [{k: v for k, v in row.items() if k != "changed_run"} for row in rows]


# Kills.


def _kills(root: Path, sandbox: Sandbox, kills: int, rng: random.Random) -> list[str]:
    whole = Place(root / "uninterrupted", sandbox)
    ended = whole.crawl(*_OPTIONS)
    expected = _files(whole)
    tally = Tally()
    while tally.delivered < kills:
        tally.jobs += 1
        _job(Place(root / f"job-{tally.jobs}", sandbox), ended.seconds, tally, rng)
        _judge(Place(root / f"job-{tally.jobs}", sandbox), expected, tally)
        print(f"{tally.delivered} kills, {tally.jobs} jobs", file=sys.stderr)
    print(f"{tally.delivered} kills in {tally.jobs} jobs, {ended.seconds:.1f} s a run")
    print(f"rows lost: {dict(tally.lost)}, doubled: {dict(tally.doubled)}")
    differing = [f"{n} jobs with another {name}" for name, n in tally.differing.items()]
    return tally.wrong + differing


def _job(place: Place, full_s: float, tally: Tally, rng: random.Random) -> None:
    """Strike a job up to eight times, then let it come to its end."""
    for _ in range(_STRIKES_PER_JOB):
        process = place.start(*_OPTIONS)
        try:
            status = place.wait(process, rng.uniform(0, full_s))
        except HungError:  # it was at work, and is killed
            tally.delivered += 1
            continue
        if status != 0:
            tally.wrong.append(f"job {tally.jobs} ended:\n{place.log.read_text()}")
        return
    if (ended := place.crawl(*_OPTIONS)).status != 0:
        tally.wrong.append(f"job {tally.jobs} ended with {ended.status}: {ended.tail}")


def _judge(place: Place, expected: Files, tally: Tally) -> None:
    found = _files(place)
    for name, data in expected.items():
        wanted = Counter(_ids(name, data))
        there = Counter(_ids(name, found.get(name, b"")))
        tally.lost[name] += (wanted - there).total()
        tally.doubled[name] += (there - wanted).total()
        tally.differing[name] += _values(found.get(name, b"")) != _values(data)
    tally.differing = +tally.differing
    if not tally.differing and not tally.wrong:
        shutil.rmtree(place.path)


def _files(place: Place) -> Files:
    found = sorted((place.path / "backup").glob("*.jsonl"))
    return {path.name.removesuffix(".jsonl"): path.read_bytes() for path in found}


def _ids(name: str, data: bytes) -> list[int]:
    key = _KEYS.get(name, "id")
    rows = (json.loads(line) for line in data.splitlines())
    return [row[key] if key in row else row["ticket_id"] for row in rows]


if __name__ == "__main__":
    sys.exit(main())
