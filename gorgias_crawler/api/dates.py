"""Dates as Gorgias and HTTP write them, as microseconds since 1970."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def us_of(instant: datetime) -> int:
    """Return an instant, with its time zone, as microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def utc_of(us: int) -> datetime:
    """Return microseconds since 1970 as an instant in UTC. Raises `OverflowError`."""
    return _EPOCH + us * _MICROSECOND


def instant_us(text: object) -> int:
    """Return a date as microseconds since 1970; without an offset it is UTC.

    Gorgias leaves the fraction out when it is zero. What is no date gives 0, so that
    such a row sorts first and is never lost.
    """
    if not isinstance(text, str):
        return 0
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return us_of(instant)
    except (ValueError, OverflowError):
        return 0


def utc_text(us: int) -> str:
    """Return microseconds since 1970 as a date, as Gorgias takes one in a filter."""
    return utc_of(us).isoformat()


def http_date_us(header: str) -> int | None:
    """Return an HTTP ``Date`` header as microseconds since 1970, None if unreadable."""
    try:
        instant = parsedate_to_datetime(header)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return us_of(instant)
    except (ValueError, OverflowError):
        return None
