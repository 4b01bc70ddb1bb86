"""Real crawls in subprocesses against a sandbox in this process."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World
from tests.expected import expected_rows
from tests.forking import IS_LINUX, Forked

PROJECT = Path(__file__).parent.parent
SCRAPY = [sys.executable, "-m", "scrapy"]
FILE = "gorgias_tickets.csv"

SCRAPY_CFG = "[settings]\ndefault = gorgias_crawler.settings\n"

HANG_S = 200
"""What takes so long hangs: ten times the slowest, so that no busy machine does."""

Process = Forked | subprocess.Popen[str]


def linux_only(why: str) -> pytest.MarkDecorator:
    """Skip a test elsewhere, and say *why*."""
    return pytest.mark.skipif(not IS_LINUX, reason=f"needs Linux: {why}")


@dataclass
class Ended:
    """How a crawl ended: its exit status and all it said."""

    status: int
    log: str

    @property
    def last_lines(self) -> str:
        return "\n".join(self.log.strip().splitlines()[-4:])


@dataclass
class Shop:
    """A directory to crawl from, and the sandbox that is crawled.

    A command is a fork of a process that has imported Scrapy (`forking.py`), or,
    where *forks* is false, a command line.
    """

    path: Path
    sandbox: Sandbox | None
    world: World
    environ: dict[str, str] = field(default_factory=dict)
    forks: bool = True
    spider: str = "gorgias"

    @property
    def jobdir(self) -> Path:
        return self.path / "job"

    @property
    def file(self) -> Path:
        return self.path / FILE

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GORGIAS_")}
        account = {"GORGIAS_API_USER": API_USER, "GORGIAS_API_KEY": API_KEY}
        # else boto3 asks the network where it may be running
        account["AWS_EC2_METADATA_DISABLED"] = "true"
        if self.sandbox is not None:
            account["GORGIAS_API_URL"] = self.sandbox.url
        own = kept | account | self.environ
        # beside modules of the shop's directory, what this process imports
        paths = [self.environ.get("PYTHONPATH"), os.environ.get("PYTHONPATH")]
        return own | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}

    def start(self, *options: str, command: str = "crawl") -> Process:
        """Start a command as a user does, in a directory with a scrapy.cfg."""
        arguments = (
            ["crawl", self.spider, "-s", "JOBDIR=job"]
            if command == "crawl"
            else [command]
        )
        return self.start_as_typed(*arguments, *options)

    def start_as_typed(self, *words: str) -> Process:
        """Start ``scrapy`` with *words*, and no other."""
        if self.forks:
            return Forked(words, self.path, self.environment())
        return subprocess.Popen(
            [*SCRAPY, *words],
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def crawl(self, *options: str, timeout_s: float = HANG_S) -> Ended:
        return wait(self.start(*options), timeout_s)

    def run(self, command: str, *options: str) -> Ended:
        return wait(self.start(*options, command=command))

    def rows(self, file: str = FILE) -> list[dict[str, str]]:
        with (self.path / file).open(encoding="utf-8", newline="") as opened:
            return list(csv.DictReader(opened))

    def expected(self) -> list[dict[str, str]]:
        return expected_rows(self.world)

    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.jobdir / "run.json").read_text())
        return manifest


def wait(process: Process, timeout_s: float = HANG_S) -> Ended:
    try:
        log, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        log, _ = process.communicate()
        raise AssertionError(f"the crawl hangs:\n{log}") from None
    return Ended(process.wait(), log)


def drawn_on_a_terminal(command, cwd, env) -> tuple[int, str]:
    """Run *command* where its output is a terminal; return all that it drew."""
    import pty  # noqa: PLC0415 - not on every system
    import termios  # noqa: PLC0415 - not on every system

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 150))
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while True:
        try:
            drawn += os.read(ours, 65536)
        except OSError:  # what a closed terminal answers
            break
    os.close(ours)
    return process.wait(), drawn.decode().replace("\r\n", "\n")


def on_a_terminal(command, cwd, env) -> tuple[int, str]:
    """As `drawn_on_a_terminal`, but what a carriage return overwrites is not left."""
    status, drawn = drawn_on_a_terminal(command, cwd, env)
    lines = (line.rsplit("\r", 1)[-1] for line in drawn.split("\n"))
    return status, "\n".join(lines)


class At:
    """A hook that does something once, when the sandbox is asked a certain call."""

    def __init__(self, matches, action) -> None:
        self.matches = matches
        self.action = action
        self.process: Process | None = None
        self.done = threading.Event()

    def __call__(self, call):
        if not self.done.is_set() and self.matches(call):
            self.done.set()
            return self.action(self, call)
        return None


def unfinished(shop):
    """Let a crawl be killed when about half of the tickets are there."""
    hook_calls = []

    def kill(call):
        if call.path == "/api/messages":
            hook_calls.append(call)
            if len(hook_calls) == 25:
                process.kill()

    shop.sandbox.on_request = kill
    process = shop.start("-a", "fetch=per-ticket")
    wait(process)
    shop.sandbox.on_request = None


@contextmanager
def opened_shop(path: Path, world: World, *, forks: bool) -> Iterator[Shop]:
    """Open a shop at *path* for a whole module; `open_shop` does it for a test."""
    (path / "scrapy.cfg").write_text(SCRAPY_CFG)
    with Sandbox(world, rate=None) as sandbox:
        yield Shop(path, sandbox, world, forks=forks)
