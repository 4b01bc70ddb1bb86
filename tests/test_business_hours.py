"""Business time: never more than calendar time, additive, true where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.emit.business_hours import of_account

DAY_US = 86_400_000_000
HOUR_S = 3_600


def hours(timezone="Europe/Paris", *entries):
    entries = entries or (("1,2,3,4,5", "09:00", "17:00"),)
    return of_account([
        {"type": "access", "data": None},
        {
            "id": 1,
            "type": "business-hours",
            "data": {
                "timezone": timezone,
                "business_hours": [
                    dict(zip(("days", "from_time", "to_time"), entry, strict=True))
                    for entry in entries
                ],
            },
        },
    ])  # fmt: skip


def us(text, zone="UTC"):
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


ALWAYS = ("1,2,3,4,5,6,7", "00:00", "24:00")


@pytest.mark.parametrize(
    ("zone", "entries", "since", "until", "expected_h"),
    [
        ("Europe/Paris", [], "2025-03-03T08:00", "2025-03-03T10:00", 1),  # before nine
        ("Europe/Paris", [], "2025-03-03T16:30", "2025-03-04T09:30", 1),  # over a night
        ("Europe/Paris", [], "2025-03-07T16:00", "2025-03-10T10:00", 2),  # a weekend
        ("Europe/Paris", [], "2025-03-08T10:00", "2025-03-09T10:00", 0),  # within it
        ("America/New_York", [], "2025-03-03T08:00", "2025-03-04T18:00", 16),
        ("Asia/Kolkata", [], "2025-03-03T09:30", "2025-03-03T11:00", 1.5),
        # clocks change in the night to Sunday: 23 hours, 25 hours
        ("Europe/Paris", [ALWAYS], "2025-03-30T00:00", "2025-03-31T00:00", 23),
        ("Europe/Paris", [ALWAYS], "2025-10-26T00:00", "2025-10-27T00:00", 25),
        ("America/New_York", [ALWAYS], "2025-11-02T00:00", "2025-11-03T00:00", 25),
        # the week before and after has hours at the same time of the clock
        ("Europe/Paris", [], "2025-03-28T09:00", "2025-03-31T17:00", 16),
        # a night shift, until a time that comes twice
        ("Europe/Paris", [("6", "22:00", "02:30")], "2025-10-25T12:00",
         "2025-10-26T12:00", 5.5),
        # spans that overlap count once; one that wraps reaches into the next day
        ("UTC", [("1", "09:00", "12:00"), ("1,2", "11:00", "13:00")],
         "2025-03-03T00:00", "2025-03-05T00:00", 6),
        ("UTC", [("7", "22:00", "06:00")], "2025-03-03T00:00", "2025-03-04T00:00", 6),
        ("UTC", [("1", "00:00", "00:00")], "2025-03-03T00:00", "2025-03-05T00:00", 24),
    ],
)  # fmt: skip
def test_business_time_is_that_of_the_zones_clock(
    zone, entries, since, until, expected_h
):
    found_us = hours(zone, *entries).us_between(us(since, zone), us(until, zone))
    assert found_us / 1_000_000 / HOUR_S == expected_h


MONDAYS = [{"days": "1", "from_time": "09:00", "to_time": "17:00"}]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"timezone": "Mars/Base", "business_hours": MONDAYS},
        {"timezone": "../etc/passwd", "business_hours": MONDAYS},
        {"timezone": "UTC", "business_hours": None},
        {"timezone": "UTC", "business_hours": []},
        {"timezone": "UTC", "business_hours": [None]},
        *(
            {"timezone": "UTC", "business_hours": [dict(zip(
                ("days", "from_time", "to_time"), entry, strict=True))]}
            for entry in [
                ("0", "09:00", "17:00"),
                ("1,8", "09:00", "17:00"),
                ("Monday", "09:00", "17:00"),
                ("1", "nine", "17:00"),
                ("1", None, "17:00"),
            ]
        ),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_unknown(data):
    assert of_account([{"type": "business-hours", "data": data}]) is None


def test_an_account_without_the_setting_has_unknown_hours():
    assert of_account([]) is None
    assert of_account([None, {"type": "access"}]) is None


TIMES = st.times().map(lambda at: at.strftime("%H:%M")) | st.just("24:00")
ENTRIES = st.tuples(
    st.lists(st.integers(1, 7), min_size=1).map(lambda d: ",".join(map(str, d))),
    TIMES,
    TIMES,
)
HOURS = st.builds(
    lambda zone, entries: hours(zone, *entries),
    st.sampled_from(["Europe/Paris", "America/Santiago", "Asia/Beirut", "UTC",
                     "Australia/Lord_Howe", "Pacific/Apia"]),
    st.lists(ENTRIES, min_size=1, max_size=4),
).filter(bool)  # from midnight to midnight is never  # fmt: skip
INSTANTS = st.integers(us("2011-01-01T00:00"), us("2030-01-01T00:00"))
NEAR = st.integers(0, 40 * DAY_US)


@given(HOURS, INSTANTS, NEAR)
def test_business_time_is_never_more_than_calendar_time(calendar, since_us, length_us):
    found_us = calendar.us_between(since_us, since_us + length_us)
    assert 0 <= found_us <= length_us


@given(HOURS, INSTANTS, NEAR, NEAR)
def test_business_time_of_the_parts_is_that_of_the_whole(calendar, at_us, one, two):
    middle_us, end_us = at_us + one, at_us + one + two
    parts_us = calendar.us_between(at_us, middle_us)
    parts_us += calendar.us_between(middle_us, end_us)
    assert parts_us == calendar.us_between(at_us, end_us)


@given(INSTANTS, NEAR, st.sampled_from(["Europe/Paris", "America/Santiago", "UTC"]))
def test_who_never_closes_has_calendar_time(at_us, length_us, zone):
    always = hours(zone, ALWAYS)
    assert always.us_between(at_us, at_us + length_us) == length_us


@given(HOURS, INSTANTS, NEAR)
def test_no_time_passes_backwards(calendar, at_us, length_us):
    assert calendar.us_between(at_us, at_us - length_us) == 0
