"""Thirty accounts under two Scrapyd daemons: how each job ends, and where a key is.

Run ``python bench/agency.py`` with the test extra; it asks sandboxes in this process.
One account has a wrong key, one crawl is killed and scheduled again, one account is
scheduled twice. While they run, the command lines and environments of the crawls are
searched for keys, and in the end all that was written, but for the accounts' own files.
"""

import argparse
import base64
import contextlib
import csv
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World
from tests.daemons import Daemon, blocks, clone, run
from tests.expected import expected_rows

NAMES = ("one", "two")
WRONG_KEY = "wr0ng-key"
PAIR = base64.b64encode(f"{API_USER}:{API_KEY}".encode()).decode()
SECRETS = [secret.encode() for secret in (API_KEY, PAIR, WRONG_KEY)]
SAMPLE_S = 0.2  # how often the process list is read


class Processes:
    """Looks at all processes until it is told to stop."""

    def __init__(self) -> None:
        self.crawls: set[int] = set()
        self.samples = 0
        self.told: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.samples += 1
            for path in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    self._see(path)

    def _see(self, path: Path) -> None:
        line = (path / "cmdline").read_bytes()
        if b"scrapyd.runner\0crawl" not in line:
            return
        self.crawls.add(int(path.name))
        seen = line + (path / "environ").read_bytes()
        if tells(seen):
            self.told.add(line.decode())


class Account:
    """One account: its sandbox, its daemon, and the jobs that were scheduled."""

    def __init__(self, number: int, daemon: Daemon, tickets: int) -> None:
        self.name = f"shop{number:02}"
        self.daemon = daemon
        self.sandbox = Sandbox(World(tickets=tickets, seed=number), rate=None)
        self.jobs: list[str] = []
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def hold(self, calls: int) -> None:
        """Let the crawl stand still at so many calls, until ``go_on`` is set."""

        def on_request(_call: object) -> None:
            if len(self.sandbox.calls) >= calls:
                self.reached.set()
                self.go_on.wait()

        self.sandbox.on_request = on_request

    def schedule(self) -> None:
        self.jobs.append(self.daemon.schedule(self.name))

    def is_exported(self) -> bool:
        path = self.daemon.path / f"{self.name}_tickets.csv"
        if not path.exists():
            return False
        expected = expected_rows(self.sandbox.world)
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file)) == expected


def written(daemon: Daemon) -> Iterator[Path]:
    """Yield each file that the runs have left."""
    for path in daemon.path.rglob("*"):
        if path.is_file() and path.parent.name != "accounts":
            yield path


def tells(what: str | bytes) -> bool:
    data = what.encode() if isinstance(what, str) else what
    return any(secret in data for secret in SECRETS)


def deploy(root: Path, daemons: list[Daemon]) -> None:
    ports = {name: d.port for name, d in zip(NAMES, daemons, strict=True)}
    project = clone(root / "clone", ports)
    (line,) = (line for block in blocks("console") for line in block.splitlines()
               if "scrapyd-deploy" in line)  # fmt: skip
    for name in NAMES:
        print(f"$ {line.replace('one', name)}")
        print(run(line.replace("one", name), project, ports[name]).strip())


def schedule(accounts: list[Account]) -> None:
    wrong, killed, twice = accounts[6], accounts[10], accounts[13]
    for account in accounts:
        key = WRONG_KEY if account is wrong else API_KEY
        account.daemon.add_account(account.name, account.sandbox.url, key)
    killed.hold(calls=3)
    twice.hold(calls=1)
    # first those that are looked at while they run
    for account in (killed, twice):
        account.schedule()
        account.reached.wait()
    twice.schedule()
    killed.daemon.ask("cancel", project="gorgias", job=killed.jobs[0], signal="KILL")
    killed.daemon.wait_for(1)
    killed.go_on.set()
    killed.schedule()
    for account in accounts:
        if account not in (killed, twice):
            account.schedule()
    while twice.jobs[1] not in twice.daemon.statuses():
        time.sleep(SAMPLE_S)
    twice.go_on.set()


def report(accounts: list[Account], daemons: list[Daemon]) -> None:
    print("\naccount  daemon  exit statuses  calls  file")
    for account in accounts:
        statuses = account.daemon.statuses()
        ends = ", ".join(statuses[job] for job in account.jobs)
        name = NAMES[daemons.index(account.daemon)]
        file = "all rows" if account.is_exported() else "none"
        print(
            f"{account.name:8} {name:7} {ends:14} {len(account.sandbox.calls):5}  {file}"
        )
    for account in accounts:
        for job in account.jobs:
            if account.daemon.statuses()[job] == "1":
                print(f"{account.name}: {account.daemon.log_of(job).splitlines()[-1]}")


def report_keys(daemons: list[Daemon], processes: Processes) -> None:
    requests = [request for daemon in daemons for request in daemon.requests]
    files = [path.read_bytes() for daemon in daemons for path in written(daemon)]
    last = [request for request in requests if "schedule" in request][-1]
    print(f"a request: {last}")
    print(f"keys in {sum(map(tells, requests))} of {len(requests)} requests")
    print(f"keys in {sum(map(tells, files))} of {len(files)} files that were written")
    print(
        f"keys in {len(processes.told)} of the command lines and environments of "
        f"{len(processes.crawls)} crawls ({processes.samples} looks)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=30)
    parser.add_argument("--tickets", type=int, default=40, help="of each account")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        root = Path(name)
        daemons = [Daemon(root / each) for each in NAMES]
        accounts = [
            Account(number, daemons[number % 2], asked.tickets)
            for number in range(1, asked.accounts + 1)
        ]
        for account in accounts:
            stack.enter_context(account.sandbox)
        for daemon in daemons:
            stack.enter_context(daemon)
        deploy(root, daemons)
        began_s = time.monotonic()
        with Processes() as processes:
            schedule(accounts)
            for daemon in daemons:
                mine = [a for a in accounts if a.daemon is daemon]
                daemon.wait_for(sum(len(a.jobs) for a in mine), timeout_s=1800)
        report(accounts, daemons)
        took_s = time.monotonic() - began_s
        print(f"\n{sum(len(a.jobs) for a in accounts)} jobs in {took_s:.0f} s")
        report_keys(daemons, processes)


if __name__ == "__main__":
    main()
