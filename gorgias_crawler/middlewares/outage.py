"""An outage: the API does not answer at all, and one probe at a time waits for it."""

import asyncio
import logging
import math
import random
import time
from datetime import datetime, timedelta

from scrapy.crawler import Crawler

from gorgias_crawler.api import verdict
from gorgias_crawler.errors import (
    GorgiasError,
    RunEndError,
    StoppedError,
    UnansweredError,
)
from gorgias_crawler.middlewares.caller import caller_of
from gorgias_crawler.wording import duration

logger = logging.getLogger(__name__)

_FIRST_WAIT = 3  # as the third retry, 4 s: the call that failed has waited already

# One answer that fails is repeated within seconds; where none is given for so long,
# people want to know (chosen).
_SAY_AFTER_S = 10.0


def clock(in_s: float) -> str:
    """Say what this machine's clock shows in so many seconds, or showed before them."""
    now = datetime.now().astimezone()
    then = now + timedelta(seconds=in_s)
    is_today = then.date() == now.date()
    return then.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")


class Outage:
    """Tells whether one call fails or all do, and waits for the end of an outage.

    Before the first usable answer there is none: then the address may be wrong, and
    nobody should wait an hour to be told so.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._spider = caller_of(crawler)
        self._longest_s = crawler.settings.getfloat("GORGIAS_MAX_OUTAGE")
        self._jitter = random.Random()  # noqa: S311  # spreads calls, hides nothing
        self._last_answer_s: float | None = None
        self._answered_sent_s = -math.inf
        self._failing_since_s = math.inf
        self._ended = 0
        self._is_said = False
        self._probing = asyncio.Lock()

    def failed(self, reason: str, sent_s: float) -> None:
        """Say so where all has failed for a while, before all is tried.

        *sent_s* is when the call that failed went out.
        """
        if self._last_answer_s is None:
            return
        # Not since the last answer: calls may have waited for the budget since then.
        self._failing_since_s = min(self._failing_since_s, sent_s)
        if time.monotonic() - self._failing_since_s >= _SAY_AFTER_S:
            self._say(reason, self._last_answer_s)

    def _say(self, reason: str, since_s: float) -> None:
        """Say that an outage has begun, once."""
        if self._is_said:
            return
        self._is_said = True
        self.crawler.stats.inc_value("gorgias/outage/count")
        passed_s = time.monotonic() - since_s
        logger.warning(
            "Gorgias does not answer since %s (%s). Asking again each minute or sooner, "
            "until %s at the latest (GORGIAS_MAX_OUTAGE); what is archived is kept.",
            clock(-passed_s),
            reason,
            clock(self._longest_s - passed_s),
        )

    def answered(self, sent_s: float) -> None:
        """Note that the API has answered a call that went out at *sent_s*."""
        if self._is_said:
            self._is_said = False
            assert self._last_answer_s is not None
            lasted_s = time.monotonic() - self._last_answer_s
            self.crawler.stats.max_value("gorgias/outage/longest_s", lasted_s)
            logger.warning(
                "Gorgias answers again, after %s without an answer; the run goes on.",
                duration(lasted_s),
            )
        self._last_answer_s = time.monotonic()
        self._failing_since_s = math.inf
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
        self._say(first_reason, since_s)
        reason: str | None = first_reason
        attempt = _FIRST_WAIT
        while reason is not None:
            left_s = since_s + self._longest_s - time.monotonic()
            if left_s <= 0:
                lasted_s = time.monotonic() - since_s
                self.crawler.stats.max_value("gorgias/outage/longest_s", lasted_s)
                raise RunEndError(
                    "outage",
                    f"Gorgias has not answered for {duration(lasted_s)}"
                    f" ({reason}; GORGIAS_MAX_OUTAGE). What was archived is kept; run "
                    "the same command again later.",
                )
            await self._spider.sleep(
                min(left_s, verdict.backoff_s(attempt, self._jitter))
            )
            attempt += 1
            reason = await self._probe()

    async def _probe(self) -> str | None:
        """Ask for the account; return why that failed, None where it did not."""
        self._spider.check_goes_on()
        try:
            await self.crawler.engine.download_async(self._spider.probe())
        except UnansweredError as error:
            return error.reason
        except (RunEndError, StoppedError):
            raise
        except GorgiasError:
            return None  # a refusal is an answer too
        return None
