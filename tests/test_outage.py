"""An outage is said when it begins, and what was waited for when it ends."""

import logging
import re
from types import SimpleNamespace

import pytest

from gorgias_crawler.api.budget import Budget
from gorgias_crawler.middlewares import budget as of_budget
from gorgias_crawler.middlewares import caller as of_caller
from gorgias_crawler.middlewares import outage as of_outage
from gorgias_crawler.middlewares.budget import BudgetMiddleware
from gorgias_crawler.middlewares.outage import Outage

AGAIN = "Other integrations leave room in the API budget again"
CLOCK = r"\d\d:\d\d:\d\d"


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests put forward."""
    clock = SimpleNamespace(now_s=1000.0)
    fake = SimpleNamespace(monotonic=lambda: clock.now_s)
    for module in (of_outage, of_budget):
        monkeypatch.setattr(module, "time", fake)
    return clock


class Stats(dict[str, float]):
    """Scrapy's stats, as far as they are used here."""

    def inc_value(self, name):
        self[name] = self.get(name, 0) + 1

    def max_value(self, name, value):
        self[name] = max(self.get(name, value), value)

    set_value = dict.__setitem__


@pytest.fixture
def crawler(monkeypatch):
    spider = SimpleNamespace(budget=Budget(0.8), is_stopping=False)
    for module in (of_outage, of_caller):
        monkeypatch.setattr(module, "caller_of", lambda crawler: spider)
    settings = SimpleNamespace(
        getbool=lambda name: False, getfloat={"GORGIAS_MAX_OUTAGE": 3600.0}.__getitem__
    )
    return SimpleNamespace(stats=Stats(), spider=spider, settings=settings)


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def outage(clock, crawler):
    return Outage(crawler)


@pytest.mark.parametrize("idle_s", [0, 500])
def test_an_outage_is_said_before_all_retries_are_over_and_once(
    outage, clock, said, idle_s
):
    outage.answered(sent_s=999.0)
    clock.now_s += idle_s  # calls waited for the budget
    began_s = clock.now_s
    for _ in range(10):
        sent_s = clock.now_s
        clock.now_s += 2.5
        outage.failed("503 Service Unavailable", sent_s)
        assert bool(said()) is (clock.now_s - began_s >= 10)
    (line,) = said()
    assert re.fullmatch(
        rf"Gorgias does not answer since (\S+ )?{CLOCK} \(503 Service Unavailable\)\. "
        rf"Asking again each minute or sooner, until (\S+ )?{CLOCK} at the latest "
        r"\(GORGIAS_MAX_OUTAGE\); what is archived is kept\.",
        line,
    )


def test_the_end_of_an_outage_says_how_long_nothing_was_answered(
    outage, clock, said, crawler
):
    outage.answered(sent_s=999.0)
    clock.now_s += 60
    outage.failed("timeout", sent_s=1030.0)
    clock.now_s += 660
    outage.answered(sent_s=clock.now_s)
    outage.answered(sent_s=clock.now_s)
    assert said()[1:] == [
        "Gorgias answers again, after 12 min without an answer; the run goes on."
    ]
    assert crawler.stats["gorgias/outage/count"] == 1
    assert crawler.stats["gorgias/outage/longest_s"] == 720


def test_a_call_that_fails_while_others_are_answered_is_no_outage(outage, clock, said):
    for _ in range(100):
        clock.now_s += 9
        outage.failed("timeout", clock.now_s - 9)
        outage.answered(sent_s=clock.now_s)
    assert said() == []


def test_before_the_first_answer_there_is_no_outage(outage, clock, said):
    clock.now_s += 500
    outage.failed("timeout", sent_s=1000.0)
    assert said() == []


@pytest.fixture
def gate(clock, crawler):
    return BudgetMiddleware(crawler)


def call():
    return SimpleNamespace(meta={})


def test_the_end_of_a_pause_says_what_was_waited_for_and_how_long(gate, clock, said):
    gate._say_pause("The account's API budget is used up (429)", 30)
    clock.now_s += 10
    gate._say_pause("The account's API budget is used up (429)", 30)
    clock.now_s += 30
    gate._send(call(), clock.now_s)
    gate._send(call(), clock.now_s)
    *_, last = said()
    assert len(said()) == 3
    assert last == (
        "The account's API budget is used up (429): the pause is over after 40 s, and "
        "calls go out again."
    )


def test_the_end_of_waiting_for_others_is_said_once_they_leave_room(gate, clock, said):
    gate.budget.crowded_since_s = clock.now_s
    clock.now_s += 61
    gate._mind_the_others(clock.now_s)
    gate._send(call(), clock.now_s)  # the one that finds out whether there is room
    assert re.fullmatch(
        "Other integrations are using the API; waiting for them, now for 61 s, until "
        rf"(\S+ )?{CLOCK} at the latest \(GORGIAS_MAX_OUTAGE\)\.",
        *said(),
    )
    clock.now_s += 120
    gate.budget.crowded_since_s = None
    gate._send(call(), clock.now_s)
    gate._send(call(), clock.now_s)
    assert said()[1:] == [f"{AGAIN}; waited for them for 3 min."]
