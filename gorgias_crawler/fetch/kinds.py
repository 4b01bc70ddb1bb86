"""All kinds of objects that a run was asked for, side by side."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.api.objects import page_of_single
from gorgias_crawler.api.pages import BadAnswerError
from gorgias_crawler.fetch import object_costs
from gorgias_crawler.fetch.deletions import DeletionEvents
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.object_calls import Answer, ObjectAsker, ObjectCall
from gorgias_crawler.fetch.objects import KindFetch

logger = logging.getLogger(__name__)


class KindFetches:
    """What a run fetches beside tickets and messages."""

    def __init__(self, memory: RunMemory) -> None:
        self.memory = memory
        self.deletions = DeletionEvents(memory, KINDS["events"], KINDS["customers"])
        self.kinds = [KindFetch(memory, KINDS[name]) for name in memory.options.objects]
        self._account: Answer | None = None

    def note_account(self, value: dict[str, Any], made_us: int) -> None:
        """Take what the first call of the run has answered: it is not asked again."""
        with suppress(BadAnswerError):  # else it is asked for as another kind is
            page = page_of_single(KINDS["account"], value)
            self._account = Answer(page, min(made_us, self.memory.clock_us()))

    def say_costs(self) -> None:
        """Say what the kinds cost in calls, before they are fetched."""
        kinds = [kind.kind for kind in self.kinds]
        now_us = self.memory.clock_us()
        if said := object_costs.sentence(self.memory.archive, kinds, now_us):
            logger.info("%s", said)

    def calls(self) -> Iterator[ObjectCall | None]:
        """Yield the calls that may go out now, None where an answer must come first."""
        # What tells of deletions comes first: others ask for what it names.
        telling = [kind for kind in self.kinds if kind.kind.tells_deletions]
        yield from _together(telling or [self.deletions])
        for reason in (kind.refusal for kind in telling if kind.refusal):
            self.deletions.note_refusal(reason)
        for kind in self.kinds:
            if kind.name == "account" and self._account and kind.take():
                kind.answered(self._account)
        yield from _together(kind for kind in self.kinds if not kind.is_done)

    def troubles(self) -> list[str]:
        """Return sentences that say what keeps the run incomplete."""
        found = [kind.trouble for kind in self.kinds if kind.trouble]
        if self.memory.options.all_objects:
            return found
        return found + [
            f"{kind.name} may not be read with this key ({kind.refusal}). What is "
            f"needed: {kind.kind.needs}."
            for kind in self.kinds
            if kind.refusal
        ]

    def summary(self) -> dict[str, Any]:
        """Return what the manifest says of each kind."""
        return {kind.name: _summary(kind) for kind in self.kinds}


def _together(askers: Iterable[ObjectAsker]) -> Iterator[ObjectCall | None]:
    """Let each ask for one page at a time; together they keep the budget busy."""
    asking = list(askers)
    while asking:
        calls = [call for asker in asking if (call := asker.take())]
        asking = [asker for asker in asking if not asker.is_done]
        if calls:
            yield from calls
        elif asking:
            yield None


def _summary(kind: KindFetch) -> dict[str, Any]:
    archived = kind.objects.count()
    return {
        "listed": archived - len(kind.objects.unlisted()),
        "archived": archived,
        "new": kind.changes.new,
        "changed": kind.changes.changed,
        "deleted": kind.missing.deleted,
        "not_permitted": kind.refusal,
        "incomplete": kind.trouble,
    }
