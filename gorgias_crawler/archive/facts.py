"""What one run leaves for the next: listings, watermark, how far all is complete."""

from gorgias_crawler.archive import walks
from gorgias_crawler.archive.file import Archive

LOOK_BACK_US = 5 * 60 * 1_000_000
"""Read again before a watermark, as clocks and clusters differ (5 min, chosen)."""

_NEVER = -(2**63)  # before any instant: microseconds since 1970


def is_relisting(archive: Archive) -> bool:
    """Tell whether a relisting has begun and no run since has come to its end.

    Then a run that shall relist goes on with it.
    """
    return bool(archive.fact("relisting"))


def listing_number(archive: Archive) -> int:
    """Return how many listings of all tickets have begun in this job."""
    return archive.fact("listing") or 0


def begin_listing(archive: Archive) -> None:
    """Begin a further listing of all tickets; what it does not show has vanished."""
    with archive.transaction():
        archive.set_fact("listing", listing_number(archive) + 1)
        archive.set_fact("relisting", 1)
        walks.forget(archive, walks.LISTING)


def move_watermark(archive: Archive, name: str) -> None:
    """Move the watermark, inside of the transaction of a page of walk *name*.

    All that changed before it is archived or due. It is the server's clock at the
    first page of a walk, so what changes during a walk is read again by the next run.
    """
    walk = walks.get(archive, name)
    watermark_us = archive.fact("watermark_us")
    assert walk is not None
    assert walk.date_us is not None
    if watermark_us is None or (walk.done and walk.date_us > watermark_us):
        archive.set_fact("watermark_us", walk.date_us)


def note_end(archive: Archive) -> None:
    """Note that a run has come to its end, so that the next one may list anew."""
    if is_relisting(archive):
        with archive.transaction():
            archive.set_fact("relisting", None)


def note_completion(archive: Archive) -> None:
    """Note that nothing is missing up to the watermark."""
    with archive.transaction():
        archive.set_fact("complete_us", archive.fact("watermark_us"))


def floor_us(archive: Archive, name: str) -> int:
    """Return the instant before which a walk from the newest has seen enough."""
    if name == walks.UPDATES:
        return int(archive.fact("watermark_us")) - LOOK_BACK_US
    if name == walks.NEWEST_MESSAGES:
        return archive.fact("floor_us") or _NEVER
    return _NEVER
