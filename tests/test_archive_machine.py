"""A state machine over the archive: sane after every step, complete at the end."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from gorgias_crawler.archive import Archive, counts, walks
from gorgias_crawler.errors import RefusedError, RunEndError, UnansweredError
from gorgias_crawler.fetch.plans import Fetch
from tests.account_model import HOUR_US, AccountModel, Run, export, open_archive
from tests.test_agenda import change

pytestmark = pytest.mark.timeout(600)  # a failure is shrunk, for five minutes at most

FETCHES = st.sampled_from(list(Fetch))
FAILURES = [
    RefusedError("400 Bad Request", status=400),
    RefusedError("422 Unprocessable Content", status=422),
    UnansweredError("503 Service Unavailable"),
    UnansweredError("download timeout"),
]


class ArchiveMachine(RuleBasedStateMachine):
    """Pages come in any order, calls fail, processes die, the account lives on."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.archive = self.reopened()
        self.model = AccountModel()
        self.archived: dict[int, int] = {}

    def reopened(self) -> Archive:
        return open_archive(Path(self.directory.name) / "archive.sqlite")

    @initialize(sizes=st.lists(st.integers(0, 8), max_size=6), fetch=FETCHES)
    def open_account(self, sizes, fetch):
        for size in sizes:
            self.model.add_ticket(size)
        self.run = Run(self.archive, self.model, fetch=fetch)

    @rule(index=st.integers(0, 9))
    def answer(self, index):
        self.give(index, None)

    @rule(index=st.integers(0, 9), failure=st.sampled_from(FAILURES))
    def fail(self, index, failure):
        self.give(index, failure)

    def give(self, index, failure):
        try:
            self.run.take()
            if not self.run.waiting:
                return
            self.run.give(index % len(self.run.waiting), failure)
        except RunEndError:
            self.run = Run(self.archive, self.model)

    @rule(fetch=FETCHES, relist=st.booleans())
    def die(self, fetch, relist):
        """The process dies; the next one opens the same file."""
        self.archive.db.close()
        self.archive = self.reopened()
        self.run = Run(self.archive, self.model, fetch=fetch, relist=relist)

    @rule(seed=st.integers(0, 2**16))
    def live(self, seed):
        change(self.model, random.Random(seed))

    @precondition(lambda self: not self.run.waiting)
    @rule()
    def sleep(self):
        self.model.now_us += HOUR_US

    @invariant()
    def no_message_is_lost_whose_ticket_still_exists(self):
        """A merge moves messages; until that is read they are nobody's."""
        rows = self.archive.db.execute("SELECT id, ticket_id FROM message")
        archived = dict(rows.fetchall())
        for id_ in self.archived.keys() - archived.keys():
            gone = self.archived[id_] not in self.model.tickets
            assert gone or id_ not in self.model.messages
        self.archived = archived

    @precondition(lambda self: not walks.get(self.archive, walks.NEWEST_MESSAGES))
    @invariant()
    def what_is_settled_has_the_number_of_messages_that_is_expected(self):
        assert counts.miscounted(self.archive) == []

    def teardown(self):
        try:
            if hasattr(self, "run"):
                self.come_to_rest()
        finally:  # one that fails is run again, a hundred times, to be shrunk
            self.archive.db.close()
            self.directory.cleanup()

    def come_to_rest(self):
        self.model.now_us += 24 * HOUR_US
        Run(self.archive, self.model).finish()
        Run(self.archive, self.model, relist=True).finish()
        assert export(self.archive) == self.model.export()


TestArchive = ArchiveMachine.TestCase
