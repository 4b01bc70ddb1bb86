"""The page of figures: time, memory, bytes, and its times recomputed by SQL.

The sandbox is crawled with all kinds that the page needs; then `scrapy report` reads
the archive. Three metrics are recomputed from exported rows by ``metrics.sql``, which
shares no code with the crawler, and held against the page.

    python bench/report.py --tickets 1000 10000 100000
"""

import argparse
import csv
import html
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crawling import Place, conclude, table

from gorgias_crawler.sandbox import Sandbox, World
from gorgias_crawler.wording import duration

_KINDS = ("users", "account", "events", "satisfaction_surveys", "custom_fields")
_OF_MESSAGES = (
    "ticket_id", "message_id", "public", "from_agent", "sender_id", "rule_id",
    "message_created_datetime", "imported", "deleted_datetime", "failed_datetime",
    "sent_datetime",
)  # fmt: skip
_METRICS = ("first_response", "first_human_response", "resolution")
_EVENTS = {f"ticket-{what}" for what in ("created", "merged", "closed", "reopened")}
_MOST_BYTES = 3_000_000  # of the page of a year of 100,000 tickets
_MOST_MB = 300.0  # the library that draws takes 130 of it
_ZONE = ZoneInfo("Europe/Paris")  # where the sandbox's shop is, and when it is open
_OPEN = {**dict.fromkeys(range(5), (9, 17)), 5: (10, 14)}
_TABLES = (
    "ticket (id, status, created, closed, snoozed, spam, trashed)",
    "message (id, ticket, public, from_agent, sender, rule, at, imported, lost)",
    "event (ticket, type, at)",
    "bot (id)",
    "opening (opens, closes)",
)

Rows = Iterator[dict[str, str]]


@dataclass(frozen=True)
class Outcome:
    """What came of one page; ``differs`` are rows that SQL has otherwise."""

    tickets: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    bytes: int
    differs: list[str]

    def broken(self) -> list[str]:
        """Return the bounds that do not hold."""
        checks = [
            (not self.differs, f"the page differs from SQL: {self.differs}"),
            (self.bytes <= _MOST_BYTES, f"{self.bytes:,} bytes"),
            (self.peak_mb <= _MOST_MB, f"{self.peak_mb:.0f} MB"),
        ]
        return [f"{self.tickets}: {what}" for holds, what in checks if not holds]


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, nargs="+", default=[1_000, 10_000])
    outcomes = [_run(tickets) for tickets in parser.parse_args().tickets]
    header = ("tickets", "time", "CPU", "peak memory", "page", "times, by SQL")
    print(table(header, [_row(outcome) for outcome in outcomes]))
    return conclude([what for outcome in outcomes for what in outcome.broken()])


def _run(tickets: int) -> Outcome:
    world = World(tickets=tickets, messages_per_ticket=2.6)
    with (
        tempfile.TemporaryDirectory(prefix="report-") as directory,
        Sandbox(world, rate=None) as sandbox,
    ):
        place = Place(Path(directory), sandbox)
        ended = place.crawl("-a", f"objects={','.join(_KINDS)}")
        if ended.status != 0:
            raise SystemExit(
                f"{tickets} tickets ended with {ended.status}: {ended.log}"
            )
        page = place.path / "report.html"
        began_s = time.monotonic()
        place.measure_command("report", "job", "-O", page.name)
        wall_s = time.monotonic() - began_s
        text = page.read_text("utf-8")
        return Outcome(
            tickets,
            wall_s,
            place.cpu_s,
            place.peak_mb,
            len(text.encode()),
            list(_differences(text, _recomputed(place))),
        )


def _row(outcome: Outcome) -> tuple[object, ...]:
    return (
        f"{outcome.tickets:,}",
        f"{outcome.wall_s:.1f} s",
        f"{outcome.cpu_s:.1f} s",
        f"{outcome.peak_mb:.0f} MB",
        f"{outcome.bytes / 1_000_000:.2f} MB",
        "equal" if not outcome.differs else f"{len(outcome.differs)} differ",
    )


# By SQL.


def _recomputed(place: Place) -> sqlite3.Connection:
    """Return a database with the table ``length`` of ``metrics.sql``."""
    db = sqlite3.connect(place.path / "recomputed.sqlite")
    for declared in _TABLES:
        db.execute(f"CREATE TABLE {declared}")
    _put(db, "ticket", (
        (t["id"], t["status"], *map(_seconds, (t["created_datetime"],
         t["closed_datetime"], t["snooze_datetime"])), t["spam"] == "True",
         bool(t["trashed_datetime"]))
        for t in _exported(place, "tickets")
    ))  # fmt: skip
    _put(db, "message", (
        (int(m["message_id"]), m["ticket_id"], m["public"] == "True", m["from_agent"] == "True",
         m["sender_id"], m["rule_id"] or None, _seconds(m["message_created_datetime"]),
         m["imported"] == "True",
         bool(m["deleted_datetime"] or (m["failed_datetime"] and not m["sent_datetime"])))
        for m in _exported(place, "messages")
    ))  # fmt: skip
    _put(db, "event", (
        (e["object_id"], e["type"], _seconds(e["created_datetime"]))
        for e in _exported(place, "events") if e["object_type"] == "Ticket" and e["type"] in _EVENTS
    ))  # fmt: skip
    _put(
        db, "bot", ((u["id"],) for u in _exported(place, "users") if u["role"] == "bot")
    )
    _put(db, "opening", _openings())
    db.executescript((Path(__file__).parent / "metrics.sql").read_text("utf-8"))
    return db


def _exported(place: Place, kind: str) -> Rows:
    file = place.path / f"{kind}.csv"
    options = ["-O", file.name, "-a", f"object={kind}"]
    if kind == "messages":  # else it has the default columns
        options += ["-s", f"FEED_EXPORT_FIELDS={','.join(_OF_MESSAGES)}"]
    place.measure_command("export", "job", *options)
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened)


def _put(db: sqlite3.Connection, name: str, rows: Iterable[Any]) -> None:
    for row in rows:
        db.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)


def _seconds(text: str) -> float | None:
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _openings() -> Iterator[list[float]]:
    for number in range(date(2024, 1, 1).toordinal(), date(2028, 1, 1).toordinal()):
        day = date.fromordinal(number)
        if day.weekday() in _OPEN:
            yield [
                datetime(day.year, day.month, day.day, hour, tzinfo=_ZONE).timestamp()
                for hour in _OPEN[day.weekday()]
            ]


def _differences(page: str, db: sqlite3.Connection) -> Iterator[str]:
    for metric in _METRICS:
        id_ = metric.replace("_", "-")
        (section,) = re.findall(rf'<section id="{id_}".*?</section>', page, re.DOTALL)
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", section.split("<tr>")[-1])
        found = [html.unescape(cell) for cell in cells]
        expected = ["all", *_by_sql(db, metric)]
        if found != expected:
            yield f"{metric}: {found} on the page, {expected} by SQL"


def _by_sql(db: sqlite3.Connection, metric: str) -> Iterator[str]:
    for index, kind in enumerate(("seconds", "business")):
        query = f"SELECT {kind} FROM length WHERE metric = ? ORDER BY 1"
        values = [value for (value,) in db.execute(query, (metric,))]
        if not index:
            yield f"{len(values):,}"
        for share in (0.5, 0.9):
            place = (len(values) - 1) * share
            low, high = int(place), min(int(place) + 1, len(values) - 1)
            yield duration(values[low] + (values[high] - values[low]) * (place - low))


if __name__ == "__main__":
    sys.exit(main())
