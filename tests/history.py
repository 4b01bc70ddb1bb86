"""Random histories of an account and its crawls, and the law that holds for each.

A history is a list of steps, played with no clock but the model's: the account changes,
its server lies for a while, nights pass, runs begin, are killed or end. After each run
`tests.history_law` judges what is archived. At the end all faults are over, and plain
runs must make the archive the account again.

    ("account", noise, ms)   how answers overtake one another, and whether there are
                             events; how long a call takes
    ("ticket", messages), ("reply", which, is unsent), ("import", which, age in hours),
    ("touch" | "delete", which ticket), ("merge", losing, target),
    ("edit" | "erase" | "send" | "fail", which message)
    ("pass", hours)
    ("fault", fault, seconds that it lasts)
    ("at", call, step)       in the next run, when so many calls have been answered
    ("kill", call)           the next run is killed then
    ("run", fetch, relist, calls at once)     relist: "no", "true", "full"
"""

import re
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gorgias_crawler.archive import Archive, counts, schema
from gorgias_crawler.errors import AnswerError, GorgiasError
from gorgias_crawler.fetch.plans import LOOK_BACK_US, Fetch, Relist
from tests import history_law
from tests.account_model import (
    HOUR_US,
    PAGE,
    SECOND_US,
    AccountModel,
    Run,
    State,
)
from tests.history_faults import Empty, EmptyEnds, Fault, Short, WrongCounts

if TYPE_CHECKING:
    from collections.abc import Callable

Step = tuple[Any, ...]

LONGEST_WAIT_US = 15 * SECOND_US  # what a run may wait in all for its doubts
RELISTS = {"no": Relist.NOTHING, "true": Relist.TICKETS, "full": Relist.FULL}
QUIET_US = 60 * SECOND_US  # a fault that ended before is not felt by a run any more


class BrokenError(Exception):
    """The law is broken; the text says how."""


@dataclass
class Figures:
    """What was played: for the report of a night."""

    runs: int = 0
    kills: int = 0
    calls: int = 0
    complete: int = 0


def fresh_archive() -> Archive:
    """Make an archive in memory: a process that dies leaves its transactions."""
    archive = Archive(sqlite3.connect(":memory:", isolation_level=None), Path("memory"))
    archive.db.executescript(schema.SCHEMA)
    return archive


class History:
    """Plays steps. ``kill_at`` kills whatever run makes that call, once."""

    def __init__(self, figures: Figures, kill_at: int | None = None) -> None:
        self.model = AccountModel(
            call_us=200_000, apart_us=SECOND_US, past=[(0, State({}, {}))]
        )
        self.archive = fresh_archive()
        self.figures = figures
        self.noise = 0
        self.kill_at = kill_at
        self.law = history_law.Law(self.model, self.archive)
        self._next_kill: int | None = None
        self._during: list[tuple[int, Step]] = []

    def play(self, steps: list[Step]) -> None:
        """Raises `BrokenError`."""
        for step in steps:
            self._do(step)
        self._come_to_rest()
        self.archive.db.close()

    def _do(self, step: Step) -> None:
        match step:
            case ("account", noise, milliseconds):
                self.noise, self.model.call_us = noise, milliseconds * 1_000
                self.model.has_events = noise % 3 > 0
            case ("pass", hours):
                self.model.now_us += int(hours * HOUR_US)
            case ("fault", fault, seconds):
                self._begin_fault(fault, seconds)
            case ("at", *during):
                self._during.append((during[0], during[1]))
            case ("kill", call):
                self._next_kill = call
            case ("run", fetch, relist, window):
                self.run(Fetch(fetch), relist, window)
            case (name, *which):
                _change(self.model, name, which)

    def _begin_fault(self, fault: Fault, seconds: float) -> None:
        begin_us = self.model.now_us
        end_us = begin_us + int(seconds * SECOND_US)
        lasting = replace(fault, begin_us=begin_us, end_us=end_us)
        if not (self._hides_for_good(lasting) or self._may_agree(lasting)):
            self.model.faults.append(lasting)

    def _hides_for_good(self, fault: Fault) -> bool:
        """Tell whether it hides tickets that no answer has ever shown."""
        is_long = fault.end_us - fault.begin_us > 2 * SECOND_US
        is_hiding = isinstance(fault, Short) or (isinstance(fault, Empty) and is_long)
        is_listed = counts.is_listed(self.archive)
        return is_hiding and "listing" in fault.kinds and not is_listed

    def _may_agree(self, fault: Fault) -> bool:
        """Tell whether short answers may agree with counts that lied in another run."""
        is_short = isinstance(fault, Short | Empty) and "own" in fault.kinds
        return is_short and any(isinstance(f, WrongCounts) for f in self.model.faults)

    def _come_to_rest(self) -> None:
        """End all faults: plain runs, then those that list all, are exact."""
        for fault in self.model.faults:
            fault.end_us = min(fault.end_us, self.model.now_us)
        self._during, self._next_kill = [], None
        self.model.now_us += HOUR_US
        kills = self.figures.kills
        self.run(Fetch.AUTO, "no", 4)
        self.model.now_us += HOUR_US
        before, most = self.model.calls, self._most_calls_of_a_quiet_night()
        self.run(Fetch.AUTO, "no", 4)
        is_quiet = self.figures.kills == kills  # else there was something left to do
        if is_quiet and self.model.tickets and self.model.calls - before > most:
            raise BrokenError(
                f"{self.model.calls - before} calls though nothing changed"
            )
        self.run(Fetch.AUTO, "true", 4)
        self.model.now_us += HOUR_US
        self.run(Fetch.BULK, "full", 4)

    def _most_calls_of_a_quiet_night(self) -> int:
        """Return the calls that a run may make when nothing has changed.

        The updates that it looks back to, twice where that takes more than a page, and
        the tickets with messages that wait to be sent, as far as is known.
        """
        state = self.model.at(self.model.now_us)
        updated = [row.updated_us for row in state.tickets.values()]
        late = [us for us in updated if us >= max(updated, default=0) - LOOK_BACK_US]
        found = self.archive.db.execute("SELECT ticket_id FROM message WHERE unsent")
        unsent = {id_ for (id_,) in found}
        return (
            2 * max(1, -(-(len(late) + 1) // PAGE))
            - (len(late) < PAGE)
            + sum(-(-len(state.of(id_)) // PAGE) for id_ in unsent)
        )

    def run(self, fetch: Fetch, relist: str, window: int) -> None:
        """Run once, to its end or its death, and judge it."""
        self.figures.runs += 1
        begin_us, first_call = self.model.now_us, self.model.calls
        kill, self._next_kill = self._next_kill, None
        if self.kill_at is not None:
            kill = self.kill_at
        elif kill is not None:
            kill += first_call
        self._during.sort(key=lambda during: during[0])
        self.law.begin(relist)
        run = Run(self.archive, self.model, fetch=fetch, relist=RELISTS[relist])
        error = self._end_of(run, window, kill)
        if self.model.calls == kill:
            self._die()
            return
        self.figures.calls += self.model.calls - first_call
        self._judge(run, begin_us, relist, error)
        while self._during:  # the run has made fewer calls
            self._do(self._during.pop(0)[1])

    def _end_of(self, run: Run, window: int, kill: int | None) -> GorgiasError | None:
        """Go on to the end or the kill; return the error that ended the run."""
        first_call = self.model.calls
        try:
            while self._go_on(run, window, first_call) and self.model.calls != kill:
                pass
        except AnswerError as failure:
            raise BrokenError(f"an answer's error ends the run: {failure!r}") from None
        except GorgiasError as ending:
            return ending
        return None

    def _judge(
        self, run: Run, begin_us: int, relist: str, error: GorgiasError | None
    ) -> None:
        is_complete = error is None and counts.is_complete(self.archive)
        self.figures.complete += is_complete
        is_calm = self._is_calm_since(begin_us)
        problem = self.law.judge(
            run, begin_us, relist, is_complete=is_complete, is_calm=is_calm
        )
        may_end_early = (
            not self.model.messages or not is_calm or self.law.has_shrunk(begin_us)
        )
        if problem is None and not is_complete and not may_end_early:
            problem = f"incomplete without a fault: {self._why(error)}"
        if problem:
            raise BrokenError(f"run {self.archive.last_run()} ({relist}): {problem}")

    def _go_on(self, run: Run, window: int, first_call: int) -> bool:
        """Go on by one answer; false at the end of the run."""
        answered = self.model.calls - first_call
        while self._during and self._during[0][0] <= answered:
            self._do(self._during.pop(0)[1])
        run.take(window)
        if run.waited_us > LONGEST_WAIT_US:
            raise BrokenError(f"the run waits {run.waited_us // 1000} ms")
        if answered > self._most_calls():
            raise BrokenError(f"the run does not end: {answered} calls")
        if not run.waiting and not run.agenda.finished:
            raise BrokenError("the run stands still")
        if run.waiting:
            before = self.law.archived_messages()
            run.give(self.noise * (self.model.calls + 1) % len(run.waiting))
            if problem := self.law.lost(before):
                raise BrokenError(problem)
        return not run.agenda.finished

    def _die(self) -> None:
        self.figures.kills += 1
        self.kill_at = None
        self._during.clear()
        if self.archive.db.in_transaction:
            raise BrokenError("a transaction is open between two answers")

    def _most_calls(self) -> int:
        return 100 + 8 * len(self.model.tickets) + 4 * len(self.model.messages)

    def _is_calm_since(self, begin_us: int) -> bool:
        return not any(
            fault.begin_us <= self.model.now_us and fault.end_us > begin_us - QUIET_US
            for fault in self.model.faults
            if not isinstance(fault, EmptyEnds)
        )

    def _why(self, error: GorgiasError | None) -> str:
        if error is not None:
            return str(error)
        due = self.archive.db.execute("SELECT id, due FROM ticket WHERE due > 0")
        return f"due {due.fetchall()}, failed {counts.failures(self.archive)}"


def _change(model: AccountModel, name: str, which: list[int]) -> None:
    """Change the account, as far as it has what is to be changed."""
    if name == "ticket":
        model.add_ticket(which[0])
        return
    of = model.messages if name in ("edit", "erase", "send", "fail") else model.tickets
    rows: list[int] = sorted(of)
    if name in ("send", "fail"):
        rows = [id_ for id_ in rows if model.messages[id_].unsent]
    if not rows:
        return
    id_ = rows[which[0] % len(rows)]
    simple: dict[str, Callable[[int], object]] = {
        "touch": model.touch,
        "delete": model.delete_ticket,
        "edit": model.edit,
        "erase": model.delete_message,
        "send": model.send,
        "fail": model.fail,
    }
    if name == "reply":
        model.add_message(id_, unsent=bool(which[1]))
    elif name == "import":
        model.add_message(id_, age_us=which[1] * HOUR_US)
    elif name == "merge":
        others = [other for other in rows if other != id_]
        if others:
            model.merge(id_, others[which[1] % len(others)])
    else:
        simple[name](id_)


def broken(
    steps: list[Step], figures: Figures | None = None, kill_at: int | None = None
) -> str | None:
    """Play *steps* and return how the law is broken, None where it holds."""
    try:
        History(figures or Figures(), kill_at).play(steps)
    except BrokenError as error:
        return str(error)
    except Exception as fault:  # noqa: BLE001 - any fault of the crawler is a finding
        return f"the crawler fails: {fault!r}"
    return None


def shortest(steps: list[Step]) -> list[Step]:
    """Return the shortest history found, of *steps*, that is broken in the same way."""
    way = _words(broken(steps))
    size = max(1, len(steps) // 2)
    while True:
        shorter = (steps[:at] + steps[at + size :] for at in range(0, len(steps), size))
        found = next((less for less in shorter if _words(broken(less)) == way), None)
        if found is not None:
            steps = found
        elif size == 1:
            return steps
        else:
            size //= 2


def _words(problem: str | None) -> str | None:
    """Return how a history is broken, whichever ticket, run and instant it is."""
    return problem and re.sub(r"[\d\[\],.:T+-]+", "", problem)


def as_test(name: str, steps: list[Step]) -> str:
    """Return a regression test, ready to be pasted into `test_histories`."""
    lines = "\n".join(f"        {step!r}," for step in steps)
    return f"def {name}():\n    steps = [\n{lines}\n    ]\n    assert broken(steps) is None\n"
