"""How soon a killed crawl of a large account asks its first call when run again.

A crawl is killed when it has made half its calls. Then the same command is started,
and the time from the start of its process to its first call at the sandbox is taken;
it is killed there, and so on. The files are in the system's cache, as after any kill.

    python bench/resume_start.py
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from crawling import Place, conclude, table

from gorgias_crawler.sandbox import Sandbox, World
from tests.expected import fewest_calls

_MOST_S = 3.0
_LATE_S = 0.2  # calls that the dead process left in the socket arrive until then


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--fetch", choices=["bulk", "per-ticket"], default="bulk")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    world = World(tickets=arguments.tickets, messages_per_ticket=2.6)
    least = fewest_calls(world)[arguments.fetch]
    option = ["-a", f"fetch={arguments.fetch}"]
    with (
        tempfile.TemporaryDirectory(prefix="resume-") as directory,
        Sandbox(world, rate=None) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        began_s = place.crawl_until(lambda: len(sandbox.calls) >= least // 2, *option)
        built_s = time.monotonic() - began_s
        archive = place.jobdir / "archive.sqlite"
        print(
            f"{arguments.fetch}: {len(sandbox.calls):,} of {least:,} calls in "
            f"{built_s:.0f} s, archive {archive.stat().st_size / 2**20:.0f} MB\n"
        )
        taken = [_first_call_s(place, option) for _ in range(arguments.times)]
    rows = [(number, f"{s:.2f} s") for number, s in enumerate(taken, 1)]
    print(table(("start", f"to the first call (bound {_MOST_S:g} s)"), rows))
    return conclude([f"{s:.2f} s" for s in taken if s > _MOST_S])


def _first_call_s(place: Place, option: list[str]) -> float:
    time.sleep(_LATE_S)
    calls = place.sandbox.calls
    before = len(calls)
    began_s = place.crawl_until(lambda: len(calls) > before, *option)
    return calls[before].at_s - began_s


if __name__ == "__main__":
    sys.exit(main())
