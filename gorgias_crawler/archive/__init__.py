"""The archive: one SQLite file that is the only truth about a job.

What was fetched, what is still to fetch and what failed is in here and nowhere else.

=================  ==========================================================
`schema`           the tables, and the number of their format
`migrations`       archives of older formats, taken over
`file`             the file itself: transactions, runs, feeds
`facts`            single facts about the job
`problems`         why the file cannot be used, and what to do about it
`compression`      how an object's JSON is kept
`walks`            how far each walk through a list has come
`states`           what a ticket needs, and what moves it
`doubts`           answers that took something away
`unsent`           messages that wait to be sent
`tickets`          tickets and messages in
`ticket_pages`     a ticket's own answer, page by page
`files`            attachments, images and recordings
`counts`           what is there and what is missing, counted
`remaining`        how many calls that takes
`order`            everything in the order of the file
=================  ==========================================================
"""

from gorgias_crawler.archive.file import Archive, OldFormatError
from gorgias_crawler.archive.problems import UNREADABLE

__all__ = ["UNREADABLE", "Archive", "OldFormatError"]
