"""The calls in flight of one run, and how its steps follow walks and wait."""

from collections.abc import Generator, Iterator

from gorgias_crawler.fetch.answers import Answers
from gorgias_crawler.fetch.calls import Call

_WAITING_US = 15_000_000
"""So long may a run wait in all for the moment when a second answer counts: longer
than one lag, and nobody minds it in a run of minutes (chosen)."""


class Flow:
    """What the steps of a run share.

    Steps yield calls, and None where an answer must come first. ``phase`` says in words
    what the run does now. ``ready_us`` is set while the run waits until then, and no
    call is in flight.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.memory = answers.memory
        self.in_flight: dict[str, Call] = {}
        self.phase = "starting"
        self.ready_us: int | None = None
        self._may_wait_us = _WAITING_US

    def back(self, call: Call) -> None:
        """Note that *call* is not in flight any more, whatever came of it."""
        self.in_flight.pop(call.key, None)

    def wait_s(self) -> float:
        """Return the seconds until a call may go out, where the run waits for it."""
        if self.ready_us is None:
            return 0.0
        return max(0.0, (self.ready_us - self.memory.clock_us()) / 1e6)

    def wait_until(self, ready_us: int) -> Generator[Call | None, None, bool]:
        """Wait, as long as a run may; a generator that returns whether it could."""
        wait_us = ready_us - self.memory.clock_us()
        if wait_us > self._may_wait_us:
            return False
        self._may_wait_us -= max(0, wait_us)
        self.phase = "waiting a moment before doubtful answers are asked for again"
        self.ready_us = ready_us
        while self.memory.clock_us() < ready_us:
            yield None
        self.ready_us = None
        return True

    def follow(self, *names: str) -> Iterator[Call | None]:
        """Follow walks to their ends, all at once, each one page at a time."""
        follower = self.answers.walks
        lists = follower.lists
        while True:
            open_ = [name for name in names if follower.is_open(name)]
            ready = [name for name in open_ if name not in self.in_flight]
            if lists.ready_us is not None and not self.in_flight:
                yield from self.wait_until(lists.ready_us)
                lists.ready_us = None
            elif (
                lists.ready_us is None
                and ready
                and follower.is_worth_a_call(len(open_) - len(ready))
            ):
                yield follower.next_page(ready[0])
            elif self.in_flight:
                yield None
            else:
                return

    def confirm(self) -> Iterator[Call | None]:
        """Ask for tickets by id of which it is not known whether they still exist."""
        while call := self.answers.tickets.to_confirm():
            yield None if call.key in self.in_flight else call
        self.answers.tickets.erase_absent()
