"""Whatever an answer holds: pages and rows come of it, or a clear fault.

A long run, which says how many inputs it tried:

    pytest tests/test_fuzz.py -n 0 -s --timeout 0 --hypothesis-profile=night
"""

import copy
import csv
import io
import json
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gorgias_crawler.api import dates, pages, verdict
from gorgias_crawler.api.budget import Budget
from gorgias_crawler.emit.bodies import BODY_FIELDS, select_body
from gorgias_crawler.emit.rows import message_readers
from gorgias_crawler.items import Message, decoded
from gorgias_crawler.items.columns import reader
from gorgias_crawler.sandbox import World
from gorgias_crawler.sandbox.pages import answer

PARSERS = [pages.parse_account, pages.parse_tickets, pages.parse_messages]
tried: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def say_how_many():
    yield
    said = f"\ntried {tried['inputs']:,} inputs, {tried['rows']:,} rows came of them\n"
    sys.stdout.write(said)


def put_through(body):
    """Do all that a crawl does with *body*; only `BadAnswerError` may be raised."""
    tried["inputs"] += 1
    pages.parse_error(body)
    for parse in PARSERS:
        try:
            answer = parse(body)
        except pages.BadAnswerError as error:
            fault = str(error)
        else:
            fault = ""
            for row in getattr(answer, "rows", ()):
                assert 0 < row.id < 2**63  # what SQLite can keep
                make_rows(json.loads(row.raw))
        assert len(fault) < 50  # it names the fault, and quotes nothing


def make_rows(value):
    tried["rows"] += 1
    value = decoded(json.dumps(value).encode())
    own = {name: read(value) for name, read in message_readers(Message).items()}
    row = Message(**reader(Message, "ticket")(value), **own)
    cells = [getattr(row, name) for name in Message.__dataclass_fields__]
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    text.getvalue().encode()


# Real shapes: what the sandbox answers, with some rows of each oddity.

WORLD = World(tickets=40)
REAL = {
    "account": "/api/account",
    "tickets": "/api/tickets",
    "messages": "/api/messages",
    "error": "/api/messages",
}
QUERIES = {"error": {"limit": ["0"]}}


def real(shape, first=0):
    _, page = answer(WORLD, REAL[shape], QUERIES.get(shape, {"limit": ["100"]}))
    assert page is not None
    if "data" in page:
        page["data"] = page["data"][first : first + 3]
    return page


PAGES = {shape: [real(shape, n) for n in range(0, 30, 3)] for shape in REAL}

NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63 - 1, 2**63, 10**4000, 1e308, -0.0])
DATES = st.sampled_from(
    ["0001-01-01T00:00:00", "9999-12-31T23:59:59-23:59", "2025-02-30", "2025-W01-1"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | NUMBERS
    | st.integers()
    | st.floats()
    | DATES
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["\ud83d", "a\udc00", "\0", "\u2028", "\ufeff", " \t"])
)
KEYS = st.text(st.characters(), max_size=5) | st.sampled_from(
    ["id", "data", "meta", "next_cursor", "ticket_id", "email", "address", "error"]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value, path=()):
    """Return the paths of all that *value* holds."""
    entries = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    found = [(*path, key) for key, _ in entries]
    return found + [p for key, inner in entries for p in places(inner, (*path, key))]


def replaced(draw, parent, key):
    parent[key] = draw(JSON)


def removed(draw, parent, key):
    del parent[key]


def wrapped(draw, parent, key):
    parent[key] = draw(st.sampled_from([[parent[key]], {"id": parent[key]}, [[]]]))


def retyped(draw, parent, key):
    parent[key] = draw(st.sampled_from([str(parent[key]), [], {}, None, True, 0, ""]))


def renamed(draw, parent, key):
    value = parent.pop(key)
    if isinstance(parent, dict):
        parent[draw(KEYS)] = value


def repeated(draw, parent, key):
    parent[key] = [copy.deepcopy(parent[key])] * draw(st.integers(0, 30))


READ = {"data", "id", "ticket_id", "created_datetime", "messages_count", "source"}
MUTATIONS = [replaced, removed, wrapped, retyped, renamed, repeated]


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("shape", ["tickets", "messages"])
@given(data=st.data())
def test_a_page_that_differs_from_the_real_ones_breaks_nothing(shape, mutation, data):
    page = copy.deepcopy(data.draw(st.sampled_from(PAGES[shape])))
    for _ in range(data.draw(st.integers(1, 3))):
        known = places(page)
        read = [path for path in known if path[0] == "meta" or path[-1] in READ]
        if not read:
            break
        path = data.draw(st.sampled_from(known) | st.sampled_from(read))
        parent = page
        for step in path[:-1]:
            parent = parent[step]
        mutation(data.draw, parent, path[-1])
    put_through(json.dumps(page).encode())


@pytest.mark.parametrize("shape", REAL)
@given(data=st.data())
def test_bytes_that_differ_from_the_real_ones_break_nothing(shape, data):
    page = data.draw(st.sampled_from(PAGES[shape]))
    body = bytearray(json.dumps(page).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = start + data.draw(st.integers(0, 9) | st.just(len(body)))
        junk = st.binary(max_size=6) | st.sampled_from([b"[" * 300, b'"', b"\\ud800"])
        body[start:end] = data.draw(junk)
    put_through(bytes(body))


@pytest.mark.parametrize("key", ["data", "meta", None])
@given(value=JSON)
def test_any_json_breaks_nothing(key, value):
    answer = {"data": [{"id": 1, "ticket_id": 2}], "meta": {"next_cursor": "c"}}
    put_through(json.dumps(value if key is None else answer | {key: value}).encode())


@given(ticket=st.dictionaries(KEYS, JSON), message=st.dictionaries(KEYS, JSON))
def test_any_row_has_its_columns(ticket, message):
    tried["inputs"] += 1
    make_rows(ticket | message)


@pytest.mark.parametrize("kind", ["tickets", "messages"])
@given(data=st.data())
def test_any_value_in_a_known_column_is_a_row(kind, data):
    tried["inputs"] += 1
    value = real(kind)["data"][0]
    for name in data.draw(st.lists(st.sampled_from(sorted(value)), max_size=5)):
        value[name] = data.draw(JSON)
    make_rows(value)


@given(body=st.binary(max_size=60) | st.text().map(str.encode))
def test_any_bytes_break_nothing(body):
    put_through(body)


HEADER = st.text("0123456789/+-:.eE, GMTonJaFeb\xb2", max_size=40) | st.builds(
    "Mon, {} Jan {} {}:{}:00 {}{}".format,
    *(st.integers(0, 10**20) | st.integers(1, 23) for _ in range(4)),
    st.sampled_from(["+", "-", "GMT", ""]),
    st.integers(0, 10**20) | st.sampled_from(["", "0100", "-2400"]),
)


@given(header=HEADER)
@example(header="Mon, 01 Jan 2000 00:00:00 +99999999999999999999")
def test_any_header_is_read_or_ignored(header):
    tried["inputs"] += 1
    dates.http_date_us(header)
    pause_s = verdict.asked_pause_s(header, datetime.now(UTC))
    assert pause_s is None or pause_s > 0
    budget = Budget(0.8)
    budget.answered(budget.sent(0.0), header, 0.0)
    assert budget.wait_s(0.0) >= 0


@given(bodies=st.lists(JSON, min_size=3, max_size=3))
@example(bodies=[5, {}, "text"])
def test_a_body_is_text_whatever_stands_in_its_place(bodies):
    tried["inputs"] += 1
    row = dict(zip(BODY_FIELDS, bodies, strict=True))
    readers = message_readers(Message)
    columns = (readers[name](row) for name in BODY_FIELDS)
    assert isinstance(select_body(columns), str)


@given(value=JSON)
@example(value={"": "\ud83d"})
def test_no_value_keeps_half_a_surrogate_pair(value):
    tried["inputs"] += 1
    archived = json.dumps({"subject": value, "tags": [{"name": value}]}).encode()
    row = reader(Message, "ticket")(decoded(archived))
    json.dumps(row, ensure_ascii=False).encode()
