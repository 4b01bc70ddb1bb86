"""Everything in the order of the file: tickets by id, messages of each by time."""

import math
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.counts import IS_WHOLE
from gorgias_crawler.archive.file import Archive

_BATCH = 100  # tickets read by two queries; of their messages one is held at a time


def in_order(
    archive: Archive, *, only_whole: bool = False
) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """Yield every ticket's JSON with its messages' JSON, in the order of the file.

    *only_whole* leaves out tickets that have something to fetch. Reads in short
    transactions, so that the write-ahead log can be emptied meanwhile.
    """
    which = f"AND {IS_WHOLE}" if only_whole else ""
    after = 0
    while batch := archive.db.execute(
        f"SELECT id, raw FROM ticket WHERE id > ? {which} ORDER BY id LIMIT {_BATCH}",
        (after,),
    ).fetchall():
        yield from _with_messages(archive, batch)
        after = batch[-1][0]


def _with_messages(
    archive: Archive, tickets: list[tuple[int, bytes]]
) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    messages = archive.db.execute(
        "SELECT ticket_id, raw FROM message WHERE ticket_id BETWEEN ? AND ? "
        "ORDER BY ticket_id, created_us, id",
        (tickets[0][0], tickets[-1][0]),
    )
    groups = groupby(messages, key=itemgetter(0))
    ticket_id, group = next(groups, _NO_GROUP)
    for id_, raw in tickets:
        while ticket_id < id_:
            ticket_id, group = next(groups, _NO_GROUP)
        mine = group if ticket_id == id_ else ()
        yield unpacked(raw), (unpacked(message) for _, message in mine)


_NO_GROUP: tuple[float, Iterator[tuple[int, bytes]]] = (math.inf, iter(()))
