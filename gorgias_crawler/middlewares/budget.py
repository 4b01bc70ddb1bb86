"""The gate: calls go out one after another, as the account's budget has room."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from http import HTTPStatus

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from gorgias_crawler.api import verdict
from gorgias_crawler.api.budget import HEADER
from gorgias_crawler.errors import LOOK_S, RunEndError
from gorgias_crawler.middlewares.caller import CallerMiddleware, is_call
from gorgias_crawler.middlewares.outage import clock
from gorgias_crawler.wording import duration

logger = logging.getLogger(__name__)

_SAY_AFTER_S = 60.0  # waits for other clients are announced from here on


class BudgetMiddleware(CallerMiddleware):
    """Lets a call out when the account's budget has room; a 429 pauses all calls."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler
        self.budget = self.spider.budget
        self.is_debugging = crawler.settings.getbool("AUTOTHROTTLE_DEBUG")
        self._longest_s = crawler.settings.getfloat("GORGIAS_MAX_OUTAGE")
        self._gate = asyncio.Lock()
        self._refused_since_s: float | None = None
        # What was said to be waited for, and since when: its end is said, too.
        self._pause: tuple[str, float] | None = None
        self._said_crowded_since_s: float | None = None
        self._waited_s = 0.0

    async def process_request(self, request: Request) -> None:
        """Wait, in turn, until the call may go out.

        Raises `StoppedError`, and `RunEndError` where other clients hold the budget.
        """
        if not is_call(request):
            return
        began_s = time.monotonic()
        if request.meta.get("is_probe"):
            # It must not wait behind those that wait for it; a pause is for all.
            await self.spider.sleep(self.budget.paused_until_s - began_s)
            self._send(request, began_s)
            return
        async with self._gate:
            began_s = time.monotonic()
            self.spider.check_goes_on()
            while (wait_s := self.budget.wait_s(now_s := time.monotonic())) > 0:
                self._mind_the_others(now_s)
                await self.spider.sleep(min(wait_s, LOOK_S))
            self._send(request, began_s)

    def _send(self, request: Request, began_s: float) -> None:
        now_s = time.monotonic()
        self._say_what_is_over(now_s)
        request.meta["call_number"] = self.budget.sent(now_s)
        request.meta["sent_s"] = now_s
        self._record(now_s - began_s)

    def process_response(
        self, request: Request, response: Response
    ) -> Request | Response:
        """Read the budget; after a 429 pause all calls and ask this one again."""
        if not is_call(request):
            return response
        now_s = time.monotonic()
        number = request.meta["call_number"]
        header = (response.headers.get(HEADER) or b"").decode("latin-1")
        self.budget.answered(number, header, now_s)
        stats = self.crawler.stats
        if self.budget.limit is not None:
            stats.set_value("gorgias/budget/limit", self.budget.limit)
            stats.max_value("gorgias/budget/highest_level", self.budget.highest_level)
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._refused(number, response, now_s)
            stats.set_value("gorgias/budget/paused_s", self.budget.paused_s)
            if request.meta.get("is_probe"):
                return response  # an answer, and all that it was to tell
            return request.replace(dont_filter=True)
        self._refused_since_s = None
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._strained(response, now_s)
        else:
            self.budget.relieved()
        stats.set_value("gorgias/budget/paused_s", self.budget.paused_s)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Note a call that got no answer."""
        if (number := request.meta.get("call_number")) is not None:
            self.budget.lost(number, time.monotonic())
            self.budget.strained()

    def _refused(self, number: int, response: Response, now_s: float) -> None:
        self.crawler.stats.inc_value("gorgias/budget/refused")
        if self._refused_since_s is None:
            self._refused_since_s = now_s
        pause_s = self._asked_pause_s(response) or verdict.PAUSE_S
        if self.budget.refused(number, pause_s, now_s):
            self._say_pause("The account's API budget is used up (429)", pause_s)

    def _strained(self, response: Response, now_s: float) -> None:
        self.budget.strained()
        pause_s = self._asked_pause_s(response)
        if pause_s and self.budget.pause(pause_s, now_s):
            self._say_pause(f"Gorgias asks to wait ({response.status})", pause_s)

    def _asked_pause_s(self, response: Response) -> float | None:
        """Return what ``Retry-After`` asks for, as far as an outage may last."""
        header = (response.headers.get("Retry-After") or b"").decode("latin-1")
        asked_s = verdict.asked_pause_s(header, datetime.now(UTC))
        return asked_s and min(asked_s, self._longest_s)

    def _say_pause(self, why: str, pause_s: float) -> None:
        self._pause = self._pause or (why, time.monotonic())
        logger.warning(
            "%s: all calls pause for %s, until %s.",
            why,
            duration(pause_s),
            clock(pause_s),
        )

    def _say_what_is_over(self, now_s: float) -> None:
        """Say, when a call goes out, what it had to wait for and how long."""
        if self._pause is not None:
            why, since_s = self._pause
            self._pause = None
            logger.info(
                "%s: the pause is over after %s, and calls go out again.",
                why,
                duration(now_s - since_s),
            )
        crowded_since_s = self._said_crowded_since_s
        if crowded_since_s is not None and self.budget.crowded_since_s is None:
            self._said_crowded_since_s = None
            logger.info(
                "Other integrations leave room in the API budget again; waited for them "
                "for %s.",
                duration(now_s - crowded_since_s),
            )

    def _mind_the_others(self, now_s: float) -> None:
        """Say that others hold the budget; end the run where that lasts too long."""
        since_s = self.budget.crowded_since_s
        if self._refused_since_s is not None:
            since_s = min(self._refused_since_s, since_s or self._refused_since_s)
        if since_s is None:
            return
        held_s = now_s - since_s
        if held_s > self._longest_s:
            raise RunEndError(
                "budget",
                "Other integrations have used up the account's API budget for "
                f"{duration(held_s)} (GORGIAS_MAX_OUTAGE). What was archived is kept; "
                "run the same command again later.",
            )
        if held_s > _SAY_AFTER_S and self._said_crowded_since_s is None:
            self._said_crowded_since_s = since_s
            logger.warning(
                "Other integrations are using the API; waiting for them, now for %s, "
                "until %s at the latest (GORGIAS_MAX_OUTAGE).",
                duration(held_s),
                clock(self._longest_s - held_s),
            )

    def _record(self, waited_s: float) -> None:
        stats = self.crawler.stats
        stats.inc_value("gorgias/budget/calls")
        self._waited_s += waited_s
        stats.set_value("gorgias/budget/waited_s", self._waited_s)
        if self.is_debugging:
            logger.info("budget: %s, waited %d ms", self.budget, waited_s * 1000)
