"""Crawls that are struck at random moments: what is lost, doubled, torn, asked again.

Each job starts a crawl, sends it the signal at a moment drawn evenly over the time of
an uninterrupted run (Python's start-up included), and starts the same command again
until the job is complete; the file must be the uninterrupted one, byte for byte. Jobs
follow one another until so many signals met a living process. ``--fetch refresh``
strikes the refresh of a complete job after changes in the account, and at every moment
its file must be the old or the new one, whole.

    python bench/kills.py --kills 500 --fetch per-ticket --signal KILL
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from crawling import (
    HANG_S,
    Ended,
    HungError,
    Place,
    conclude,
    difference,
    expected_bytes,
    table,
)

from gorgias_crawler.sandbox import Call, Sandbox, World
from tests.changes import change

_LATENCY_S = 0.003  # so that a run takes seconds, and 16 calls are in flight at times
_IN_FLIGHT = 16  # CONCURRENT_REQUESTS: all of them may be lost with the process
_STRIKES_PER_JOB = 8  # then the job is left alone, so that each job comes to its end
_BEGUN = b"Spider opened"  # Scrapy's first line of a crawl
_ENDED = b"Complete: every listed ticket"  # our last line of one
_LATE_S = 0.05  # calls that the dead process left in the socket arrive until then
_NIGHT = {"new_tickets": 30, "replies": 60, "closings": 20}
_WALKS = {"per-ticket": 2, "bulk": 2, "refresh": 2}  # each may ask for a page again

Target = tuple[str, str]


@dataclass
class Tally:
    """What came of all strikes."""

    delivered: int = 0
    jobs: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    hangs: int = 0
    left_parts: int = 0
    files: set[bytes] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    longest_end_s: float = 0.0
    phases: Counter[str] = field(default_factory=Counter)
    beyond: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """What all jobs have in common."""

    sandbox: Sandbox
    root: Path
    fetch: str
    blow: signal.Signals
    old: bytes | None
    new: bytes
    full_s: float
    updates: int

    def options(self, job: int) -> list[str]:
        """Return the crawl's arguments; refreshes take both ways, in turn."""
        if self.fetch == "refresh":
            return ["-a", f"fetch={('auto', 'per-ticket')[job % 2]}"]
        return ["-a", f"fetch={self.fetch}"]

    def place(self, job: int) -> Place:
        """Return a fresh directory, for a refresh with the complete job in it."""
        path = self.root / f"job-{job:04}"
        if self.fetch == "refresh":
            shutil.copytree(self.root / "complete", path)
        return Place(path, self.sandbox)

    @property
    def most_beyond(self) -> int:
        """The most calls a resumed run may make beyond what was missing."""
        account = 1
        return _IN_FLIGHT + _WALKS[self.fetch] + account + self.updates


def main() -> int:
    """Run the benchmark; return the exit status."""
    arguments = _arguments()
    # A shell ignores SIGINT for what it starts in the background, and so would a crawl.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    world = World(tickets=arguments.tickets, seed=arguments.seed)
    root = Path(tempfile.mkdtemp(prefix="kills-"))
    with Sandbox(
        world, rate=None, latency_s=_LATENCY_S, faults=arguments.faults
    ) as sandbox:
        scene = _prepare(arguments, world, sandbox, root)
        tally = Tally()
        rng = random.Random(arguments.seed)
        while tally.delivered < arguments.kills:
            tally.jobs += 1
            _Job(scene, tally, rng, arguments.kills).run()
            print(f"{tally.delivered} signals, {tally.jobs} jobs", file=sys.stderr)
    broken = _report(arguments, scene, tally)
    if broken:
        print(f"The directories are kept: {root}")
    else:
        shutil.rmtree(root)
    return conclude(broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--fetch", choices=_WALKS, default="per-ticket")
    parser.add_argument("--signal", choices=["KILL", "INT", "TERM"], default="KILL")
    parser.add_argument("--tickets", type=int, default=300)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _prepare(
    arguments: argparse.Namespace, world: World, sandbox: Sandbox, root: Path
) -> Scene:
    """Run what is never struck: it gives the file and the time to compare with."""
    fetch = arguments.fetch
    first = Place(root / "complete", sandbox)
    whole = [] if fetch == "refresh" else ["-a", f"fetch={fetch}"]
    seconds = [_sound(first.crawl(*whole)).seconds]
    old, updates = None, 1
    if fetch == "refresh":
        old = first.file.read_bytes()
        change(world, arguments.seed, **_NIGHT)
        updates = sum(_NIGHT.values()) // 100 + 2  # its pages, and one to see the end
    measured = Place(root / "uninterrupted", sandbox)
    for _ in range(2):
        shutil.rmtree(measured.path)
        if fetch == "refresh":
            shutil.copytree(first.path, measured.path)
            seconds = seconds[1:] or []
        measured = Place(measured.path, sandbox)
        seconds.append(_sound(measured.crawl(*whole)).seconds)
    new = measured.file.read_bytes()
    if new != expected_bytes(world):
        raise SystemExit("the uninterrupted file is not the expected one")
    blow = signal.Signals[f"SIG{arguments.signal}"]
    full_s = sum(seconds) / len(seconds)
    return Scene(sandbox, root, fetch, blow, old, new, full_s, updates)


def _sound(ended: Ended) -> Ended:
    if ended.status != 0:
        raise SystemExit(
            f"an uninterrupted crawl ended with {ended.status}:\n{ended.log}"
        )
    return ended


class _Job:
    """One job, struck until it is complete."""

    def __init__(
        self, scene: Scene, tally: Tally, rng: random.Random, kills: int
    ) -> None:
        self.scene = scene
        self.tally = tally
        self.rng = rng
        self.kills = kills
        self.number = tally.jobs
        self.place = scene.place(self.number)
        self.asked: set[Target] = set()
        self.runs = 0

    def run(self) -> None:
        """Start and strike runs until one completes the job."""
        status = None
        while status != 0:
            if self.runs > 3 * _STRIKES_PER_JOB:
                self._wrong("the job does not come to its end", None)
                return
            status = self._one_run()
            self._compare(at_end=status == 0)
        shutil.rmtree(self.place.path)

    def _one_run(self) -> int | None:
        """Run once; return the exit status, None where the crawl had to be killed."""
        is_struck = self.runs < _STRIKES_PER_JOB
        is_struck &= self.tally.delivered < self.kills
        moment_s = self.rng.uniform(0, self.scene.full_s) if is_struck else None
        self.runs += 1
        first_call = len(self.scene.sandbox.calls)
        process = self.place.start(*self.scene.options(self.number))
        try:
            if moment_s is None or _ended_before(process, moment_s):
                status = self.place.wait(process, HANG_S)
                if status != 0:
                    self._wrong(f"a run that was let alone ended with {status}", None)
            else:
                status = self._strike(process, first_call, moment_s)
        except HungError as error:
            self.tally.hangs += 1
            self._wrong(f"hang: {str(error)[-2000:]}", moment_s)
            return None
        time.sleep(_LATE_S)
        self._count_calls(self.scene.sandbox.calls[first_call:])
        return status

    def _strike(
        self, process: subprocess.Popen[bytes], first_call: int, moment_s: float
    ) -> int:
        blow = self.scene.blow
        is_writing = any(self.place.path.glob(".*.part"))
        process.send_signal(blow)
        struck_s = time.monotonic()
        calls = self.scene.sandbox.calls[first_call:]
        status = self.place.wait(process, HANG_S)
        tally = self.tally
        phase = "writing the file" if is_writing else _phase(calls)
        if blow is signal.SIGKILL and status == 0:
            return status  # it had ended, and nobody had looked yet
        tally.delivered += 1
        tally.longest_end_s = max(tally.longest_end_s, time.monotonic() - struck_s)
        name = str(status)
        by_python = (-blow, 1)  # 1: Ctrl-C while the interpreter itself starts
        if blow is not signal.SIGKILL and status in by_python and not self._has_begun():
            name = f"{status} while Python imports"
        elif status not in _statuses(blow):
            if _ENDED in self.place.log.read_bytes():
                phase = "after its closing lines"
                name = f"{status} {phase}"
            self._wrong(f"exit status {status}, {phase}", moment_s)
        tally.phases[phase] += 1
        tally.statuses[name] += 1
        return status

    def _has_begun(self) -> bool:
        """Tell whether the crawl had begun: from here on Scrapy minds the signals."""
        return _BEGUN in self.place.log.read_bytes()

    def _count_calls(self, calls: list[Call]) -> None:
        """Count what a resumed run asks again, or for the sake of resuming."""
        targets = {_target(call) for call in calls}
        if self.runs > 1 and targets:
            again = {t for t in targets if t in self.asked or _is_overhead(t)}
            self.tally.beyond.append(len(again))
            if len(again) > self.scene.most_beyond:
                self._wrong(f"{len(again)} calls beyond what was missing", None)
        self.asked |= targets

    def _compare(self, *, at_end: bool) -> None:
        scene, tally = self.scene, self.tally
        found = self.place.file.read_bytes() if self.place.file.exists() else None
        if not at_end and found in (scene.old, scene.new):
            return
        differs = difference(scene.new, found or b"")
        tally.lost += differs.lost
        tally.doubled += differs.doubled
        tally.torn += differs.torn
        if found != scene.new:
            when = "at the end" if at_end else "between"
            self._wrong(f"the file differs {when}: {differs}", None)
        if at_end:
            tally.files.add(found or b"")
            parts = len(list(self.place.path.glob(".*.part")))
            tally.left_parts += parts

    def _wrong(self, what: str, moment_s: float | None) -> None:
        log = self.place.log.read_text(errors="replace")
        kept = self.scene.root / f"wrong-{len(self.tally.wrong)}"
        shutil.copytree(self.place.path, kept, dirs_exist_ok=True)
        when = "" if moment_s is None else f", struck at {moment_s:.3f} s"
        self.tally.wrong.append(f"job {self.number}, run {self.runs}{when}: {what}")
        print(self.tally.wrong[-1], "\n", log[-3000:], file=sys.stderr)


def _ended_before(process: subprocess.Popen[bytes], moment_s: float) -> bool:
    """Wait for the moment; tell whether the crawl had ended by itself before."""
    try:
        process.wait(moment_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _statuses(blow: signal.Signals) -> tuple[int, ...]:
    if blow is signal.SIGKILL:
        return (-blow,)
    return (3, 0)  # 0: it was done already


def _target(call: Call) -> Target:
    return call.path, repr(sorted(call.query.items()))


def _is_overhead(target: Target) -> bool:
    return target[0] == "/api/account" or "updated_datetime" in target[1]


def _phase(calls: list[Call]) -> str:
    if not calls:
        return "before the first call"
    path, query = _target(calls[-1])
    if "ticket_id'" in query:
        return "messages of tickets"
    if "updated_datetime" in query:
        return "tickets by update"
    return {"/api/messages": "all messages", "/api/tickets": "listing"}.get(path, path)


def _report(arguments: argparse.Namespace, scene: Scene, tally: Tally) -> list[str]:
    beyond = tally.beyond or [0]
    rows: list[tuple[str, object, object]] = [
        ("signals delivered", tally.delivered, f">= {arguments.kills}"),
        ("jobs", tally.jobs, ""),
        ("rows lost", tally.lost, 0),
        ("rows doubled", tally.doubled, 0),
        ("torn rows", tally.torn, 0),
        ("distinct files", len(tally.files), 1),
        ("temporary files left", tally.left_parts, 0),
        ("hangs", tally.hangs, 0),
        ("exit statuses", _counted(tally.statuses), ""),
        ("last call before the signal", _counted(tally.phases), ""),
        ("longest time from signal to exit", f"{tally.longest_end_s:.2f} s", ""),
        ("resumed runs that asked something", len(tally.beyond), ""),
        ("calls beyond what was missing, most", max(beyond), scene.most_beyond),
        ("calls beyond, mean", f"{sum(beyond) / len(beyond):.1f}", ""),
        ("an uninterrupted run", f"{scene.full_s:.2f} s", ""),
    ]
    faults = f", {arguments.faults:.0%} faults" if arguments.faults else ""
    print(
        f"\n{arguments.fetch}, SIG{arguments.signal}, {arguments.tickets} tickets, "
        f"seed {arguments.seed}{faults}\n"
    )
    print(table(("", "found", "bound"), rows))
    broken = list(tally.wrong)
    if len(tally.files) != 1:
        broken.append(f"{len(tally.files)} distinct files")
    if tally.left_parts:
        broken.append(f"{tally.left_parts} temporary files left")
    return broken


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name}: {n}" for name, n in counter.most_common())


if __name__ == "__main__":
    sys.exit(main())
