"""Estimates, arguments, trails: small rules of the core."""

import pytest

from gorgias_crawler import arguments
from gorgias_crawler.archive import Archive
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.plans import Fetch, Plan
from gorgias_crawler.fetch.trail import LoopError, Trail
from gorgias_crawler.wording import duration
from tests.account_model import AccountModel, Run


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99.4, "99 s"), (1320, "22 min"), (49560, "13 h 46 min")],
)
def test_a_length_of_time_is_said_in_two_units(seconds, words):
    assert duration(seconds) == words


def test_the_comparison_names_each_way_with_calls_and_time():
    possible = [Plan(Fetch.BULK, 2620), Plan(Fetch.PER_TICKET, 99_214)]
    assert plans.comparison(possible, 2.0) == (
        "bulk: 2,620 calls, 22 min; per ticket: 99,214 calls, 13 h 47 min"
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
        ({"relist": "perhaps"}, "relist=false"),
        ({"fetsch": "bulk"}, "no such argument"),
    ],
)
def test_a_bad_argument_is_named_with_an_example(values, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        arguments.parse(values)
    assert next(iter(values)) in str(caught.value)


def test_arguments_are_typed():
    assert arguments.parse({"_job": "of scrapyd"}) == arguments.Options()
    options = arguments.parse({"fetch": "bulk", "relist": "1", "estimate": "no"})
    assert options == arguments.Options(Fetch.BULK, relist=True, estimate=False)


def test_a_cursor_that_repeats_is_a_loop():
    trail = Trail()
    trail.passed(100, "a", further=True)
    trail.passed(100, "b", further=True)
    with pytest.raises(LoopError, match="second time"):
        trail.passed(100, "a", further=True)


def test_pages_without_rows_do_not_go_on_for_ever():
    trail = Trail()
    with pytest.raises(LoopError, match="empty pages"):
        for number in range(20):
            trail.passed(0, f"cursor {number}", further=False)


def test_a_smaller_limit_holds_until_the_failing_page_lies_behind():
    trail = Trail()
    assert trail.shrink()
    assert trail.limit == 50
    trail.passed(50, "a", further=True)
    assert trail.limit == 50
    trail.passed(50, "b", further=True)
    assert trail.limit == 100


def test_a_page_of_one_row_cannot_be_made_smaller():
    trail = Trail()
    assert [trail.shrink() for _ in range(4)] == [True, True, True, False]


def test_two_restarts_without_progress_are_enough():
    trail = Trail()
    assert trail.restart()
    assert trail.restart()
    assert not trail.restart()
    trail = Trail()
    trail.restart()
    trail.passed(5, "a", further=True)
    assert trail.restart()
    assert trail.restart()
