"""What the ends of the lists of tickets prove: that no ticket is left out."""

from gorgias_crawler.archive import Archive, counts, walks
from gorgias_crawler.archive.walks import Position, Walk
from gorgias_crawler.errors import RunEndError
from gorgias_crawler.fetch.lists import Lists
from gorgias_crawler.fetch.plans import LOOK_BACK_US

_MOST_PROOFS = 2
"""So often in one run may the listing be doubted, and what proves it be asked for
(chosen)."""


def leaves_out(listing: Walk, newest: list[Position]) -> bool:
    """Tell whether a list that was read from the oldest lacks one of the *newest*.

    What was created when it began may be behind its end, as clocks differ; what has no
    date may stand anywhere.
    """
    last = listing.at or (0, 0)
    until_us = listed_until_us(listing)
    return any(at > last and 0 < at[0] < until_us for at in newest)


def listed_until_us(listing: Walk | None) -> int:
    """Return up to which creation a list shows all: microseconds since 1970."""
    return ((listing and listing.date_us) or 0) - LOOK_BACK_US


class Proofs:
    """What *lists* of tickets have proven in one run."""

    def __init__(self, archive: Archive, lists: Lists) -> None:
        self.archive = archive
        self.lists = lists
        self._proofs = 0

    def proven_us(self, walk: Walk) -> int | None:
        """Return up to which creation a listing is proven, None where it is whole."""
        if walk.name != walks.LISTING or walk.name not in self.lists.doubtful:
            return None
        is_proven = (
            walk.at and not walk.unordered and walk.name not in self.lists.uneven
        )
        return walk.at[0] if walk.at and is_proven else 0

    def hold_listing_against(self, newest: list[Position]) -> None:
        """Doubt the end of the listing where it lacks one of the *newest* tickets."""
        listing = walks.get(self.archive, walks.LISTING)
        if listing and leaves_out(listing, newest):
            walks.forget(self.archive, walks.LISTING, walks.NEWEST_TICKETS)
            self.lists.doubtful.add(walks.LISTING)

    def is_listing_to_be_proven(self) -> bool:
        """Tell whether tickets may stand behind the end of the listing.

        Then another list shows them, or all are listed again. Raises `RunEndError`
        where it is cut short again and again.
        """
        if walks.LISTING not in self.lists.doubtful:
            return False
        self.lists.forget(walks.LISTING)
        self._proofs += 1
        if self._proofs > _MOST_PROOFS:
            raise RunEndError(
                "listing_failed",
                "The list of tickets is cut short each time, so there may be more. "
                "What was archived is kept; run the same command again later.",
            )
        return True

    def are_updates_cut_short(self, floor_us: int) -> bool:
        """Tell whether the list of updates ended before it showed what is older.

        Then it is no proof of anything: all tickets are to be listed. It has seen
        enough before *floor_us*, in microseconds since 1970; where its end is in doubt,
        it must have shown all that is known.
        """
        walk = walks.get(self.archive, walks.UPDATES)
        is_at_end = walk is not None and walk.done and walk.cursor is None
        if walk is None or not is_at_end or (walk.at and walk.at[0] < floor_us):
            return False
        if walk.at is None and counts.listed_tickets(self.archive) > 0:
            return True  # a list by update shows all tickets, each with its update
        is_doubtful = walks.UPDATES in self.lists.doubtful
        passed_us = walk.at[0] if walk.at and is_doubtful else floor_us
        return counts.has_older_tickets(self.archive, passed_us)
