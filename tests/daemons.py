"""Scrapyd on loopback, with what the page on many accounts tells to do."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gorgias_crawler.sandbox import API_USER
from tests.crawling import HANG_S

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "many-accounts.md").read_text("utf-8")
BIN = Path(sys.executable).parent
PORT = "6800"
"""The port that the page speaks of."""

_DEPLOYED = ("gorgias_crawler", "pyproject.toml", "README.md", "LICENSE", "scrapy.cfg")
_LOOK_S = 0.1


def blocks(language: str) -> list[str]:
    """Return the blocks of the page in *language*."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def environment() -> dict[str, str]:
    """Return the environment of a daemon: without credentials, and with our tools."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GORGIAS_")}
    return kept | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def clone(path: Path, ports: Mapping[str, int]) -> Path:
    """Make what can be deployed at *path*, to daemons by their names and *ports*."""
    path.mkdir()
    for name in _DEPLOYED:
        if (PROJECT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, path / name, ignore=ignored)
        else:
            shutil.copy(PROJECT / name, path)
    (target,) = (block for block in blocks("ini") if "deploy" in block)
    with (path / "scrapy.cfg").open("a") as config:
        for name, port in ports.items():
            config.write("\n" + target.replace("one", name).replace(PORT, str(port)))
    return path


def run(command: str, path: Path, port: int) -> str:
    """Run a *command* of the page in *path*; return what it prints."""
    told = command.replace(".venv/bin/", "").replace(PORT, str(port))
    ended = subprocess.run(
        ["sh", "-c", told],
        cwd=path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


class Daemon:
    """Scrapyd in the directory *path*, as a context manager.

    It runs what *is_installed* in this Python, else what will be deployed to it.
    """

    def __init__(self, path: Path, *, is_installed: bool = False) -> None:
        self.path = path
        self.requests: list[str] = []
        self._environment = environment()
        self.log = path / "scrapyd.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (path / "accounts").mkdir(parents=True, mode=0o700)
        config = blocks("ini")[0].replace(PORT, str(self.port))
        if is_installed:
            (project,) = (block for block in blocks("ini") if "[settings]" in block)
            (path / "scrapy.cfg").write_text(project)
        else:  # before the copy that this Python has
            egg = self.path / "eggs" / "gorgias" / "1.egg"
            self._environment["PYTHONPATH"] = str(egg)
        # the default is to look into the queue every five seconds
        (path / "scrapyd.conf").write_text(f"{config}poll_interval = 0.2\n")

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scrapyd"],
                cwd=self.path,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while b"Launcher] Scrapyd" not in self.log.read_bytes():
            assert self._process.poll() is None, self.log.read_text()
            time.sleep(_LOOK_S)
        return self

    def __exit__(self, *_: object) -> None:
        for job in self.jobs()["running"]:
            self.ask("cancel", project="gorgias", job=job["id"], signal="KILL")
        self._process.terminate()
        self._process.wait(HANG_S)

    def add_account(self, name: str, url: str, key: str) -> None:
        """Write the file of an account."""
        path = self.path / "accounts" / f"{name}.env"
        path.touch(0o600)
        path.write_text(
            f"GORGIAS_API_URL={url}\nGORGIAS_API_USER={API_USER}\nGORGIAS_API_KEY={key}\n"
        )

    def ask(self, what: str, **values: str) -> dict[str, Any]:
        """Send a request and return the answer."""
        url = f"http://127.0.0.1:{self.port}/{what}.json"
        data = urllib.parse.urlencode(values).encode() or None
        self.requests.append(f"{url} {values}")
        with urllib.request.urlopen(url, data) as answer:
            told: dict[str, Any] = json.load(answer)
        assert told["status"] == "ok", told
        return told

    def schedule(self, account: str) -> str:
        """Schedule a crawl of *account*; return the id of its job."""
        asked = {"project": "gorgias", "spider": "gorgias", "account": account}
        return str(self.ask("schedule", **asked)["jobid"])

    def jobs(self) -> dict[str, Any]:
        """Return the jobs by their state, as Scrapyd tells them."""
        return self.ask("listjobs")

    def wait_for(self, ended: int, timeout_s: float = HANG_S) -> dict[str, str]:
        """Wait until so many jobs have *ended*; return their exit statuses by id."""
        until = time.monotonic() + timeout_s
        while len(self.jobs()["finished"]) < ended:
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(_LOOK_S)
        return self.statuses()

    def statuses(self) -> dict[str, str]:
        """Return the exit statuses of the jobs that have ended, by their ids."""
        found = re.findall(
            r"Process (?:(finished)|died: exitstatus=(\w+)).* job='(\w+)'",
            self.log.read_text(),
        )
        return {job: status or "0" for _, status, job in found}

    def log_of(self, job: str) -> str:
        """Return the log of a *job*."""
        return (self.path / "logs/gorgias/gorgias" / f"{job}.log").read_text()
