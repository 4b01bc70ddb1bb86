"""The law: what may stand in an archive after a run, given all that the account was.

With exit 0, each ticket's rows are the truth of some moment between the run's start and
its end, or a note names the ticket. Excepted is what no list shows: a text that was
edited, a ticket that was deleted, a message that was deleted from a ticket that has
not changed since. A relisting shows the deleted, a full one the edited. Nor are a
ticket's own answers short where its count lied in an earlier run: the two may agree by
accident, and two answers that agree are all that can be known.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from gorgias_crawler.archive import Archive, counts
from tests.account_model import (
    DAY_US,
    SECOND_US,
    AccountModel,
    MessageRow,
    Run,
    State,
    export,
    iso,
)
from tests.history_faults import Empty, Lag, Shared, Short, WrongCounts

Archived = dict[int, tuple[str | None, dict[int, dict[str, Any]]]]
"""Ticket id -> when updated, and its messages by their ids."""

LAG_US = 6 * SECOND_US  # the longest lag and a little
ASKED_DAILY_US = 7 * DAY_US  # so old unsent messages are asked for in each run


@dataclass
class Law:
    model: AccountModel
    archive: Archive
    _relist_since_us: int | None = None  # the relisting that runs go on with
    _full_since_us: int | None = None
    _seen: set[int] = field(default_factory=set)

    def begin(self, relist: str) -> None:
        """Note that a run begins."""
        now_us = self.model.now_us
        if relist != "no" and self._relist_since_us is None:
            self._relist_since_us = now_us
        if relist == "full" and self._full_since_us is None:
            self._full_since_us = now_us

    # After each answer.

    def archived_messages(self) -> dict[int, int]:
        rows = self.archive.db.execute("SELECT id, ticket_id FROM message")
        return dict(rows.fetchall())

    def lost(self, before: dict[int, int]) -> str | None:
        """Say which message an answer has erased of the ticket that it belongs to."""
        gone = before.keys() - self.archived_messages().keys()
        now_us = self.model.now_us
        slack_us = self._slack_us(now_us)
        # What answers that are late do not show yet has been read too early.
        states = (self.model.at(now_us), self.model.at(now_us - slack_us))
        wrong = [
            id_
            for id_ in gone
            if all(
                id_ in state.messages and state.messages[id_].ticket_id == before[id_]
                for state in states
            )
        ]
        if not wrong or (slack_us and self.has_shrunk(now_us - slack_us)):
            return None  # a late answer may be balanced by what was deleted since
        return f"erased though it exists: message {wrong[0]} of {before[wrong[0]]}"

    # After each run.

    def judge(
        self,
        run: Run,
        begin_us: int,
        relist: str,
        *,
        is_complete: bool,
        is_calm: bool,
    ) -> str | None:
        """Say what is wrong after a run that has come to its end.

        Without a fault, a *calm* run has no excuse: no note saves it.
        """
        if not is_complete:
            self._forget_relisting(run)
            return None
        archived = self._archived()
        named = set() if is_calm else self._named(run)
        states = self._states(begin_us - self._slack_us(begin_us))
        exam = _Exam(self, states, begin_us, relist)
        always = set.intersection(*(set(state.tickets) for state in states))
        problem = None
        for ticket_id in sorted(always | archived.keys()):
            if ticket_id not in named:
                problem = problem or exam.problem(ticket_id, archived.get(ticket_id))
        self._forget_relisting(run)
        return problem

    def _forget_relisting(self, run: Run) -> None:
        if run.agenda.finished:
            self._relist_since_us = None
            self._full_since_us = None

    def _archived(self) -> Archived:
        found: Archived = {}
        for raw, messages in export(self.archive):
            ticket = json.loads(raw)
            rows = [json.loads(message) for message in messages]
            by_id = {row["id"]: row for row in rows}
            assert len(rows) == len(by_id), "a message is there twice"
            found[ticket["id"]] = (ticket["updated_datetime"], by_id)
        return found

    def _named(self, run: Run) -> set[int]:
        """Return the tickets that a note of the run names."""
        named = {id_ for id_, _, _ in counts.noted(self.archive)}
        words = " ".join(run.notes).replace(",", " ").split()
        return named | {int(word.strip(".:;()")) for word in words if _is_id(word)}

    def _slack_us(self, begin_us: int) -> int:
        is_lagging = any(
            isinstance(fault, Lag) and fault.end_us > begin_us - LAG_US
            for fault in self.model.faults
        )
        return LAG_US if is_lagging else 0

    def _states(self, since_us: int) -> list[State]:
        """Return what the account was, at each moment since then."""
        return [self.model.at(since_us)] + [
            state for us, state in self.model.past if us > since_us
        ]

    # What the account was.

    def texts(self, message_id: int, since_us: int | None) -> set[str]:
        """Return the texts that a message had since then, or ever."""
        return {row.text for row in self._versions(message_id, since_us)}

    def sendings(self, message_id: int, since_us: int) -> set[tuple[bool, bool]]:
        """Return how it stood with the sending of a message since then."""
        rows = self._versions(message_id, since_us)
        return {(row.unsent, row.failed) for row in rows}

    def _versions(self, message_id: int, since_us: int | None) -> Iterable[MessageRow]:
        past = self.model.past
        states = (
            (state for _, state in past) if since_us is None else self._states(since_us)
        )
        return [s.messages[message_id] for s in states if message_id in s.messages]

    def was_deleted_unseen(self, message_id: int, ticket_id: int, now: State) -> bool:
        """Tell whether a message was deleted and its ticket has not changed since."""
        last = next(
            (s for _, s in reversed(self.model.past) if message_id in s.messages), None
        )
        if last is None or last.messages[message_id].ticket_id != ticket_id:
            return False
        then, today = last.tickets.get(ticket_id), now.tickets[ticket_id]
        return then is not None and then.updated_us == today.updated_us

    def has_shrunk(self, since_us: int) -> bool:
        """Tell whether something was deleted: two answers about it then disagree."""
        states = self._states(since_us)
        return any(
            before.messages.keys() - after.messages.keys()
            for before, after in pairwise(states)
        )

    def may_be_balanced(self) -> bool:
        """Tell whether a walk may have left messages out, or an answer been late.

        Others that were deleted or came meanwhile may then make the count agree.
        """
        return any(
            isinstance(fault, Lag)
            or (isinstance(fault, Short | Empty) and "walk" in fault.kinds)
            for fault in self.model.faults
        )

    def may_hide_deletions(self) -> bool:
        """Tell whether a count was ever wrong, or rows that it does not count settled.

        Then a deletion may make them agree, or leave them as they were.
        """
        hiding = WrongCounts | Shared | Lag | Short | Empty
        return any(isinstance(fault, hiding) for fault in self.model.faults)


@dataclass
class _Exam:
    """Whether one ticket's rows may be what they are."""

    law: Law
    states: list[State]
    begin_us: int
    relist: str

    def problem(
        self, ticket_id: int, found: tuple[str | None, dict[int, Any]] | None
    ) -> str | None:
        if found is None:
            return f"ticket {ticket_id} is missing"
        exists = [state for state in self.states if ticket_id in state.tickets]
        if not exists:
            return self._problem_of_deleted(ticket_id, found[1])
        was_deleted = ticket_id not in self.states[-1].tickets
        if was_deleted or (len(exists) < len(self.states) and self.relist == "no"):
            return None  # meanwhile: no list shows that, and its messages went with it
        # Ticket and messages come by two calls: each is the truth of its moment.
        updated = [iso(state.tickets[ticket_id].updated_us) for state in exists]
        problems = [self._difference(ticket_id, found[1], state) for state in exists]
        if found[0] not in updated:
            return f"ticket {ticket_id}: updated {found[0]}, not {updated[0]}"
        return f"ticket {ticket_id}: {problems[0]}" if all(problems) else None

    def _problem_of_deleted(self, ticket_id: int, rows: dict[int, Any]) -> str | None:
        since_us = self.law._relist_since_us
        if self.relist == "no" or since_us is None or not rows:
            return None
        if ticket_id in self.law.model.at(since_us).tickets:
            return None  # deleted after the relisting began, which a kill interrupted
        return f"ticket {ticket_id} is deleted and still there"

    def _difference(
        self, ticket_id: int, rows: dict[int, Any], state: State
    ) -> str | None:
        truth = {row.id: row for row in state.of(ticket_id)}
        is_balanced = len(rows) == len(truth) and self.law.may_be_balanced()
        if truth.keys() != rows.keys() and is_balanced:
            return None
        if missing := truth.keys() - rows.keys():
            return f"messages {sorted(missing)} are missing"
        for id_, row in rows.items():
            if id_ not in truth:
                if not self._may_be_unseen(id_, ticket_id, state):
                    return f"message {id_} is no more and still there"
            elif problem := self._old(row, truth[id_]):
                return f"message {id_}: {problem}"
        return None

    def _may_be_unseen(self, message_id: int, ticket_id: int, state: State) -> bool:
        if message_id in state.messages or self.relist == "full":
            return self._was_deleted_meanwhile(message_id)
        if self.law.may_hide_deletions():
            return True
        if not self.law.was_deleted_unseen(message_id, ticket_id, state):
            return False
        return self.relist == "no" or self._was_deleted_meanwhile(message_id)

    def _was_deleted_meanwhile(self, message_id: int) -> bool:
        """Tell whether it was deleted after a relisting began that was interrupted."""
        since_us = self.law._relist_since_us
        return (
            since_us is not None
            and message_id in self.law.model.at(since_us).messages
            and message_id not in self.law.model.messages
        )

    def _old(self, row: dict[str, Any], truth: MessageRow) -> str | None:
        full_us = self.law._full_since_us if self.relist == "full" else None
        since_us = None if full_us is None else full_us - LAG_US
        if row["body_text"] not in self.law.texts(truth.id, since_us):
            return f"the text is {row['body_text']!r}"
        stands = (row["sent_datetime"] is None, row["failed_datetime"] is not None)
        if stands == (truth.unsent, truth.failed):
            return None
        age_us = self.begin_us - truth.created_us
        asked_us = (
            self.begin_us if age_us < ASKED_DAILY_US else truth.created_us + age_us // 2
        )
        if stands not in self.law.sendings(truth.id, min(asked_us, self.begin_us)):
            return f"sent, failed are not {stands} any more"
        return None


def _is_id(word: str) -> bool:
    return word.strip(".:;()").isdigit()
