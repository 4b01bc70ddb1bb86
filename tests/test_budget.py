"""Budget, retries and outages in real crawls: nobody refused, nothing given up."""

import itertools
import os
import re
import signal
import threading
import time

from gorgias_crawler.sandbox import Answer
from gorgias_crawler.sandbox.bucket import Bucket
from gorgias_crawler.sandbox.faults import FAULTS
from gorgias_crawler.wording import duration
from tests.crawling import HANG_S, wait
from tests.hostile import configure

PER_TICKET = ("-a", "fetch=per-ticket")
UNAVAILABLE = Answer(503, b"")
ROOM = {"X-Gorgias-Account-Api-Call-Limit": "1/40"}


def test_a_crawl_behind_a_small_bucket_is_never_refused_and_leaves_a_fifth(open_shop):
    shop = open_shop(tickets=30, rate="20/4", forks=False)
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert shop.sandbox.refused == []
    assert shop.sandbox.highest_level <= 16
    budget = shop.manifest()["calls"]
    assert budget["refused"] == 0
    assert budget["waited_s"] > 1


def test_without_pacing_the_budget_is_overrun_and_nothing_is_lost(open_shop):
    shop = open_shop(tickets=30, rate="20/4")
    ended = shop.crawl(*PER_TICKET, "-s", "AUTOTHROTTLE_ENABLED=False")
    assert ended.status == 0, ended.log
    assert shop.sandbox.refused
    assert shop.manifest()["calls"]["refused"] == len(shop.sandbox.refused)
    assert shop.rows() == shop.expected()


def test_debugging_shows_each_decision(open_shop):
    shop = open_shop(tickets=5)
    ended = shop.crawl("-s", "AUTOTHROTTLE_DEBUG=True")
    assert ended.log.count("budget: call ") == len(shop.sandbox.calls)


def test_without_the_header_two_calls_go_out_a_second(open_shop):
    shop = open_shop(tickets=3, tells_budget=False)
    assert shop.crawl(*PER_TICKET).status == 0
    times = [call.at_s for call in shop.sandbox.calls]
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.4


def test_a_refusal_pauses_all_calls_once_and_costs_no_retry(open_shop):
    shop = open_shop(tickets=30)
    together = threading.Barrier(5)  # all that are on their way

    def refuse(call):
        for first, retry_after in ((10, "1"), (30, "0.8")):
            if first <= call.number < first + 5:
                together.wait(HANG_S)
                return Answer(429, b"{}", headers={"Retry-After": retry_after})
        return None

    shop.sandbox.on_request = refuse
    options = ("-s", "RETRY_TIMES=0", "-s", "CONCURRENT_REQUESTS=5")
    ended = shop.crawl(*PER_TICKET, *options)
    assert ended.status == 0, ended.log
    assert ended.log.count("all calls pause for") == 2
    assert shop.rows() == shop.expected()
    at_s = {call.number: call.at_s for call in shop.sandbox.calls}
    assert at_s[15] - at_s[14] >= 1
    assert at_s[35] - at_s[34] >= 0.8
    calls = shop.manifest()["calls"]
    assert calls["refused"] == 10
    waited = duration(calls["waited_s"] + calls["paused_s"])
    assert f"waited {waited} for the budget" in ended.log
    assert calls["paused_s"] > 0
    assert 0 < calls["highest_level"] <= calls["bucket_limit"]


def test_a_refusal_teaches_more_than_a_header_that_always_speaks_of_room(open_shop):
    shop = open_shop(tickets=40)
    bucket = Bucket.parse("20/5")
    lock = threading.Lock()

    def lie(call):
        with lock:
            wait_s = bucket.take(call.at_s)
        if wait_s:
            return Answer(429, b"{}", headers=ROOM | {"Retry-After": "1"})
        return Answer(200, shop.sandbox.answer(call).body, headers=ROOM)

    shop.sandbox.on_request = lie
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert 0 < len(shop.sandbox.refused) <= 32


def test_retry_after_of_a_server_that_fails_pauses_all_calls(open_shop):
    shop = open_shop(tickets=30)

    def fail(call):
        if call.number == 10:
            return Answer(503, b"", headers={"Retry-After": "2"})
        if call.number == 5:
            good = shop.sandbox.answer(call)
            return Answer(200, good.body, headers={"Retry-After": "600"})
        return None

    shop.sandbox.on_request = fail
    ended = shop.crawl(*PER_TICKET, "-s", "CONCURRENT_REQUESTS=1")
    assert ended.status == 0, ended.log
    assert ended.log.count("Gorgias asks to wait (503): all calls pause for 2 s") == 1
    over = "Gorgias asks to wait (503): the pause is over after 2 s, and calls go out"
    assert ended.log.count(over) == 1
    times = [call.at_s for call in shop.sandbox.calls]
    assert times[10] - times[9] >= 2
    assert shop.manifest()["calls"]["paused_s"] == 2.0


def test_others_that_hold_the_bucket_for_too_long_end_the_run(open_shop):
    shop = open_shop(tickets=40)
    full = {"X-Gorgias-Account-Api-Call-Limit": "40/40"}

    def answer(call):
        good = shop.sandbox.answer(call)
        return Answer(200, good.body, headers=full)

    shop.sandbox.on_request = answer
    ended = shop.crawl("-s", "GORGIAS_MAX_OUTAGE=2")
    assert ended.status == 3
    assert "Other integrations have used up" in ended.last_lines


def test_it_is_said_once_that_others_hold_the_bucket(open_shop):
    shop = open_shop(tickets=3)
    (shop.path / "soon.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "from gorgias_crawler.middlewares import budget\n"
        "budget._SAY_AFTER_S = 0.3\n"
    )
    path = os.pathsep.join([str(shop.path), os.environ.get("PYTHONPATH", "")])
    shop.environ |= {"SCRAPY_SETTINGS_MODULE": "soon", "PYTHONPATH": path}

    def crowded(call):
        full = {"X-Gorgias-Account-Api-Call-Limit": "40/40"}
        return Answer(200, shop.sandbox.answer(call).body, headers=full)

    shop.sandbox.on_request = crowded
    ended = shop.crawl("-s", "GORGIAS_MAX_OUTAGE=2")
    assert ended.log.count("Other integrations are using the API; waiting") == 1


def test_a_server_that_fails_is_asked_more_slowly_for_a_while(open_shop):
    shop = open_shop(tickets=8, rate="40/20")
    shop.sandbox.on_request = lambda call: UNAVAILABLE if call.number == 4 else None
    ended = shop.crawl(*PER_TICKET, "-s", "CONCURRENT_REQUESTS=1")
    assert ended.status == 0, ended.log
    times = [call.at_s for call in shop.sandbox.calls]
    waits = [b - a for a, b in itertools.pairwise(times)]
    # the bucket has room for all; 1 / leak is 0.5 s, and each good answer halves it
    assert waits[4] > 0.2
    assert min(waits[5:]) < 0.1


def test_every_kind_of_fault_is_retried_until_all_is_there(open_shop):
    shop = open_shop(tickets=60, faults=0.15)
    ticket_ids = list(dict.fromkeys(row["ticket_id"] for row in shop.expected()))
    kinds = dict(zip(ticket_ids, FAULTS, strict=False))
    asked: dict[str, int] = dict.fromkeys(FAULTS, 0)

    def fail(call):
        """Fail twice for the first tickets, each in its own way; the rest is chance."""
        kind = kinds.get(call.query.get("ticket_id", [""])[0])
        if kind is None or "cursor" in call.query:
            return None
        asked[kind] += 1
        good = shop.sandbox.answer(call)
        return FAULTS[kind](good) if asked[kind] <= 2 else good

    shop.sandbox.on_request = fail
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert "Traceback" not in ended.log
    assert asked == dict.fromkeys(FAULTS, 3) | {"slow": 1}
    # Twisted itself repeats a GET on a connection that is reset.
    assert shop.manifest()["calls"]["retried"] >= 2 * (len(FAULTS) - 2)


def test_without_retries_each_page_is_asked_for_once(open_shop):
    shop = open_shop(tickets=30, faults=0.2, fault_kinds=["500"])
    listing = shop.sandbox.answer

    def spare_lists(call):
        return None if "ticket_id" in call.query else listing(call)

    shop.sandbox.on_request = spare_lists
    ended = shop.crawl(*PER_TICKET, "-s", "RETRY_ENABLED=False")
    assert ended.status == 3
    asked = [
        call.query["ticket_id"][0]
        for call in shop.sandbox.calls
        if "ticket_id" in call.query and "cursor" not in call.query
    ]
    assert len(asked) == len(set(asked))
    assert shop.manifest()["failed"]


def test_an_outage_is_waited_for_and_said_once(open_shop):
    shop = open_shop(tickets=40, forks=False)
    began: list[float] = []

    def fail(call):
        if len(shop.sandbox.calls) < 15:
            return None
        began.append(call.at_s)
        return UNAVAILABLE if call.at_s - began[0] < 3 else None

    shop.sandbox.on_request = fail
    ended = shop.crawl(*PER_TICKET, "-s", "RETRY_TIMES=1")
    assert ended.status == 0, ended.log
    assert ended.log.count("Gorgias does not answer") == 1
    assert re.search(r"Gorgias answers again, after \d+ s without an answer", ended.log)
    assert ended.log.count("Gorgias answers again") == 1
    assert shop.manifest()["calls"]["outages"] == 1
    assert re.search(r"for the budget, 1 outage of up to \d+ s\.", ended.log)
    during = [at_s for at_s in began if at_s - began[0] < 3]
    assert len(during) < 40  # not all calls, again and again
    assert shop.rows() == shop.expected()
    assert shop.manifest()["failed"] == []


def test_an_outage_that_ends_before_all_retries_is_said_too(open_shop):
    shop = open_shop(tickets=20)
    configure(
        shop,
        "from gorgias_crawler.middlewares import outage\noutage._SAY_AFTER_S = 0.3\n",
    )
    failed = iter([UNAVAILABLE] * 2)  # the call and its first retry
    shop.sandbox.on_request = lambda call: (
        next(failed, None) if call.number >= 10 else None
    )
    ended = shop.crawl(*PER_TICKET, "-s", "CONCURRENT_REQUESTS=1")
    assert ended.status == 0, ended.log
    assert ended.log.count("Gorgias does not answer since ") == 1
    assert ended.log.count("Gorgias answers again, after ") == 1
    assert shop.manifest()["calls"]["outages"] == 1


def test_a_refusal_ends_an_outage_and_pauses_the_probe_too(open_shop):
    shop = open_shop(tickets=40)
    began: list[float] = []

    def fail(call):
        if call.number < 10:
            return None
        began.append(call.at_s)
        if call.at_s - began[0] < 1:
            return UNAVAILABLE
        return Answer(429, b"{}", headers={"Retry-After": "300"})

    shop.sandbox.on_request = fail
    process = shop.start(*PER_TICKET, "-s", "RETRY_TIMES=0")
    while not shop.sandbox.refused:
        time.sleep(0.02)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    ended = wait(process)  # gives up long before the pause would end
    assert ended.status == 3
    assert len(shop.sandbox.refused) == 1
    assert ended.log.count("Gorgias answers again") == 1
    assert ended.log.count("all calls pause for 5 min") == 1


def test_an_outage_that_lasts_too_long_ends_the_run_with_its_work_kept(open_shop):
    shop = open_shop(tickets=40)
    shop.sandbox.on_request = lambda call: UNAVAILABLE if call.number >= 15 else None
    options = ["-s", "RETRY_TIMES=1", "-s", "GORGIAS_MAX_OUTAGE=3"]
    ended = shop.crawl(*PER_TICKET, *options)
    assert ended.status == 3
    assert "has not answered for" in ended.last_lines
    assert shop.manifest()["failed"] == []
    assert shop.manifest()["tickets"]["archived"] > 5
    shop.sandbox.on_request = None
    assert shop.crawl(*PER_TICKET).status == 0
    assert shop.rows() == shop.expected()


def test_a_server_that_is_gone_is_an_outage_too(open_shop):
    shop = open_shop(tickets=40, latency_s=0.1)
    process = shop.start(
        *PER_TICKET, "-s", "RETRY_TIMES=1", "-s", "GORGIAS_MAX_OUTAGE=2"
    )
    while len(shop.sandbox.calls) < 12:
        time.sleep(0.02)
    shop.sandbox.close()
    shop.sandbox.on_request = lambda call: Answer(200, b"", drop=True)
    ended = wait(process)
    assert ended.status == 3
    assert "Gorgias does not answer" in ended.log


def test_an_address_where_nobody_answers_ends_the_run_after_its_retries(open_shop):
    shop = open_shop(tickets=3)
    shop.environ["GORGIAS_API_URL"] = "http://127.0.0.1:9/api"
    ended = shop.crawl("-s", "RETRY_TIMES=1")
    assert ended.status == 3
    assert "does not answer as Gorgias does" in ended.last_lines
    assert "Traceback" not in ended.log


def test_a_page_of_a_list_that_keeps_failing_is_asked_for_in_smaller_pieces(open_shop):
    shop = open_shop(tickets=150)
    limits = []

    def fail(call):
        if call.path != "/api/tickets" or "cursor" not in call.query:
            return None
        limits.append(int(call.query["limit"][0]))
        return Answer(500, b"") if limits[-1] > 10 else None

    shop.sandbox.on_request = fail
    ended = shop.crawl("-s", "RETRY_TIMES=0")
    assert ended.status == 0, ended.log
    assert limits[:3] == [100, 50, 10]
    assert shop.rows() == shop.expected()


def test_a_refused_ticket_is_tried_once_more_and_recorded(open_shop):
    shop = open_shop(tickets=10)
    ticket_ids = list(dict.fromkeys(row["ticket_id"] for row in shop.expected()))
    statuses = dict(zip(ticket_ids, [400, 403], strict=False))
    asked = []

    def refuse(call):
        ticket_id = call.query.get("ticket_id", [""])[0]
        if ticket_id not in statuses:
            return None
        asked.append(ticket_id)
        return Answer(statuses[ticket_id], b'{"error": {"msg": "No."}}')

    shop.sandbox.on_request = refuse
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 3
    assert sorted(asked) == sorted([*statuses] * 2)
    failed = shop.manifest()["failed"]
    reasons = {str(one["ticket_id"]): int(one["reason"][:3]) for one in failed}
    assert reasons == statuses
