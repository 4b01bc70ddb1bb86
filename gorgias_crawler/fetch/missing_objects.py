"""What no list shows any more is asked for by its id before anything is erased."""

from collections.abc import Iterable

from gorgias_crawler.api.kinds import Kind
from gorgias_crawler.api.objects import ById
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.errors import AnswerError, is_gone
from gorgias_crawler.fetch.lists import UnreadableError
from gorgias_crawler.fetch.memory import RunMemory, are_too_many
from gorgias_crawler.fetch.object_calls import Answer, ObjectAsker, ObjectCall, Steps
from gorgias_crawler.fetch.plans import Relist


class DoubtError(Exception):
    """A list lacks too much to be believed; its text says what to do."""


class MissingObjects:
    """Finds out, for *asker*, which objects of *kind* are deleted.

    ``deleted`` counts them.
    """

    def __init__(self, memory: RunMemory, kind: Kind, asker: ObjectAsker) -> None:
        self.memory = memory
        self.kind = kind
        self.asker = asker
        self.objects = Objects(memory.archive, kind)
        self.deleted = 0

    def ask_for_missing(self) -> Steps:
        """Ask for what the last whole list did not show.

        Raises `DoubtError`, and `UnreadableError`.
        """
        lost, known = self.objects.missing(), self.objects.count()
        may_be = self.memory.options.allow_deletions
        if are_too_many(len(lost), known) and not may_be:
            with self.memory.archive.transaction():
                self.objects.believe()
            raise DoubtError(
                f"The list of {self.kind.name} lacks {len(lost):,} of the {known:,} "
                "that are archived. So many at once are not believed, and nothing was "
                "erased. If they were deleted, run the same command with "
                "-a allow_deletions=true; else run it again later."
            )
        if self.kind.stays:
            with self.memory.archive.transaction():
                self.objects.mark_unlisted(lost, self.memory.run)
        else:
            relists = self.memory.options.relist is not Relist.NOTHING
            yield from self.ask_for([*lost, *(self.objects.unlisted() * relists)])

    def ask_for(self, ids: Iterable[int]) -> Steps:
        """Ask for objects by their ids; erase those that Gorgias has no more.

        Raises `UnreadableError`.
        """
        for id_ in ids:
            asked = ById(self.kind, id_)
            answer = yield ObjectCall(f"{self.kind.name} {id_}", asked, self.asker)
            with self.memory.archive.transaction():
                self._take(id_, answer)

    def _take(self, id_: int, answer: Answer | AnswerError) -> None:
        if isinstance(answer, Answer):
            # It is left as it was: an object's own answer has other fields than a list.
            self.objects.note_unlisted(id_)
        elif is_gone(answer):
            self.deleted += self.objects.delete(id_, self.memory.run)
        else:
            raise UnreadableError(answer.reason)
