"""A seed decides a history: accounts, nights, faults, kills, ways to run.

One channel lies at a time (lists, a ticket's own URL, answers by ids, counts): where
two lie alike, nothing can tell. Dates, cursors and outages may come on top of it. What
is empty or short where two answers could agree on it lasts a moment.
"""

import random

from tests.history import Step
from tests.history_faults import (
    LISTS,
    MESSAGES,
    Again,
    Empty,
    EmptyEnds,
    Fault,
    Lag,
    NotFound,
    RefusedCursors,
    Shared,
    Short,
    Unanswered,
    Unordered,
    WrongCounts,
    WrongDate,
)

KINDS = ("listing", "updates", "ids", "walk", "own")
MOMENTS = (0.5, 1, 1.9)  # seconds: shorter than any two asks that confirm another
WHILES = (2, 8, 30, 600, 2_400)  # seconds, from a moment to a deployment
LARGE = 26  # tickets; of fewer than 20 no number is a mass


def steps(seed: int) -> list[Step]:
    """Return the history of *seed*."""
    rng = random.Random(seed)
    size = rng.choice([2, 3, 5, 8, 8, 12, 12, LARGE])
    history: list[Step] = [
        ("account", rng.randrange(1, 100), rng.choice([50, 200, 500])),
    ]
    history += [("ticket", _messages(rng)) for _ in range(size)]
    if seed % 11 == 5:  # not drawn, so that the histories of other seeds stay theirs
        history.append(("fault", EmptyEnds(), 10**9))
    history.append(("pass", rng.choice([0, 2, 2, 30])))
    may_lie = True
    if rng.random() < 0.25:
        lasting = _lasting(rng)
        history.append(("fault", lasting, 10**9))
        may_lie = isinstance(lasting, WrongDate)
    for night in range(rng.randint(2, 5)):
        liars = [_liar(rng, size)] if may_lie and rng.random() < 0.6 else []
        history += _night(rng, liars, is_first=night == 0)
    return history


def _messages(rng: random.Random) -> int:
    return rng.choice([0, 1, 1, 2, 2, 3, 4, 7])


def _night(
    rng: random.Random, faults: list[tuple[Fault, float]], *, is_first: bool
) -> list[Step]:
    night: list[Step] = []
    if not is_first or rng.random() < 0.3:
        night += [change(rng) for _ in range(rng.choice([0, 1, 2, 4, 8]))]
    if not is_first:
        night.append(("pass", rng.choice([1, 1, 20, 24, 24, 72, 200])))
    late = rng.random() < 0.3  # something happens right before the run
    night += [change(rng) for _ in range(rng.randint(1, 3))] if late else []
    night += [
        ("at", rng.randrange(40), change(rng)) for _ in range(rng.choice([0, 0, 1, 3]))
    ]
    if rng.random() < 0.25:
        faults.append((_harmless(rng), rng.choice(WHILES)))
    for fault, seconds in faults:
        step = ("fault", fault, seconds)
        is_during = rng.random() < 0.4
        night.append(("at", rng.randrange(30), step) if is_during else step)
    for _ in range(rng.choice([1, 1, 1, 2])):
        if rng.random() < 0.25:
            night.append(("kill", rng.randrange(40)))
        fetch = rng.choice(["auto", "auto", "bulk", "per-ticket"])
        relist = rng.choice(["no"] * 6 + ["true"] * 3 + ["full"])
        night.append(("run", fetch, relist, rng.choice([1, 2, 4, 4])))
    # Faults of one night are over before the next.
    night.append(("pass", 1))
    return night


def change(rng: random.Random) -> Step:
    name = rng.choice(
        ["ticket"] * 3
        + ["reply"] * 6
        + ["import", "touch", "touch", "edit", "erase", "erase"]
        + ["delete", "merge", "send", "send", "fail"]
    )
    which = rng.randrange(60)
    match name:
        case "ticket":
            return (name, _messages(rng))
        case "reply":
            return (name, which, int(rng.random() < 0.3))
        case "import":
            return (name, which, rng.choice([1, 30, 400]))
        case "merge":
            return (name, which, rng.randrange(60))
    return (name, which)


def _liar(rng: random.Random, size: int) -> tuple[Fault, float]:
    percent = rng.choice([30, 60, 100, 100])
    kinds = rng.choice([(kind,) for kind in KINDS] + [LISTS, MESSAGES])
    seconds = rng.choice(WHILES)
    moment = rng.choice(MOMENTS)
    lists: tuple[str, ...] = rng.choice([("walk",), ("listing",), ("updates",), LISTS])
    if size >= LARGE:
        lists = rng.choice([lists, (*LISTS, "ids")])
    shortened = rng.choice([("walk",), ("listing",), ("ids",)])
    share = rng.choice([10, 50, 100])
    return rng.choice(
        [
            (Lag(kinds, percent, seconds=rng.choice([1, 3, 5])), seconds),
            (Lag(KINDS, percent, seconds=rng.choice([1, 3, 5])), seconds),
            (Lag(MESSAGES, 100, seconds=rng.choice([1, 3, 5])), seconds),
            (NotFound(kinds, percent), seconds),
            (NotFound(MESSAGES), seconds),
            (Empty(("own",), percent), moment),
            (Empty(MESSAGES, percent), moment),
            (Empty(lists, percent), seconds),
            (Short(("own",), percent), moment),
            (Short(shortened, share=30), seconds),
            (Again((rng.choice(KINDS),)), seconds),
            (WrongCounts(by=rng.choice([1, 1, 2, -1]), share=share), seconds),
            (WrongCounts(by=None, share=100), WHILES[-1]),
            (Shared(("own",)), seconds),
            (Unordered(LISTS), seconds),
            (Unordered(("walk",)), seconds),
        ]
    )


def _harmless(rng: random.Random) -> Fault:
    kinds = rng.choice([(kind,) for kind in KINDS] + [KINDS])
    return rng.choice(
        [
            _of_date(rng),
            RefusedCursors(kinds, rng.choice([30, 100])),
            Unanswered(kinds, rng.choice([10, 50, 100])),
        ]
    )


def _lasting(rng: random.Random) -> Fault:
    return rng.choice(
        [
            _of_date(rng),
            Unordered(("updates",)),
            WrongCounts(by=rng.choice([1, -1]), share=rng.choice([10, 50, 100])),
        ]
    )


def _of_date(rng: random.Random) -> Fault:
    return WrongDate(seconds=rng.choice([600, 3_600, 30 * 86_400, None]))
