"""The archive: one SQLite file that is the only truth about a job.

What was fetched, what is still to fetch and what failed is in here and nowhere else.
"""

from gorgias_crawler.archive.file import Archive, OldFormatError
from gorgias_crawler.archive.problems import UNREADABLE

__all__ = ["UNREADABLE", "Archive", "OldFormatError"]
