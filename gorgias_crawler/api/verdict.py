"""What an answer that is not a page comes to, and how long to wait before asking again.

The statuses and what they mean: https://developers.gorgias.com/reference/errors.
"""

import math
import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from gorgias_crawler import errors
from gorgias_crawler.api.dates import http_date_us
from gorgias_crawler.api.pages import parse_error
from gorgias_crawler.redact import host_of

LONGEST_WAIT_S = 60.0
"""No wait before a retry is longer: an outage that ends is noticed within a minute."""

PAUSE_S = 10.0
"""The pause after a 429 that asks for none: in half its 20 s the slowest bucket has
room for 20 calls."""

_WHIMS = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
# A 429 comes here for the probe of an outage only: the budget asks again for others.
_REFUSALS = _WHIMS | {
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True)
class Failed:
    """A call that failed: *error* is what it comes to after so many *retries*."""

    error: errors.AnswerError
    retries: int


def judge(
    status: int, body: bytes, location: str, retry_times: int, codes: Collection[int]
) -> Failed | None:
    """Say what a *status* comes to; None where the body should be a page.

    *codes* are retried *retry_times*. A 400 or 403 is worth one retry, because a
    firewall in front of the API is known to give them on a whim.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    error = _error(status, body, location)
    if status in codes:
        return Failed(error, retry_times)
    return Failed(error, min(1, retry_times) if status in _WHIMS else 0)


def _error(status: int, body: bytes, location: str) -> errors.AnswerError:
    reason = f"{status} {_phrase(status)}".strip()
    if status < HTTPStatus.BAD_REQUEST:
        target = host_of(location) or "an unnamed place"
        return errors.MisdirectedError(
            f"Gorgias answers with a redirect ({status}) to {target}, which is not "
            "followed, because the key is for one host only: check GORGIAS_SUBDOMAIN "
            "or GORGIAS_API_URL."
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return errors.UnauthorizedError(reason)
    if status in _GONE:
        return errors.NotFoundError(reason, of_the_api=parse_error(body))
    if status in _REFUSALS:
        return errors.RefusedError(reason, status=status)
    return errors.UnansweredError(reason)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""  # statuses that only proxies use, 520 to 530 for example


def backoff_s(attempt: int, jitter: random.Random) -> float:
    """Return the wait before retry number *attempt*: about 1, 2, 4, 8, 16 s.

    *jitter* spreads it by a half to either side, so that calls which failed together
    do not come back together.
    """
    doubled = float(2 ** min(attempt - 1, 10))
    return min(doubled, LONGEST_WAIT_S) * jitter.uniform(0.5, 1.5)


def asked_pause_s(retry_after: str, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for: integer, decimal or date.

    Only integers are documented. Zero, nothing or nonsense is None.
    """
    try:
        seconds = float(retry_after)
    except ValueError:
        at_us = http_date_us(retry_after)
        seconds = 0.0 if at_us is None else at_us / 1e6 - now.timestamp()
    return seconds if 0 < seconds < math.inf else None
