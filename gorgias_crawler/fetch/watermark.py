"""The watermark: up to when changes are archived or due, and what puts it right."""

import logging

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.archive.walks import Walk
from gorgias_crawler.fetch.plans import LOOK_BACK_US

logger = logging.getLogger(__name__)


def move(
    archive: Archive, walk: Walk, *, is_cut_short: bool, proven_us: int | None = None
) -> None:
    """Move the watermark, inside of a page's transaction, where *walk* has ended.

    All that changed before it is archived or due. It is when the first page was
    made, so what changes during a walk is read again by the next run, but never
    ahead of what any answer has shown to be updated, because clocks may be wrong.
    Of a listing that is only proven up to *proven_us*, tickets may be missing that were
    created after that, so it is no later.
    """
    facts = archive.facts
    if walk.done and not is_cut_short:
        assert walk.date_us is not None
        # A listing that began in an earlier run puts it back no further than the
        # updates that were read since.
        reached_us = max(walk.date_us, facts.watermark_us or 0)
        # An account without tickets has no update.
        facts.watermark_us = min(reached_us, facts.newest_us or walk.date_us)
        if proven_us is not None:
            facts.watermark_us = min(facts.watermark_us, proven_us)
    elif facts.watermark_us is None:
        facts.watermark_us = walk.date_us  # until the first listing has ended


def note_completion(archive: Archive) -> None:
    """Note at the end of a run up to when nothing is missing."""
    with archive.transaction():
        if counts.is_complete(archive):
            counts.check_due_index(archive)
            archive.facts.complete_us = archive.facts.watermark_us
        archive.facts.relisting = None  # the next run may list anew


def distrust_ahead(archive: Archive, now_us: int) -> bool:
    """Forget a watermark that is ahead of our clock: changes were passed over.

    Returns whether it was, so that all tickets are to be listed.
    """
    facts = archive.facts
    latest_us = now_us + LOOK_BACK_US
    if (facts.watermark_us or 0) <= latest_us:
        return False
    logger.warning(
        "The last run was told a date that is still to come, so changes may have been "
        "missed: listing all tickets again."
    )
    with archive.transaction():
        facts.watermark_us = None
        facts.complete_us = min(facts.complete_us or latest_us, latest_us)
    return True
