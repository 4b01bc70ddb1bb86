"""Filters: what is asked for is what is left."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.arguments import MEANINGS, parse
from gorgias_crawler.emit import filters
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import CommandLineError, ConfigurationError

TICKET: dict[str, object] = {
    "created_datetime": "2025-03-01T08:00:00+00:00",
    "status": "closed",
    "channel": "email",
    "tags": [{"name": "VIP"}, {"name": "refund"}],
    "spam": False,
    "trashed_datetime": None,
}


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("since", "2025-03-01", True),
        ("since", "2025-03-02", False),
        ("since", "2025-03-01T08:00:00+00:00", True),
        ("since", "2025-03-01T08:00:01", False),
        ("until", "2025-03-01", True),
        ("until", "2025-02-28", False),
        ("until", "2025-03-01T08:00:00+00:00", False),
        ("until", "2025-03-01T10:00:00+01:00", True),
        ("status", "closed", True),
        ("status", "open", False),
        ("status", "open,closed", True),
        ("channel", "email,chat", True),
        ("channel", "chat", False),
        ("tag", "vip", True),
        ("tag", "other, Refund", True),
        ("tag", "other", False),
        ("spam", "false", True),
        ("spam", "true", False),
        ("trashed", "false", True),
        ("trashed", "true", False),
    ],
)
def test_a_filter_keeps_what_it_asks_for(name, value, accepted):
    assert filters.parse({name: value}).accept_ticket(TICKET) is accepted


@pytest.mark.parametrize(
    ("value", "public", "accepted"),
    [
        ("false", True, True),
        ("false", False, False),
        ("true", False, True),
        ("true", True, False),
        ("false", None, True),
    ],
)
def test_notes_are_what_is_not_public(value, public, accepted):
    message = {"public": public}
    assert filters.parse({"notes": value}).accept_message(message) is accepted


def test_nothing_asked_for_leaves_nothing_out():
    assert not filters.parse({})
    tickets: list[dict[str, object]] = [
        TICKET,
        {},
        {"tags": None},
        {"tags": [None, {}]},
    ]
    assert all(Filters().accept_ticket(ticket) for ticket in tickets)
    assert Filters().accept_message({})


@given(created=st.datetimes(), low=st.dates(), high=st.dates())
def test_since_and_until_divide_all_tickets(created, low, high):
    ticket = {"created_datetime": created.isoformat()}
    since = filters.parse({"since": low.isoformat()})
    until = filters.parse({"until": high.isoformat()})
    assert since.accept_ticket(ticket) is (created.date() >= low)
    assert until.accept_ticket(ticket) is (created.date() <= high)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_bound_nothing_that_exists(day):
    end = {"0001-01-01": "since", "9999-12-31": "until"}[day]
    assert filters.parse({end: day}).accept_ticket(TICKET)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2025-03-02", "2025-03-01"),
        ("2025-03-02", "2025-03-01T23:00:00"),
        ("2025-03-01T08:00:00", "2025-03-01T08:00:00"),
    ],
)
def test_a_span_that_ends_before_it_begins_is_an_error_with_both_ends(since, until):
    with pytest.raises(ConfigurationError, match=f"since={since} -a until={until}"):
        filters.parse({"since": since, "until": until})


def test_a_span_may_be_one_day():
    day = {"since": "2025-03-01", "until": "2025-03-01"}
    assert filters.parse(day).accept_ticket(TICKET)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("until", "2025-13-01"),
        ("status", "pending"),
        ("status", ""),
        ("channel", ","),
        ("tag", ""),
        ("spam", "maybe"),
        ("relist", "si"),
        ("fetch", "quick"),
    ],
)
def test_a_bad_value_is_an_error_with_its_value_and_what_is_right(name, value):
    with pytest.raises(ConfigurationError) as error:
        parse({name: value})
    assert f"-a {name}={value}" in str(error.value)
    example = re.search(rf"for example -a {name}=([\w,-]*\w)", str(error.value))
    assert example, error.value
    parse({name: example[1]})


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("chanel", "channel"), ("statsu", "status"), ("Fetch", "fetch")],
)
def test_an_argument_that_there_is_not_is_a_wrong_command_line(name, nearest):
    with pytest.raises(CommandLineError, match=f"do you mean -a {nearest}=") as raised:
        parse({name: "x"})
    assert raised.value.exit_status == 2
    assert all(known in str(raised.value) for known in MEANINGS)


def test_scrapyds_own_argument_is_let_through():
    assert parse({"_job": "1"}) == parse({})
