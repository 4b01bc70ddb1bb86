"""What a page of 100 messages costs from the answer's bytes to the commit, by itself.

An account is fetched in bulk into a new archive, without network and without Scrapy:
what is timed is to unpack gzip, to read the JSON, and to archive the page (CPU of this
process, in milliseconds). What Scrapy, Twisted and the system add to it is told by
``bench/scale.py``.

    python bench/page.py --tickets 4000
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

import letters
from crawling import conclude, table

from gorgias_crawler.api.urls import PAGE_LIMIT
from gorgias_crawler.archive import Archive
from gorgias_crawler.fetch.agenda import Agenda
from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call, WalkPage
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.plans import Fetch, Options
from gorgias_crawler.sandbox import World
from gorgias_crawler.sandbox.pages import answer

_MOST_MS = 5.0  # so that 2 of 7 ms are left for Scrapy, Twisted and the system
_STEPS = ("unpack", "read", "archive")


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=4_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    world = World(
        tickets=arguments.tickets, messages_per_ticket=2.6, bodies=letters.bodies
    )
    runs = [_run(world) for _ in range(arguments.runs)]
    rows = [(step, *_figures([run[step] for run in runs])) for step in _STEPS]
    totals = [sum(run.values()) for run in runs]
    rows.append(("all", *_figures(totals)))
    print(table(("CPU of a page of 100 messages", "least", "median"), rows))
    least = min(totals)
    return conclude([f"{least:.1f} ms for a page"] * (least > _MOST_MS))


def _run(world: World) -> dict[str, float]:
    """Fetch the account; return the milliseconds of each step for a message page."""
    spent = dict.fromkeys(_STEPS, 0.0)
    pages = 0
    with tempfile.TemporaryDirectory(prefix="page-") as directory:
        archive = Archive.open(Path(directory) / "archive.sqlite")
        options = Options(fetch=Fetch.BULK)
        answers = Answers(RunMemory(archive, archive.begin_run(), options))
        agenda = Agenda(answers, lambda: 2.0)  # calls a second: the choice is made
        while call := agenda.take():
            packed = _packed(world, call)
            at_s = [time.process_time()]
            body = gzip.decompress(packed)
            at_s.append(time.process_time())
            page = call.parse(body)
            at_s.append(time.process_time())
            agenda.flow.back(call)
            answers.store(call, page, world.now_us())
            at_s.append(time.process_time())
            is_of_messages = isinstance(call, WalkPage) and call.is_of_messages
            if is_of_messages and len(page.rows) == PAGE_LIMIT:
                pages += 1
                for step, (begin_s, end_s) in zip(_STEPS, pairwise(at_s), strict=True):
                    spent[step] += (end_s - begin_s) * 1_000
        archive.close()
    return {step: ms / pages for step, ms in spent.items()}


def _packed(world: World, call: Call) -> bytes:
    """Return what the sandbox answers, as it goes over the wire."""
    url = urlsplit(call.url("/api"))
    _, body = answer(world, url.path, parse_qs(url.query))
    return gzip.compress(json.dumps(body).encode())


def _figures(values: list[float]) -> tuple[str, str]:
    return f"{min(values):.2f} ms", f"{median(values):.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
