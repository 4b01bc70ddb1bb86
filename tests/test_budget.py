"""Budget, retries and outages in real crawls: nobody refused, nothing given up."""

import itertools
import time

import pytest

from gorgias_crawler.sandbox import Answer
from gorgias_crawler.sandbox.faults import FAULTS
from tests.crawling import wait

PER_TICKET = ("-a", "fetch=per-ticket")
UNAVAILABLE = Answer(503, b"")


def test_a_crawl_behind_a_small_bucket_is_never_refused_and_leaves_a_fifth(open_shop):
    shop = open_shop(tickets=50, rate="20/4", forks=False)
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert shop.sandbox.refused == []
    assert shop.sandbox.highest_level <= 16
    budget = shop.manifest()["calls"]
    assert budget["refused"] == 0
    assert budget["waited_s"] > 1


def test_without_pacing_the_budget_is_overrun_and_nothing_is_lost(open_shop):
    shop = open_shop(tickets=40, rate="20/4")
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
    shop = open_shop(tickets=5, tells_budget=False)
    assert shop.crawl(*PER_TICKET).status == 0
    times = [call.at_s for call in shop.sandbox.calls]
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.4


@pytest.mark.parametrize("retry_after", ["1", "0.8"])
def test_a_refusal_pauses_all_calls_once_and_costs_no_retry(open_shop, retry_after):
    shop = open_shop(tickets=40, latency_s=0.05)
    headers = {"Retry-After": retry_after}
    refusal = Answer(429, b"{}", headers=headers)
    refused = []

    def refuse(call):
        if 10 <= call.number <= 14:
            refused.append(call.at_s)
            return refusal
        return None

    shop.sandbox.on_request = refuse
    ended = shop.crawl(*PER_TICKET, "-s", "RETRY_TIMES=0")
    assert ended.status == 0, ended.log
    assert ended.log.count("all calls pause for") == 1
    assert shop.rows() == shop.expected()
    times = [call.at_s for call in shop.sandbox.calls]
    pauses = [b - a for a, b in itertools.pairwise(times) if b - a > 0.7]
    assert len(pauses) == 1
    assert shop.manifest()["calls"]["refused"] == len(refused)


def test_others_that_hold_the_bucket_for_too_long_end_the_run(open_shop):
    shop = open_shop(tickets=40)
    full = {"X-Gorgias-Account-Api-Call-Limit": "40/40"}

    def answer(call):
        good = shop.sandbox.answer(call)
        return Answer(200, good.body, headers=full)

    shop.sandbox.on_request = answer
    ended = shop.crawl("-s", "GORGIAS_MAX_OUTAGE=2")
    assert ended.status == 3
    assert "have held its API budget" in ended.last_lines


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_of_fault_is_retried_until_all_is_there(open_shop, kind):
    shop = open_shop(tickets=20, faults=0.15, fault_kinds=[kind])
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert "Traceback" not in ended.log
    if kind not in {"slow", "reset"}:  # Twisted repeats a GET on a reset connection
        assert shop.manifest()["calls"]["retried"] > 0


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
        return UNAVAILABLE if call.at_s - began[0] < 4 else None

    shop.sandbox.on_request = fail
    ended = shop.crawl(*PER_TICKET, "-s", "RETRY_TIMES=1")
    assert ended.status == 0, ended.log
    assert ended.log.count("Gorgias does not answer") == 1
    assert ended.log.count("Gorgias answers again") == 1
    during = [at_s for at_s in began if at_s - began[0] < 4]
    assert len(during) < 40  # not all calls, again and again
    assert shop.rows() == shop.expected()
    assert shop.manifest()["failed"] == []


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


@pytest.mark.parametrize("status", [400, 403])
def test_a_refused_ticket_is_tried_once_more_and_recorded(open_shop, status):
    shop = open_shop(tickets=10)
    victim = shop.expected()[0]["ticket_id"]
    asked = []

    def refuse(call):
        if call.query.get("ticket_id") != [victim]:
            return None
        asked.append(call)
        return Answer(status, b'{"error": {"msg": "No."}}')

    shop.sandbox.on_request = refuse
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 3
    assert len(asked) == 2
    (failed,) = shop.manifest()["failed"]
    assert failed["reason"].startswith(str(status))
