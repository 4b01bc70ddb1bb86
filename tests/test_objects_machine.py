"""Random histories of a list: it grows, changes, loses objects; runs fail and die.

The law: a run that says that nothing is missing leaves what the list had at some moment
between its start and its end. When the faults are over, two plain runs are exact.
"""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from gorgias_crawler.api.kinds import Refresh
from gorgias_crawler.errors import RefusedError, UnansweredError
from gorgias_crawler.fetch.plans import Relist
from tests.account_model import open_archive
from tests.object_model import (
    FORBIDDEN,
    MINUTE_US,
    KilledError,
    Shop,
    archived,
    deleted,
    kind,
    run,
)

pytestmark = pytest.mark.timeout(600)  # a failure is shrunk, for five minutes at most

LIES = st.sampled_from(["empty", "reversed"])
ERRORS = st.sampled_from(
    [
        FORBIDDEN,
        RefusedError("400 Bad Request", status=400),
        UnansweredError("503"),
        UnansweredError("timeout"),
    ]
)
SEES_CHANGES = {Refresh.WHOLE, Refresh.BY_UPDATE}
SEES_DELETIONS = {Refresh.WHOLE}


class ListMachine(RuleBasedStateMachine):
    refresh: Refresh

    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.archive = self.reopened()
        self.shop = Shop(kind(self.refresh))
        self.seen = {}  # every object that ever was, as it was last
        self.relisted = True

    def reopened(self):
        return open_archive(Path(self.directory.name) / "archive.sqlite")

    def teardown(self):
        self.archive.db.close()
        self.directory.cleanup()

    @initialize(things=st.integers(0, 12))
    def open_shop(self, things):
        for _ in range(things):
            self.shop.add()

    @rule(minutes=st.sampled_from([1, 30, 24 * 60, 40 * 24 * 60]))
    def wait(self, minutes):
        self.shop.now_us += minutes * MINUTE_US

    @rule(count=st.integers(1, 7))
    def add(self, count):
        for _ in range(count):
            self.shop.add()

    @precondition(lambda self: self.refresh in SEES_CHANGES and self.shop.things)
    @rule(data=st.data())
    def change(self, data):
        id_ = data.draw(st.sampled_from(sorted(self.shop.things)))
        self.shop.change(id_, name=f"at {self.shop.now_us}")

    @precondition(lambda self: self.refresh is not Refresh.SINCE and self.shop.things)
    @rule(data=st.data())
    def delete(self, data):
        ids = st.sets(st.sampled_from(sorted(self.shop.things)), max_size=4)
        for id_ in data.draw(ids):
            del self.shop.things[id_]
            self.relisted = self.relisted and self.refresh in SEES_DELETIONS

    @rule(after=st.integers(0, 6))
    def run_and_die(self, after):
        try:
            run(self.archive, self.shop, kill_after=after)
        except KilledError:
            self.archive.db.close()
            self.archive = self.reopened()

    @rule(
        errors=st.dictionaries(st.integers(1, 7), ERRORS, max_size=3),
        lies=st.dictionaries(st.integers(1, 7), LIES, max_size=1),
    )
    def run_with_faults(self, errors, lies):
        faults = errors | lies
        asked = iter(range(1, 1_000))
        self.shop.fault = lambda call: faults.get(next(asked))
        fetch = run(self.archive, self.shop)
        self.shop.fault = lambda call: None
        if not fetch.trouble and not fetch.refusal and not faults:
            self.check_exact()

    @rule()
    def run_twice_without_faults(self):
        # The first may find what an earlier fault has hidden; none is left after it.
        run(self.archive, self.shop)
        relists = self.relisted is False
        relist = Relist.TICKETS if relists else Relist.NOTHING
        fetch = run(self.archive, self.shop, relist=relist, allow_deletions=True)
        assert fetch.trouble is None
        assert fetch.refusal is None
        self.relisted = True
        self.check_exact()

    def check_exact(self):
        found = archived(self.archive, self.shop)
        if self.relisted:
            assert found == self.shop.things
        else:
            assert self.shop.things.items() <= found.items()

    @invariant()
    def nothing_that_is_there_was_ever_deleted(self):
        for id_, thing in self.shop.things.items():
            self.seen[id_] = thing
        assert not deleted(self.archive).keys() & self.shop.things.keys()

    @invariant()
    def no_object_is_made_up(self):
        for id_, thing in archived(self.archive, self.shop).items():
            assert self.seen[id_]["created_datetime"] == thing["created_datetime"]


def machine(of):
    class Machine(ListMachine):
        refresh = of

    Machine.TestCase.settings = settings(
        max_examples=30, stateful_step_count=12, deadline=None
    )
    return Machine.TestCase


TestWhole = machine(Refresh.WHOLE)
TestByUpdate = machine(Refresh.BY_UPDATE)
TestSince = machine(Refresh.SINCE)
TestWhileOpen = machine(Refresh.WHILE_OPEN)
TestUnordered = machine(Refresh.UNORDERED)
