"""The sandbox answers as Gorgias does: keys, parameters, cursors, budget, faults."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from gorgias_crawler.sandbox import ACCESS_TOKEN, Sandbox, World
from gorgias_crawler.sandbox.bucket import Bucket
from gorgias_crawler.sandbox.words import CELLS
from tests.crawling import wait
from tests.expected import expected_rows

TICKET_KEYS = {
    "id", "uri", "external_id", "language", "status", "priority", "channel", "via",
    "from_agent", "customer", "assignee_user", "assignee_team", "subject", "summary",
    "excerpt", "integrations", "meta", "tags", "messages_count", "is_unread", "spam",
    "created_datetime", "opened_datetime", "last_received_message_datetime",
    "last_message_datetime", "last_sent_message_not_delivered", "updated_datetime",
    "closed_datetime", "snooze_datetime", "trashed_datetime", "custom_fields",
}  # fmt: skip
MESSAGE_KEYS = {
    "id", "uri", "message_id", "ticket_id", "external_id", "public", "channel", "via",
    "source", "sender", "auth_customer_identity", "integration_id", "intents",
    "rule_id", "from_agent", "receiver", "subject", "body_text", "body_html",
    "stripped_text", "stripped_html", "stripped_signature", "headers", "attachments",
    "actions", "macros", "meta", "created_datetime", "processed_datetime",
    "sent_datetime", "failed_datetime", "deleted_datetime", "opened_datetime",
    "last_sending_error", "is_retriable", "imported",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(World(tickets=60), rate=None) as served:
        yield served


def ask(sandbox, path, token=ACCESS_TOKEN, data=None):
    """Return status, headers and JSON of an answer."""
    url = sandbox.url.removesuffix("/api") + path
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, headers=headers, data=data)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
            is_json = error.headers["Content-Type"] == "application/json"
            return error.code, error.headers, json.loads(body) if is_json else body


def walk(sandbox, path):
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        _, _, page = ask(sandbox, path + (f"&cursor={cursor}" if cursor else ""))
        rows += page["data"]
        cursor = page["meta"]["next_cursor"]
        cursor = cursor and urllib.parse.quote(cursor)
    return rows


@pytest.mark.parametrize(
    ("path", "keys"), [("tickets", TICKET_KEYS), ("messages", MESSAGE_KEYS)]
)
def test_every_object_has_the_full_set_of_keys(sandbox, path, keys):
    rows = walk(sandbox, f"/api/{path}?limit=100")
    assert {frozenset(row) for row in rows} == {frozenset(keys)}


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 30, 100])
def test_a_walk_in_either_order_shows_each_row_once(sandbox, direction, limit):
    order = f"order_by=created_datetime:{direction}"
    rows = walk(sandbox, f"/api/tickets?limit={limit}&{order}")
    keys = [(row["created_datetime"][:26], row["id"]) for row in rows]
    assert len({row["id"] for row in rows}) == len(rows) == 60
    dates = [key[0] for key in keys]
    assert dates == sorted(dates, reverse=direction == "desc")


@pytest.mark.parametrize(
    "query",
    [
        "tickets?limit=0",
        "tickets?limit=101",
        "tickets?limit=x",
        "tickets?per_page=10",
        "tickets?order_by=id:asc",
        "tickets?order_by=created_datetime:up",
        "tickets?cursor=nonsense",
        "messages?order_by=updated_datetime:asc",
        "messages?ticket_id=x",
        "messages?created_datetime[gte]=2025-01-01",
    ],
)
def test_what_is_not_documented_is_refused(sandbox, query):
    status, _, body = ask(sandbox, f"/api/{query}")
    assert status == 400
    assert body["error"]["msg"]


def test_keys_paths_and_tickets_that_are_not_there(sandbox):
    assert ask(sandbox, "/api/account", token="wrong")[0] == 401
    status, headers, _ = ask(sandbox, "/nowhere")
    assert (status, headers["Content-Type"]) == (404, "text/html")
    status, _, body = ask(sandbox, "/api/messages?ticket_id=1")
    assert (status, "error" in body) == (404, True)
    assert ask(sandbox, "/api/account", data=b"{}")[0] == 405
    assert len(ask(sandbox, "/api/tickets")[2]["data"]) == 30


def test_trashed_and_ticket_ids_select(sandbox):
    every = walk(sandbox, "/api/tickets?limit=100")
    kept = walk(sandbox, "/api/tickets?limit=100&trashed=false")
    assert {t["id"] for t in every} > {t["id"] for t in kept}
    ids = [every[3]["id"], every[9]["id"], 5]
    query = "&".join(f"ticket_ids={id_}" for id_ in ids)
    found = ask(sandbox, f"/api/tickets?{query}")[2]["data"]
    assert {t["id"] for t in found} == set(ids[:2])


def test_every_oddity_is_in_a_small_account(sandbox):
    messages = walk(sandbox, "/api/messages?limit=100")
    texts = [m["body_text"] or "" for m in messages]
    counts = [t["messages_count"] for t in walk(sandbox, "/api/tickets?limit=100")]
    assert max(counts) > 200
    assert 0 in counts
    assert any(m["receiver"] is None for m in messages)
    assert any(m["source"] is None for m in messages)
    assert any(m["sender"] is None for m in messages)
    assert any(m["body_html"] is None for m in messages)
    assert any(not m["public"] for m in messages)
    assert any("." not in m["created_datetime"] for m in messages)
    assert len({m["created_datetime"] for m in messages}) < len(messages)
    for piece in ("\x00", "\u2028", "\r", "=HYPERLINK", "\ud83d", '"quote"'):
        assert any(piece in text for text in texts), repr(piece)
    assert any(len(text) > 20_000 for text in texts)
    assert any(text and not text.strip() for text in texts)


def test_a_small_account_shows_what_filters_and_settings_are_for(sandbox):
    tickets = walk(sandbox, "/api/tickets?limit=100")
    messages = walk(sandbox, "/api/messages?limit=100")
    for cells in ({m["body_text"] for m in messages}, {t["subject"] for t in tickets}):
        assert cells > set(CELLS)
    dates = sorted(t["created_datetime"][:7] for t in tickets)
    assert (dates[0], dates[-1]) == ("2024-07", "2026-06")
    assert len(set(dates)) > 18
    assert any(t["spam"] for t in tickets)
    assert any(t["trashed_datetime"] for t in tickets)
    bots = {u["id"] for u in walk(sandbox, "/api/users?roles=bot")}
    assert any((m["sender"] or {}).get("id") in bots for m in messages)
    quoted = [m for m in messages if "wrote:" in (m["body_text"] or "")]
    assert any("wrote:" not in (m["stripped_text"] or "wrote:") for m in quoted)
    alone = [m["body_html"] for m in messages if m["body_html"] and not m["body_text"]]
    for piece in ("<table>", "&nbsp;", "<a href=", "<img ", "</html><p>Words"):
        assert any(piece in html for html in alone), piece
    failed = [m for m in messages if m["failed_datetime"]]
    assert {m["sent_datetime"] is None for m in failed} == {True, False}
    assert any(
        m["sent_datetime"] and m["sent_datetime"][:10] > m["created_datetime"][:10]
        for m in messages
    )


def test_two_accounts_have_two_names(sandbox):
    assert ask(sandbox, "/api/account")[2]["domain"] == "sandbox-60-tickets-seed-1"
    assert World(60, seed=2).account.domain == "sandbox-60-tickets-seed-2"


def test_a_job_of_one_account_refuses_another(open_shop):
    shop = open_shop(tickets=3)
    assert shop.crawl().status == 0
    with Sandbox(World(tickets=4), rate=None) as shop.sandbox:
        ended = shop.crawl()
    assert ended.status == 1
    assert "'sandbox-3-tickets-seed-1'" in ended.log
    assert "'sandbox-4-tickets-seed-1'" in ended.log


def test_the_bucket_refuses_what_does_not_fit_and_says_when():
    with Sandbox(World(tickets=1), rate="3/6000") as sandbox:
        answers = [ask(sandbox, "/api/account") for _ in range(5)]
        told = [a[1]["X-Gorgias-Account-Api-Call-Limit"] for a in answers]
        assert told[:3] == ["1/3", "2/3", "3/3"]
        assert [a[0] for a in answers] == [200, 200, 200, 429, 429]
        # one leaves the bucket each 2,000 s; some have passed since
        assert 1_900 < int(answers[3][1]["Retry-after"]) <= 2_000
        assert len(sandbox.refused) == 2


@pytest.mark.parametrize("rate", ["40", "x/2", "0/3", "4/0"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match=r"."):
        Bucket.parse(rate)


def test_a_kind_may_be_refused_and_permitted_while_it_serves():
    refused = {"voice_calls": 403, "messages": 404}
    with Sandbox(World(tickets=5), rate=None, not_permitted=refused) as sandbox:
        assert ask(sandbox, "/api/phone/voice-calls")[0] == 403
        assert ask(sandbox, "/api/messages")[0] == 404
        assert ask(sandbox, "/api/phone/voice-call-events")[0] == 200
        del sandbox.not_permitted["messages"]
        assert ask(sandbox, "/api/messages")[0] == 200


def test_it_says_what_a_complete_export_holds_and_can_change():
    with Sandbox(World(tickets=5), rate=None) as sandbox:
        before = ask(sandbox, "/sandbox/totals")[2]
        first, *_ = sandbox.world.tickets
        change = json.dumps({"add_ticket": [3], "delete_ticket": [first]}).encode()
        gone = len(sandbox.world.tickets[first].messages)
        after = ask(sandbox, "/sandbox/change", data=change)[2]
        assert after["tickets"] == before["tickets"]
        assert after["messages"] == before["messages"] + 3 - gone
        for wrong in (b'{"close": []}', b"{", b'{"reply": "1"}', b'{"reply": [1]}'):
            assert ask(sandbox, "/sandbox/change", data=wrong)[0] == 400


def test_the_same_seed_gives_the_same_account():
    assert expected_rows(World(30, seed=3)) == expected_rows(World(30, seed=3))
    assert expected_rows(World(30, seed=3)) != expected_rows(World(30, seed=4))


def test_the_command_prints_what_a_crawl_needs_and_ends_cleanly(open_shop):
    shop = open_shop(tickets=1, forks=False)
    process = shop.start("--tickets", "7", "--latency", "0", command="sandbox")
    assert isinstance(process, subprocess.Popen)
    assert process.stdout is not None
    head = [process.stdout.readline() for _ in range(5)]
    variables = dict(line.strip().split("=", 1) for line in head if "=" in line)
    shop.environ = variables
    assert shop.crawl().status == 0
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    ended = wait(process)
    assert ended.status == 0
    assert "Traceback" not in ended.log


@pytest.mark.parametrize(
    "option",
    [
        ("--rate", "fast"),
        ("--port", "99999"),
        ("--tickets", "-1"),
        ("--latency", "nan"),
        ("--faults", "5"),
    ],
)
def test_a_wrong_option_of_the_sandbox_is_named(open_shop, option):
    shop = open_shop(tickets=1)
    ended = shop.run("sandbox", *option)
    assert ended.status == 2
    assert f"{option[0]}" in ended.log
    assert option[1] in ended.log
    assert "Traceback" not in ended.log
