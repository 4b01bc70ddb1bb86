"""Objects of the API to the columns of a row."""

import json
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gorgias_crawler.emit.bodies import select_body
from gorgias_crawler.emit.rows import message_readers
from gorgias_crawler.items import (
    COLUMNS,
    DEFAULT_COLUMNS,
    Message,
    Ticket,
    TicketMetrics,
    decoded,
)
from gorgias_crawler.items.columns import columns, reader

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)

ticket_columns = reader(Message, "ticket")


def message_columns(message):
    return {name: read(message) for name, read in message_readers(Message).items()}


def test_the_default_columns_are_the_promised_nine():
    assert ",".join(DEFAULT_COLUMNS) == (
        "ticket_id,channel,subject,body,sender,receiver,created_datetime,"
        "sent_datetime,status"
    )


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (["a", "b"], "a"),
        ([None, "b"], "b"),
        (["", " \n\t\u00a0", "c"], "c"),
        ([" a "], " a "),
        ([None, None, None], ""),
        ([], ""),
    ],
)
def test_the_body_is_the_first_candidate_that_is_not_blank(candidates, expected):
    assert select_body(candidates) == expected


@pytest.mark.parametrize(
    ("message", "sender", "receiver"),
    [
        ({"sender": {"email": "a@b.c", "name": "A"}}, "a@b.c", ""),
        ({"sender": {"email": None, "name": "A"}, "source": None}, "A", ""),
        (
            {
                "sender": {"email": "", "name": "A"},
                "receiver": None,
                "source": {"from": {"address": "x@y"}, "to": [{"address": "t@y"}]},
            },
            "x@y",
            "t@y",
        ),
        ({"receiver": {"name": "R"}, "source": {"to": []}}, "", "R"),
        ({"sender": None, "source": {"from": {"name": "N"}}}, "", ""),
        ({"sender": "x", "source": {"to": [None, {"address": "t"}]}}, "", "t"),
    ],
)
def test_a_person_is_email_else_address_else_name(message, sender, receiver):
    columns = message_columns(message)
    assert (columns["sender"], columns["receiver"]) == (sender, receiver)


def test_a_ticket_gives_its_columns_under_clear_names():
    ticket = {
        "id": 7,
        "tags": [{"name": "vip"}, {"name": ""}, None],
        "customer": {"id": 3, "email": "c@d"},
        "assignee_user": {"email": None, "name": "Kim"},
        "custom_fields": {"9": {"id": 9, "value": "Ü"}, "8": None},
        "opened_datetime": "2025-01-01T00:00:00+00:00",
    }
    columns = ticket_columns(ticket)
    assert columns["ticket_id"] == 7
    assert columns["tags"] == ["vip"]
    assert columns["customer_email"] == "c@d"
    assert columns["assignee"] == "Kim"
    assert columns["custom_fields"] == {"9": "Ü", "8": None}
    assert columns["ticket_opened_datetime"] == "2025-01-01T00:00:00+00:00"


def test_values_pass_through_but_for_lone_surrogates():
    text = " =1+1\r\n\x00\u2028 \U0001f600 "
    assert message_columns({"body_text": text})["body_text"] == text
    archived = json.dumps({"a\ud83d": [{"b": "\udc00"}], "c": text}).encode()
    assert decoded(archived) == {"a\ufffd": [{"b": "\ufffd"}], "c": text}
    assert decoded(rb'{"d": "\uD83D", "e": "\uD83D\uDE00"}') == {
        "d": "\ufffd",
        "e": "😀",
    }


@given(value=JSON | st.floats())
@example(value=[2**63, -(10**30), 1e-7, -0.0, float("inf"), -float("inf"), "\u0000"])
def test_numbers_and_texts_are_read_as_python_reads_them(value):
    archived = json.dumps({"value": value}).encode()
    if b"\\ud" not in archived:
        assert repr(decoded(archived)) == repr(json.loads(archived))


@given(
    ticket=st.dictionaries(
        st.sampled_from(["tags", "customer", "custom_fields"]), JSON
    ),
    message=st.dictionaries(st.sampled_from(["source", "sender", "receiver"]), JSON),
)
def test_no_shape_of_an_object_breaks_a_row(ticket, message):
    ticket, message = (decoded(json.dumps(o).encode()) for o in (ticket, message))
    row = Message(**ticket_columns(ticket), **message_columns(message))
    json.dumps([getattr(row, name) for name in DEFAULT_COLUMNS]).encode()


def test_every_column_of_a_message_has_one_source():
    of_files = ["attachment_files", "inline_files"]
    filled = [*ticket_columns({}), *message_columns({}), "body", *of_files]
    assert sorted(filled) == sorted(COLUMNS)


@pytest.mark.parametrize("row", [Message, Ticket, TicketMetrics])
def test_every_column_has_a_meaning_and_the_type_that_its_annotation_says(row):
    for name, column in columns(row).items():
        assert column.metadata["meaning"], name
        assert get_args(column.type)[1:] == (column.metadata["type"],), name


@pytest.mark.parametrize(
    ("error", "expected"),
    [(None, None), ({"error": "bounced"}, "bounced"), ("bounced", "bounced")],
)
def test_why_sending_failed_is_text_in_the_old_form_and_in_the_new(error, expected):
    values = message_columns({"last_sending_error": error})
    assert values["last_sending_error"] == expected


def test_a_row_of_a_ticket_has_all_that_its_messages_share():
    shared = {column.metadata["source"] for column in fields(Message)}
    of_ticket = {column.metadata["source"] for column in fields(Ticket)}
    assert {source for source in shared if source.startswith("ticket.")} == of_ticket


def test_ids_stand_beside_the_names_that_can_change():
    ticket = {
        "tags": [{"id": 31, "name": "vip"}, {"id": 32, "name": None}, 5],
        "assignee_user": {"id": 2, "name": "Kim"},
        "assignee_team": {"id": 71},
    }
    columns = ticket_columns(ticket)
    assert columns["tag_ids"] == [31, 32]
    assert (columns["assignee_id"], columns["team_id"]) == (2, 71)
