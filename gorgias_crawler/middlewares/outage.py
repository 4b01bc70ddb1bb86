"""An outage: the API does not answer at all, and one probe at a time waits for it."""

import asyncio
import logging
import math
import random
import time

from scrapy.crawler import Crawler

from gorgias_crawler.api import verdict
from gorgias_crawler.errors import (
    GorgiasError,
    RunEndError,
    StoppedError,
    UnansweredError,
)
from gorgias_crawler.middlewares.caller import caller_of
from gorgias_crawler.middlewares.waiting import Waiting
from gorgias_crawler.wording import duration

logger = logging.getLogger(__name__)

_FIRST_WAIT = 3  # as the third retry, 4 s: the call that failed has waited already


class Outage:
    """Tells whether one call fails or all do, and waits for the end of an outage.

    Before the first usable answer there is none: then the address may be wrong, and
    nobody should wait an hour to be told so.
    """

    def __init__(self, crawler: Crawler, waiting: Waiting) -> None:
        self.crawler = crawler
        self._spider = caller_of(crawler)
        self._waiting = waiting
        self._jitter = random.Random()  # noqa: S311  # spreads calls, hides nothing
        self._last_answer_s: float | None = None
        self._answered_sent_s = -math.inf
        self._ended = 0
        self._probing = asyncio.Lock()

    def answered(self, sent_s: float) -> None:
        """Note that the API has answered a call that went out at *sent_s*."""
        self._last_answer_s = time.monotonic()
        self._answered_sent_s = max(self._answered_sent_s, sent_s)

    async def passed(self, sent_s: float) -> bool:
        """Wait for the end of an outage, if there is one; tell whether there was.

        *sent_s* is when the call that failed went out: if a later one was answered,
        there is no outage. Raises `RunEndError` after ``GORGIAS_MAX_OUTAGE``.
        """
        ended = self._ended
        async with self._probing:
            if self._ended > ended:
                return True
            if self._last_answer_s is None or self._answered_sent_s > sent_s:
                return False
            since_s = self._last_answer_s
            if (reason := await self._probe()) is None:
                return False
            self._spider.budget.is_held = True
            try:
                await self._wait_for_the_end(reason, since_s)
            finally:
                self._spider.budget.is_held = False
            self._ended += 1
            return True

    async def _wait_for_the_end(self, first_reason: str, since_s: float) -> None:
        stats = self.crawler.stats
        stats.inc_value("gorgias/outage/count")
        logger.warning(
            "Gorgias does not answer (%s). Asking again each minute or sooner, for %s "
            "at most (GORGIAS_MAX_OUTAGE); what is archived is kept.",
            first_reason,
            duration(self._waiting.max_outage_s),
        )
        reason: str | None = first_reason
        attempt = _FIRST_WAIT
        while reason is not None:
            left_s = since_s + self._waiting.max_outage_s - time.monotonic()
            if left_s <= 0:
                raise RunEndError(
                    "outage",
                    f"Gorgias has not answered for {duration(time.monotonic() - since_s)}"
                    f" ({reason}; GORGIAS_MAX_OUTAGE). What was archived is kept; run "
                    "the same command again later.",
                )
            await self._waiting.sleep(
                min(left_s, verdict.backoff_s(attempt, self._jitter))
            )
            attempt += 1
            reason = await self._probe()
        stats.max_value("gorgias/outage/longest_s", time.monotonic() - since_s)
        logger.warning("Gorgias answers again; the run goes on.")

    async def _probe(self) -> str | None:
        """Ask for the account; return why that failed, None where it did not."""
        self._waiting.check()
        try:
            await self.crawler.engine.download_async(self._spider.probe())
        except UnansweredError as error:
            return error.reason
        except (RunEndError, StoppedError):
            raise
        except GorgiasError:
            return None  # a refusal is an answer too
        return None
