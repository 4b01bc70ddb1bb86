"""Makes the archives of format 2 that the tests take over. It needs commit 13b95fc:

    git worktree add ../old 13b95fc
    PYTHONPATH=../old python tests/data/make_format_2.py tests/data

``format-2.sqlite`` is of a crawl that came to its end, ``format-2.csv`` the file that
it wrote; ``format-2-unfinished.sqlite`` is of one that was killed in mid-walk.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World

TICKETS = 12  # with the ticket of 130 messages: two pages of a walk


def crawl(sandbox: Sandbox, directory: Path, *options: str) -> int:
    (directory / "scrapy.cfg").write_text(
        "[settings]\ndefault = gorgias_crawler.settings\n"
    )
    command = [sys.executable, "-m", "scrapy", "crawl", "gorgias", *options]
    environ = {
        **os.environ,
        "GORGIAS_API_URL": sandbox.url,
        "GORGIAS_API_USER": API_USER,
        "GORGIAS_API_KEY": API_KEY,
    }
    return subprocess.run(command, cwd=directory, env=environ, check=False).returncode


def main(target: Path) -> None:
    world = World(tickets=TICKETS)
    with (
        tempfile.TemporaryDirectory() as name,
        Sandbox(world, rate=None) as sandbox,
    ):
        directory = Path(name)
        crawl(sandbox, directory, "-s", "JOBDIR=whole", "-O", "format-2.csv")
        walked = 0

        def kill_at_the_second_page(call):
            nonlocal walked
            walked += call.path == "/api/messages"
            if walked > 1:
                kill = ["pkill", "-9", "-f", "JOBDIR=killed"]
                subprocess.run(kill, check=False)

        sandbox.on_request = kill_at_the_second_page
        options = ("-a", "fetch=bulk", "-s", "CONCURRENT_REQUESTS=1")
        status = crawl(sandbox, directory, "-s", "JOBDIR=killed", *options)
        assert status == -signal.SIGKILL, status
        for job, file in (("whole", ""), ("killed", "-unfinished")):
            archive = directory / job / "archive.sqlite"
            db = sqlite3.connect(archive)
            for statement in ("PRAGMA journal_mode = DELETE", "VACUUM"):
                db.execute(statement)
            db.close()
            (target / f"format-2{file}.sqlite").write_bytes(archive.read_bytes())
        rows = (directory / "format-2.csv").read_bytes()
        (target / "format-2.csv").write_bytes(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
