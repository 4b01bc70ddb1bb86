"""What files of an archive cost: rows a second, size, memory, and questions to them.

Each format is exported by a process of its own; SQLite and folders hold every kind.
Then DuckDB, which is to be installed, answers four questions from CSV, from Parquet and
from Parquet with a file for each month. With --large, 20 made-up messages with bodies
of 20 MB are written by each exporter alone.

    python bench/tables.py crawls/run1
    python bench/tables.py crawls/run1 --large
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from crawling import conclude, table

FILES = [
    "x.csv", "x.csv.gz", "x.csv.zst", "x.jsonl", "x.parquet", "x.sqlite", "all/:csv",
    "lake/:parquet",
]  # fmt: skip
MONTHS = ["-s", "GORGIAS_PARTITION_BY=month"]
QUESTIONS = {
    "tickets a month": "SELECT strftime({at}, '%Y-%m') AS created, "
    "count(DISTINCT ticket_id) FROM {rows} GROUP BY created",
    "messages with a word": "SELECT count(*) FROM {rows} WHERE body ILIKE '%refund%'",
    "tickets by channel and status": "SELECT channel, status, count(DISTINCT ticket_id) "
    "FROM {rows} GROUP BY ALL",
    "words of one month": "SELECT count(*), sum(length(body)) FROM {rows} "
    "WHERE {month} = '2025-06'",
}
# Where the rows are, an instant, and the month of a message.
SOURCES = {
    "x.csv": (
        "read_csv('x.csv', all_varchar=true, max_line_size=100000000)",
        "created_datetime::TIMESTAMPTZ",
        "strftime(created_datetime::TIMESTAMPTZ, '%Y-%m')",
    ),
    "x.parquet": (
        "'x.parquet'",
        "created_datetime",
        "strftime(message_created_datetime, '%Y-%m')",
    ),
    "lake/messages": (
        "read_parquet('lake/messages/*/*.parquet', hive_partitioning=true)",
        "created_datetime",
        "month",
    ),
}
LEAST_PER_S = 10_000  # rows of SQLite a second of CPU
# A child's peak begins with that of the process it was forked from: a small one stands
# between.
WRAPPER = """
import json, resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu_s = used.ru_utime + used.ru_stime
print(json.dumps({"status": status, "cpu_s": cpu_s, "mb": used.ru_maxrss / 1024}))
"""
LARGE = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from gorgias_crawler.feeds.formats import HeaderedCsvItemExporter
from gorgias_crawler.feeds.parquet import ParquetItemExporter
from gorgias_crawler.feeds.recorded import FeedFile, FeedFolder
from gorgias_crawler.feeds.sqlite import SqliteItemExporter
from gorgias_crawler.items import Message
file = open("large", "wb")
kind = {
    "csv": HeaderedCsvItemExporter,
    "parquet": ParquetItemExporter,
    "months": ParquetItemExporter,
    "sqlite": SqliteItemExporter,
}[sys.argv[1]]
options = {"fields_to_export": ["ticket_id", "message_id", "body"]}
target = FeedFile(file)
if sys.argv[1] == "months":
    options["month_of"] = "message_created_datetime"
    target = FeedFolder(Path(f"months{sys.argv[2]}"))
if kind is SqliteItemExporter:
    options["rows"] = {"messages": Message}
    options["spider"] = SimpleNamespace(described=dict)
exporter = kind(target, **options)
exporter.start_exporting()
for number in range(int(sys.argv[2])):
    ids = {"ticket_id": number, "message_id": number}
    at = f"2025-{1 + number % 12:02}-01T00:00:00"
    body = os.urandom(10 * 2**20).hex()
    exporter.export_item(Message(**ids, message_created_datetime=at, body=body))
exporter.finish_exporting()
"""


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("jobdir", type=Path)
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    job = str(arguments.jobdir.resolve())
    with tempfile.TemporaryDirectory(prefix="tables-") as name:
        os.chdir(name)
        Path("scrapy.cfg").write_text(
            "[settings]\ndefault = gorgias_crawler.settings\n"
        )
        broken = _formats(job)
        _questions()
        if arguments.large:
            broken += _large()
    return conclude(broken)


def _formats(job: str) -> list[str]:
    rows, lines, broken = 0, [], []
    for name in FILES:
        scrapy = [sys.executable, "-m", "scrapy", "export", job]
        months = MONTHS if name.startswith("lake") else []
        used = _measured([*scrapy, "-O", name, *months])
        if used["status"]:
            broken.append(f"{name}: exit status {used['status']}")
            continue
        if name == "x.csv":
            rows = _rows()
        paths = Path(name.partition("/:")[0])
        files = paths.rglob("*.*") if paths.is_dir() else [paths]
        size = sum(path.stat().st_size for path in files if path.is_file())
        count = _rows_of_all_kinds() if name.endswith(".sqlite") else rows
        per_s = count / used["cpu_s"]
        lines.append((
            name, f"{used['cpu_s']:.1f} s", f"{per_s:,.0f}", f"{size / 2**20:.1f} MB",
            f"{used['mb']:.0f} MB",
        ))  # fmt: skip
        if name.endswith(".sqlite") and per_s < LEAST_PER_S:
            broken.append(f"{name}: {per_s:,.0f} rows/s of CPU")
    print(f"{rows:,} messages\n")
    header = ("file", "CPU", "rows/s of CPU", "size", "peak memory")
    print(table(header, lines))
    return broken


def _rows() -> int:
    import duckdb  # noqa: PLC0415  # of the tests' extra

    source, *_ = SOURCES["x.csv"]
    counted = duckdb.connect().execute(f"SELECT count(*) FROM {source}")
    ((count,),) = counted.fetchall()
    return int(count)


def _rows_of_all_kinds() -> int:
    with closing(sqlite3.connect("x.sqlite")) as db:
        kinds = [kind for (kind,) in db.execute("SELECT kind FROM about_columns")]
        counts = (f"SELECT count(*) FROM {kind}" for kind in set(kinds))
        return sum(db.execute(sql).fetchone()[0] for sql in counts)


def _questions() -> None:
    import duckdb  # noqa: PLC0415

    lines = []
    engine = duckdb.connect()
    for question, sql in QUESTIONS.items():
        took = []
        answers = []
        for source, at, month in SOURCES.values():
            asked = sql.format(rows=source, at=at, month=month)
            began_s = time.monotonic()
            answers.append(sorted(engine.execute(asked).fetchall()))
            took.append(time.monotonic() - began_s)
        # the CSV file has no date of messages
        compared = answers[1:] if "{month}" in sql else answers
        agree = "yes" if all(each == compared[-1] for each in compared) else "NO"
        lines.append((question, *(f"{s * 1000:.0f} ms" for s in took), agree))
    print(f"\n{table(('question', *SOURCES, 'the same answer'), lines)}")


def _large() -> list[str]:
    lines, broken = [], []
    for kind in ("csv", "parquet", "months", "sqlite"):
        peaks = []
        for count in (2, 20):
            used = _measured([sys.executable, "-c", LARGE, kind, str(count)])
            if used["status"]:
                broken.append(f"{kind}: {count} bodies: exit status {used['status']}")
            peaks.append(used["mb"])
        lines.append((kind, *(f"{peak:.0f} MB" for peak in peaks)))
        if peaks[1] > peaks[0] + 50:  # noise of the heap, with values of 20 MB
            broken.append(
                f"{kind}: the peak grows: {peaks[0]:.0f} to {peaks[1]:.0f} MB"
            )
    print(f"\n{table(('bodies of 20 MB', '2', '20'), lines)}")
    return broken


def _measured(command: list[str]) -> dict[str, float]:
    wrapped = [sys.executable, "-c", WRAPPER, *command]
    ended = subprocess.run(wrapped, capture_output=True, text=True, check=True)
    used: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return used


if __name__ == "__main__":
    sys.exit(main())
