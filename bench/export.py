"""A whole export without a rate limit: time, calls, rows, and peak of memory.

What a crawl costs beside waiting for the API. The calls are held against the fewest
that are possible, the file against the sandbox's own account of what it holds, and the
peak of resident memory against a bound that does not grow with the account.

    python bench/export.py --tickets 1000 20000
    python bench/export.py --tickets 1000 20000 --fetch per-ticket
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crawling import Ended, Place, conclude, difference, expected_bytes, table

from gorgias_crawler.sandbox import Sandbox, World
from tests.expected import fewest_calls

_MOST_MB = 110.0
_MOST_GROWTH_MB = 10.0  # from the smallest account to the largest: noise of the heap
_MOST_BEYOND = 2  # the two ends of a walk may both fetch the page where they meet


@dataclass(frozen=True)
class Outcome:
    """What came of one export."""

    tickets: int
    messages: int
    ended: Ended
    calls: int
    least: int
    peak_mb: float
    bytes: int
    differs: str

    def broken(self) -> list[str]:
        """Return the bounds that do not hold."""
        checks = [
            (self.ended.status == 0, f"exit status {self.ended.status}"),
            (not self.differs, f"the file differs: {self.differs}"),
            (self.calls <= self.least + _MOST_BEYOND, f"{self.calls} calls"),
            (self.peak_mb <= _MOST_MB, f"{self.peak_mb:.0f} MB"),
        ]
        return [f"{self.tickets}: {what}" for holds, what in checks if not holds]


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, nargs="+", default=[1000, 20_000])
    parser.add_argument("--fetch", choices=["bulk", "per-ticket"], default="bulk")
    arguments = parser.parse_args()
    outcomes = [_run(tickets, arguments.fetch) for tickets in arguments.tickets]
    print(table(_HEADER, [_row(outcome, arguments.fetch) for outcome in outcomes]))
    broken = [what for outcome in outcomes for what in outcome.broken()]
    peaks = [outcome.peak_mb for outcome in outcomes]
    if max(peaks) - min(peaks) > _MOST_GROWTH_MB:
        broken.append(
            f"the peak grows: {', '.join(f'{peak:.0f} MB' for peak in peaks)}"
        )
    return conclude(broken)


def _run(tickets: int, fetch: str) -> Outcome:
    world = World(tickets=tickets)
    totals = world.totals()
    with (
        tempfile.TemporaryDirectory(prefix="export-") as directory,
        Sandbox(world, rate=None) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        ended = place.measure("-a", f"fetch={fetch}")
        if ended.status != 0:
            print(ended.tail, file=sys.stderr)
        expected = expected_bytes(world)
        found = place.file.read_bytes() if place.file.exists() else b""
        return Outcome(
            tickets,
            totals["messages"],
            ended,
            len(sandbox.calls),
            fewest_calls(world)[fetch],
            place.peak_mb,
            len(found),
            "" if found == expected else str(difference(expected, found)),
        )


_HEADER = (
    "tickets",
    "rows",
    "fetch",
    "time",
    "rows/s",
    "calls",
    "the least",
    "rows whole and in order",
    "file",
    "peak memory",
)


def _row(outcome: Outcome, fetch: str) -> tuple[object, ...]:
    return (
        f"{outcome.tickets:,}",
        f"{outcome.messages:,}",
        fetch,
        f"{outcome.ended.seconds:.1f} s",
        f"{outcome.messages / outcome.ended.seconds:,.0f}",
        f"{outcome.calls:,}",
        f"{outcome.least:,}",
        outcome.differs or "yes",
        f"{outcome.bytes / 2**20:.1f} MB",
        f"{outcome.peak_mb:.0f} MB",
    )


if __name__ == "__main__":
    sys.exit(main())
