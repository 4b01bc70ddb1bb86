"""Killed, stopped, refused or out of disk at any moment: the same command finishes."""

import random
import shlex
import signal
import subprocess
import time

import pytest

from gorgias_crawler.sandbox import Answer
from tests.crawling import SCRAPY, At, linux_only, wait
from tests.expected import fewest_calls
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
    least = fewest_calls(shop.world)["per-ticket"]
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
    assert "stopped; the same command goes on from here." in stopped.last_lines
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
