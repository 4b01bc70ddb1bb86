"""The archive: one SQLite file that is the only truth about a job.

What was fetched, what is still to fetch and what failed is in here and nowhere else.

=================  ==========================================================
`schema`           the tables, and the number of their format
`file`             the file itself: transactions, single facts, runs, feeds
`trouble`          why the file cannot be used, and what to do about it
`walks`            how far each walk through a list has come
`codec`            an object's JSON, compressed
`rows`             tickets and messages in; what becomes due by them
`staging`          a ticket's own answer, page by page
`reckoning`        what is there and what is missing, counted
`settling`         what a walk through all messages settles
`marks`            what one run leaves for the next
`order`            everything in the order of the file
=================  ==========================================================

A ticket is **due** while its messages may be missing or stale:

======  =======================================================================
due     what is needed
======  =======================================================================
0       nothing
1       its messages; a walk through all messages may bring them
2       its own message URL: no walk can tell that its messages are complete
3       as 2, and its answer tells whether a walk can be trusted (a sample)
======  =======================================================================
"""

from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.problems import UNREADABLE

__all__ = ["UNREADABLE", "Archive"]
