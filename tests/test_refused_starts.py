"""A start that is refused is told wherever somebody looks, and is no run."""

import json
import re
import stat

import pytest

from gorgias_crawler.job.directory import Job
from tests.crawling import wait

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
