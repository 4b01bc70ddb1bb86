"""docs/deploy.md says what works: its blocks are run or checked as they stand."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gorgias_crawler.extensions.run_report import figures
from gorgias_crawler.job.ping import LIMIT_S
from gorgias_crawler.middlewares.handler import STILL_AWAITED_S
from tests.crawling import At

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")


def files(language):
    """Return the blocks that are files, by name."""
    found = [text for name, text in BLOCKS if name == language]
    return {text.split("\n")[0].removeprefix("# "): text for text in found}


def by_command_line(text, directory):
    """Return *text* with the interpreter of the tests in place of the page's."""
    command = f"{sys.executable} -m gorgias_crawler"
    text = re.sub(r"[\w./]*gorgias-crawler(?= (crawl|status))", command, text)
    return text.replace("/srv/gorgias", str(directory))


def run(shop, command, **environ):
    """Run *command* in a shell, as cron does; return its exit status and words."""
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd="/",
        env=shop.environment() | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


# systemd.

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze"
)


@needs_systemd
def test_systemd_takes_the_units(tmp_path):
    units = files("ini")
    assert len(units) == 2
    for name, text in units.items():
        # It looks for the command, which is not there.
        text = re.sub(r"(?<=ExecStart=)\S+", sys.executable, text)  # noqa: PLW2901
        (tmp_path / Path(name).name).write_text(text)
    paths = sorted(map(str, tmp_path.iterdir()))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in checked.stderr.splitlines() if "gorgias" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr


@needs_systemd
def test_systemd_would_name_what_is_wrong_in_a_unit(tmp_path):
    text = files("ini")["/etc/systemd/system/gorgias-crawler.service"]
    unit = tmp_path / "gorgias-crawler.service"
    unit.write_text(text.replace("UMask=0077", "UMask=rw"))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "rw" in checked.stderr


def test_the_command_of_the_unit_is_a_crawl(open_shop):
    text = files("ini")["/etc/systemd/system/gorgias-crawler.service"]
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    shop = open_shop(tickets=2)
    words = by_command_line(command, shop.path)
    status, said = run(shop, f"cd {shop.path} && {words}")
    assert status == 0, said
    assert "Complete" in said


# cron.


def lines_of_cron(shop):
    (block,) = [text for name, text in BLOCKS if name == "crontab"]
    crawl, status = re.findall(r"^[\d*][\d* ]+(cd .*)$", block, re.MULTILINE)
    return by_command_line(crawl, shop.path), by_command_line(status, shop.path)


def test_cron_mails_nothing_of_a_good_night_and_a_line_of_a_bad_one(open_shop):
    shop = open_shop(tickets=2)
    crawl, status = lines_of_cron(shop)
    assert run(shop, crawl) == (0, "")
    assert run(shop, status) == (0, "")
    exit_status, said = run(shop, crawl, GORGIAS_API_KEY="")
    assert exit_status == 1
    assert re.fullmatch(r"gorgias_crawler: GORGIAS_API_KEY is not set.*\n", said)
    log = (shop.path / "crawls" / "run1" / "crawl.log").read_text()
    assert "GORGIAS_API_KEY is not set" in log.splitlines()[-1]


def test_the_readme_gives_the_same_lines_of_cron():
    readme = (ROOT / "README.md").read_text("utf-8")
    in_readme, here = (
        re.findall(r"```crontab\n(.*?)```", text, re.DOTALL) for text in (readme, PAGE)
    )
    assert len(here) == 1
    assert [
        block.replace("/home/you/gorgias", "/srv/gorgias").replace(
            "bin/scrapy", "bin/gorgias-crawler"
        )
        for block in in_readme
    ] == here


def test_cron_mails_that_no_run_was_complete_whatever_kept_it_from_starting(open_shop):
    shop = open_shop(tickets=2)
    _, status = lines_of_cron(shop)
    assert "is not a job directory" in run(shop, status)[1]
    ended = shop.crawl("-a", "estimate=true", "-s", "JOBDIR=crawls/run1")
    assert ended.status == 0
    said = run(shop, status)[1]
    assert re.fullmatch(r"No run of this job has been complete yet\. .*\n", said)


# The container file.


def test_the_container_file_copies_what_is_there_and_no_more_is_sent_to_the_builder():
    copied = re.findall(r"^COPY (.*) \S+$", CONTAINERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert all((ROOT / name).exists() for name in names)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert sent == names
    assert not re.search(r"^(ENV|ARG) ", CONTAINERFILE, re.MULTILINE)


def test_the_container_runs_the_command_that_is_installed_as_a_user_of_its_own():
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", CONTAINERFILE, re.MULTILINE)
    (command,) = re.findall(r"^CMD (.*)$", CONTAINERFILE, re.MULTILINE)
    (python,) = re.findall(
        r"^FROM .*/python:([\d.]+)-slim$", CONTAINERFILE, re.MULTILINE
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert json.loads(entry) == list(project["scripts"])
    assert json.loads(command)[:2] == ["crawl", "gorgias"]
    assert tuple(map(int, python.split("."))) >= (3, 11)
    last_user = re.findall(r"^USER (.*)$", CONTAINERFILE, re.MULTILINE)[-1]
    # By number: Kubernetes tells root from others by it (runAsNonRoot).
    assert f"useradd --uid {last_user} " in CONTAINERFILE
    assert int(last_user) > 0
    assert "--require-hashes -r requirements.lock" in CONTAINERFILE


def test_what_kills_waits_longer_than_an_answer_and_a_monitor_are_waited_for():
    (kills_s,) = re.findall(r"`docker stop` kills after (\d+) s", PAGE)
    assert int(kills_s) > STILL_AWAITED_S + LIMIT_S


# Logs.


@pytest.mark.parametrize("way", ["renamed", "copied and truncated"])
def test_a_log_may_be_rotated_while_a_run_is_at_work(open_shop, way):
    shop = open_shop(tickets=5)
    log, old = shop.path / "crawl.log", shop.path / "crawl.log.1"

    def rotate(at, call):
        if way == "renamed":
            log.rename(old)
            return
        shutil.copy(log, old)
        os.truncate(log, 0)

    shop.sandbox.on_request = At(lambda call: call.number == 2, rotate)
    assert shop.crawl("-s", "LOG_FILE=crawl.log").status == 0
    at_end = old if way == "renamed" else log
    assert "Complete" in at_end.read_text().splitlines()[-1]
    assert "\0" not in log.read_text() if log.exists() else way == "renamed"
    assert shop.crawl("-s", "LOG_FILE=crawl.log").status == 0
    assert "Complete" in log.read_text().splitlines()[-1]


# Spidermon.


def test_the_table_of_stats_is_that_of_what_is_set():
    manifest = {
        "exit_status": 0,
        "tickets": dict.fromkeys(["listed", "due", "new", "changed"], 0),
        "messages": {"archived": 0, "exported": 0},
        "dropped": {},
        "failed": [],
        "files": {"to_fetch": 0},
    }
    table = re.findall(r"^\| `gorgias/(\w+)` \|", PAGE, re.MULTILINE)
    assert table == list(figures(manifest))


@pytest.mark.parametrize(
    ("known", "verdict"), [(1, "OK"), (10_000, "FAIL")], ids=["enough", "too few"]
)
def test_the_suite_of_spidermon_judges_a_run_by_its_stats(open_shop, known, verdict):
    pytest.importorskip("spidermon")
    shop = open_shop(tickets=2)
    for name, text in files("python").items():
        (shop.path / name).write_text(text.replace("KNOWN = 500", f"KNOWN = {known}"))
    command = [line for line in PAGE.splitlines() if line.startswith("SCRAPY_SETTINGS")]
    words = by_command_line(command[0], shop.path)
    status, said = run(shop, f"cd {shop.path} && {words}")
    assert status == 0, said
    assert "Help desk/all is there... OK" in said
    assert (
        f"Help desk/there are not fewer messages than we know of... {verdict}" in said
    )


def test_the_suite_of_spidermon_fails_for_a_run_that_is_incomplete(open_shop):
    pytest.importorskip("spidermon")
    shop = open_shop(tickets=2)
    for name, text in files("python").items():
        (shop.path / name).write_text(text)
    shop.environ |= {
        "PYTHONPATH": str(shop.path),
        "SCRAPY_SETTINGS_MODULE": "monitored",
    }
    ended = shop.crawl("-s", "CLOSESPIDER_PAGECOUNT=1")
    assert ended.status == 3
    assert "Help desk/all is there... FAIL" in ended.log
