"""What a person or a monitor is told of a run: the truth, wherever they look."""

import json
import os
import re
import stat
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
from tests.crawling import PROJECT, SCRAPY, wait

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


# A start that is refused.

OWN = """
from gorgias_crawler.spiders.gorgias import GorgiasSpider as _Base
class Extension:
    @classmethod
    def from_crawler(cls, crawler):
        raise ValueError("a secret of mine")
class Spider(_Base):
    def __init__(self, **values):
        raise ValueError("a secret of mine")
"""
REFUSED = {
    "credentials are gone": ([], {"GORGIAS_API_KEY": ""}, 1),
    "an unknown setting": (["-s", "GORGIAS_COLOUR=red"], {}, 1),
    "an unknown option": (["--estimate"], {}, 2),
    "an unknown argument": (["-a", "since_=30d"], {}, 2),
    "a foreign file": (["-o", "foreign.csv"], {}, 1),
    "a feed that cannot be set up": (["-O", "foreign.csv/x.csv"], {}, 1),
    "an option without its value": (["-L"], {}, 2),
    "a value for an option that takes none": (["--nolog=1"], {}, 2),
    "a file for the process id": (["--pidfile", "foreign.csv/pid"], {}, 1),
    "a file for a profile": (["--profile", "foreign.csv/profile"], {}, 1),
    "a spider that cannot be built": (["-s", "SPIDER_MODULES=own"], {}, 1),
    "spiders that cannot be imported": (["-s", "SPIDER_MODULES=none"], {}, 1),
    "an extension that cannot be built": (
        ["-s", 'EXTENSIONS={"own.Extension": 1}'],
        {},
        1,
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_start_stands_in_the_log_and_in_run_json_and_is_no_run(
    open_shop, why
):
    shop = open_shop(tickets=2)
    log = shop.path / "crawl.log"
    (shop.path / "foreign.csv").write_text("mine")
    (shop.path / "own.py").write_text(OWN)
    shop.environ["PYTHONPATH"] = str(shop.path)
    assert shop.crawl("-s", f"LOG_FILE={log}").status == 0
    assert "Complete" in log.read_text().splitlines()[-1]
    before = shop.run("status", "job").log
    assert "Last start" not in before
    options, environ, status = REFUSED[why]
    shop.environ |= environ
    ended = shop.crawl("-s", f"LOG_FILE={log}", *options)
    assert ended.status == status
    (line,) = ended.log.splitlines()
    assert "secret" not in line
    sentence = line.removeprefix("gorgias_crawler: ")
    last = log.read_text().splitlines()[-1]
    assert last.endswith(f"[gorgias_crawler] ERROR: Cannot start: {sentence}")
    told = shop.manifest()
    assert (told["exit_status"], told["ended_by"]) == (status, sentence)
    assert (told["feeds"], told["reached_end"]) == ([], False)
    refusal = shop.run("status", "job").log.removeprefix(before).splitlines()
    assert re.fullmatch(rf"Last start: .* with exit status {status}\.", refusal[0])
    assert refusal[1:] == [f"  {sentence}"]
    assert stat.S_IMODE((shop.jobdir / "run.json").stat().st_mode) == 0o600


LOGS = {
    "an option": (["--logfile", "crawl.log"], ""),
    "a setting": (["-s", "LOG_FILE=crawl.log"], ""),
    "a settings module": ([], "LOG_FILE = 'crawl.log'\n"),
    "a new one each time": (
        ["--logfile", "crawl.log"],
        "LOG_FILE_APPEND = False\n",
    ),
}


OF_OWN = '-sEXTENSIONS={"own.Extension": 1}'
WRONG = {"-L": 2, "-sGORGIAS_COLOUR=red": 1, OF_OWN: 1}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("where", LOGS)
def test_a_refused_start_stands_in_the_log_wherever_that_is_named(
    open_shop, where, wrong
):
    shop = open_shop(tickets=2)
    options, module = LOGS[where]
    (shop.path / "own.py").write_text(OWN)
    (shop.path / "mine.py").write_text(
        f"from gorgias_crawler.settings import *\n{module}"
    )
    shop.environ |= {"PYTHONPATH": str(shop.path), "SCRAPY_SETTINGS_MODULE": "mine"}
    (shop.path / "crawl.log").write_text("the run before\n")
    ended = shop.crawl(*options, wrong)
    assert ended.status == WRONG[wrong]
    sentence = ended.log.strip().removeprefix("gorgias_crawler: ")
    log = (shop.path / "crawl.log").read_text()
    assert log.endswith(f"ERROR: Cannot start: {sentence}\n")
    assert ("the run before" in log) is ("APPEND" not in module)
    assert "\0" not in log
    # what was logged of it before is not overwritten
    assert ("Traceback" in log) is (wrong == OF_OWN)


def test_a_refused_start_is_noted_in_the_default_job_directory(open_shop):
    shop = open_shop(tickets=2)
    assert shop.crawl("-s", "JOBDIR=").status == 0
    shop.environ["GORGIAS_API_KEY"] = ""
    assert shop.crawl("-s", "JOBDIR=").status == 1
    (file,) = shop.path.glob("crawls/*/run.json")
    assert "GORGIAS_API_KEY" in json.loads(file.read_text())["ended_by"]


@pytest.mark.parametrize("command", ["export", "status"])
def test_a_command_that_is_no_run_leaves_run_json_alone_where_it_is_refused(
    open_shop, command
):
    shop = open_shop(tickets=2)
    assert shop.crawl().status == 0
    before = shop.manifest()
    (shop.path / "mine.py").write_text(
        "from gorgias_crawler.settings import *\nJOBDIR = 'job'\nLOG_FILE = 'log'\n"
    )
    shop.environ |= {"PYTHONPATH": str(shop.path), "SCRAPY_SETTINGS_MODULE": "mine"}
    assert shop.run(command, "job", "--foo").status == 2
    assert shop.manifest() == before
    assert (shop.path / "log").exists() is (command == "export")


def test_a_refused_start_makes_no_job(open_shop):
    shop = open_shop(tickets=2)
    assert shop.crawl("-s", "GORGIAS_COLOUR=red").status == 1
    assert not shop.jobdir.exists()


def test_a_start_beside_a_crawl_at_work_is_refused_and_leaves_its_job_alone(open_shop):
    shop = open_shop(tickets=2)
    assert shop.crawl().status == 0
    before = shop.manifest()
    job = Job(shop.jobdir)
    ended = shop.crawl()
    job.close()
    assert ended.status == 1
    assert "in use by another crawl" in ended.log
    assert shop.manifest() == before


def test_run_json_of_a_killed_run_does_not_tell_of_the_run_before(open_shop):
    shop = open_shop(tickets=2)
    assert shop.crawl().status == 0
    told = []

    def kill(call):
        told.append(shop.manifest())
        process.kill()

    shop.sandbox.on_request = kill
    process = shop.start()
    wait(process)
    assert shop.manifest() == told[0]
    assert told[0]["exit_status"] == 3
    assert told[0]["run"] == 2
    assert told[0]["ended"] is None
    assert "was killed" in told[0]["ended_by"]


def test_run_json_has_the_same_keys_at_the_start_and_at_the_end(open_shop):
    shop = open_shop(tickets=2)
    begun = []
    shop.sandbox.on_request = lambda call: begun.append(shop.manifest())
    assert shop.crawl().status == 0
    assert list(begun[0]) == list(shop.manifest())


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
