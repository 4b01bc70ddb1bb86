"""Conversations say what an index needs, and what it must forget."""

import io
import json
import re
import types

import pytest

from gorgias_crawler.emit import filters
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.feeds.conversations import ConversationsItemExporter
from gorgias_crawler.items import Message

BOT, PERSON, CUSTOMER = 5, 6, 7
ROLES = [
    ({"from_agent": False, "public": True, "sender_id": CUSTOMER}, "customer"),
    ({"from_agent": True, "public": True, "sender_id": PERSON}, "agent"),
    ({"from_agent": True, "public": True, "sender_id": BOT}, "bot"),
    ({"from_agent": True, "public": True, "rule_id": 3, "sender_id": PERSON}, "bot"),
    ({"from_agent": True, "public": False, "sender_id": PERSON}, "note"),
    ({"from_agent": True, "source_type": "internal-note"}, "note"),
    ({"public": True}, None),
]


class Spider:
    kinds = types.MappingProxyType({"messages": Message})

    def bots(self):
        return frozenset({BOT})

    def described(self):
        return {"account": "acme"}

    def changed_in(self, ticket_id):
        return ticket_id * 10

    def tickets_since(self):
        return {1, 3, 4}


class Lonely(Spider):
    """Knows no users, and no ticket that changed."""

    def bots(self):
        return None

    def tickets_since(self):
        return ()


def exported(items, spider=Lonely(), **kwargs):  # noqa: B008
    file = io.BytesIO()
    exporter = ConversationsItemExporter(file, spider=spider, **kwargs)
    for item in items:
        exporter.export_item(Message(**item))
    exporter.finish_exporting()
    return [json.loads(line) for line in file.getvalue().decode().splitlines()]


@pytest.mark.parametrize(("values", "role"), ROLES)
def test_each_message_has_the_role_of_who_wrote_it(values, role):
    (line, *_) = exported([{"ticket_id": 1, "message_id": 2, **values}], Spider())
    assert line["messages"][0]["role"] == role


def test_who_may_be_a_bot_is_an_agent_where_users_are_not_known():
    values = {"from_agent": True, "public": True, "sender_id": BOT}
    (line,) = exported([{"ticket_id": 1, "message_id": 2, **values}])
    assert line["messages"][0]["role"] == "agent"


def test_a_ticket_says_which_document_it_is_and_which_run_saw_it_change():
    items = [{"ticket_id": n, "message_id": n} for n in (1, 2)]
    lines = exported(items, Spider())[:2]
    assert [(line["document_id"], line["changed_run"]) for line in lines] == [
        ("gorgias:acme:ticket:1", 10),
        ("gorgias:acme:ticket:2", 20),
    ]


def test_what_an_index_must_forget_has_a_line_of_its_own():
    kept, *forgotten = exported([{"ticket_id": 1, "message_id": 2}], Spider())
    assert kept["document_id"] == "gorgias:acme:ticket:1"
    assert forgotten == [
        {
            "document_id": f"gorgias:acme:ticket:{n}",
            "ticket_id": n,
            "deleted": True,
        }
        for n in (3, 4)
    ]


def test_columns_are_named_by_the_dictionary_that_says_so():
    row = {"ticket_id": 1, "from_agent": False, "custom_fields": {"880": 12}}
    names = {"document_id": "id", "custom_fields": "fields", "role": "who", "body": "b"}
    (line,) = exported(
        [{**row, "message_id": n, "body": f"b{n}"} for n in (1, 2)],
        fields_to_export=names,
    )
    assert line == {
        "id": "gorgias:acme:ticket:1",
        "fields": {"880": 12},
        "messages": [{"who": "customer", "b": f"b{n}"} for n in (1, 2)],
    }


def test_an_index_is_kept_current_by_what_changed_since_a_run(open_shop):
    shop = open_shop(tickets=60)
    # Who is a bot is known when users have come: not yet when the run begins.
    first = ("-O", "first.jsonl:conversations", "-a", "objects=users")
    assert shop.crawl(*first).status == 0
    assert shop.manifest()["run"] == 1
    whole = changes(shop, 0)
    assert lines_of(shop, "first.jsonl") == whole
    assert "bot" in {m["role"] for line in whole for m in line["messages"]}
    deleted, replied, *_ = sorted(shop.world.tickets)
    shop.world.delete_ticket(deleted)
    shop.world.reply(replied)
    # A deletion is believed when two runs have seen it.
    while deleted in {line["ticket_id"] for line in changes(shop, 0)}:
        ended = shop.crawl("-a", "relist=true")
        assert ended.status == 0, ended.log
    account = "sandbox-60-tickets-seed-1"
    since = changes(shop, 1)
    assert [(line["ticket_id"], line.get("deleted")) for line in since] == [
        (replied, None),
        (deleted, True),
    ]
    assert since[0]["changed_run"] == 2
    assert since[1]["document_id"] == f"gorgias:{account}:ticket:{deleted}"
    other = {"open": "closed", "closed": "open"}[since[0]["status"]]
    found = changes(shop, 1, "-a", f"status={other}")  # as if it had been that before
    assert {line["ticket_id"] for line in found if line.get("deleted")} == {
        replied,
        deleted,
    }
    assert changes(shop, shop.manifest()["run"]) == []
    folder = ("-O", "new/:csv", "-a", "changed_since=1")
    assert shop.run("export", "job", *folder).status == 0
    assert [row["id"] for row in shop.rows("new/tickets.csv")] == [str(replied)]
    gone = [
        row["id"] for row in shop.rows("new/deleted.csv") if row["kind"] == "tickets"
    ]
    assert gone == [str(deleted)]
    latest = f"changed_since={shop.manifest()['run']}"
    verified = shop.run("verify", "job", "new.jsonl", "-a", latest)
    assert verified.status == 0, verified.log


def changes(shop, run, *more):
    since = ("-a", f"changed_since={run}")
    ended = shop.run("export", "job", "-O", "new.jsonl:conversations", *since, *more)
    assert ended.status == 0, ended.log
    found = lines_of(shop, "new.jsonl")
    return [line for line in found if run or not line.get("deleted")]


def lines_of(shop, name):
    lines = (shop.path / name).read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def test_a_run_that_was_not_is_refused_and_the_old_file_stays(open_shop):
    shop = open_shop(tickets=1)
    assert shop.crawl().status == 0
    before = (shop.path / "gorgias_tickets.csv").read_bytes()
    ended = shop.run(
        "export", "job", "-O", "gorgias_tickets.csv", "-a", "changed_since=2"
    )
    assert ended.status == 1, ended.log
    assert "changed_since=2: there was no such run, the last one was 1" in ended.log
    assert (shop.path / "gorgias_tickets.csv").read_bytes() == before


@pytest.mark.parametrize("value", ["", "x", "-1"])
def test_a_run_that_is_no_number_is_refused(value):
    why = f"-a changed_since={value}: give the number of a run"
    with pytest.raises(ConfigurationError, match=f"^{re.escape(why)}"):
        filters.parse({"changed_since": value})
