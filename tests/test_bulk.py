"""The walk through all messages: the fewest calls, and the per-ticket file."""

import itertools
import json
import signal

import pytest

from gorgias_crawler.sandbox import Answer
from tests.changes import merge
from tests.crawling import Shop, wait

BULK = ("-a", "fetch=bulk")
COUNT = "messages_count"


def edited(shop, call, edit):
    """Answer a call of the list of tickets as the API would, after an edit."""
    if call.path != "/api/tickets":
        return None
    page = json.loads(shop.sandbox.answer(call).body)
    for ticket in page["data"]:
        edit(ticket)
    return Answer(200, json.dumps(page).encode())


def per_ticket_file(shop: Shop) -> bytes:
    options = ["-a", "fetch=per-ticket", "-s", "JOBDIR=other", "-O", "other.csv"]
    assert wait(shop.start(*options)).status == 0
    return (shop.path / "other.csv").read_bytes()


@pytest.mark.parametrize("faults", [0.0, 0.05])
def test_the_file_is_byte_for_byte_that_of_the_per_ticket_fetch(open_shop, faults):
    shop = open_shop(tickets=120, faults=faults)
    assert shop.crawl(*BULK).status == 0
    assert shop.file.read_bytes() == per_ticket_file(shop)


def test_auto_says_both_ways_and_takes_the_cheaper(open_shop):
    shop = open_shop(tickets=120, forks=False)
    ended = shop.crawl()
    assert ended.status == 0
    (line,) = [line for line in ended.log.splitlines() if "Fetching messages" in line]
    assert "Fetching messages in bulk: " in line
    assert "(ticket by ticket: " in line
    walked = [c for c in shop.sandbox.calls if c.path == "/api/messages"]
    assert all("ticket_id" not in call.query for call in walked)


def test_auto_takes_the_tickets_one_by_one_where_that_is_cheaper(open_shop):
    shop = open_shop(tickets=1)
    assert shop.crawl().status == 0
    shop.world.reply(int(shop.expected()[0]["ticket_id"]))
    assert shop.crawl().log.count("Fetching messages ticket by ticket: ") == 1


def test_the_walk_goes_from_both_ends_at_once(open_shop):
    shop = open_shop(tickets=200, latency_s=0.02)
    assert shop.crawl(*BULK).status == 0
    orders = [
        call.query["order_by"][0]
        for call in shop.sandbox.calls
        if call.path == "/api/messages"
    ]
    assert {"created_datetime:asc", "created_datetime:desc"} == set(orders)


def test_cursors_may_look_like_anything(open_shop):
    shop = open_shop(tickets=150)
    names: dict[str, str] = {}

    def opaque(call):
        if call.path not in {"/api/messages", "/api/tickets"}:
            return None
        if "cursor" in call.query:
            call.query["cursor"] = [names[call.query["cursor"][0]]]
        page = json.loads(shop.sandbox.answer(call).body)
        if cursor := page["meta"]["next_cursor"]:
            name = f"§{len(names)} &=+%/?"
            names[name] = cursor
            page["meta"]["next_cursor"] = name
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = opaque
    ended = shop.crawl(*BULK)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


def test_what_arrives_during_the_walk_is_in_this_file_or_in_the_next(open_shop):
    shop = open_shop(tickets=120)
    before = shop.expected()
    done: list[object] = []

    def arrive(call):
        if call.path == "/api/messages" and not done:
            done.append(call)
            shop.world.add_ticket(2)
            shop.world.reply(int(before[0]["ticket_id"]))

    shop.sandbox.on_request = arrive
    ended = shop.crawl(*BULK)
    assert ended.status == 0, ended.log
    rows = shop.rows()
    assert all(row in rows for row in before)
    assert len(rows) <= len(shop.expected())
    assert shop.crawl(*BULK).status == 0
    assert shop.rows() == shop.expected()


def test_a_merge_and_a_deletion_during_the_walk_leave_no_orphans(open_shop):
    shop = open_shop(tickets=120)
    steps = itertools.count()

    def change(call):
        if call.path == "/api/messages" and next(steps) == 3:
            ids = sorted({int(row["ticket_id"]) for row in shop.expected()})
            merge(shop.world, ids[3], ids[60])
            shop.world.delete_ticket(ids[10])

    shop.sandbox.on_request = change
    assert shop.crawl(*BULK).status == 0
    assert shop.crawl(*BULK, "-a", "relist=true").status == 0
    assert shop.rows() == shop.expected()


def test_a_count_that_differs_has_its_ticket_asked_and_noted(open_shop):
    shop = open_shop(tickets=120)
    wrong = int(shop.expected()[0]["ticket_id"])

    def miscount(ticket):
        if ticket["id"] == wrong:
            ticket[COUNT] = max(0, ticket[COUNT] - 1)

    shop.sandbox.on_request = lambda call: edited(shop, call, miscount)
    ended = shop.crawl(*BULK)
    assert ended.status == 0, ended.log
    asked = [c.query["ticket_id"] for c in shop.sandbox.calls if "ticket_id" in c.query]
    assert asked == [[str(wrong)]]
    (noted,) = shop.manifest()["differing_counts"]
    assert noted["ticket_id"] == wrong
    assert shop.rows() == shop.expected()


def test_counts_that_differ_everywhere_are_settled_by_a_sample(open_shop):
    shop = open_shop(tickets=300)

    def miscount(ticket):
        ticket[COUNT] = max(0, ticket[COUNT] - 1)

    shop.sandbox.on_request = lambda call: edited(shop, call, miscount)
    ended = shop.crawl(*BULK)
    assert ended.status == 0, ended.log
    asked = [c for c in shop.sandbox.calls if "ticket_id" in c.query]
    # a long ticket has two or three pages; of those that now count none, 20 are asked
    assert 50 <= len(asked) <= 55 + 20
    assert any("equal the walk" in note for note in shop.manifest()["notes"])
    assert shop.rows() == shop.expected()


def test_an_unknown_count_is_not_taken_for_zero(open_shop):
    shop = open_shop(tickets=60)

    def forget(ticket):
        ticket[COUNT] = None

    shop.sandbox.on_request = lambda call: edited(shop, call, forget)
    ended = shop.crawl(*BULK)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


REFUSALS = {
    "400": Answer(400, b'{"error": {"msg": "ticket_id is required"}}'),
    "403": Answer(403, b'{"error": {"msg": "No."}}'),
    "404": Answer(404, b'{"error": {"msg": "No."}}'),
    "empty": Answer(200, b'{"data": [], "meta": {"next_cursor": null}}'),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_where_bulk_is_refused_auto_falls_back_with_a_warning(open_shop, refusal):
    shop = open_shop(tickets=60)

    def refuse(call):
        is_walk = call.path == "/api/messages" and "ticket_id" not in call.query
        return REFUSALS[refusal] if is_walk else None

    shop.sandbox.on_request = refuse
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert "Fetching them ticket by ticket." in ended.log
    assert shop.rows() == shop.expected()
    options = ("-s", "JOBDIR=other", "-O", "other.csv", "-s", "RETRY_TIMES=0")
    ended = shop.crawl(*BULK, *options)
    assert ended.status == 3
    assert "fetch=bulk" in ended.last_lines
    assert not (shop.path / "other.csv").exists()


@pytest.mark.crash
def test_a_stopped_walk_goes_on_where_it_was(open_shop):
    shop = open_shop(tickets=300)
    seen = itertools.count()

    def stop(call):
        if call.path == "/api/messages" and next(seen) == 8:
            process.send_signal(signal.SIGTERM)

    shop.sandbox.on_request = stop
    process = shop.start(*BULK)
    assert wait(process).status == 3
    shop.sandbox.on_request = None
    assert shop.crawl(*BULK).status == 0
    assert shop.rows() == shop.expected()
    walked = [c for c in shop.sandbox.calls if c.path == "/api/messages"]
    least = -(-len(shop.expected()) // 100)
    assert len(walked) <= least + 2 + 2  # both ends, and their pages in flight
