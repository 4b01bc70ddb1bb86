"""scrapy status, as a user meets it."""

import threading
import time

import pytest

from gorgias_crawler.sandbox import Answer
from tests.crawling import wait


def test_status_tells_how_far_a_finished_job_is(finished):
    ended = finished.run("status", "job")
    assert ended.status == 0
    assert "Account sandbox-50-tickets-seed-1: no crawl is at work" in ended.log
    assert "Phase: complete" in ended.log
    assert "Tickets: 50 listed, 50 complete" in ended.log
    rows = len(finished.expected())
    assert f"Messages: {rows:,} archived of {rows:,}" in ended.log
    assert f"{finished.file}: {rows:,} rows" in ended.log


def test_status_works_while_a_crawl_is_at_work_and_does_not_disturb_it(open_shop):
    told = threading.Event()
    shop = open_shop(forks=False)
    shop.sandbox.on_request = lambda call: (
        None if call.number < 6 else told.wait() and None
    )
    process = shop.start("-a", "fetch=per-ticket", "-s", "CONCURRENT_REQUESTS=2")
    while len(shop.sandbox.calls) < 6:
        time.sleep(0.02)
    ended = shop.run("status", "job")
    told.set()
    assert "a crawl is at work on it now" in ended.log
    assert "Phase: fetching messages ticket by ticket" in ended.log
    assert wait(process).status == 0
    assert shop.rows() == shop.expected()


def test_status_names_failures_with_their_reasons(open_shop):
    shop = open_shop(tickets=10)
    victim = shop.expected()[0]["ticket_id"]
    shop.sandbox.on_request = lambda call: (
        Answer(500, b"") if call.query.get("ticket_id") == [victim] else None
    )
    shop.crawl("-a", "fetch=per-ticket", "-s", "RETRY_TIMES=0")
    ended = shop.run("status", "job")
    assert f"{victim}  500 Internal Server Error" in ended.log
    assert "exit status 3" in ended.log


@pytest.mark.parametrize("command", ["status", "verify", "export"])
def test_what_is_no_job_directory_is_told_so(finished, command):
    options = ["-O", "x.csv"] if command == "export" else []
    ended = finished.run(command, "nowhere", *options)
    assert ended.status == 1
    assert "nowhere is not a job directory" in ended.log
    assert "Traceback" not in ended.log
    assert not (finished.path / "nowhere").exists()
