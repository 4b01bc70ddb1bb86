"""Bytes to typed pages: whatever comes, a page or a clear fault."""

import json
import tracemalloc
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.api import dates, pages, urls
from gorgias_crawler.items import decoded

BASE = "https://acme.gorgias.com/api"


def body(*rows, cursor=None):
    meta = {"prev_cursor": None, "next_cursor": cursor}
    return json.dumps({"object": "list", "data": rows, "meta": meta}).encode()


def test_urls_carry_documented_parameters_only():
    url = urls.tickets_url(BASE, urls.Order.OLDEST, "a=b&c", 50)
    assert parse_qs(urlsplit(url).query) == {
        "limit": ["50"],
        "order_by": ["created_datetime:asc"],
        "trashed": ["true"],
        "cursor": ["a=b&c"],
    }
    assert urls.messages_url(BASE, urls.Order.OLDEST, None, 100, 7) == (
        f"{BASE}/messages?ticket_id=7&limit=100&order_by=created_datetime:asc"
    )
    assert urls.messages_url(BASE, urls.Order.NEWEST, None, 100) == (
        f"{BASE}/messages?limit=100&order_by=created_datetime:desc"
    )
    assert urls.tickets_by_id_url(BASE, [1, 2]) == (
        f"{BASE}/tickets?limit=100&ticket_ids=1&ticket_ids=2&trashed=true"
    )
    assert urls.account_url(BASE) == f"{BASE}/account"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01.000002+00:00", 1_000_002),
        ("1970-01-01T00:00:01+00:00", 1_000_000),
        ("1970-01-01T00:00:01", 1_000_000),
        ("1970-01-01 00:00:01", 1_000_000),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T01:00:01+0100", 1_000_000),
        ("", 0),
        ("yesterday", 0),
        (None, 0),
        (5, 0),
        ("0001-01-01T00:00:00+23:59", -62135683140000000),
    ],
)
def test_dates_are_instants_and_no_date_sorts_first(text, expected):
    assert dates.instant_us(text) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [("Thu, 01 Jan 1970 00:00:02 GMT", 2_000_000), ("soon", None), ("", None)],
)
def test_a_http_date_is_an_instant_or_nothing(header, expected):
    assert dates.http_date_us(header) == expected


def test_a_ticket_keeps_its_whole_object():
    row = {"id": 5, "messages_count": 2, "updated_datetime": "1970-01-01T00:00:01"}
    page = pages.parse_tickets(body({**row, "new_key": ["\U0001f600"]}, cursor="c"))
    (ticket,) = page.rows
    assert (ticket.id, ticket.messages_count, ticket.updated_us) == (5, 2, 1_000_000)
    assert json.loads(ticket.raw) == {**row, "new_key": ["\U0001f600"]}
    assert page.next_cursor == "c"


@pytest.mark.parametrize("count", [None, "3", -1, 1.5, True])
def test_a_count_that_is_no_count_is_unknown(count):
    (ticket,) = pages.parse_tickets(body({"id": 5, "messages_count": count})).rows
    assert ticket.messages_count is None


@pytest.mark.parametrize(
    ("changes", "unsent"),
    [
        ({}, True),
        ({"sent_datetime": "2025-01-01"}, False),
        ({"failed_datetime": "2025-01-01"}, True),
        ({"imported": True}, False),
        ({"public": False}, False),
        ({"from_agent": False}, False),
    ],
)
def test_unsent_is_an_agents_public_message_that_was_not_sent_though_it_failed(
    changes, unsent
):
    row = {"id": 1, "ticket_id": 2, "public": True, "from_agent": True, **changes}
    assert pages.parse_messages(body(row)).rows[0].unsent is unsent


@pytest.mark.parametrize("meta", [{"next_cursor": None}, {"next_cursor": ""}, {}])
def test_no_cursor_is_the_end(meta):
    page = pages.parse_messages(json.dumps({"data": [], "meta": meta}).encode())
    assert page.next_cursor is None


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\nb", "a\ud83d", "\0", "c" * 9000])
def test_what_cannot_be_printed_or_is_too_long_is_no_domain_and_no_cursor(text):
    why = "is too long" if len(text) > 100 else "has unprintable characters"
    with pytest.raises(pages.BadAnswerError, match=f"^domain {why}$"):
        pages.parse_account(json.dumps({"domain": text}).encode())
    with pytest.raises(pages.BadAnswerError, match=f"^next_cursor {why}$"):
        pages.parse_tickets(body(cursor=text))


FAULTS = [
    b"",
    b"  \n",
    b"<html>Bad gateway</html>",
    b'{"data": [',
    b"[]",
    b"null",
    b"{}",
    b'{"data": null, "meta": {}}',
    b'{"data": [], "meta": null}',
    b'{"data": {}, "meta": {}}',
    b'{"data": [], "meta": {"next_cursor": 5}}',
    b'{"data": [null], "meta": {}}',
    b'{"data": [{"id": null}], "meta": {}}',
    b'{"data": [{"id": "5"}], "meta": {}}',
    b'{"data": [{"id": true}], "meta": {}}',
    b'{"data": [{"id": 0}], "meta": {}}',
    b'{"data": [{"id": 9223372036854775808}], "meta": {}}',
    b'{"data": [{"id": 1, "ticket_id": "x"}], "meta": {}}',
    b'{"data": [{"id": ' + b"1" * 5000 + b'}], "meta": {}}',
    b'{"data": ' + b"[" * 200 + b"]" * 200 + b', "meta": {}}',
    b'{"data": ' + b"[" * 200_000 + b"]" * 200_000 + b', "meta": {}}',
    b"\xff\xfe\x00",
    b'{"data": "secret words"}',
]


@pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
def test_a_faulty_body_is_named_without_a_word_of_it(fault):
    with pytest.raises(pages.BadAnswerError) as caught:
        pages.parse_messages(fault)
    assert len(str(caught.value)) < 50
    assert "secret" not in str(caught.value)


def test_the_account_names_its_domain_if_it_does():
    assert pages.parse_account(b'{"domain": "acme"}').domain == "acme"
    assert pages.parse_account(b'{"domain": null}').domain is None
    assert pages.parse_account(b"{}").domain is None


def test_the_apis_own_error_is_told_from_a_web_page():
    assert pages.parse_error(b'{"error": {"msg": "Not found."}}')
    assert not pages.parse_error(b"<html>404</html>")
    assert not pages.parse_error(b"")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ROW = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        [
            "id",
            "ticket_id",
            "messages_count",
            "created_datetime",
            "updated_datetime",
            "public",
            "from_agent",
            "sent_datetime",
            "failed_datetime",
            "sender",
            "source",
        ],
        JSON,
    ),
)
ANSWER = st.fixed_dictionaries(
    {"data": st.lists(ROW | JSON) | JSON, "meta": JSON | st.just({"next_cursor": None})}
)


@pytest.mark.parametrize(
    "parse", [pages.parse_account, pages.parse_tickets, pages.parse_messages]
)
@given(answer=ANSWER | JSON)
def test_any_json_is_a_page_or_a_fault(parse, answer):
    try:
        parse(json.dumps(answer).encode())
    except pages.BadAnswerError:
        pass


@pytest.mark.parametrize("parse", [pages.parse_tickets, pages.parse_messages])
@given(data=st.binary())
def test_any_bytes_are_a_page_or_a_fault(parse, data):
    try:
        parse(data)
    except pages.BadAnswerError:
        pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    answer=st.dictionaries(st.text() | st.just("meta"), JSON),
    rows=st.lists(st.dictionaries(st.text(), JSON)),
    indent=st.sampled_from([None, 0, 3]),
    is_ascii=st.booleans(),
)
def test_a_list_is_taken_apart_into_rows_with_their_own_text(
    answer, rows, indent, is_ascii
):
    whole = {**answer, "data": rows, "meta": {}}
    text = json.dumps(whole, indent=indent, ensure_ascii=is_ascii)
    found = pages.page(f" {text}\n".encode(), lambda *row: row).rows
    assert [value for value, _ in found] == rows
    for value, raw in found:
        assert json.loads(raw) == value
        assert raw in text.encode() or "Infinity" in text


HALVES = ["\ud83d", "\ude00", "\ud83d\ude00", "\\", "\\u", "d83d", '"', "x"]


@given(words=st.lists(st.sampled_from(HALVES)).map("".join))
def test_half_a_surrogate_pair_is_a_replacement_character(words):
    row = {"id": 1, words: [words]}
    (found,) = pages.page(body(row), lambda value, _: value).rows
    assert found == decoded(json.dumps(row).encode())


SIGNS = ["[],", "1.5,", '{"a":"b"},']


@pytest.mark.parametrize("sign", SIGNS)
def test_a_body_of_too_many_values_is_refused_before_any_is_made(sign):
    body = f'{{"data": [{sign * 1_000_000}1], "meta": {{}}}}'.encode()
    tracemalloc.start()
    with pytest.raises(pages.BadAnswerError, match="too many values"):
        pages.parse_tickets(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * len(body)  # its text; the values were 10 to 30 times as much


@pytest.mark.parametrize("words", [",[{", '\\",', ",\u2028"])
def test_what_customers_write_is_not_counted_as_values(words):
    row = {"id": 1, "body_text": words * 1_000_000}
    body = json.dumps({"data": [row], "meta": {}}).encode()
    assert pages.parse_messages(body).rows[0].raw in body


def test_a_string_without_an_end_is_read_once():
    # to read it from each of its quotes again would take hours
    text = '["' + '\\"' * 1_000_000
    with pytest.raises(pages.BadAnswerError, match="not JSON"):
        pages.parse_tickets((text + "," * 1_000_000).encode())


@pytest.mark.parametrize(("depth", "is_fine"), [(99, True), (100, False)])
def test_a_row_may_nest_a_hundred_deep(depth, is_fine):
    inner = "[" * depth + "]" * depth
    body = f'{{"data": [{{"id": 1, "meta": {inner}}}], "meta": {{}}}}'.encode()
    if is_fine:
        assert pages.parse_tickets(body).rows[0].id == 1
        return
    with pytest.raises(pages.BadAnswerError, match="too deeply"):
        pages.parse_tickets(body)
