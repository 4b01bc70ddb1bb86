"""What a person or a monitor is told of a run: the truth, wherever they look."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gorgias_crawler.archive import Archive
from gorgias_crawler.durable import owner
from gorgias_crawler.errors import JobError
from gorgias_crawler.job.directory import Job
from gorgias_crawler.job.manifest import left_out
from gorgias_crawler.sandbox import Answer
from tests.crawling import PROJECT, SCRAPY

SILENT = {
    "CRITICAL": ["-L", "CRITICAL"],
    "no log": ["--nolog"],
    "a log file": ["-s", "LOG_FILE=crawl.log"],
}
BAD_KEY = Answer(401, b"{}")


@pytest.mark.parametrize("log", SILENT)
def test_a_failure_is_told_on_standard_error_whatever_the_log_does(open_shop, log):
    shop = open_shop(tickets=2, on_request=lambda call: BAD_KEY)
    ended = shop.crawl(*SILENT[log])
    assert ended.status == 1
    (line,) = ended.log.splitlines()
    assert line.startswith("gorgias_crawler: Cannot start: ")
    assert "refuses the credentials" in line


@pytest.mark.parametrize("options", [[], ["-L", "ERROR"]])
def test_a_failure_is_told_once_where_the_log_shows_it(open_shop, options):
    shop = open_shop(tickets=2, on_request=lambda call: BAD_KEY)
    ended = shop.crawl(*options)
    assert ended.log.count("Cannot start: ") == 1


@pytest.mark.parametrize("level", ["WARNING", "ERROR", "CRITICAL"])
def test_success_is_told_at_info_and_is_silent_above(open_shop, level):
    shop = open_shop(tickets=2)
    ended = shop.crawl("-L", level)
    assert (ended.status, ended.log) == (0, "")
    assert "Complete: every listed ticket" in shop.crawl().last_lines


def test_an_export_that_fails_says_so_without_a_log(open_shop):
    shop = open_shop(tickets=2)
    assert shop.crawl().status == 0
    ended = shop.run("export", "job", "-O", "x.csv", "-a", "tag=none", "--nolog")
    assert ended.status == 1
    assert ended.log.startswith("gorgias_crawler: ")
    assert "-a tag=none: no archived ticket has this tag" in ended.log


# What is left out.


def test_what_the_filters_leave_out_is_counted(open_shop):
    shop = open_shop(tickets=20)
    ended = shop.crawl("-a", "status=open")
    told = shop.manifest()
    rows = len(shop.rows())
    assert told["feeds"][0]["rows"] == rows
    assert told["filtered_rows"] == len(shop.expected()) - rows > 0
    words = f"left out: {told['filtered_rows']:,} rows by -a status=open"
    assert words in ended.last_lines
    assert words in shop.run("status", "job").log


def test_a_filter_that_matches_nothing_says_0_rows_in_the_last_line(open_shop):
    shop = open_shop(tickets=5)
    ended = shop.crawl("-a", "channel=whatsapp")
    assert ended.status == 0
    assert "0 rows" in ended.log.splitlines()[-1]
    assert shop.rows() == []
    assert shop.file.read_text().startswith("ticket_id,")


DROPPING = (
    "from scrapy.exceptions import DropItem\n"
    "class Half:\n"
    "    count = 0\n"
    "    def process_item(self, item):\n"
    "        self.count += 1\n"
    "        if self.count % 2: raise DropItem('odd')\n"
    "        return item\n"
)


@pytest.mark.parametrize("level", ["INFO", "ERROR", "CRITICAL"])
def test_rows_that_a_pipeline_dropped_are_in_the_last_line_at_every_level(
    open_shop, level
):
    shop = open_shop(tickets=4)
    (shop.path / "own.py").write_text(DROPPING)
    shop.environ["PYTHONPATH"] = str(shop.path)
    ended = shop.crawl("-s", 'ITEM_PIPELINES={"own.Half": 500}', "-L", level)
    assert ended.status == 0, ended.log
    dropped = len(shop.expected()) - len(shop.rows())
    last = ended.log.splitlines()[-1]
    assert f"left out: {dropped} rows dropped by own.Half" in last


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, []),
        ({"orphan_messages": 1}, ["1 message of tickets that Gorgias does not list"]),
        ({"filtered_rows": 2, "filters": "-a x=y"}, ["2 rows by -a x=y"]),
        ({"dropped": {"P": 1}}, ["1 row dropped by P"]),
    ],
)
def test_each_kind_of_what_is_left_out_is_named(told, said):
    assert left_out(told) == said


def test_messages_of_tickets_that_no_list_shows_are_counted_until_a_walk_lacks_them(
    open_shop,
):
    shop = open_shop(tickets=5)

    def add_orphan(call):
        if call.path != "/api/messages" or "ticket_id" in call.query:
            return None
        page = json.loads(shop.sandbox.answer(call).body)
        if page["data"]:
            page["data"][0] = page["data"][0] | {"id": 1, "ticket_id": 2}
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = add_orphan
    words = "left out: 1 message of tickets that Gorgias does not list"
    shop.crawl("-a", "fetch=bulk")
    assert shop.manifest()["orphan_messages"] == 1
    shop.sandbox.on_request = None
    ended = shop.crawl()  # reads no message again
    assert ended.status == 0
    assert words in ended.last_lines
    assert words in shop.run("status", "job").log
    ended = shop.crawl("-a", "relist=full", "-a", "fetch=bulk")
    assert ended.status == 0
    assert shop.manifest()["orphan_messages"] == 0
    assert "left out" not in ended.log
    assert shop.rows() == shop.expected()


# Rights.

root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can give files to another user",
)


@pytest.fixture
def foreign_job():
    """A job whose directory belongs to a user called nobody."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        path = Path(name) / "job"
        Job(path).close()
        import pwd  # noqa: PLC0415 - not on every system

        nobody = pwd.getpwnam("nobody")
        for each in (path, *path.iterdir()):
            os.chown(each, nobody.pw_uid, nobody.pw_gid)
        yield path


AS_SOMEBODY = """
import os, sys
from pathlib import Path
from gorgias_crawler.archive import Archive
from gorgias_crawler.errors import JobError
from gorgias_crawler.job.directory import Job
os.setgroups([]); os.setgid(4321); os.setuid(4321)
for open_ in (Archive.open_to_read, lambda path: Job(path.parent)):
    try:
        open_(Path(sys.argv[1]) / "archive.sqlite")
    except JobError as error:
        print(error)
"""


@root_only
@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_a_job_of_another_user_is_told_with_its_owner_and_a_way_out(foreign_job, mode):
    foreign_job.chmod(mode)
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, str(foreign_job)],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        # without coverage, whose file this user may not write
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
    )
    reading, crawling = done.stdout.splitlines()
    if mode == 0o700:
        assert f"{foreign_job} belongs to nobody" in reading
        assert "run the command as that user" in reading
    assert f"{foreign_job} belongs to nobody" in crawling
    assert "chown" in crawling


def test_an_owner_without_a_name_is_told_by_number(tmp_path, monkeypatch):
    def unknown(_path):
        raise KeyError

    monkeypatch.setattr(Path, "owner", unknown)
    assert owner(tmp_path) == f"user {os.getuid()}"


def test_what_cannot_be_looked_at_is_a_job_error(tmp_path, monkeypatch):
    def denied(_path):
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(JobError, match=f"{tmp_path} belongs to "):
        Archive.open_to_read(tmp_path / "archive.sqlite")


# Output.


def test_names_that_the_output_cannot_hold_are_escaped(open_shop):
    shop = open_shop(tickets=2, forks=False)
    shop.path = shop.path / "Büro"
    shop.path.mkdir()
    (shop.path / "scrapy.cfg").write_bytes((PROJECT / "scrapy.cfg").read_bytes())
    assert shop.crawl().status == 0
    ended = subprocess.run(
        [*SCRAPY, "verify", "job"],
        cwd=shop.path,
        env=shop.environment() | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "B\\xfcro" in ended.stdout
