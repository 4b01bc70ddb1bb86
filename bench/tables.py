"""What files of an archive cost: rows a second, size, memory, and questions to them.

Each format is exported by a process of its own. Then DuckDB, which is to be installed,
answers three questions from CSV and from Parquet. With --large, 20 made-up messages
with bodies of 20 MB are written by each exporter alone.

    python bench/tables.py crawls/run1
    python bench/tables.py crawls/run1 --large
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crawling import conclude, table

FILES = [
    "x.csv", "x.csv.gz", "x.csv.zst", "x.jsonl", "x.parquet", "x.sqlite", "all/:csv",
]  # fmt: skip
QUESTIONS = {
    "tickets a month": "SELECT strftime({at}, '%Y-%m') AS month, "
    "count(DISTINCT ticket_id) FROM {rows} GROUP BY month",
    "messages with a word": "SELECT count(*) FROM {rows} WHERE body ILIKE '%refund%'",
    "tickets by channel and status": "SELECT channel, status, count(DISTINCT ticket_id) "
    "FROM {rows} GROUP BY ALL",
}
SOURCES = {
    "x.csv": (
        "read_csv('x.csv', all_varchar=true, max_line_size=100000000)",
        "created_datetime::TIMESTAMPTZ",
    ),
    "x.parquet": ("'x.parquet'", "created_datetime"),
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
from gorgias_crawler.feeds.formats import HeaderedCsvItemExporter
from gorgias_crawler.feeds.parquet import ParquetItemExporter
from gorgias_crawler.feeds.recorded import FeedFile
from gorgias_crawler.feeds.sqlite import SqliteItemExporter
from gorgias_crawler.items import Message
file = open("large", "wb")
kind = {
    "csv": HeaderedCsvItemExporter,
    "parquet": ParquetItemExporter,
    "sqlite": SqliteItemExporter,
}[sys.argv[1]]
fields = ["ticket_id", "message_id", "body"]
exporter = kind(FeedFile(file), fields_to_export=fields)
exporter.start_exporting()
for number in range(int(sys.argv[2])):
    body = os.urandom(10 * 2**20).hex()
    exporter.export_item(Message(ticket_id=number, message_id=number, body=body))
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
        used = _measured([*scrapy, "-O", name])
        if used["status"]:
            broken.append(f"{name}: exit status {used['status']}")
            continue
        if name == "x.csv":
            rows = _rows()
        paths = Path(name.partition("/:")[0])
        files = paths.iterdir() if paths.is_dir() else [paths]
        size = sum(path.stat().st_size for path in files)
        per_s = rows / used["cpu_s"]
        lines.append((
            name, f"{used['cpu_s']:.1f} s", f"{per_s:,.0f}", f"{size / 2**20:.1f} MB",
            f"{used['mb']:.0f} MB",
        ))  # fmt: skip
        if name.endswith(".sqlite") and per_s < LEAST_PER_S:
            broken.append(f"{name}: {per_s:,.0f} messages/s of CPU")
    print(f"{rows:,} messages\n")
    header = ("file", "CPU", "messages/s of CPU", "size", "peak memory")
    print(table(header, lines))
    return broken


def _rows() -> int:
    import duckdb  # noqa: PLC0415  # of the tests' extra

    source, _ = SOURCES["x.csv"]
    ((count,),) = duckdb.sql(f"SELECT count(*) FROM {source}").fetchall()
    return int(count)


def _questions() -> None:
    import duckdb  # noqa: PLC0415

    lines = []
    for question, sql in QUESTIONS.items():
        took = []
        answers = []
        for source, at in SOURCES.values():
            began_s = time.monotonic()
            answers.append(
                sorted(duckdb.sql(sql.format(rows=source, at=at)).fetchall())
            )
            took.append(time.monotonic() - began_s)
        agree = "yes" if answers[0] == answers[1] else "NO"
        lines.append((question, *(f"{s * 1000:.0f} ms" for s in took), agree))
    print(f"\n{table(('question', *SOURCES, 'the same answer'), lines)}")


def _large() -> list[str]:
    lines, broken = [], []
    for kind in ("csv", "parquet", "sqlite"):
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
