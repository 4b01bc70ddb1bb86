"""What the benchmarks share: crawls in processes of their own, and their judgement.

The sandbox runs in the process of the benchmark, so that it can read every call with
its time; both clocks are ``time.monotonic()`` of this machine.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gorgias_crawler.config import VARIABLES
from gorgias_crawler.sandbox import API_KEY, API_USER, Call, Sandbox, World
from tests.expected import expected_rows

FILE = "gorgias_tickets.csv"
CRAWLER = "gorgias_crawler"
"""How the User-Agent of a crawl begins."""

HANG_S = 60.0
"""A crawl that lives longer than this after its signal counts as hung (chosen)."""

EPOCH_LOG = "LOG_FORMAT=%(created)f %(message)s"
"""A setting by which log lines begin with seconds since 1970; see `stored_s`."""

_SCRAPY = [sys.executable, "-m", "scrapy"]
_SETTINGS = "[settings]\ndefault = gorgias_crawler.settings\n"
# A child's peak memory begins with that of the process it was forked from, and ours
# holds the account: so a small process stands between, and reports on its child.
_WRAPPER = """
import json, pathlib, resource, subprocess, sys
path = pathlib.Path(sys.argv[1])
process = subprocess.Popen(sys.argv[2:])
path.write_text(json.dumps({"pid": process.pid}))
status = process.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu_s = used.ru_utime + used.ru_stime
path.write_text(json.dumps({"peak_kb": used.ru_maxrss, "cpu_s": cpu_s}))
sys.exit(status)
"""


class HungError(Exception):
    """A crawl did not end in time; it was killed."""


@dataclass(frozen=True)
class Ended:
    """A crawl that ended: exit status, seconds from start to end, and its log."""

    status: int
    seconds: float
    log: str

    @property
    def tail(self) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.strip().splitlines()[-12:])


@dataclass(frozen=True)
class Difference:
    """How a file differs from the expected rows, in rows."""

    lost: int = 0
    doubled: int = 0
    torn: int = 0

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.torn)


class Place:
    """A directory that crawls are started from, against one sandbox."""

    def __init__(self, path: Path, sandbox: Sandbox) -> None:
        path.mkdir(parents=True, exist_ok=True)
        (path / "scrapy.cfg").write_text(_SETTINGS)
        self.path = path
        self.sandbox = sandbox
        self.log = path / "crawl.log"

    @property
    def jobdir(self) -> Path:
        """The job directory of every crawl that is started here."""
        return self.path / "job"

    @property
    def file(self) -> Path:
        """The CSV file."""
        return self.path / FILE

    @property
    def manifest(self) -> dict[str, Any]:
        """What ``run.json`` says of the last run that reached its end."""
        manifest: dict[str, Any] = json.loads((self.jobdir / "run.json").read_text())
        return manifest

    @property
    def peak_mb(self) -> float:
        """The peak of resident memory of the last crawl of `measure`, in MB."""
        return float(self._used()["peak_kb"]) / 1024

    @property
    def cpu_s(self) -> float:
        """The CPU time of the last crawl of `measure`, in seconds."""
        return float(self._used()["cpu_s"])

    def _used(self) -> dict[str, Any]:
        used: dict[str, Any] = json.loads((self.path / "used").read_text())
        return used

    def environment(self) -> dict[str, str]:
        """Return the environment of a crawl: the sandbox, over what a .env may say."""
        kept = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        account = {
            "GORGIAS_API_URL": self.sandbox.url,
            "GORGIAS_API_USER": API_USER,
            "GORGIAS_API_KEY": API_KEY,
        }
        return kept | dict.fromkeys(VARIABLES, "") | account

    def start(
        self, *options: str, wrapper: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a crawl; its log goes to a file, so that no pipe can hold it up."""
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [*wrapper, *_SCRAPY, "crawl", "gorgias", "-s", "JOBDIR=job", *options],
                cwd=self.path,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self, process: subprocess.Popen[bytes], timeout_s: float) -> int:
        """Return the exit status. Raises `HungError`."""
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise HungError(self.log.read_text(errors="replace")) from None

    def crawl(self, *options: str, timeout_s: float = 3600.0) -> Ended:
        """Run a crawl to its end."""
        return self._ended(time.monotonic(), self.start(*options), timeout_s)

    def measure(
        self,
        *options: str,
        timeout_s: float = 3600.0,
        on_start: Callable[[int], None] = lambda _pid: None,
    ) -> Ended:
        """Run a crawl to its end; `peak_mb` and `cpu_s` tell what it used.

        *on_start* is given the crawl's process id.
        """
        used = self.path / "used"
        used.unlink(missing_ok=True)
        wrapper = [sys.executable, "-c", _WRAPPER, str(used)]
        began_s = time.monotonic()
        process = self.start(*options, wrapper=wrapper)
        while not (used.exists() and used.stat().st_size) and process.poll() is None:
            time.sleep(0.001)
        on_start(self._used()["pid"])
        return self._ended(began_s, process, timeout_s)

    def measure_command(self, *command: str) -> None:
        """Run another command to its end, as `measure` does a crawl."""
        wrapper = [sys.executable, "-c", _WRAPPER, str(self.path / "used")]
        done = subprocess.run(
            [*wrapper, *_SCRAPY, *command],
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(
                f"{' '.join(command)} ended with {done.returncode}: {done.stdout}"
            )

    def _ended(
        self, began_s: float, process: subprocess.Popen[bytes], timeout_s: float
    ) -> Ended:
        status = self.wait(process, timeout_s)
        seconds = time.monotonic() - began_s
        return Ended(status, seconds, self.log.read_text(errors="replace"))

    def crawl_until(self, is_time: Callable[[], bool], *options: str) -> float:
        """Start a crawl and kill it when *is_time*; return when it was started."""
        began_s = time.monotonic()
        process = self.start(*options)
        while not is_time() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise SystemExit(f"the crawl ended on its own:\n{self.log.read_text()}")
        return began_s


def stored_s(log: str) -> float:
    """Return when a crawl with `EPOCH_LOG` had its file in place (monotonic clock)."""
    in_place = (" Stored ", "so it is left as it is")
    (stored,) = [
        line for line in log.splitlines() if any(words in line for words in in_place)
    ]
    return float(stored.split()[0]) - (time.time() - time.monotonic())


def of_crawler(calls: Iterable[Call]) -> list[Call]:
    """Return the calls that a crawl made, not another client."""
    return [call for call in calls if call.client.startswith(CRAWLER)]


def expected_bytes(world: World) -> bytes:
    """Return the default CSV file of *world*, made without the crawler's code."""
    rows = expected_rows(world)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def difference(expected: bytes, found: bytes) -> Difference:
    """Compare two CSV files by rows; one that is neither whole nor known is torn."""
    if expected == found:
        return Difference()
    wanted, there = _rows(expected), _rows(found)
    surplus = there - wanted
    doubled = sum(n for row, n in surplus.items() if row in wanted)
    torn = sum(n for row, n in surplus.items() if row not in wanted)
    return Difference((wanted - there).total(), doubled, torn)


def _rows(data: bytes) -> Counter[tuple[str, ...]]:
    text = data.decode("utf-8", errors="replace")
    return Counter(tuple(row) for row in csv.reader(io.StringIO(text, newline="")))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def conclude(broken: Sequence[str]) -> int:
    """Print which bounds are broken; return the exit status."""
    for bound in broken:
        print(f"BROKEN: {bound}")
    print("All bounds hold." if not broken else f"{len(broken)} bounds are broken.")
    return 1 if broken else 0
