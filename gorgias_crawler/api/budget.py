"""The account's API budget, as far as one client of several can know it.

The budget is a leaky bucket that all integrations of the account share: 40 calls that
leak within 20 s for an API key, 80 in 20 s for OAuth2, the same in 10 s for Enterprise
(https://developers.gorgias.com/reference/limitations). Each answer tells the level in
``X-Gorgias-Account-Api-Call-Limit: used/limit``. All times here are seconds of one
monotonic clock that the caller passes in.
"""

import math
import re
from dataclasses import dataclass

HEADER = "X-Gorgias-Account-Api-Call-Limit"
SLOWEST_LEAK_S = 20.0
"""Seconds in which the slowest documented bucket empties."""

RATE_WITHOUT_HEADER = 2.0
"""Calls per second where no answer tells the budget: the slowest documented leak."""

_LEARNING_S = 5.0  # shorter spans tell more about latency than about the leak
_LONGEST_SPAN_S = 60.0  # then the leak is measured afresh
_OLD_S = 5.0  # at the documented leaks others can use 10 to 40 calls in that time
_LONGEST_STRAIN_S = 8.0  # the slowest pace for a struggling server (chosen)
_LONGEST_YIELD_S = 20.0  # by then every documented bucket has emptied once
_TO_PROVE = 100  # good answers until a refusal is forgotten: no bucket holds as many
_USED_OF_LIMIT = re.compile(r"\s*(\d{1,9})\s*/\s*([1-9]\d{0,8})\s*")


@dataclass(frozen=True)
class _Sent:
    """A call in flight: when it went out, and how many others were in flight then.

    The bucket may count those before this one or after it.
    """

    at_s: float
    beside: int


@dataclass(frozen=True)
class _Mark:
    """What one answer told, and when its call was sent: the measuring begins there."""

    used: int
    calls_sent: int
    sent_s: float


class Budget:
    """How full the bucket is at most, and when the next call may go out.

    A call may go out when the level after it is within *share* of the bucket.
    ``is_pacing`` false leaves only the pauses after a 429 in force; ``is_held`` lets no
    call out. ``limit`` is the bucket's size, None until an answer tells it, and
    ``used`` what it held then. ``crowded_since_s`` is set while other clients hold the
    bucket well above our share.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self.is_pacing = False
        self.is_held = False
        self.limit: int | None = None
        self.used = 0
        self.calls = 0
        self.highest_level = 0
        self.crowded_since_s: float | None = None
        self.paused_until_s = -math.inf
        self.paused_s = 0.0
        self._leak_per_s = RATE_WITHOUT_HEADER
        self._level = 0.0
        self._level_at_s = 0.0
        self._newest_sent_s = -math.inf
        self._told: list[tuple[float, int]] = []
        self._in_flight: dict[int, _Sent] = {}
        self._lost_s: list[float] = []
        self._mark: _Mark | None = None
        self._last_sent_s = -math.inf
        self._strain_s = 0.0
        self._yield_until_s = -math.inf
        self._times_crowded = 0
        self._odd_limit: int | None = None
        self._is_limit_sure = False
        self._is_told_full = False
        self._is_doubted = False
        self._lesson_s = 0.0
        self._to_prove = _TO_PROVE
        self._proven = 0

    @property
    def calls_per_s(self) -> float:
        """The rate that lasts: what leaks, as far as it is known."""
        return min(self._leak_per_s, 1 / self._lesson_s if self._lesson_s else math.inf)

    @property
    def allowed(self) -> int:
        """How many of the bucket's calls may be used at once."""
        assert self.limit is not None
        return max(1, math.floor(self.limit * self.share))

    def level(self, now_s: float) -> float:
        """Return how full the bucket is, by all that is known."""
        leaked = (now_s - self._level_at_s) * self._leak_per_s
        return max(0.0, self._level - leaked)

    def wait_s(self, now_s: float) -> float:
        """Return how long the next call has to wait; 0 where it may go out now.

        It is infinite where an answer must come first.
        """
        if self.is_held:
            return math.inf
        until_s = self.paused_until_s
        if self.is_pacing:
            until_s = max(until_s, self._yield_until_s)
            slow_s = max(self._strain_s, self._lesson_s)
            until_s = max(until_s, self._last_sent_s + slow_s)
            if self.limit is None:
                until_s = max(until_s, self._last_sent_s + 1 / RATE_WITHOUT_HEADER)
            elif self._in_flight and self._is_in_the_dark(now_s):
                return math.inf
            else:
                excess = self.level(now_s) + 1 - self.allowed
                # a hair's breadth, or rounding would keep the caller waiting for 0 s
                until_s = max(until_s, now_s + (excess - 1e-9) / self._leak_per_s)
        return max(0.0, until_s - now_s)

    def _is_in_the_dark(self, now_s: float) -> bool:
        """Tell whether others may have filled what the model believes to be free."""
        is_old = now_s - self._told[-1][0] > _OLD_S
        return is_old or self.crowded_since_s is not None

    def __str__(self) -> str:
        """Say what is known when a call has gone out, for whoever debugs the pace."""
        if self.limit is None:
            return f"call {self.calls}, size not known yet"
        level = self.level(self._last_sent_s)
        return (
            f"call {self.calls}, level {level:.1f} of {self.limit} (ours up to "
            f"{self.allowed}), leak {self._leak_per_s:.2f}/s"
        )

    # What happens.

    def sent(self, now_s: float) -> int:
        """Note that a call goes out; return its number."""
        self._level = self.level(now_s) + 1
        self._level_at_s = self._last_sent_s = now_s
        self.calls += 1
        self._in_flight[self.calls] = _Sent(now_s, len(self._in_flight))
        return self.calls

    def lost(self, number: int, now_s: float) -> None:
        """Note that call *number* got no answer; the bucket may have counted it."""
        self._in_flight.pop(number, None)
        self._lost_s.append(now_s)
        self._mark = None

    def answered(self, number: int, header: str, now_s: float) -> None:
        """Take from the answer to call *number* what it tells of the bucket."""
        sent = self._in_flight.pop(number)
        self._is_told_full = False
        told = _USED_OF_LIMIT.fullmatch(header)
        if told is None or not self._believes(limit := int(told[2])):
            return
        used = min(int(told[1]), limit)
        self._is_told_full = used >= limit - 1  # a call has leaked while it was told
        self._learn_leak(
            _Mark(used, self.calls, sent.at_s), number - sent.beside, now_s
        )
        self._correct_level(used, sent.at_s, now_s)
        self.used = used
        self.highest_level = max(self.highest_level, used)
        self._see_others(used, now_s)

    def _believes(self, limit: int) -> bool:
        """Take a bucket's size from the first answer that tells it, then from two.

        One answer alone that tells another size is an answer that tells nothing.
        """
        if limit == self.limit:
            self._is_limit_sure, self._odd_limit = True, None
            return True
        if self._is_limit_sure and limit != self._odd_limit:
            self._odd_limit = limit
            return False
        self._is_limit_sure = limit == self._odd_limit
        self.limit, self._mark, self._odd_limit = limit, None, None
        self._leak_per_s = limit / SLOWEST_LEAK_S
        return True

    def _correct_level(self, used: int, sent_s: float, now_s: float) -> None:
        """Believe the call that the bucket counted last, whichever that was.

        It is one of those that were answered since the newest of them was sent. What is
        in flight may be counted or not, and is taken to be not; so is what was lost
        since then.
        """
        self._newest_sent_s = max(self._newest_sent_s, sent_s)
        self._lost_s = [at_s for at_s in self._lost_s if at_s >= self._newest_sent_s]
        self._told = [
            (told_s, told)
            for told_s, told in [*self._told, (now_s, used)]
            if told_s >= self._newest_sent_s
        ]
        highest = max(
            told - (now_s - told_s) * self._leak_per_s for told_s, told in self._told
        )
        uncertain = len(self._in_flight) + len(self._lost_s)
        self._level = max(0.0, highest) + uncertain
        self._level_at_s = now_s

    def _learn_leak(self, told: _Mark, calls_counted: int, now_s: float) -> None:
        """Raise the leak to what two answers prove; other clients only hide some.

        All doubts are taken against it: a call less was counted than we know of (the
        level is a rounded number), and the whole time between sending and hearing.
        """
        mark = self._mark
        if mark is None or now_s - mark.sent_s > _LONGEST_SPAN_S:
            self._mark = told
            return
        span_s = now_s - mark.sent_s
        proven = mark.used + calls_counted - mark.calls_sent - told.used - 1
        if span_s >= _LEARNING_S:
            self._leak_per_s = max(self._leak_per_s, proven / span_s)

    def _see_others(self, used: int, now_s: float) -> None:
        """Yield for longer and longer while others need what we leave free."""
        assert self.limit is not None
        reserve = self.limit - self.allowed
        if used <= self.allowed + reserve / 2:
            self.crowded_since_s, self._times_crowded = None, 0
            return
        if self.crowded_since_s is None:
            self.crowded_since_s = now_s
        self._times_crowded += 1
        pause_s = (used - self.allowed) / self._leak_per_s * 2**self._times_crowded
        self._yield_until_s = now_s + min(pause_s, _LONGEST_YIELD_S)

    def refused(self, number: int, pause_s: float, now_s: float) -> bool:
        """Note a 429: the bucket is full. Return whether this begins a pause."""
        self._in_flight.pop(number, None)
        is_new = self.pause(pause_s, now_s)
        if self.limit is not None:
            self._level = max(self.level(now_s), float(self.limit))
            self._level_at_s = now_s
        if is_new and not self._is_told_full:
            self._learn_from_refusal()
        return is_new

    def pause(self, pause_s: float, now_s: float) -> bool:
        """Let no call out for so long; return whether no other pause was in force."""
        is_new = self.paused_until_s <= now_s
        until_s = max(self.paused_until_s, now_s + pause_s)
        self.paused_s += until_s - max(self.paused_until_s, now_s)
        self.paused_until_s = until_s
        return is_new

    def _learn_from_refusal(self) -> None:
        """Slow down, for the header speaks of room where there is none.

        One refusal alone may be another client's burst. The second teaches the pace
        without a header, the next half of it; each doubles the good answers that it
        takes to double the pace again.
        """
        if self.limit is not None:
            self._leak_per_s, self._mark = self.limit / SLOWEST_LEAK_S, None
        if self._is_doubted:
            slower_s = max(2 * self._lesson_s, 1 / RATE_WITHOUT_HEADER)
            self._lesson_s = min(slower_s, _LONGEST_YIELD_S)
            self._to_prove *= 2
        self._is_doubted, self._proven = True, 0

    def strained(self) -> None:
        """Slow down: the server struggles. Latency alone is no strain."""
        slower = max(2 * self._strain_s, 1 / self._leak_per_s)
        self._strain_s = min(slower, _LONGEST_STRAIN_S)

    def relieved(self) -> None:
        """Speed up again: the server gives good answers."""
        self._strain_s /= 2
        if self._strain_s < 0.1 / self._leak_per_s:
            self._strain_s = 0.0
        self._proven += 1
        if self._proven >= self._to_prove:
            self._lesson_s, self._proven = self._lesson_s / 2, 0
            if self._lesson_s < 0.1 / RATE_WITHOUT_HEADER:
                self._lesson_s, self._is_doubted = 0.0, False
