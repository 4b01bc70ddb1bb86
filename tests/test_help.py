"""The help, the log file and the demo, as a user meets them."""

import signal
import stat
import time

import pytest

from gorgias_crawler import arguments, config
from tests.crawling import wait


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        ("crawl", [arguments.MEANINGS, config.SETTINGS, config.VARIABLES]),
        ("export", [arguments.OF_ROWS]),
    ],
)
def test_the_help_says_what_each_argument_means_and_what_is_true_of_files(
    finished, command, tables
):
    ended = finished.run(command, "--help")
    assert ended.status == 0
    for name, meaning in (pair for table in tables for pair in table.items()):
        assert f"{name} {words(meaning)}" in words(ended.log)
    assert "append" not in ended.log.replace("LOG_FILE_APPEND", "")
    assert "only while it holds what a crawl of this job wrote" in words(ended.log)
    assert "replaced in one step" in words(ended.log)


def test_the_help_names_every_argument_setting_and_variable(finished):
    ended = finished.run("crawl", "--help")
    assert ended.status == 0
    for name in [*arguments.MEANINGS, *config.SETTINGS, *config.VARIABLES]:
        assert name in ended.log


def test_the_log_may_be_kept_beside_the_archive_from_the_start(open_shop):
    shop = open_shop(tickets=3)
    assert shop.crawl("-s", "LOG_FILE=job/crawl.log").status == 0
    log = shop.jobdir / "crawl.log"
    assert "Complete: every listed ticket" in log.read_text()
    assert stat.S_IMODE(shop.jobdir.stat().st_mode) == 0o700
    assert shop.crawl("-s", "LOG_FILE=job/crawl.log").status == 0


def test_a_signal_to_the_demo_ends_its_crawl_too(open_shop):
    shop = open_shop(tickets=1)
    process = shop.start(command="demo")
    while not (shop.path / "demo" / "job" / "archive.sqlite").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    ended = wait(process)  # the crawl would hold the pipe open
    assert ended.status == 3, ended.log
    assert "Received SIGINT" in ended.log
    assert "INCOMPLETE: stopped" in ended.log
    assert "Traceback" not in ended.log


def test_the_demo_says_where_it_cannot_write(open_shop):
    shop = open_shop(tickets=1)
    (shop.path / "demo").write_text("a file")
    ended = shop.run("demo")
    assert ended.status == 1
    assert "demo cannot be made here (File exists)" in ended.log
    assert len(ended.log.strip().splitlines()) == 1
