"""A scheduler that leaves nothing in the job directory: the archive is the record."""

from typing import Any

from scrapy.core.scheduler import Scheduler


class MemoryScheduler(Scheduler):
    """Scrapy's scheduler with its memory queue only, whatever ``JOBDIR`` says.

    The disk queue loses requests at a kill without a word
    (https://github.com/scrapy/scrapy/issues/7978). Here it would be a second record
    of progress beside the archive; few requests are ever pending.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "jobdir": None})
