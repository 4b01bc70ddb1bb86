"""verify --online: each archived kind against what Gorgias lists now."""

import json
from dataclasses import replace

import pytest

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.commands.counts import NOT_COMPARED
from gorgias_crawler.sandbox import Answer
from tests.changes import change

LISTED = [kind for kind in KINDS.values() if kind.refresh not in NOT_COMPARED]


def online(shop, *options):
    """Verify a job; return what it came to, and the paths that it asked for."""
    before = len(shop.sandbox.calls)
    ended = shop.run("verify", "job", "--online", *options)
    return ended, {call.path for call in shop.sandbox.calls[before:]}


def ids(shop, name):
    return {found["id"] for found in shop.world.objects(name)}


def test_all_archived_kinds_are_listed_but_logs_and_lists_without_an_order(open_shop):
    shop = open_shop(tickets=30)
    assert shop.crawl("-a", "objects=all").status == 0
    ended, paths = online(shop)
    assert ended.status == 0, ended.log
    asked = {f"/api{kind.path}" for kind in LISTED}
    assert paths == asked | {"/api/account", "/api/tickets"}
    for kind in LISTED:
        number = len(ids(shop, kind.name))
        said = f"Gorgias: {number:,} {kind.name} listed now: all holds."
        assert said in ended.log.splitlines()
    for kind in KINDS.values():
        if kind.refresh in NOT_COMPARED:
            said = f"Gorgias: {kind.name} not compared: {NOT_COMPARED[kind.refresh]}."
            assert said in ended.log.splitlines()


def test_only_what_is_archived_is_listed(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl("-a", "objects=tags").status == 0
    change(shop.world, new_customers=1)
    ended, paths = online(shop)
    assert ended.status == 0, ended.log
    assert paths == {"/api/account", "/api/tickets", "/api/tags"}


def test_the_ids_that_differ_are_named_until_the_next_crawl(open_shop):
    shop = open_shop(tickets=30)
    asked = ("-a", "objects=all")
    assert shop.crawl(*asked).status == 0
    names = ("tags", "users", "customers", "macros")
    before = {name: ids(shop, name) for name in names}
    change(
        shop.world,
        deleted_tags=1,
        removed_users=1,
        new_customers=2,
        deleted_customers=1,
    )
    after = {name: ids(shop, name) for name in names}
    ended, _ = online(shop)
    assert ended.status == 3
    said = {line.strip() for line in ended.log.splitlines() if line.startswith("  ")}
    gone = {
        f"{name} {id_}: archived, but not listed any more"
        for name in names
        for id_ in before[name] - after[name]
    }
    new = {
        f"{name} {id_}: listed, but not archived"
        for name in names
        for id_ in after[name] - before[name]
    }
    assert (len(gone), len(new)) == (3, 2)
    assert said == gone | new
    assert f"{len(after['macros'])} macros listed now: all holds." in ended.log
    # The user stays, marked, and is no difference any more.
    assert shop.crawl(*asked).status == 0
    ended, _ = online(shop)
    assert ended.status == 0, ended.log


def test_what_a_list_leaves_out_though_it_is_there_is_no_difference(open_shop):
    shop = open_shop(tickets=5)
    asked = ("-a", "objects=tags")
    assert shop.crawl(*asked).status == 0
    hidden = min(ids(shop, "tags"))

    def hide(call):
        if call.path != "/api/tags":
            return None
        answer = shop.sandbox.answer(call)
        page = json.loads(answer.body)
        page["data"] = [row for row in page["data"] if row["id"] != hidden]
        return Answer(answer.status, json.dumps(page).encode(), answer.headers)

    shop.sandbox.on_request = hide
    ended, _ = online(shop)
    assert ended.status == 3
    assert f"tags {hidden}: archived, but not listed any more" in ended.log
    assert shop.crawl(*asked).status == 0
    ended, _ = online(shop)
    assert ended.status == 0, ended.log


def test_twenty_ids_are_named_and_no_more(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl("-a", "objects=customers").status == 0
    change(shop.world, new_customers=21)
    ended, _ = online(shop)
    assert ended.status == 3
    assert ended.log.count("listed, but not archived") == 20
    assert "  and more" in ended.log.splitlines()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            Answer(403, b'{"error": {"msg": "Not enough permissions."}}'),
            "not permitted (403",
        ),
        (Answer(500, b""), "500"),
    ],
)
def test_what_cannot_be_listed_is_said_and_is_no_difference(open_shop, answer, words):
    shop = open_shop(tickets=5)
    assert shop.crawl("-a", "objects=customers,tags").status == 0
    shop.sandbox.on_request = lambda call: (
        answer if call.path == "/api/customers" else None
    )
    ended, _ = online(shop, "-s", "RETRY_TIMES=0")
    assert ended.status == 1
    (said,) = [line for line in ended.log.splitlines() if "customers" in line]
    assert said.startswith("Gorgias: customers not compared: ")
    assert words in said
    assert ("customers:read" in said) == (answer.status == 403)
    assert "tags listed now: all holds." in ended.log
    assert "NOT as it should be" not in ended.log


def test_a_list_that_goes_round_is_no_proof(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl("-a", "objects=tags").status == 0
    page = {"data": [{"id": 1}], "meta": {"next_cursor": "again"}}
    shop.sandbox.on_request = lambda call: (
        Answer(200, json.dumps(page).encode()) if call.path == "/api/tags" else None
    )
    ended, _ = online(shop)
    assert ended.status == 1
    assert "tags not compared: a cursor came a second time." in ended.log


def test_tickets_whose_list_does_not_count_their_messages_are_compared_by_id(open_shop):
    shop = open_shop(tickets=12)

    def uncounted(call):
        answer = shop.sandbox.answer(call)
        if call.path != "/api/tickets":
            return answer
        page = json.loads(answer.body)
        for ticket in page["data"]:
            ticket["messages_count"] = None
        return replace(answer, body=json.dumps(page).encode())

    shop.sandbox.on_request = uncounted
    assert shop.crawl().status == 0
    shop.world.delete_ticket(lost := min(shop.world.tickets))
    ended, _ = online(shop)
    assert ended.status == 3
    assert f"ticket {lost}: archived, but not listed any more" in ended.log
    assert "Traceback" not in ended.log
