"""What goes wrong beside a run that goes on: failures, full disks, others at work."""

import os
import signal
import subprocess
import threading
import time

import pytest

from gorgias_crawler.sandbox import Answer
from tests.changes import change
from tests.crawling import SCRAPY, wait
from tests.test_resume import KILL, NIGHT_BEFORE, kill_when_asked, nth


def test_a_ticket_that_fails_is_recorded_and_stops_no_other(open_shop):
    shop = open_shop(tickets=30)
    victim = shop.expected()[0]["ticket_id"]
    broken = Answer(500, b"")
    shop.sandbox.on_request = lambda call: (
        broken if call.query.get("ticket_id") == [victim] else None
    )
    options = ["-a", "fetch=per-ticket", "-s", "RETRY_TIMES=1"]
    ended = shop.crawl(*options)
    assert ended.status == 3
    assert f"1 ticket could not be fetched ({victim}" in ended.last_lines
    assert [f["ticket_id"] for f in shop.manifest()["failed"]] == [int(victim)]
    others = [row for row in shop.expected() if row["ticket_id"] != victim]
    assert shop.rows() == others
    shop.sandbox.on_request = None
    assert shop.crawl(*options).status == 0
    assert shop.rows() == shop.expected()


def test_a_ticket_that_is_gone_is_no_failure(open_shop):
    shop = open_shop(tickets=30)
    victim = int(shop.expected()[0]["ticket_id"])

    def vanish(call):
        if call.query.get("ticket_id") == [str(victim)]:
            shop.world.delete_ticket(victim)

    shop.sandbox.on_request = vanish
    ended = shop.crawl("-a", "fetch=per-ticket")
    assert ended.status == 0, ended.log
    assert shop.manifest()["tickets"]["vanished"] == 1
    assert shop.rows() == shop.expected()


def test_a_cursor_that_expired_over_night_begins_the_walk_again(open_shop):
    shop = open_shop(tickets=210)
    kill_when_asked(shop, nth(3, "/api/tickets"))
    refused: list[object] = []

    def expire(call):
        if "cursor" in call.query and not refused:
            refused.append(call)
            return Answer(400, b'{"error": {"msg": "Invalid cursor"}}')
        return None

    shop.sandbox.on_request = expire
    ended = shop.crawl("-s", "RETRY_TIMES=1")
    assert refused
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


def test_a_listing_that_goes_in_circles_ends(open_shop):
    shop = open_shop(tickets=210)
    pages: dict[str, None] = {}

    def circle(call):
        if call.path != "/api/tickets":
            return None
        pages.setdefault(call.query.get("cursor", ["head"])[0], None)
        answer = shop.sandbox.answer(call)
        if len(pages) < 3:
            return answer
        body = answer.body.replace(b'"next_cursor": null', b'"next_cursor": "x"')
        first = list(pages)[1].encode()
        head, _, tail = body.partition(b'"next_cursor": "')
        rest = tail.partition(b'"')[2]
        return Answer(200, head + b'"next_cursor": "' + first + b'"' + rest)

    shop.sandbox.on_request = circle
    ended = shop.crawl()
    assert ended.status == 3
    assert "a cursor came a second time" in ended.last_lines


def test_a_key_that_is_revoked_midway_keeps_the_work(open_shop):
    shop = open_shop(tickets=150)
    unauthorized = Answer(401, b'{"error": {"msg": "Unauthorized."}}')
    shop.sandbox.on_request = lambda call: unauthorized if call.number > 40 else None
    ended = shop.crawl("-a", "fetch=per-ticket")
    assert ended.status == 3
    assert "401" in ended.last_lines
    assert shop.manifest()["tickets"]["archived"] > 20
    shop.sandbox.on_request = None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_a_second_process_is_refused(open_shop):
    shop = open_shop(tickets=3, forks=False)
    is_at_work, is_refused = threading.Event(), threading.Event()

    def hold(call):
        is_at_work.set()
        is_refused.wait()

    shop.sandbox.on_request = hold
    first = shop.start()
    is_at_work.wait()
    second = shop.crawl()
    assert second.status == 1
    assert "in use by another crawl" in second.log
    assert "Traceback" not in second.log
    is_refused.set()
    assert wait(first).status == 0


def test_another_account_is_refused_with_both_names(open_shop):
    shop = open_shop(tickets=3)
    shop.crawl()
    other = Answer(200, b'{"domain": "other-shop"}')
    shop.sandbox.on_request = lambda call: (
        other if call.path == "/api/account" else None
    )
    ended = shop.crawl()
    assert ended.status == 1
    assert "'sandbox-3-tickets-seed-1'" in ended.log
    assert "'other-shop'" in ended.log


def test_a_full_device_under_a_feed_is_told_and_loses_nothing(open_shop):
    shop = open_shop(tickets=300)
    ended = shop.crawl("-O", "/dev/full:csv")
    assert ended.status == 3
    assert "No space left on device" in ended.log
    assert "Traceback" not in ended.log
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def limit_file_size(limit_bytes):
    """Let files of this process be no larger: to it, the disk is full."""
    import resource  # noqa: PLC0415 - not on every system

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))


@pytest.mark.parametrize(
    ("limit_bytes", "what"), [(400_000, "archive"), (2**19, "feed")]
)
def test_a_full_disk_ends_the_run_and_keeps_its_work(open_shop, limit_bytes, what):
    shop = open_shop(tickets=200)
    if what == "feed":
        # the archive is whole and larger than the limit, and is not written to
        assert shop.crawl().status == 0
        shop.file.write_text(NIGHT_BEFORE)
    process = subprocess.Popen(
        [*SCRAPY, "crawl", "gorgias", "-s", "JOBDIR=job", "-O", "tickets.jsonl"],
        cwd=shop.path,
        # without coverage, whose file would be too large, too
        env=shop.environment() | {"COVERAGE_PROCESS_CONFIG": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: limit_file_size(limit_bytes),
    )
    ended = wait(process)
    assert ended.status == 3, ended.log
    words = {"archive": "disk does not read or write", "feed": "cannot be written"}
    assert words[what] in ended.log
    assert "Traceback" not in ended.log
    if what == "feed":
        assert not (shop.path / "tickets.jsonl").exists()
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("ZeroDivisionError", "a bug in gorgias_crawler (ZeroDivisionError in broken)"),
        ("sqlite3.DatabaseError('a page')", "cannot be used (a page): it is damaged"),
    ],
)
def test_a_callback_that_raises_ends_the_run_and_says_what_failed(
    open_shop, error, words
):
    shop = open_shop(tickets=30)
    (shop.path / "broken.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "from gorgias_crawler.fetch.answers import Answers\n"
        "import sqlite3\n"
        f"def broken(self, call, page, made_us): raise {error}\n"
        "Answers.store = broken\n"
    )
    shop.environ["SCRAPY_SETTINGS_MODULE"] = "broken"
    path = [str(shop.path), os.environ.get("PYTHONPATH", "")]
    shop.environ["PYTHONPATH"] = os.pathsep.join(path)
    ended = shop.crawl("-a", "fetch=per-ticket")
    assert ended.status == 3
    assert words in ended.last_lines
    assert not shop.file.exists()


def test_a_row_that_cannot_be_processed_leaves_no_file_even_if_it_is_the_last(
    open_shop,
):
    shop = open_shop(tickets=30)
    assert shop.crawl().status == 0
    before, last = shop.file.read_bytes(), shop.expected()[-1]["body"]
    (shop.path / "broken.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "class Broken:\n"
        "    def process_item(self, item):\n"
        f"        if item.body == {last!r}: raise ValueError(item.body)\n"
        "        return item\n"
        "ITEM_PIPELINES = {**ITEM_PIPELINES, 'broken.Broken': 200}\n"
    )
    shop.environ["SCRAPY_SETTINGS_MODULE"] = "broken"
    path = [str(shop.path), os.environ.get("PYTHONPATH", "")]
    shop.environ["PYTHONPATH"] = os.pathsep.join(path)
    for ended in (shop.crawl(), shop.run("export", "job", "-O", shop.file.name)):
        assert ended.status == 3
        assert "could not be processed" in ended.last_lines
        assert shop.file.read_bytes() == before


def test_a_job_removes_and_replaces_what_it_wrote_and_nothing_else(open_shop):
    shop = open_shop(tickets=10)
    (shop.path / "killed.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "import os\n"
        "class Killer:\n"
        "    seen = 0\n"
        "    def process_item(self, item):\n"
        "        Killer.seen += 1\n"
        "        if Killer.seen == 5: os.kill(os.getpid(), 9)\n"
        "        return item\n"
        "ITEM_PIPELINES = {**ITEM_PIPELINES, 'killed.Killer': 200}\n"
    )
    path = [str(shop.path), os.environ.get("PYTHONPATH", "")]
    shop.environ["PYTHONPATH"] = os.pathsep.join(path)
    shop.environ["SCRAPY_SETTINGS_MODULE"] = "killed"
    assert shop.crawl().status == -KILL
    (part,) = shop.path.glob(".gorgias_tickets.csv.*.part")
    del shop.environ["SCRAPY_SETTINGS_MODULE"]
    mine = shop.path / "mine.csv"
    for _ in range(2):  # the second time it is the job's own file
        ended = shop.crawl("-o", mine.name)
        assert ended.status == 0, ended.log
        assert not part.exists()
        assert shop.rows(mine.name) == shop.expected()
    mine.write_text("somebody's own")
    for ended in (
        shop.crawl("-o", mine.name),
        shop.run("export", "job", "-o", "mine.csv"),
    ):
        assert ended.status == 1
        assert "use -O to replace it" in ended.log
        assert mine.read_text() == "somebody's own"


@pytest.mark.parametrize("status", [403, 404])
def test_a_run_that_may_read_no_message_keeps_the_file_of_the_night_before(
    open_shop, status
):
    html = Answer(status, b"<html></html>", content_type="text/html")
    shop = open_shop(
        tickets=10,
        on_request=lambda call: html if call.path == "/api/messages" else None,
    )
    shop.file.write_text(NIGHT_BEFORE)
    ended = shop.crawl("-s", "RETRY_TIMES=0")
    assert ended.status == 3
    assert "Not one message could be fetched (" in ended.last_lines
    assert str(status) in ended.last_lines
    assert shop.file.read_text() == NIGHT_BEFORE


def test_a_run_that_finds_nothing_to_do_is_complete(open_shop):
    shop = open_shop(tickets=30)
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    calls = len(shop.sandbox.calls)
    assert shop.crawl().status == 0
    assert shop.file.read_bytes() == before
    assert len(shop.sandbox.calls) - calls <= 4


def test_a_stopped_refresh_leaves_the_file_of_the_night_before(open_shop):
    shop = open_shop(tickets=30)
    shop.crawl()
    before = shop.file.read_bytes()
    change(shop.world, seed=5, new_tickets=40, replies=10)
    kill_when_asked(shop, nth(1, "/api/messages"), signal.SIGTERM)
    assert shop.file.read_bytes() == before
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_the_process_leaves_no_child_or_port_behind(open_shop):
    shop = open_shop(tickets=30, latency_s=0.3, forks=False)
    process = shop.start()
    while len(shop.sandbox.calls) < 2:
        time.sleep(0.05)
    inodes = {
        os.readlink(f"/proc/{process.pid}/fd/{name}")
        for name in os.listdir(f"/proc/{process.pid}/fd")
    }
    with open("/proc/net/tcp") as table:
        listening = [line.split()[9] for line in table if line.split()[3] == "0A"]
    assert not {f"socket:[{inode}]" for inode in listening} & inodes
    process.send_signal(signal.SIGINT)
    wait(process)
