"""Estimates, arguments, guards: small rules of the core."""

import pytest

from gorgias_crawler import arguments
from gorgias_crawler.archive import Archive
from gorgias_crawler.errors import GorgiasError
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.fetch.plans import Fetch, Plan, Relist
from gorgias_crawler.wording import duration
from tests.account_model import AccountModel, Run


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (99.4, "99 s"),
        (1320, "22 min"),
        (49560, "13 h 46 min"),
        (7200, "2 h"),
        (172_799, "2 d"),
        (900_000, "10 d 10 h"),
    ],
)
def test_a_length_of_time_is_said_in_two_units(seconds, words):
    assert duration(seconds) == words


def test_the_comparison_names_each_way_with_calls_and_time():
    possible = [Plan(Fetch.BULK, 2620), Plan(Fetch.PER_TICKET, 99_214)]
    assert plans.comparison(possible, 2.0) == (
        "in bulk: 2,620 calls, about 22 min "
        "(ticket by ticket: 99,214 calls, about 13 h 47 min)"
    )


@pytest.mark.parametrize(
    ("fetch", "calls"),
    [(Fetch.AUTO, 1), (Fetch.BULK, 1), (Fetch.PER_TICKET, 10)],
)
def test_the_way_that_is_asked_for_is_taken(tmp_path, fetch, calls):
    archive = Archive.open(tmp_path / "a.sqlite")
    model = AccountModel()
    for _ in range(10):
        model.add_ticket(2)
    run = Run(archive, model, estimate=True)
    run.finish()
    chosen = plans.choose(plans.possible(archive), fetch)
    assert chosen.calls == calls
    archive.close()


def test_an_estimate_fetches_no_message(tmp_path):
    archive = Archive.open(tmp_path / "a.sqlite")
    model = AccountModel()
    model.add_ticket(2)
    Run(archive, model, estimate=True).finish()
    assert model.calls == 1
    archive.close()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"fetch": "fast"}, "auto, bulk, per-ticket"),
        ({"relist": "perhaps"}, "relist=true"),
        ({"fetsch": "bulk"}, "no such argument"),
    ],
)
def test_a_bad_argument_is_named_with_an_example(values, words):
    with pytest.raises(GorgiasError, match=words) as caught:
        arguments.parse(values)
    assert next(iter(values)) in str(caught.value)


def test_arguments_are_typed():
    assert arguments.parse({"_job": "of scrapyd"}) == arguments.Options()
    options = arguments.parse({"fetch": "bulk", "relist": "1", "estimate": "no"})
    assert options == arguments.Options(
        Fetch.BULK, relist=Relist.TICKETS, estimate=False
    )


def test_a_cursor_that_repeats_is_a_loop():
    guard = WalkGuard()
    guard.passed([1], "a", (1, 1))
    guard.passed([2], "b", (2, 2))
    with pytest.raises(LoopError, match="second time"):
        guard.passed([3], "a", (3, 3))


def test_pages_without_rows_do_not_go_on_for_ever():
    guard = WalkGuard()
    with pytest.raises(LoopError, match="empty pages"):
        for number in range(20):
            guard.passed([], f"cursor {number}")


def test_a_smaller_limit_holds_until_the_failing_page_lies_behind():
    guard = WalkGuard()
    assert guard.shrink()
    assert guard.limit == 50
    guard.passed(range(50), "a")
    assert guard.limit == 50
    guard.passed(range(50, 100), "b")
    assert guard.limit == 100


def test_a_page_of_one_row_cannot_be_made_smaller():
    guard = WalkGuard()
    assert [guard.shrink() for _ in range(4)] == [True, True, True, False]


def test_two_restarts_without_progress_are_enough():
    guard = WalkGuard()
    assert guard.restart()
    assert guard.restart()
    assert not guard.restart()
    guard = WalkGuard()
    guard.restart()
    guard.passed([5], "a", (5, 5))
    assert guard.restart()
    assert guard.restart()
