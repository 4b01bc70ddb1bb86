"""No single answer takes anything away: crawls of a service that errs for a while."""

import json
import re

from gorgias_crawler.sandbox import Answer
from tests.expected import fewest_calls

EMPTY = Answer(200, b'{"data": [], "meta": {"next_cursor": null}}')
NOT_FOUND = Answer(404, b'{"error": {"msg": "Not found."}}')
PER_TICKET = ("-a", "fetch=per-ticket")


def own_answers(shop):
    return [c for c in shop.sandbox.calls if "ticket_id" in c.query]


def answered(shop, reply):
    """Let *reply* answer calls for messages; None leaves them to the sandbox."""

    def hook(call):
        return reply(call) if call.path == "/api/messages" else None

    shop.sandbox.on_request = hook


def test_one_empty_answer_is_asked_for_again_and_costs_one_call(open_shop):
    shop = open_shop(tickets=20)
    victim = shop.expected()[0]["ticket_id"]
    first = iter([EMPTY])
    answered(
        shop, lambda c: next(first, None) if c.query["ticket_id"] == [victim] else None
    )
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    said = re.findall(
        r"Waited \d+ s to ask again what an answer left in doubt", ended.log
    )
    assert len(said) == 1
    assert shop.rows() == shop.expected()
    assert len(shop.sandbox.calls) == fewest_calls(shop.world)["per-ticket"] + 1


def test_what_was_archived_is_not_erased_by_one_empty_answer(open_shop):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    victim = int(shop.expected()[0]["ticket_id"])
    shop.world.reply(victim)
    first = iter([EMPTY])
    answered(shop, lambda call: next(first, None))
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert [c.query["ticket_id"] for c in own_answers(shop)[-2:]] == [[str(victim)]] * 2


def test_counts_that_are_off_for_good_cost_their_calls_once_and_are_named(open_shop):
    shop = open_shop(tickets=20)

    def miscount(call):
        if call.path != "/api/tickets":
            return None
        answer = shop.sandbox.answer(call)
        page = json.loads(answer.body)
        for ticket in page["data"]:
            ticket["messages_count"] += 2
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = miscount
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert len(shop.manifest()["differing_counts"]) == 20
    before = len(own_answers(shop))
    assert shop.crawl("-a", "relist=true").status == 0
    assert shop.crawl().status == 0
    assert len(own_answers(shop)) == before


def test_an_endpoint_that_is_gone_for_a_while_takes_no_row(open_shop):
    shop = open_shop(tickets=60)
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    for ticket_id in sorted({int(row["ticket_id"]) for row in shop.expected()})[:40]:
        shop.world.reply(ticket_id)
    answered(shop, lambda call: NOT_FOUND)
    calls = len(shop.sandbox.calls)
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 3
    assert "404 for the messages" in ended.last_lines
    assert shop.file.read_bytes() == before
    # the account, updates, deletions (asked for the first time), a window of tickets,
    # and one look at which are listed
    assert len(shop.sandbox.calls) - calls <= 4 + 10 + 16 + 1
    shop.sandbox.on_request = None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_a_first_run_without_the_endpoint_is_incomplete_and_writes_no_file(open_shop):
    shop = open_shop(tickets=12)
    answered(shop, lambda call: NOT_FOUND)
    assert shop.crawl().status == 3
    assert not shop.file.exists()
    shop.sandbox.on_request = None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_lists_that_are_empty_for_a_moment_erase_nothing(open_shop):
    shop = open_shop(tickets=60)
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    shop.sandbox.on_request = lambda c: EMPTY if c.path == "/api/tickets" else None
    ended = shop.crawl("-a", "relist=true")
    assert ended.status == 3
    assert "60 of 60 tickets" in ended.last_lines
    assert "-a allow_deletions=true" in ended.last_lines
    assert shop.file.read_bytes() == before
    shop.sandbox.on_request = None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_many_deletions_are_believed_on_the_users_word(open_shop):
    shop = open_shop(tickets=60)
    assert shop.crawl().status == 0
    for ticket_id in sorted({int(row["ticket_id"]) for row in shop.expected()})[:25]:
        shop.world.delete_ticket(ticket_id)
    assert shop.crawl("-a", "relist=true").status == 3
    options = ("-a", "relist=true", "-a", "allow_deletions=true")
    assert shop.crawl(*options).status == 0
    assert shop.rows() == shop.expected()
    assert shop.manifest()["tickets"]["vanished"] == 25


def test_an_account_that_shows_no_ticket_at_first_is_asked_again(open_shop):
    shop = open_shop(tickets=12)
    first = iter([EMPTY])
    shop.sandbox.on_request = lambda c: (
        next(first, None) if c.path == "/api/tickets" else None
    )
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_where_many_tickets_count_no_message_some_are_asked(open_shop):
    shop = open_shop(tickets=60)

    def count_none(call):
        if call.path != "/api/tickets":
            return None
        page = json.loads(shop.sandbox.answer(call).body)
        for ticket in page["data"][::3]:
            ticket |= {"messages_count": 0, "excerpt": None}
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = count_none
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


def test_an_edited_text_is_read_by_a_full_relisting_which_goes_on_after_a_kill(
    open_shop,
):
    shop = open_shop(tickets=120)
    assert shop.crawl().status == 0
    marked = {int(row["ticket_id"]) for row in shop.expected()}
    asked = []

    def edit(call):
        if call.path != "/api/messages":
            return None
        asked.append(call)
        if len(asked) == 3:
            process.kill()
        page = json.loads(shop.sandbox.answer(call).body)
        for message in page["data"]:
            message["body_text"] = "edited"
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = edit
    process = shop.start("-a", "relist=full")
    process.communicate()
    assert len(asked) >= 3
    assert shop.crawl("-a", "relist=full").status == 0
    pages = -(-len(shop.expected()) // 100)
    assert len(asked) <= pages + 4  # those in flight at the kill, and where ends meet
    assert {row["body"] for row in shop.rows()} == {"edited"}
    assert {int(row["ticket_id"]) for row in shop.rows()} == marked


def test_tickets_that_count_messages_and_show_none_are_noted_and_not_asked_again(
    open_shop,
):
    """However many they are: nothing is taken away by it."""
    shop = open_shop(tickets=60)

    def hide(call):
        answer = shop.sandbox.answer(call)
        page = json.loads(answer.body)
        page["data"] = [row for row in page["data"] if row["ticket_id"] % 2]
        return Answer(200, json.dumps(page).encode())

    answered(shop, hide)
    ended = shop.crawl(*PER_TICKET)
    assert ended.status == 0, ended.log
    hidden = [row for row in shop.expected() if int(row["ticket_id"]) % 2 == 0]
    assert len({row["ticket_id"] for row in hidden}) > 20
    assert shop.rows() == [row for row in shop.expected() if row not in hidden]
    notes = "\n".join(shop.manifest()["notes"])
    assert all(f"icket {row['ticket_id']}" in notes for row in hidden), notes
    before = len(own_answers(shop))
    assert shop.crawl("-a", "relist=true").status == 0
    assert len(own_answers(shop)) == before
