"""How much of the account's API budget a crawl uses, and who is refused meanwhile.

Each scenario crawls a sandbox with a leaky bucket. The ideal time for so many calls is
``(calls - share * size) / leak``: our share of the bucket at once, then as it leaks,
less what another client takes. Time runs from the first call to the last answer. The
walk's use of the budget is taken over the second half of its calls, when the burst at
the beginning is over.

    python bench/budget.py
    python bench/budget.py --only 1,2 --scale 4

``--scale 4`` makes the leak four times faster, and latency and other clients with it.
The crawler then begins with a leak that is four times too slow (it starts from the
slowest documented one and learns), so a scaled table is for a quick look only.
"""

import argparse
import contextlib
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from crawling import Ended, Place, conclude, expected_bytes, of_crawler, table

from gorgias_crawler.sandbox import ACCESS_TOKEN, Call, Sandbox, World

_SHARE = 0.8  # GORGIAS_BUDGET_SHARE
_OTHER = "live-chat/1.0"


@dataclass(frozen=True)
class Other:
    """Another client of the account: so many calls at once, each so many seconds."""

    calls: int
    every_s: float

    def __str__(self) -> str:
        if self.calls == 1:
            return f"{1 / self.every_s:g} calls/s"
        return f"{self.calls} calls at once each {self.every_s:g} s"


@dataclass(frozen=True)
class Scenario:
    """A row of the table: the account, and what must hold.

    ``most_ideals`` bounds the time, as a multiple of the ideal; ``least_use`` the share
    of the leak that the walk through messages uses.
    """

    limit: int
    period_s: float
    latency_s: float
    tickets: int
    fetch: str = "per-ticket"
    other: Other | None = None
    faults: float = 0.0
    most_ideals: float | None = None
    least_use: float | None = None

    @property
    def leak_per_s(self) -> float:
        """What leaks from the bucket."""
        return self.limit / self.period_s

    def ideal_s(self, calls: int) -> float:
        """Return the least time for so many calls with our share of the bucket."""
        others_per_s = self.other.calls / self.other.every_s if self.other else 0.0
        burst = int(self.limit * _SHARE)
        return (calls - burst) / (self.leak_per_s - others_per_s)

    def scaled(self, factor: float) -> "Scenario":
        """Return the scenario with a faster clock."""
        other = self.other
        if other:
            other = Other(other.calls, other.every_s / factor)
        return replace(
            self,
            period_s=self.period_s / factor,
            latency_s=self.latency_s / factor,
            other=other,
        )


# About two minutes each at the pace of its bucket; the first, which everything else is
# held against, four.
_SCENARIOS = [
    Scenario(40, 20, 0.02, 540, most_ideals=1.03),
    Scenario(40, 20, 0.6, 300, most_ideals=1.05),
    Scenario(80, 20, 0.15, 600, most_ideals=1.05),
    Scenario(40, 10, 0.15, 600, most_ideals=1.05),
    Scenario(40, 20, 0.15, 300, other=Other(1, 2.0), most_ideals=1.05),
    Scenario(40, 20, 0.15, 300, other=Other(6, 30.0)),
    Scenario(40, 20, 0.15, 300, faults=0.05),
    Scenario(40, 20, 0.15, 1000, "bulk", other=Other(1, 2.0)),
    # long enough to be past the burst: 85 calls at two walks' pace of 3.2 calls/s
    Scenario(40, 20, 0.6, 4000, "bulk", least_use=0.95),
    Scenario(80, 20, 0.6, 2500, "bulk", least_use=0.75),
]


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario."""

    scenario: Scenario
    ended: Ended
    calls: list[Call]
    others: list[Call]
    highest_level: float
    is_whole: bool
    given_up: int

    @property
    def seconds(self) -> float:
        """From the first call to the last answer."""
        began_s = self.calls[0].at_s
        return self.calls[-1].at_s + self.scenario.latency_s - began_s

    @property
    def ideals(self) -> float:
        """The time as a multiple of the ideal."""
        return self.seconds / self.scenario.ideal_s(len(self.calls))

    @property
    def use(self) -> float:
        """The share of the leak that the walk used, in the second half of its calls."""
        walk = [call.at_s for call in self.calls if call.path == "/api/messages"]
        half = walk[len(walk) // 2 :]
        return (len(half) - 1) / (half[-1] - half[0]) / self.scenario.leak_per_s

    def broken(self) -> list[str]:
        """Return the bounds that do not hold."""
        scenario = self.scenario
        checks = [
            (self.ended.status == 0, f"exit status {self.ended.status}"),
            (self.is_whole, "the file is not the expected one"),
            (not self.given_up, f"{self.given_up} tickets given up"),
            (not refused(self.calls), f"{refused(self.calls)} of our calls refused"),
            (not refused(self.others), f"{refused(self.others)} others refused"),
            (
                not scenario.most_ideals or self.ideals <= scenario.most_ideals,
                f"{self.ideals:.3f} x ideal",
            ),
            (
                not scenario.least_use or self.use >= scenario.least_use,
                f"{self.use:.1%} of the budget used",
            ),
        ]
        return [what for holds, what in checks if not holds]


def refused(calls: list[Call]) -> int:
    """Count the calls that were answered 429."""
    return sum(call.status == 429 for call in calls)


class OtherClient(threading.Thread):
    """Asks as another client of the account does, until it is stopped."""

    def __init__(self, sandbox: Sandbox, other: Other) -> None:
        super().__init__(daemon=True)
        self._url = f"{sandbox.url}/account"
        self._other = other
        self._stopped = threading.Event()

    def run(self) -> None:
        """Ask, at once and then at intervals."""
        with ThreadPoolExecutor(self._other.calls) as pool:
            while True:
                for _ in range(self._other.calls):
                    pool.submit(self._ask)
                if self._stopped.wait(self._other.every_s):
                    return

    def stop(self) -> None:
        """Ask no more, and wait for the answers."""
        self._stopped.set()
        self.join()

    def _ask(self) -> None:
        headers = {"User-Agent": _OTHER, "Authorization": f"Bearer {ACCESS_TOKEN}"}
        request = urllib.request.Request(self._url, headers=headers)
        with contextlib.suppress(urllib.error.HTTPError):  # the sandbox counts it
            urllib.request.urlopen(request).read()


def main() -> int:
    """Run the benchmark; return the exit status."""
    arguments = _arguments()
    rows, broken = [], []
    for number, scenario in enumerate(_SCENARIOS, 1):
        if arguments.only and number not in arguments.only:
            continue
        outcome = _run(scenario.scaled(arguments.scale))
        row = _row(number, outcome, arguments.scale)
        print(*row, outcome.broken(), file=sys.stderr, sep=" | ", flush=True)
        rows.append(row)
        broken += [f"scenario {number}: {what}" for what in outcome.broken()]
    print(table(_HEADER, rows))
    print(
        f"\nIdeal: (calls - {_SHARE} * size) / (leak - other client). "
        "Real time." * (arguments.scale == 1)
    )
    return conclude(broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument(
        "--only", type=lambda text: [int(n) for n in text.split(",")], default=[]
    )
    return parser.parse_args()


def _run(scenario: Scenario) -> Outcome:
    world = World(tickets=scenario.tickets)
    rate = f"{scenario.limit}/{scenario.period_s:g}"
    with (
        tempfile.TemporaryDirectory(prefix="budget-") as directory,
        Sandbox(
            world, rate=rate, latency_s=scenario.latency_s, faults=scenario.faults
        ) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        client = OtherClient(sandbox, scenario.other) if scenario.other else None
        if client:
            client.start()
        ended = place.crawl("-a", f"fetch={scenario.fetch}")
        if client:
            client.stop()
        if ended.status != 0:
            print(ended.tail, file=sys.stderr)
        return Outcome(
            scenario,
            ended,
            of_crawler(sandbox.calls),
            [call for call in sandbox.calls if call.client == _OTHER],
            sandbox.highest_level,
            place.file.exists() and place.file.read_bytes() == expected_bytes(world),
            len(place.manifest["failed"]),
        )


_HEADER = (
    "",
    "budget",
    "latency",
    "fetch",
    "beside it",
    "scaled",
    "calls",
    "ideal",
    "took",
    "x ideal",
    "bound",
    "walk uses",
    "bound",
    "429 (ours, other)",
    "highest level",
    "whole run",
)


def _row(number: int, outcome: Outcome, scale: float) -> tuple[object, ...]:
    scenario = outcome.scenario
    beside = str(scenario.other) if scenario.other else "-"
    if scenario.faults:
        beside = f"{scenario.faults:.0%} faults"
    is_walk = scenario.fetch == "bulk"
    return (
        number,
        f"{scenario.limit}/{scenario.period_s:g}",
        f"{scenario.latency_s * 1000:.0f} ms",
        scenario.fetch,
        beside,
        "no" if scale == 1 else f"{scale:g} x",
        len(outcome.calls),
        f"{scenario.ideal_s(len(outcome.calls)):.1f} s",
        f"{outcome.seconds:.1f} s",
        f"{outcome.ideals:.3f}",
        f"<= {scenario.most_ideals}" if scenario.most_ideals else "",
        f"{outcome.use:.1%}" if is_walk else "",
        f">= {scenario.least_use:.0%}" if scenario.least_use else "",
        f"{refused(outcome.calls)}, {refused(outcome.others)} of {len(outcome.others)}",
        f"{outcome.highest_level:.1f}",
        f"{outcome.ended.seconds:.1f} s",
    )


if __name__ == "__main__":
    sys.exit(main())
