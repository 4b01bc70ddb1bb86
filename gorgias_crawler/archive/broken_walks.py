"""What a walk through all messages has shown whole, though it did not reach its end."""

import json

from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.states import ARCHIVED, DUE_BY_WALK, EXPECTED
from gorgias_crawler.items import decoded

_NEVER = 2**63 - 1  # after any instant: microseconds since 1970


def settle_passed(archive: Archive) -> None:
    """Settle, inside of a transaction, the tickets that a walk's two ends have passed.

    Their counts agree with what is archived, which alone is no proof: a count may be
    too low by just what lies in the gap between the ends. So all that a ticket has must
    lie before the gap, as it was last updated, or behind it, as it was created.
    """
    oldest, newest = (_position_us(archive, name) for name in walks.OF_MESSAGES)
    begins_us = 0 if oldest is None else oldest
    ends_us = _NEVER if newest is None else newest
    agreeing = archive.db.execute(
        "SELECT id, updated_us, raw FROM ticket "
        f"WHERE due = {DUE_BY_WALK} AND {EXPECTED} = {ARCHIVED}"
    )
    passed = [
        id_
        for id_, updated_us, raw in agreeing
        if 0 < updated_us < begins_us or _created_us(raw) > ends_us
    ]
    archive.db.execute(
        "UPDATE ticket SET due = 0 WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(passed),),
    )


def _position_us(archive: Archive, name: str) -> int | None:
    walk = walks.get(archive, name)
    if walk is None or walk.at is None or walk.unordered:
        return None
    return walk.at[0]


def _created_us(raw: bytes) -> int:
    return instant_us(decoded(unpacked(raw)).get("created_datetime"))
