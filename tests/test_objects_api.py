"""What is asked of a list of any kind, and its answers to typed objects."""

import json
from dataclasses import dataclass

import pytest

from gorgias_crawler.api.kinds import KINDS, Kind, Refresh
from gorgias_crawler.api.objects import (
    ById,
    ListPage,
)
from gorgias_crawler.api.pages import BadAnswerError
from gorgias_crawler.api.urls import Order
from gorgias_crawler.archive.compression import are_alike, packed
from gorgias_crawler.items import columns


@dataclass
class Thing:
    id: int | None = None


THINGS = Kind(name="things", row=Thing, path="/things", needs="the scope things:read")
ARCHIVED = ({"archived": "false"}, {"archived": "true"})


def kind(**changes):
    return Kind(
        **{"name": "things", "row": Thing, "path": "/things", "needs": "", **changes}
    )


def page(*objects, cursor=None):
    meta = {"prev_cursor": None, "next_cursor": cursor}
    return json.dumps({"object": "list", "data": objects, "meta": meta}).encode()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (ListPage(THINGS), "limit=100&order_by=created_datetime:asc"),
        (
            ListPage(THINGS, order=Order.UPDATED, cursor="a=="),
            "limit=100&order_by=updated_datetime:desc&cursor=a%3D%3D",
        ),
        (
            ListPage(kind(walks=ARCHIVED), walk=1, limit=5),
            "archived=true&limit=5&order_by=created_datetime:asc",
        ),
        (ListPage(kind(order=None)), "limit=100"),
        (
            ListPage(THINGS, since_us=1_000_001, types=("a-b", "c")),
            (
                "limit=100&order_by=created_datetime:asc&created_datetime[gte]="
                "1970-01-01T00:00:01.000001%2B00:00&types=a-b&types=c"
            ),
        ),
    ],
)
def test_a_list_is_asked_for_what_its_kind_declares_and_for_nothing_else(
    asked, expected
):
    assert asked.url("http://x/api") == f"http://x/api/things?{expected}"


def test_what_is_one_object_is_asked_for_and_read_without_a_list():
    single = kind(refresh=Refresh.SINGLE, path="/account")
    assert ListPage(single).url("http://x/api") == "http://x/api/account"
    found = ListPage(single).parse(b'{"domain": "shop"}')
    assert found.next_cursor is None
    assert [json.loads(o.raw) for o in found.rows] == [{"id": 1, "domain": "shop"}]


def test_an_object_keeps_the_text_that_it_had():
    text = '{"id": 7,  "n": 1.00, "created_datetime": "1970-01-01T00:00:01"}'
    body = f'{{"data": [{text}], "meta": {{"next_cursor": "c"}}}}'.encode()
    found = ListPage(THINGS).parse(body)
    assert found.next_cursor == "c"
    (thing,) = found.rows
    assert (thing.id, thing.created_us, thing.updated_us) == (7, 1_000_000, 0)
    assert thing.raw == text.encode()


def test_what_may_not_be_archived_never_leaves_the_parser():
    secret = kind(kept=lambda value: value | {"key": "(removed)"})
    for found in (
        ListPage(secret).parse(page({"id": 7, "key": "s3cret"})),
        ById(secret, 7).parse(b'{"id": 7, "key": "s3cret"}'),
    ):
        assert b"s3cret" not in found.rows[0].raw


def test_objects_are_alike_by_their_values():
    one = packed(b'{"id":1,"usage":2}')
    assert are_alike(one, packed(b'{"usage": 2, "id": 1, "is_unread": true}'))
    assert not are_alike(one, packed(b'{"id":1,"usage":3}'))


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name": 1}', b'{"id": "7"}', b"\xff"])
def test_what_is_no_object_is_a_bad_answer(body):
    with pytest.raises(BadAnswerError):
        ById(THINGS, 7).parse(body)


def test_one_object_is_asked_for_by_its_id():
    assert ById(THINGS, 7).url("http://x/api") == "http://x/api/things/7"


def nested(levels):
    value: dict[str, object] = {"type": "Identifier"}
    for _ in range(levels):
        value = {"type": "CallExpression", "arguments": [value]}
    return value


@pytest.mark.parametrize(
    ("name", "tree"), [("rules", "code_ast"), ("views", "filters_ast")]
)
def test_a_syntax_tree_is_left_out_however_deep_it_is(name, tree):
    body = page({"id": 7, "name": "a", tree: nested(150)})
    (found,) = ListPage(KINDS[name]).parse(body).rows
    assert json.loads(found.raw) == {"id": 7, "name": "a"}


def test_what_else_nests_deeply_is_a_bad_answer():
    with pytest.raises(BadAnswerError):
        ListPage(KINDS["rules"]).parse(page({"id": 7, "settings": nested(150)}))


def row_of(name, **values):
    kind = KINDS[name]
    (found,) = ListPage(kind).parse(page(values)).rows
    read = columns.reader(kind.row, columns.source_of(kind.row))
    return kind.row(**read(json.loads(found.raw)))


def test_an_event_may_be_of_nobody_about_anything_and_have_a_large_id():
    values = {"id": 2_190_000_001, "user_id": None, "context": None, "data": None}
    row = row_of("events", **values, object_type="CustomField", object_id=9)
    assert (row.id, row.object_type, row.user_id) == (
        2_190_000_001,
        "CustomField",
        None,
    )


def test_a_bot_is_a_user_whose_email_is_no_address():
    values = {
        "email": "bot@0123456789abcdef",
        "role": {"name": "bot"},
        "client_id": "c",
    }
    row = row_of("users", id=1, **values, uri="https://shop.example/api/users/1/")
    assert (row.email, row.role, row.client_id) == ("bot@0123456789abcdef", "bot", "c")


def test_what_is_keyed_by_ids_is_one_value_of_type_json():
    fields = {"901": {"id": 901, "value": "VIP"}, "902": {"id": 902, "value": None}}
    row = row_of("customers", id=1, custom_fields=fields)
    assert row.custom_fields == {"901": "VIP", "902": None}
    types = columns.types(KINDS["customers"].row)
    assert types["custom_fields"] is types["data"] is columns.Type.JSON


def test_a_recording_may_have_a_reason_in_place_of_its_sound():
    error = "RECORDING_IS_PRIVATE"
    row = row_of("voice_call_recordings", id=1, url=None, error_code=error)
    assert (row.url, row.error_code) == (None, error)


@pytest.mark.parametrize("meta", [{"total_resources": None}, {}])
def test_a_list_may_have_a_total_that_is_null_or_none(meta):
    body = json.dumps({"data": [{"id": 7}], "meta": {"next_cursor": None, **meta}})
    assert len(ListPage(KINDS["users"]).parse(body.encode()).rows) == 1


def test_a_survey_is_open_until_its_score_comes_or_two_months_after_it_was_sent():
    open_until_us = KINDS["satisfaction_surveys"].open_until_us
    assert open_until_us
    created, sent = "1970-01-01T00:00:00+00:00", "1970-01-11T00:00:00+00:00"
    day_us = 24 * 3600 * 1_000_000
    survey = {"created_datetime": created, "score": None}
    assert open_until_us(survey | {"should_send_datetime": sent}) == 70 * day_us
    assert open_until_us(survey | {"sent_datetime": sent, "score": 5}) is None
