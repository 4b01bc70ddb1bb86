"""A ticket's metrics: each figure has one definition, and what is unknown is None."""

import random
import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.history import History, resolved_us
from gorgias_crawler.emit.metrics import measured
from gorgias_crawler.items.ticket_metrics import TicketMetrics
from tests.test_business_hours import hours, us

ANA, KIM, BOT, RULED = 11, 2, 3, 4
BOTS = frozenset({BOT})
HOURS = hours("Europe/Paris")  # nine to five, Monday to Friday
DAY = "2025-03-03"  # a Monday; Paris is an hour ahead of UTC
DOCUMENT = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text("utf-8")


def at(text):
    """Return an instant such as ``08:00`` of the Monday, or a whole one, in UTC."""
    return f"{text if 'T' in text else f'{DAY}T{text}'}:00+00:00"


def said(when, who, id_=None, **changed):
    return {
        "id": id_ or int(us(at(when)) // 1_000_000),
        "public": True,
        "from_agent": who != ANA,
        "sender": {"id": KIM if who == RULED else who},
        "rule_id": 9 if who == RULED else None,
        "created_datetime": at(when),
        "sent_datetime": None if who == ANA else at(when),
        "failed_datetime": None,
        "deleted_datetime": None,
        "imported": None,
        "source": {"type": "email"},
        **changed,
    }


def note(when, who=KIM, **changed):
    return said(when, who, public=False, source={"type": "internal-note"}, **changed)


def ticket(closed=None, begins="08:00", **changed):
    return {
        "id": 7,
        "status": "closed" if closed else "open",
        "created_datetime": at(begins),
        "closed_datetime": closed and at(closed),
        "snooze_datetime": None,
        **changed,
    }


def event(when, type_):
    return {"type": type_, "created_datetime": at(when)}


def history(events):
    """Return what *events* tell, None where none are archived."""
    if events is None:
        return None
    newest_us = max((us(one["created_datetime"]) for one in events), default=0)
    told = History(until_us=int(newest_us))
    for one in events:
        told.add(one)
    return told


def metrics(messages, of=None, events=None, **known):
    of = of or ticket()
    told = history(events)
    histories = None if told is None else {of["id"]: told}
    scores = {of["id"]: known.pop("score", None)}
    known = {"bots": BOTS, "hours": HOURS, **known}
    beside = Beside(histories=histories, scores=scores, **known)
    return measured(of, messages, beside).metrics


FIRST = "first_response_seconds"
HUMAN = "first_human_response_seconds"
BUSINESS = "first_response_business_seconds"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        # nobody wrote; nobody answered; nobody asked
        ([], {FIRST: None, HUMAN: None, "customer_messages": 0, "next_responses": 0}),
        ([said("08:00", ANA)], {FIRST: None, BUSINESS: None, "agent_messages": 0}),
        ([said("08:00", KIM)], {FIRST: None, "agent_messages": 1}),
        # a person answers
        ([said("08:00", ANA), said("09:30", KIM)], {FIRST: 5400, HUMAN: 5400}),
        # a note is never an answer
        ([said("08:00", ANA), note("08:05")], {FIRST: None, HUMAN: None, "notes": 1}),
        (
            [said("08:00", ANA), note("08:05"), said("09:00", KIM)],
            {FIRST: 3600, HUMAN: 3600, "notes": 1, "agent_messages": 1},
        ),
        # a note is known by its source, too
        (
            [said("08:00", ANA), said("08:05", KIM, public=None,
                                      source={"type": "internal-note"})],
            {FIRST: None, "notes": 1, "agent_messages": 0},
        ),
        # a bot answers, but is nobody
        (
            [said("08:00", ANA), said("08:01", BOT), said("09:00", KIM)],
            {FIRST: 60, HUMAN: 3600, "bot_messages": 1, "agent_messages": 1},
        ),
        # what a rule sent is a bot's, in whosever name
        (
            [said("08:00", ANA), said("08:01", RULED)],
            {FIRST: 60, HUMAN: None, "bot_messages": 1, "agent_messages": 0},
        ),
        # what the team wrote before the customer did answers nothing
        (
            [said("08:00", KIM), said("09:00", ANA), said("09:10", KIM)],
            {FIRST: 600, HUMAN: 600, "agent_messages": 2},
        ),
        # a customer who writes twice waits since the first time
        (
            [said("08:00", ANA), said("08:50", ANA), said("09:00", KIM)],
            {FIRST: 3600, "customer_messages": 2, "next_responses": 0},
        ),
        # what failed to be sent, or was deleted, counts for nothing
        (
            [said("08:00", ANA), said("08:10", KIM, sent_datetime=None,
                                      failed_datetime=at("08:11"))],
            {FIRST: None, "agent_messages": 0},
        ),
        (
            [said("08:00", ANA), said("08:10", KIM, failed_datetime=at("08:11"))],
            {FIRST: 600, "agent_messages": 1},  # sent at the second try
        ),
        (
            [said("08:00", ANA), said("08:10", KIM, deleted_datetime=at("08:11"))],
            {FIRST: None, "agent_messages": 0},
        ),
        # imported messages are counted, but nobody knows their times
        (
            [said("08:00", ANA, imported=True), said("08:10", KIM)],
            {FIRST: None, HUMAN: None, "customer_messages": 1, "agent_messages": 1,
             "next_responses": None},
        ),
        # what came later: the median of the waits, and how many
        (
            [said("08:00", ANA), said("08:10", KIM), said("09:00", ANA),
             said("09:20", KIM), said("10:00", ANA), said("11:00", KIM)],
            {HUMAN: 600, "next_responses": 2, "next_response_seconds": 2400},
        ),
        # a message without a date: its time is unknown, and so is every other
        (
            [said("08:00", ANA), said("09:00", KIM, created_datetime=None)],
            {FIRST: None, "agent_messages": 1, "next_responses": None},
        ),
        # a sender that is not told may be a bot
        (
            [said("08:00", ANA), said("09:00", KIM, sender=None)],
            {FIRST: 3600, HUMAN: None, "agent_messages": None, "bot_messages": None,
             "customer_messages": 1, "next_responses": None},
        ),
        # an author that is not told
        (
            [said("08:00", ANA), said("09:00", KIM, from_agent=None)],
            {FIRST: None, "customer_messages": None, "agent_messages": None},
        ),
    ],
)  # fmt: skip
def test_who_answers_whom_is_as_documented(messages, expected):
    found = asdict(metrics(messages))
    assert {name: found[name] for name in expected} == expected


def test_without_the_users_nobody_is_taken_for_a_person():
    messages = [said("08:00", ANA), said("08:05", RULED), said("09:00", KIM)]
    found = metrics(messages, ticket(closed="12:00"), bots=None)
    assert found.first_response_seconds == 300
    assert found.first_human_response_seconds is None
    assert found.agent_messages is found.bot_messages is None
    assert found.next_responses is found.one_touch is None
    assert found.customer_messages == 1


@pytest.mark.parametrize(
    ("asked", "answered", "calendar", "business"),
    [
        ("2025-03-03T15:00", "2025-03-04T09:00", 18 * 3600, 2 * 3600),  # a night
        ("2025-03-07T15:00", "2025-03-10T09:00", 66 * 3600, 2 * 3600),  # a weekend
        ("2025-03-08T10:00", "2025-03-08T11:00", 3600, 0),  # a Saturday
        # clocks change in the night to Sunday: nine o'clock is an hour earlier in UTC
        ("2025-03-28T15:00", "2025-03-31T08:00", 65 * 3600, 2 * 3600),
    ],
)
def test_business_seconds_are_those_within_hours(asked, answered, calendar, business):
    found = metrics([said(asked, ANA), said(answered, KIM)], ticket(begins=asked))
    assert found.first_response_seconds == calendar
    assert found.first_response_business_seconds == business
    assert found.first_human_response_business_seconds == business


def test_without_business_hours_business_seconds_are_unknown():
    messages = [said("08:00", ANA), said("09:00", KIM)]
    found = metrics(messages, ticket(closed="12:00"), hours=None)
    assert found.first_response_seconds == 3600
    assert found.first_response_business_seconds is None
    assert found.resolution_seconds == 4 * 3600
    assert found.resolution_business_seconds is None


@pytest.mark.parametrize(
    ("of", "events", "expected_h"),
    [
        (ticket(), None, None),  # open
        (ticket(closed="12:00"), None, 4),
        (ticket(closed="12:00"), [], 4),
        (ticket(closed="12:00", status="open"), None, None),  # opened again
        (ticket(closed="12:00", snooze_datetime=at("20:00")), None, None),
        (ticket(closed="12:00", snooze_datetime=at("11:00")), None, 4),  # it woke
        (ticket(closed="12:00", closed_datetime=None), None, None),
        # events say when, even where the ticket does not or was touched before
        (ticket(closed="12:00", closed_datetime=None), [event("13:00", "ticket-closed")], 5),
        (ticket(closed="12:00"), [event("13:00", "ticket-closed")], 5),
        # the last time it was closed
        (
            ticket(closed="15:00"),
            [event("16:00", "ticket-closed"), event("10:00", "ticket-closed"),
             event("11:00", "ticket-reopened")],
            8,
        ),
        # closed since the events were archived
        (ticket(closed="15:00"), [event("10:00", "ticket-closed")], 7),
        (
            ticket(closed="15:00"),
            [event("10:00", "ticket-closed"), event("11:00", "ticket-reopened")],
            7,
        ),
        (
            ticket(closed="15:00"),
            [event("14:00", "ticket-closed"), event("16:00", "ticket-updated")],
            6,
        ),
        # what a reopening has ended is no closing
        (
            ticket(closed="15:00"),
            [event("10:00", "ticket-closed"), event("11:00", "ticket-reopened"),
             event("16:00", "ticket-updated")],
            7,
        ),
    ],
)  # fmt: skip
def test_a_ticket_is_resolved_when_it_was_closed_for_the_last_time(
    of, events, expected_h
):
    found = metrics([said("08:00", ANA)], of, events=events).resolution_seconds
    assert found == (None if expected_h is None else expected_h * 3600)
    assert (resolved_us(of, history(events or [])) is None) == (expected_h is None)


def test_a_ticket_begins_with_the_oldest_message_that_was_merged_into_it():
    messages = [said("06:00", ANA), said("08:00", ANA), said("09:00", KIM)]
    found = metrics(messages, ticket(closed="12:00"))
    assert found.resolution_seconds == 6 * 3600
    assert found.first_response_seconds == 3 * 3600


def test_imported_tickets_have_no_resolution():
    found = metrics([said("08:00", ANA, imported=True)], ticket(closed="12:00"))
    assert found.resolution_seconds is found.resolution_business_seconds is None


def test_what_events_tell_of_a_ticket_that_changed_since_is_not_known():
    events = [event("08:00", "ticket-created"), event("11:00", "ticket-reopened")]
    for changed, known in [("11:00", True), ("11:01", False)]:
        found = metrics([], ticket(updated_datetime=at(changed)), events=events)
        assert (found.reopens, found.merged) == ((1, False) if known else (None, None))


@pytest.mark.parametrize(
    ("events", "reopens", "merged"),
    [
        (None, None, None),
        ([], None, None),
        # those of the last year: what came before is not known
        ([event("11:00", "ticket-reopened")], None, None),
        ([event("08:00", "ticket-created")], 0, False),
        (
            [event("08:00", "ticket-created"), event("11:00", "ticket-reopened"),
             event("12:00", "ticket-reopened")],
            2,
            False,
        ),
        ([event("11:00", "ticket-merged")], None, True),
    ],
)  # fmt: skip
def test_what_only_events_tell_is_known_where_they_are_whole(events, reopens, merged):
    found = metrics([], events=events)
    assert (found.reopens, found.merged) == (reopens, merged)


@pytest.mark.parametrize(
    ("messages", "of", "expected"),
    [
        ([said("09:00", KIM)], ticket(closed="12:00"), True),
        ([said("09:00", KIM), note("09:01")], ticket(closed="12:00"), True),
        ([said("09:00", KIM), said("09:01", BOT)], ticket(closed="12:00"), True),
        ([said("09:00", BOT)], ticket(closed="12:00"), False),
        ([said("09:00", KIM), said("10:00", KIM)], ticket(closed="12:00"), False),
        ([said("09:00", KIM)], ticket(), None),  # may get more
    ],
)
def test_one_touch_is_closed_with_one_message_of_a_person(messages, of, expected):
    assert metrics([said("08:00", ANA), *messages], of).one_touch is expected
    assert metrics(messages, of).one_touch is None  # it answered nobody


def test_the_score_is_the_customers():
    assert metrics([]).satisfaction_score is None
    assert metrics([], score=4).satisfaction_score == 4


# Laws.

MINUTES = st.integers(0, 60 * 24 * 20)


def minute(number):
    return f"2025-03-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}"


def messages_with(*changes):
    return st.lists(
        st.builds(
            lambda number, make, who, changed: make(minute(number), who, **changed),
            MINUTES,
            st.sampled_from([said, said, said, note]),
            st.sampled_from([ANA, ANA, KIM, BOT, RULED]),
            st.sampled_from([{}, *changes]),
        ),
        max_size=12,
    ).map(lambda found: [{**m, "id": index} for index, m in enumerate(found, 1)])


# One message without its author or imported makes times unknown: not too often.
MESSAGES = messages_with() | messages_with({"imported": True}, {"from_agent": None})
KNOWN = st.fixed_dictionaries({
    "bots": st.sampled_from([None, BOTS]),
    "hours": st.sampled_from([None, HOURS, hours("America/New_York")]),
})  # fmt: skip
OF = st.sampled_from([ticket(), ticket(closed="2025-03-25T09:00"),
                      ticket(begins="2025-03-01T00:00", closed="2025-03-30T05:00")])  # fmt: skip
PAIRS = [
    (name, name.replace("_seconds", "_business_seconds"))
    for name in [column.name for column in fields(TicketMetrics)]
    if name.endswith("_seconds") and "business" not in name
]


@given(MESSAGES, OF, KNOWN)
def test_business_seconds_are_never_more_than_calendar_seconds(messages, of, known):
    found = asdict(metrics(messages, of, **known))
    for calendar, business in PAIRS:
        if found[calendar] is None or known["hours"] is None:
            assert found[business] is None
        else:
            assert 0 <= found[business] <= found[calendar]


@given(MESSAGES, OF, KNOWN, st.integers())
def test_the_order_of_messages_does_not_matter(messages, of, known, seed):
    shuffled = random.Random(seed).sample(messages, len(messages))
    assert metrics(messages, of, **known) == metrics(shuffled, of, **known)


@given(MESSAGES, OF, KNOWN, MINUTES)
def test_a_note_more_changes_nothing_but_the_number_of_notes(messages, of, known, when):
    before = asdict(metrics(messages, of, **known))
    after = asdict(metrics([*messages, note(minute(when), id_=99)], of, **known))
    assert after.pop("notes") == before.pop("notes") + 1
    begins = "resolution_seconds", "resolution_business_seconds"
    for name in begins:  # a note may be what a ticket begins with
        before.pop(name), after.pop(name)
    assert after == before


@given(MESSAGES, OF, KNOWN)
def test_a_person_never_answers_before_anybody_does(messages, of, known):
    found = metrics(messages, of, **known)
    if found.first_human_response_seconds is not None:
        assert found.first_response_seconds <= found.first_human_response_seconds


@given(MESSAGES)
def test_every_message_is_counted_once(messages):
    found = metrics(messages)
    by = [found.customer_messages, found.agent_messages, found.bot_messages]
    if None not in by:
        assert sum(by) + found.notes == len(messages)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)
KEYS = [name for name in said("08:00", ANA) if name != "id"]


@given(
    st.lists(st.dictionaries(st.sampled_from(KEYS), JSON), max_size=3),
    st.dictionaries(st.sampled_from(list(ticket())), JSON),
)
def test_no_shape_of_an_object_breaks_the_metrics(messages, of):
    numbered = [{**message, "id": id_} for id_, message in enumerate(messages)]
    measured({**of, "id": 7}, numbered, Beside(bots=BOTS, hours=HOURS))


@given(st.lists(st.tuples(MINUTES, st.sampled_from([
    "ticket-created", "ticket-closed", "ticket-reopened", "ticket-merged",
    "ticket-updated"])), max_size=8), st.integers())  # fmt: skip
def test_the_order_of_events_does_not_matter(found, seed):
    events = [event(minute(number), type_) for number, type_ in found]
    shuffled = random.Random(seed).sample(events, len(events))
    assert history(events) == history(shuffled)


# The document.


def test_the_document_defines_every_metric_in_one_paragraph():
    _, *sections = re.split(r"^### ", DOCUMENT, flags=re.MULTILINE)
    named = []
    for section in sections:
        heading, paragraph, *more = section.split("\n## ")[0].strip().split("\n\n")
        named += re.findall(r"`(\w+)`", heading)
        assert not more, heading
        assert "unknown" in paragraph.lower(), heading
    assert named == [column.name for column in fields(TicketMetrics)][1:]
