"""Whether the objects of a kind that Gorgias lists now are those that are archived."""

from collections.abc import Iterator

from gorgias_crawler.api import Page
from gorgias_crawler.api.kinds import KINDS, Kind, Refresh
from gorgias_crawler.api.objects import ListPage, Object
from gorgias_crawler.archive import Archive
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.errors import AnswerError
from gorgias_crawler.fetch.guards import LoopError, WalkGuard
from gorgias_crawler.fetch.lists import NotPermittedError, unreadable

NOT_COMPARED = {
    Refresh.SINGLE: "one object, and no list",
    Refresh.SINCE: "a year of them takes about ten times the calls of all messages",
    Refresh.UNORDERED: "their lists promise no order, so one reading proves nothing",
}
"""Why kinds are not listed again that are refreshed in this way. All others are small
lists, or take a call for each hundred: customers and surveys."""


class KindListing:
    """The list of *kind* as it is now, page by page.

    ``listed`` are the ids so far. ``trouble`` says why it cannot be read to its end,
    None where it was; ``next_page`` is what to ask for, None at the end.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.listed: set[int] = set()
        self.trouble: str | None = "it was not read to its end"
        self.next_page: ListPage | None = ListPage(kind)
        self._guard = WalkGuard()

    def take(self, page: Page[Object]) -> None:
        """Note the ids of the page that was asked for, and what is to be then."""
        assert self.next_page is not None
        ids = [row.id for row in page.rows]
        self.listed.update(ids)
        walk, self.next_page = self.next_page.walk, None
        try:
            self._guard.passed(ids, page.next_cursor)
        except LoopError as error:
            self.trouble = str(error)
            return
        if page.next_cursor:
            self.next_page = ListPage(self.kind, walk, cursor=page.next_cursor)
        elif walk + 1 < len(self.kind.walks):
            self._guard = WalkGuard()
            self.next_page = ListPage(self.kind, walk + 1)
        else:
            self.trouble = None

    def fail(self, error: AnswerError) -> None:
        """Note why a page was not given: the list proves nothing without it."""
        self.next_page = None
        why = unreadable(error)
        self.trouble = str(why)
        if isinstance(why, NotPermittedError):
            needs = self.kind.needs
            self.trouble = f"not permitted ({why}); what is needed: {needs}"

    def differences(self, archive: Archive) -> Iterator[str]:
        """Yield a sentence for each object that is only archived, or only listed.

        What the archive marks as not listed any more need not be.
        """
        archived = Objects(archive, self.kind).listings()
        last = max(archived.values(), default=0)
        for id_ in sorted(archived.keys() ^ self.listed):
            if id_ not in archived:
                yield f"{self.kind.name} {id_}: listed, but not archived"
            elif archived[id_] == last:
                yield f"{self.kind.name} {id_}: archived, but not listed any more"


def of_archived(archive: Archive) -> tuple[list[KindListing], list[Kind]]:
    """Return a listing of each archived kind that has one, and the other kinds."""
    archived = [kind for kind in KINDS.values() if Objects(archive, kind).are_known]
    return (
        [KindListing(kind) for kind in archived if kind.refresh not in NOT_COMPARED],
        [kind for kind in archived if kind.refresh in NOT_COMPARED],
    )
