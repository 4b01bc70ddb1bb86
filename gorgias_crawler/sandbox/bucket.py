"""The account's API budget: a leaky bucket, as the API keeps it."""

import math
from dataclasses import dataclass


@dataclass
class Bucket:
    """Holds *limit* calls and leaks them evenly over *period_s* seconds.

    https://developers.gorgias.com/reference/limitations
    """

    limit: int
    period_s: float
    level: float = 0.0
    highest_level: float = 0.0
    _at_s: float = 0.0

    @classmethod
    def parse(cls, rate: str) -> "Bucket":
        """Read ``40/20``: forty calls, empty again after twenty seconds.

        Raises `ValueError`.
        """
        limit, _, period_s = rate.partition("/")
        bucket = cls(int(limit), float(period_s))
        if bucket.limit < 1 or bucket.period_s <= 0:
            raise ValueError(rate)
        return bucket

    def take(self, now_s: float) -> float:
        """Add a call if there is room; return the seconds to wait, 0 if it fit."""
        leak_per_s = self.limit / self.period_s
        self.level = max(0.0, self.level - (now_s - self._at_s) * leak_per_s)
        self._at_s = now_s
        if self.level + 1 > self.limit:
            return (self.level + 1 - self.limit) / leak_per_s
        self.level += 1
        self.highest_level = max(self.highest_level, self.level)
        return 0.0

    @property
    def header(self) -> str:
        """Write ``used/limit``."""
        return f"{math.ceil(self.level)}/{self.limit}"
