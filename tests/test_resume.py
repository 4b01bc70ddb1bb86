"""Killed, stopped, refused or out of disk at any moment: the same command finishes."""

import os
import random
import re
import shlex
import signal
import subprocess
import threading
import time

import pytest

from gorgias_crawler.sandbox import Answer
from tests.changes import change
from tests.crawling import SCRAPY, At, linux_only, wait
from tests.hostile import configure

WAYS = ["per-ticket", "bulk"]
MESSAGES_OF_TICKET = "ticket_id"

pytestmark = linux_only("signals, /proc, /dev/full and limits of files are used")
# A system without it skips these tests, but reads this file.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

NIGHT_BEFORE = "ticket_id,created_datetime\n"  # of an account without tickets


def kill_when_asked(shop, matches, signal_=KILL, *options):
    """Start a crawl and send it a signal when the sandbox is asked what matches."""

    def strike(hook, call):
        hook.process.send_signal(signal_)
        time.sleep(0.05)  # the answer must not overtake the signal

    hook = At(matches, strike)
    shop.sandbox.on_request = hook
    hook.process = shop.start(*options)
    ended = wait(hook.process)
    shop.sandbox.on_request = None
    assert hook.done.is_set(), ended.log
    return ended


def nth(number, path):
    """Match the call number *number* of a path."""
    seen = []

    def matches(call):
        if call.path == path:
            seen.append(call)
        return len(seen) == number

    return matches


PHASES = {
    "the first call": nth(1, "/api/account"),
    "listing": nth(2, "/api/tickets"),
    "the first messages": nth(1, "/api/messages"),
    "messages": nth(30, "/api/messages"),
    "between two pages of a ticket": lambda call: (
        "ticket_id" in call.query and "cursor" in call.query
    ),
}


@pytest.mark.crash
@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_in_any_phase_loses_and_doubles_nothing(open_shop, phase):
    shop = open_shop(tickets=150)
    killed = kill_when_asked(shop, PHASES[phase], KILL, "-a", "fetch=per-ticket")
    assert killed.status == -KILL
    assert not shop.file.exists()
    ended = shop.crawl("-a", "fetch=per-ticket")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


@pytest.mark.crash
@pytest.mark.parametrize("fetch", WAYS)
@pytest.mark.parametrize("faults", [0.0, 0.05])
def test_kills_at_random_moments_end_in_the_same_file(open_shop, fetch, faults):
    shop = open_shop(tickets=120, latency_s=0.005)
    rng = random.Random(f"{fetch} {faults}")
    shop.sandbox.faults = faults
    for _ in range(3):
        process = shop.start("-a", f"fetch={fetch}")
        imports_s = 0.0 if shop.forks else 0.7
        time.sleep(imports_s + rng.uniform(0.05, 0.8))
        process.kill()
        wait(process)
    ended = shop.crawl("-a", f"fetch={fetch}")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


@pytest.mark.crash
def test_what_is_archived_is_not_fetched_again(open_shop):
    shop = open_shop(tickets=150)
    kill_when_asked(shop, nth(60, "/api/messages"), KILL, "-a", "fetch=per-ticket")
    shop.crawl("-a", "fetch=per-ticket")
    in_flight, of_the_resume = 16, 4  # account, updates, deletions (2, the first time)
    # pages of a long ticket in progress with a message that may have been sent since
    begun_again = 2
    least = shop.world.totals()["calls_per_ticket"]
    most = least + in_flight + of_the_resume + begun_again
    assert len(shop.sandbox.calls) <= most


@pytest.mark.crash
def test_a_job_goes_on_with_the_other_plan(open_shop):
    shop = open_shop(tickets=150)
    kill_when_asked(shop, nth(3, "/api/messages"), KILL, "-a", "fetch=bulk")
    kill_when_asked(shop, nth(40, "/api/messages"), KILL, "-a", "fetch=per-ticket")
    assert shop.crawl("-a", "fetch=bulk").status == 0
    assert shop.rows() == shop.expected()


@pytest.mark.crash
def test_a_kill_while_the_file_is_written_leaves_the_old_one(open_shop):
    shop = open_shop(tickets=400)
    shop.file.write_text(NIGHT_BEFORE)
    process = shop.start()
    while not list(shop.path.glob(".*.part")) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    wait(process)
    assert process.returncode == -KILL
    assert shop.file.read_text() == NIGHT_BEFORE
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()
    assert not list(shop.path.glob(".*.part"))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stop_is_clean_and_says_how_far_it_came(open_shop, name):
    shop = open_shop(tickets=80)
    shop.file.write_text(NIGHT_BEFORE)
    stopped = kill_when_asked(
        shop, nth(40, "/api/messages"), getattr(signal, name), "-a", "fetch=per-ticket"
    )
    assert stopped.status == 3, stopped.log
    words = r"crawl gorgias -s JOBDIR=job -a fetch=per-ticket"
    assert re.search(rf"the same command .* \(.*scrapy {words}\)\.", stopped.last_lines)
    assert "shutting down gracefully. Send again to force" in stopped.log
    assert "scrapy export job -O partial.csv" in stopped.last_lines
    assert " ERROR: INCOMPLETE: stopped" in stopped.last_lines
    assert "Traceback" not in stopped.log
    assert shop.file.read_text() == NIGHT_BEFORE
    assert shop.manifest()["failed"] == []
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


# Where a signal arrives while a run begins, and how the run then ends: before Scrapy
# minds signals, the system ends the process.
BEGINNINGS = {
    "the settings are read": ("{arrive}", -signal.SIGTERM),
    "the pipelines are made": (
        (
            "class Beginning:\n"
            "    def __init__(self): {arrive}\n"
            "    def process_item(self, item): return item\n"
            "ITEM_PIPELINES = {{**ITEM_PIPELINES, Beginning: 1}}\n"
        ),
        3,
    ),
}


@pytest.mark.parametrize("moment", BEGINNINGS)
def test_a_signal_while_a_run_begins_ends_it_and_touches_nothing(open_shop, moment):
    shop = open_shop(tickets=3)
    shop.file.write_text(NIGHT_BEFORE)
    code, status = BEGINNINGS[moment]
    arrive = f"os.kill(os.getpid(), {int(signal.SIGTERM)})"
    configure(shop, "import os\n" + code.format(arrive=arrive))
    ended = shop.crawl()
    assert ended.status == status, ended.log
    assert "Traceback" not in ended.log
    assert shop.sandbox.calls == []
    assert shop.file.read_text() == NIGHT_BEFORE
    del shop.environ["SCRAPY_SETTINGS_MODULE"]
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_a_crawl_that_shall_outlive_its_terminal_goes_on(open_shop):
    shop = open_shop(
        tickets=30, forks=False
    )  # a fork would not inherit what is ignored

    def hang_up(hook, call):
        hook.process.send_signal(signal.SIGHUP)

    hook = At(nth(10, "/api/messages"), hang_up)
    shop.sandbox.on_request = hook
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        hook.process = shop.start("-a", "fetch=per-ticket")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert wait(hook.process).status == 0
    assert hook.done.is_set()


def test_a_crawl_with_closed_standard_error_works(open_shop):
    shop = open_shop(tickets=3)
    command = shlex.join([*SCRAPY, "crawl", "gorgias", "-s", "JOBDIR=job"])
    for options, status in {"": 0, " -a fetch=fast": 1}.items():
        process = subprocess.run(
            ["sh", "-c", f"{command}{options} 2>&-"],
            cwd=shop.path,
            env=shop.environment(),
            stdout=subprocess.PIPE,
            check=False,
        )
        assert process.returncode == status
        assert process.stdout == b""
    assert shop.rows() == shop.expected()


def test_a_second_signal_ends_at_once_and_loses_nothing(open_shop):
    shop = open_shop(tickets=50, latency_s=1.5)
    process = shop.start("-a", "fetch=per-ticket")
    while len(shop.sandbox.calls) < 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    ended = wait(process)
    assert ended.status == 3, ended.log
    shop.sandbox.latency_s = 0
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_a_stop_during_a_long_retry_after_is_immediate(open_shop):
    refusal = Answer(429, b"{}", headers={"Retry-After": "300"})
    shop = open_shop(tickets=5)
    shop.sandbox.on_request = lambda call: refusal if call.number > 1 else None
    process = shop.start()
    while len(shop.sandbox.calls) < 2:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    ended = wait(process)  # gives up long before the pause would end
    assert ended.status == 3, ended.log


def test_a_stop_waits_for_no_answer_that_does_not_come(open_shop):
    shop = open_shop(tickets=5)
    never = Answer(200, b"{}", delay_s=600)
    shop.sandbox.on_request = lambda call: never if call.number > 1 else None
    process = shop.start("-s", "DOWNLOAD_TIMEOUT=600")
    while len(shop.sandbox.calls) < 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    ended = wait(process)  # gives up long before the answer would come
    assert ended.status == 3, ended.log
    assert "INCOMPLETE: stopped; the same command" in ended.log
    assert "Traceback" not in ended.log
    shop.sandbox.on_request = None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


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
