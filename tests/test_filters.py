"""Filters: what is asked for is what is left."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.arguments import MEANINGS, parse
from gorgias_crawler.emit import filters
from gorgias_crawler.emit.filter_words import check_words
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import CommandLineError, ConfigurationError

TICKET: dict[str, object] = {
    "created_datetime": "2025-03-01T08:00:00+00:00",
    "status": "closed",
    "channel": "email",
    "updated_datetime": "2025-04-05T08:00:00+00:00",
    "customer": {"id": 77, "email": "Ana@example.org"},
    "tags": [{"name": "VIP"}, {"name": "refund"}, {"name": 'late, "again" '}],
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
        ("since", "2025-03", True),
        ("since", "2025-04", False),
        ("since", "2025", True),
        ("since", "2026", False),
        ("until", "2025", True),
        ("until", "2024", False),
        ("until", "2025-03", True),
        ("until", "2025-02", False),
        ("since", "1d", False),
        ("until", "1d", True),
        ("customer", "ana@example.org", True),
        ("customer", "77", True),
        ("customer", "bob@example.org,77", True),
        ("customer", "7", False),
        ("status", "closed", True),
        ("status", "open", False),
        ("status", "open,closed", True),
        ("channel", "email,chat", True),
        ("channel", "chat", False),
        ("tag", "vip", True),
        ("tag", "other, Refund", True),
        ("tag", 'other, "late, ""again"""', True),
        ("tag", "late, again", False),
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


@pytest.mark.parametrize(
    ("by", "until", "accepts_ticket", "accepts_message"),
    [
        ("creation", "2025-03", True, True),
        ("creation", "2025-02", False, True),
        ("update", "2025-03", False, True),
        ("update", "2025-04", True, True),
        ("message", "2025-02", True, False),
        ("message", "2025-03", True, True),
    ],
)
def test_by_says_which_date_since_and_until_mean(
    by, until, accepts_ticket, accepts_message
):
    wanted = filters.parse({"by": by, "until": until})
    message = {"created_datetime": "2025-03-09T10:00:00+00:00"}
    assert wanted.accept_ticket(TICKET) is accepts_ticket
    assert wanted.accept_message(message) is accepts_message


def test_by_alone_would_be_ignored_and_is_refused():
    with pytest.raises(ConfigurationError, match="-a by=update: "):
        filters.parse({"by": "update"})


@given(days=st.integers(0, 9999), today=st.dates(date(2025, 1, 1)))
def test_a_relative_date_is_recorded_as_the_day_that_it_means(days, today):
    given_ = {"since": f"{days}d", "tag": "1d", "changed_since": f"{days}d"}
    known = filters.resolved(given_, today)
    day = str(today - timedelta(days=days))
    assert known == {"since": day, "tag": "1d", "changed_since": day}
    assert filters.resolved(known, date(1999, 1, 1)) == known
    asked = f"-a since={day} -a tag=1d -a changed_since={day}"
    assert filters.parse(known).asked == asked


def test_a_day_before_all_runs_is_no_number_of_a_run():
    wanted = filters.parse({"changed_since": "1969-12-31"})
    assert wanted.with_run(lambda at_us: at_us - 1).changed_since == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"channel": "emial"}, "-a channel=emial: .* there are email"),
        ({"channel": "email,emial"}, "-a channel=emial: "),
        ({"tag": "vpi"}, '-a tag=vpi: .* there are vip, "late, ""again""", refund'),
        ({"tag": '"a, b"'}, '-a tag="a, b": '),
        ({"customer": "bob@example.org"}, "-a customer=bob@example.org: "),
    ],
)
def test_a_word_that_no_ticket_can_have_is_refused_with_those_that_exist(values, words):
    with pytest.raises(ConfigurationError, match=words) as raised:
        check_words(filters.parse(values), [TICKET])
    assert "ana@" not in str(raised.value).lower()


@pytest.mark.parametrize(
    "values",
    [{"channel": "whatsapp"}, {"tag": "REFUND"}, {"customer": "77"}, {"since": "1d"}],
)
def test_a_word_that_is_documented_or_archived_is_taken(values):
    check_words(filters.parse(values), [TICKET])


def test_no_more_tickets_are_read_than_it_takes_to_find_the_words():
    tickets = iter([TICKET, {}, {}])
    check_words(filters.parse({"tag": "vip"}), tickets)
    assert len(list(tickets)) == 1


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
        ("tag", 'vip, "late'),
        ("customer", ""),
        ("by", "age"),
        ("since", "30 d"),
        ("spam", "maybe"),
        ("relist", "si"),
        ("fetch", "quick"),
    ],
)
def test_a_bad_value_is_an_error_with_its_value_and_what_is_right(name, value):
    with pytest.raises(ConfigurationError) as error:
        parse({name: value})
    assert f"-a {name}={value}" in str(error.value)
    example = re.search(rf"for example -a {name}=([\w,@.-]*\w)", str(error.value))
    assert example, error.value
    parse({name: example[1], "since": "2025-01-01"} | {name: example[1]})


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
