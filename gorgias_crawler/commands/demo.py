"""``scrapy demo``: the real crawl, against a sandbox, in a minute."""

import argparse
import csv
import json
import os
import signal
import subprocess
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand

from gorgias_crawler.command_line import this_program, typed
from gorgias_crawler.commands.answering import AnsweringCommand
from gorgias_crawler.commands.spider_command import SIGNALS
from gorgias_crawler.config import VARIABLES
from gorgias_crawler.errors import EXIT_INCOMPLETE, ConfigurationError
from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World

_DIRECTORY = Path("demo")
_JOB, _FILE = _DIRECTORY / "job", _DIRECTORY / "gorgias_tickets.csv"
_TICKETS = 50  # enough for each oddity of the API
_SHOWN = {"ticket_id": 9, "channel": 7, "body": 34, "sender": 19}  # 80 columns wide


class Command(AnsweringCommand, ScrapyCommand):
    """Starts a sandbox, crawls it as a user would, and shows what came of it."""

    example = "demo"
    summary = "Crawl a pretend account: see it work without one of your own"

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Run the crawl in a process of its own, then sum up its file."""
        try:
            _DIRECTORY.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"The directory {_DIRECTORY} cannot be made here ({error.strerror}): run "
                "the demo in another directory."
            ) from None
        world = World(tickets=_TICKETS)
        with Sandbox(world, latency_s=0.05) as sandbox:
            crawl = ["crawl", "gorgias", "-s", f"JOBDIR={_JOB}", "-O", str(_FILE)]
            environ = {k: v for k, v in os.environ.items() if k not in VARIABLES}
            environ |= dict.fromkeys(VARIABLES, "")  # over what .env may say
            environ |= {
                "GORGIAS_API_URL": sandbox.url,
                "GORGIAS_API_USER": API_USER,
                "GORGIAS_API_KEY": API_KEY,
            }
            print("A pretend account is served on this machine. The real crawl of it:")
            print(f"$ {typed(*crawl)}\n", flush=True)
            status = _run([*this_program(), *crawl], environ)
            if status == 0:
                _sum_up(world.totals()["messages"])
            return status


def _run(command: list[str], environ: dict[str, str]) -> int:
    """Run *command* to its end and return its exit status.

    It has a session of its own, so that Ctrl-C comes once: from here, like the other
    signals.
    """
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: object) -> None:
        for child in children:
            with suppress(ValueError):  # on Windows Ctrl-C has reached it already
                child.send_signal(number)

    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, pass_on)
    children.append(subprocess.Popen(command, env=environ, start_new_session=True))
    status = children[0].wait()
    return status if status >= 0 else EXIT_INCOMPLETE


def _sum_up(expected: int) -> None:
    manifest: dict[str, Any] = json.loads((_JOB / "run.json").read_text("utf-8"))
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        print(f"\n{_FILE} begins:\n")
        print(_line({name: name for name in _SHOWN}))
        for row in islice(rows, 3):
            print(_line(row))
        count = 3 + sum(1 for _ in rows)
    print(
        f"\n{count:,} rows for the account's {expected:,} messages, with "
        f"{manifest['calls']['made']:,} calls. Run it again: it asks only for what "
        "changed."
    )


def _line(row: dict[str, str]) -> str:
    cells = (
        " ".join(row[name].split())[:width].ljust(width)
        for name, width in _SHOWN.items()
    )
    return "  ".join(cells).rstrip()
