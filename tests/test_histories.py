"""Random histories of accounts that live and servers that lie: one law holds for all.

As many seeds as the profile of hypothesis says, in each of four blocks, so
``--hypothesis-profile=night`` plays 20,000. A seed that fails is shrunk and printed as
a test to be pasted here.
"""

import pytest
from hypothesis import settings

from gorgias_crawler.archive import doubts, states
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.fetch.guards import WalkGuard
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.plans import Fetch
from tests import history_seeds
from tests.account_model import HOUR_US, PAGE, AccountModel, Run
from tests.history import Figures, Step, as_test, broken, fresh_archive, shortest
from tests.history_faults import (
    LISTS,
    Again,
    Empty,
    Lag,
    NotFound,
    Short,
    Unordered,
    WrongCounts,
    WrongDate,
)

BLOCKS = 4  # a test each, so that they are shared among processes
SAMPLE = 4  # tickets, so that accounts of a dozen are sampled


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(states, "SAMPLE_SIZE", SAMPLE)


@pytest.mark.timeout(3_600)  # of a night; of a day it takes seconds
@pytest.mark.parametrize("block", range(BLOCKS))
def test_after_a_complete_run_each_ticket_is_the_truth_of_a_moment_of_it(block):
    count = settings().max_examples
    figures = Figures()
    for seed in range(block * count, (block + 1) * count):
        steps = history_seeds.steps(seed)
        if problem := broken(steps, figures):
            found = as_test(f"test_history_{seed}", shortest(steps))
            pytest.fail(f"seed {seed}: {problem}\n\n{found}")
    assert figures.complete > figures.runs / 2  # it is no law for crawls that give up


SEEDS_THAT_FOUND = (
    *(2_875, 3_517, 4_954, 10_736, 11_153, 12_986, 22_187, 22_721, 50_263, 50_845),
    *(50_898, 54_089, 61_555, 61_621, 74_393, 200_711, 202_818, 207_171),
    *(220_566, 400_457, 433_157, 443_114),
)
"""Seeds that have found a fault."""


@pytest.mark.parametrize("seed", SEEDS_THAT_FOUND)
def test_what_seeds_have_found_is_mended(seed):
    assert broken(history_seeds.steps(seed)) is None


@pytest.mark.crash
@pytest.mark.parametrize("seed", [14, 67])
def test_it_is_so_wherever_a_history_is_killed(seed):
    steps = history_seeds.steps(seed)
    figures = Figures()
    assert broken(steps, figures) is None
    for call in range(1, figures.calls):
        assert broken(steps, kill_at=call) is None


# That the law can be broken: each of these beliefs is found by some history.


def is_found(steps: list[Step]) -> bool:
    return broken(steps) is not None


EMPTY_FOR_A_MOMENT: list[Step] = [
    *[("ticket", 3), ("ticket", 2), ("pass", 2), ("run", "per-ticket", "no", 1)],
    *[("pass", 24), ("touch", 0), ("fault", Empty(("own",)), 0.5)],
    ("run", "per-ticket", "no", 1),
]


def test_one_that_believes_a_single_answer_is_found(monkeypatch):
    assert not is_found(EMPTY_FOR_A_MOMENT)
    monkeypatch.setattr(doubts, "agrees", lambda *_: True)
    assert is_found(EMPTY_FOR_A_MOMENT)


ALL_LISTS_ARE_EMPTY: list[Step] = [
    *([("ticket", 1)] * 26),
    *[("pass", 2), ("run", "auto", "no", 4), ("pass", 24)],
    ("fault", Empty(("listing", "updates", "ids", "walk")), 600),
    ("run", "auto", "true", 4),
]


def test_one_that_believes_masses_of_deletions_is_found(monkeypatch):
    assert not is_found(ALL_LISTS_ARE_EMPTY)
    monkeypatch.setattr(RunMemory, "check_deletions", lambda *_: None)
    assert is_found(ALL_LISTS_ARE_EMPTY)


MESSAGES_ARE_HIDDEN: dict[str, list[Step]] = {
    "of all tickets, some": [
        *([("ticket", 5)] * 26),
        *[("pass", 2), ("run", "auto", "no", 4), ("pass", 24)],
        ("fault", Short(("walk", "own"), share=50), 600),
        ("run", "bulk", "full", 4),
    ],
    "of what has changed, all": [
        *([("ticket", 2)] * 3),
        *[("pass", 2), ("run", "auto", "no", 4), ("pass", 24)],
        *[("touch", 0), ("touch", 1), ("fault", Empty(("own",)), 600)],
        ("run", "per-ticket", "no", 4),
    ],
}


@pytest.mark.parametrize("which", MESSAGES_ARE_HIDDEN)
def test_one_that_believes_masses_of_lost_messages_is_found(monkeypatch, which):
    steps = MESSAGES_ARE_HIDDEN[which]
    assert not is_found(steps)
    monkeypatch.setattr(RunMemory, "may_lack", lambda *_: True)
    assert is_found(steps)


ORDER_IS_IGNORED: list[Step] = [
    *([("ticket", 1), ("pass", 1)] * 8),
    *[("run", "auto", "no", 4), ("pass", 24), ("reply", 7, 0)],
    ("fault", Unordered(("updates",)), 600),
    ("run", "auto", "no", 4),
]


def test_one_that_believes_any_order_is_found(monkeypatch):
    assert not is_found(ORDER_IS_IGNORED)
    monkeypatch.setattr(Walk, "is_in_order", lambda *_: True)
    assert is_found(ORDER_IS_IGNORED)


def test_one_that_does_not_end_is_found(monkeypatch):
    steps: list[Step] = [("ticket", 2), ("fault", Again(("own",)), 600)]
    steps.append(("run", "per-ticket", "no", 1))
    assert not is_found(steps)
    monkeypatch.setattr(WalkGuard, "passed", lambda *_, **__: None)
    assert is_found(steps)


# What a history has found.

FOUND: dict[str, list[Step]] = {
    "a list of updates that is empty while all is younger than a look back": [
        *[("ticket", 3), ("run", "per-ticket", "true", 4), ("touch", 58)],
        *[("fault", Empty(("updates",), 60), 2), ("run", "bulk", "no", 4)],
    ],
    "a first list that is empty for a moment": [
        *[("ticket", 2), ("fault", Empty(("listing", "updates")), 1.9)],
        ("run", "per-ticket", "no", 2),
    ],
    "a list that leaves out what its ids show, and so what is new": [
        *[("ticket", 7), ("run", "bulk", "no", 4), ("ticket", 1)],
        *[("fault", Empty(("listing", "updates")), 2_400)],
        ("run", "per-ticket", "true", 4),
    ],
    "a count from before a message that a walk has shown": [
        *[("ticket", 3), ("ticket", 7), ("reply", 37, 0), ("at", 2, ("reply", 56, 0))],
        *[("fault", Short(("own",), share=30), 8), ("run", "auto", "true", 2)],
    ],
    "a message that is sent after a first run was killed": [
        *[("ticket", 0), *([("ticket", 1)] * 3), ("ticket", 2), ("reply", 0, 1)],
        *[("kill", 7), ("run", "per-ticket", "no", 4), ("send", 39)],
    ],
    "a full relisting after a plain one was killed": [
        *[("ticket", 7), ("ticket", 7), ("run", "auto", "no", 4), ("edit", 3)],
        *[("kill", 2), ("run", "per-ticket", "true", 2), ("pass", 1)],
        ("run", "per-ticket", "full", 4),
    ],
    "a full relisting after a run was killed between two pages of a ticket": [
        *[("ticket", 7), ("kill", 2), ("run", "per-ticket", "no", 1), ("edit", 0)],
        *[("pass", 1), ("run", "per-ticket", "full", 1)],
    ],
    "counts that are 0 for all": [
        *[("ticket", 1), ("fault", WrongCounts(by=None, share=100), 600)],
        ("run", "per-ticket", "no", 4),
    ],
    "a clock that is ahead for a night": [
        *[("ticket", 3), ("ticket", 1), ("fault", WrongDate(seconds=2_592_000), 30)],
        *[("run", "per-ticket", "true", 4), ("pass", 24), ("reply", 0, 0)],
    ],
    "messages that answer 404 for a while": [
        *[("ticket", 3), ("ticket", 1), ("pass", 2), ("run", "per-ticket", "no", 4)],
        *[("touch", 0), ("fault", NotFound(("walk", "own")), 600)],
        ("run", "per-ticket", "no", 4),
    ],
    "a relisting that ends with an empty page before what is new": [
        *[("ticket", 2), ("ticket", 4), ("run", "auto", "no", 4)],
        *[("ticket", 3), ("ticket", 4)],
        *[("fault", Empty(LISTS, 60), 600), ("run", "auto", "true", 2)],
    ],
    "a ticket that comes during a first run whose counts are 0": [
        *[("ticket", n) for n in (0, 2, 4, 2, 2, 1, 7, 2, 7, 2, 7, 4, 7)],
        ("at", 33, ("ticket", 2)),
        ("fault", WrongCounts(by=None, share=100), 2_400),
        *[("run", "auto", "true", 2), ("run", "per-ticket", "true", 4)],
    ],
    "a reply that its ticket's URL shows later than the list": [
        *[("ticket", 1), ("pass", 2), ("run", "per-ticket", "no", 1), ("pass", 24)],
        *[("reply", 0, 0), ("fault", Lag(("walk", "own"), seconds=5), 8)],
        ("run", "per-ticket", "no", 1),
    ],
}


@pytest.mark.parametrize("found", FOUND)
def test_what_was_found_is_not_found_again(found):
    assert broken(FOUND[found]) is None


# What it costs.


@pytest.mark.parametrize(
    ("fetch", "messages_calls"), [(Fetch.BULK, 20 + 2), (Fetch.PER_TICKET, 1 + 30)]
)
def test_a_healthy_account_costs_no_call_for_doubts(fetch, messages_calls):
    model = AccountModel()
    for _ in range(30):
        model.add_ticket(2)
    archive = fresh_archive()
    model.now_us += HOUR_US
    Run(archive, model, fetch=fetch).finish()
    assert model.calls <= 30 // PAGE + messages_calls
    first = model.calls
    Run(archive, model).finish()
    assert model.calls == first + 1  # the updates, and nothing has changed
    model.now_us += HOUR_US
    model.add_message(min(model.tickets))
    Run(archive, model).finish()
    assert model.calls == first + 1 + 2  # the updates, and the reply


def test_a_ticket_without_messages_that_changes_costs_one_call():
    model = AccountModel()
    for messages in (2, 0, 2):
        model.add_ticket(messages)
    archive = fresh_archive()
    model.now_us += HOUR_US
    Run(archive, model).finish()
    first = model.calls
    model.touch(sorted(model.tickets)[1])
    Run(archive, model).finish()
    assert model.calls == first + 1 + 1  # the updates, and its own messages: none
