"""Accounts of a thousand to a hundred thousand tickets: what grows but the files?

Each account is exported once, without a rate limit, from a sandbox whose messages have
the size of mail. The CPU time of a page is that between the first and the last call
for messages, by the number of those calls. Rows a second are those between the last
call and the stored file, by the clock and by the CPU time until the process ends; the
second says more on a busy machine. Then the same command is started again, and its
first call is waited for.

    python bench/scale.py --tickets 1000 10000 100000
    python bench/scale.py --fetch per-ticket --tickets 1000 10000

With --resume an archive of so many tickets, half of their messages there, is made
without the API; the crawl that goes on is measured until it asks for messages.

    python bench/scale.py --resume 1000000
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import letters
from crawling import (
    EPOCH_LOG,
    Place,
    conclude,
    difference,
    expected_bytes,
    stored_s,
    table,
)

from gorgias_crawler.archive import walks
from gorgias_crawler.archive.compression import packed
from gorgias_crawler.job.directory import Job
from gorgias_crawler.sandbox import Call, Sandbox, World, objects
from gorgias_crawler.sandbox.records import MessageRecord, TicketRecord
from tests.expected import fewest_calls

_MOST_MB = 110.0
_MOST_GROWTH_MB = 10.0  # of the peak, from the second largest account to the largest
_MOST_PAGE_MS = 10.0  # CPU from answer to archive, for a page of 100 messages
_LEAST_ROWS_PER_S = 15_000.0
_MOST_ARCHIVE = 0.45  # of the bytes of the raw JSON
_MOST_START_S = 3.0
_MESSAGES_PER_TICKET = 2.6
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Watch:
    """Reads the crawl's CPU time, in seconds, at each call for messages."""

    cpu_s: list[float] = field(default_factory=list)
    pid: int | None = None

    def __call__(self, call: Call) -> None:
        if self.pid is not None and call.path == "/api/messages":
            self.cpu_s.append(_cpu_s(self.pid))


@dataclass(frozen=True)
class Outcome:
    """What came of one export."""

    tickets: int
    rows: int
    calls: int
    least: int
    wall_s: float
    cpu_s: float
    page_ms: float
    peak_mb: float
    archive_share: float
    archive_bytes: float
    rows_per_s: float
    rows_per_cpu_s: float
    again_s: float
    differs: str

    def broken(self, fetch: str) -> list[str]:
        """Return the bounds that do not hold."""
        checks = [
            (not self.differs, f"the file differs: {self.differs}"),
            (self.calls <= self.least + 2, f"{self.calls} calls, least {self.least}"),
            (self.peak_mb <= _MOST_MB, f"{self.peak_mb:.0f} MB"),
            (fetch != "bulk" or self.page_ms <= _MOST_PAGE_MS, f"{self.page_ms} ms"),
            (
                self.rows_per_cpu_s >= _LEAST_ROWS_PER_S,
                f"{self.rows_per_cpu_s:.0f} rows/s",
            ),
            (self.archive_share <= _MOST_ARCHIVE, f"archive {self.archive_share:.2f}"),
            (self.again_s <= _MOST_START_S, f"first call after {self.again_s:.1f} s"),
        ]
        # a thousand tickets are written in an instant, which no clock tells exactly
        kept = checks if self.tickets > 1_000 else checks[:4]
        return [f"{self.tickets}: {what}" for holds, what in kept if not holds]


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--fetch", choices=["bulk", "per-ticket"], default="bulk")
    parser.add_argument("--resume", type=int, metavar="TICKETS")
    arguments = parser.parse_args()
    if arguments.resume:
        return _resume(arguments.resume)
    outcomes = [_export(tickets, arguments.fetch) for tickets in arguments.tickets]
    print(table(_HEADER, [_row(outcome) for outcome in outcomes]))
    broken = [what for o in outcomes for what in o.broken(arguments.fetch)]
    growth_mb = outcomes[-1].peak_mb - outcomes[max(0, len(outcomes) - 2)].peak_mb
    if growth_mb > _MOST_GROWTH_MB:
        broken.append(f"the peak grows by {growth_mb:.0f} MB")
    return conclude(broken)


def _export(tickets: int, fetch: str) -> Outcome:
    world = World(
        tickets=tickets, messages_per_ticket=_MESSAGES_PER_TICKET, bodies=letters.bodies
    )
    totals, raw_bytes = world.totals(), _raw_bytes(world)
    watch = Watch()
    with (
        tempfile.TemporaryDirectory(prefix="scale-") as directory,
        Sandbox(world, rate=None, on_request=watch) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        ended = place.measure(
            *("-a", f"fetch={fetch}", "-s", EPOCH_LOG),
            on_start=lambda pid: setattr(watch, "pid", pid),
        )
        if ended.status != 0:
            raise SystemExit(
                f"{tickets} tickets ended with {ended.status}: {ended.log}"
            )
        calls, watch.pid = list(sandbox.calls), None
        writing_cpu_s = place.cpu_s - watch.cpu_s[-1]
        writing_s = stored_s(ended.log) - calls[-1].at_s
        archive_bytes = (place.jobdir / "archive.sqlite").stat().st_size
        found, expected = place.file.read_bytes(), expected_bytes(world)
        again_s = _again_s(place)
        return Outcome(
            tickets,
            totals["messages"],
            len(calls),
            fewest_calls(world)[fetch],
            ended.seconds,
            place.cpu_s,
            (watch.cpu_s[-1] - watch.cpu_s[0]) / (len(watch.cpu_s) - 1) * 1_000,
            place.peak_mb,
            archive_bytes / raw_bytes,
            archive_bytes / totals["messages"],
            totals["messages"] / writing_s,
            totals["messages"] / writing_cpu_s,
            again_s,
            "" if found == expected else str(difference(expected, found)),
        )


def _raw_bytes(world: World) -> float:
    """Return the bytes of all objects as JSON, from each 97th of them."""
    total = 0.0
    for kind in ("tickets", "messages"):
        records = world.in_order(kind)
        sample = [len(as_json(record)) for record in records[::97]]
        total += sum(sample) / len(sample) * len(records)
    return total


def as_json(record: TicketRecord | MessageRecord) -> bytes:
    """Return what the sandbox sends for *record*."""
    if isinstance(record, TicketRecord):
        value = objects.ticket_object(record)
    else:
        value = objects.message_object(record)
    return json.dumps(value, separators=(",", ":")).encode()


def _again_s(place: Place) -> float:
    calls = place.sandbox.calls
    before = len(calls)
    began_s = place.crawl_until(lambda: len(calls) > before)
    return calls[before].at_s - began_s


def _cpu_s(pid: int) -> float:
    """Return the CPU time of a process of this machine (Linux), in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


_HEADER = (
    "tickets",
    "rows",
    "calls (least)",
    "wall",
    "CPU",
    "CPU per page of messages",
    "peak memory",
    "archive, of raw JSON",
    "archive per message",
    "rows/s to the file",
    "rows/CPU s",
    "first call when run again",
    "file",
)


def _row(outcome: Outcome) -> tuple[object, ...]:
    return (
        f"{outcome.tickets:,}",
        f"{outcome.rows:,}",
        f"{outcome.calls:,} ({outcome.least:,})",
        f"{outcome.wall_s:.1f} s",
        f"{outcome.cpu_s:.1f} s",
        f"{outcome.page_ms:.1f} ms",
        f"{outcome.peak_mb:.0f} MB",
        f"{outcome.archive_share:.0%}",
        f"{outcome.archive_bytes:,.0f} B",
        f"{outcome.rows_per_s:,.0f}",
        f"{outcome.rows_per_cpu_s:,.0f}",
        f"{outcome.again_s:.2f} s",
        outcome.differs or "whole, in order",
    )


# An archive without the API.


def _resume(tickets: int) -> int:
    world = World(tickets=200, bodies=letters.bodies)
    watch = Watch()
    with (
        tempfile.TemporaryDirectory(prefix="scale-") as directory,
        Sandbox(world, rate=None, on_request=watch) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        began_s = time.monotonic()
        size = _half_done(place.jobdir, tickets, world, sandbox.url.split("/")[2])
        print(
            f"{tickets:,} tickets, half of {round(tickets * _MESSAGES_PER_TICKET):,} "
            f"messages: {size / 2**20:,.0f} MB, made in "
            f"{time.monotonic() - began_s:.0f} s\n"
        )
        calls = sandbox.calls
        began_s = time.monotonic()
        process = place.start("-a", "fetch=bulk")
        while not any(call.path == "/api/messages" for call in calls):
            time.sleep(0.001)
            if process.poll() is not None:
                raise SystemExit(place.log.read_text())
        peak_mb = _peak_mb(process.pid)
        process.kill()
        process.wait()
    messages_s = next(c.at_s for c in calls if c.path == "/api/messages") - began_s
    first_s = calls[0].at_s - began_s
    header = ("first call", "first call for messages", "peak memory until then")
    row = (f"{first_s:.2f} s", f"{messages_s:.2f} s", f"{peak_mb:.0f} MB")
    print(table(header, [row]))
    broken = [f"first call after {first_s:.1f} s"] * (first_s > _MOST_START_S)
    return conclude(broken + [f"{peak_mb:.0f} MB"] * (peak_mb > _MOST_MB))


def _half_done(path: Path, tickets: int, world: World, host: str) -> int:
    """Make an archive of a bulk walk that was killed at half; return its bytes."""
    (ticket, *_), (message, *_) = (
        world.in_order("tickets"),
        world.in_order("messages"),
    )
    raw_ticket, raw_message = packed(as_json(ticket)), packed(as_json(message))
    now_us = world.now_us()
    job = Job(path)
    archive = job.archive
    archive.begin_run()
    with archive.transaction() as db:
        db.executemany(
            "INSERT INTO ticket (id, updated_us, messages_count, due, listed, raw) "
            "VALUES (?, 1, 3, 1, 0, ?)",
            ((id_, raw_ticket) for id_ in range(1, tickets + 1)),
        )
        db.executemany(
            "INSERT INTO message VALUES (?, ?, ?, 0, ?, 1)",
            (
                (id_, 1 + id_ * 7 % tickets, id_, raw_message)
                for id_ in range(1, round(tickets * _MESSAGES_PER_TICKET / 2) + 1)
            ),
        )
        archive.facts.host = host
        archive.facts.watermark_us = now_us
        for name in (walks.LISTING, *walks.OF_MESSAGES):
            walks.put_at_head(archive, name, 1)
        walks.end(archive, walks.LISTING)
    job.close()
    return (path / "archive.sqlite").stat().st_size


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM")]
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
