"""Metrics as rows: one a ticket, in every format, with the filters of export."""

import csv
import json
from collections import Counter, defaultdict

import pytest

from gorgias_crawler.emit.objects import row_classes
from gorgias_crawler.items import types

ROWS = row_classes(())


@pytest.fixture
def shop(open_shop):
    opened = open_shop()
    assert opened.crawl().status == 0
    return opened


def rows(shop, file):
    with (shop.path / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("kind", ["tickets", "ticket_metrics"])
def test_a_kind_has_a_row_for_every_ticket_with_all_its_columns(shop, kind):
    ended = shop.run("export", "job", "-O", f"{kind}.csv", "-a", f"object={kind}")
    assert ended.status == 0, ended.log
    found = rows(shop, f"{kind}.csv")
    assert list(found[0]) == list(types(ROWS[kind]))
    key = next(iter(found[0]))
    expected = [record.id for record in shop.world.in_order("tickets")]
    assert [int(row[key]) for row in found] == sorted(expected)


def test_metrics_agree_with_the_messages_that_are_exported(shop):
    shop.run("export", "job", "-O", "metrics.csv", "-a", "object=ticket_metrics")
    fields = "ticket_id,public,from_agent,rule_id,failed_datetime,sent_datetime"
    shop.run("export", "job", "-O", "m.csv", "-s", f"FEED_EXPORT_FIELDS={fields}")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for message in rows(shop, "m.csv"):
        if message["sent_datetime"] or not message["failed_datetime"]:
            counts[message["ticket_id"]][who(message)] += 1
    for row in rows(shop, "metrics.csv"):
        found = counts[row["ticket_id"]]
        assert int(row["notes"]) == found["note"]
        assert int(row["customer_messages"]) == found["customer"]
        # who is a bot is not archived: unknown is empty, never 0
        assert row["agent_messages"] == ("" if found["team"] else "0")
        assert row["bot_messages"] == ("" if found["team"] else str(found["rule"]))


def who(message):
    if message["public"] == "False":
        return "note"
    if message["from_agent"] == "False":
        return "customer"
    return "rule" if message["rule_id"] else "team"


def test_filters_leave_out_tickets_of_every_kind(shop):
    options = ("-a", "object=ticket_metrics", "-a", "channel=email")
    shop.run("export", "job", "-O", "metrics.jsonl", *options)
    text = (shop.path / "metrics.jsonl").read_text("utf-8")
    found = {json.loads(line)["ticket_id"] for line in text.splitlines()}
    shop.run("export", "job", "-O", "tickets.csv", "-a", "object=tickets")
    emails = {
        int(r["id"]) for r in rows(shop, "tickets.csv") if r["channel"] == "email"
    }
    assert found == emails != set()


def test_a_folder_has_a_file_of_metrics(shop):
    ended = shop.run("export", "job", "-O", "backup/:csv")
    assert ended.status == 0, ended.log
    found = rows(shop, "backup/ticket_metrics.csv")
    assert len(found) == shop.world.totals()["tickets"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("-a", "object=metrics"),
            "there are messages, tickets, ticket_metrics, deleted",
        ),
        (("-a", "object=tickets", "-a", "notes=true"), "notes says which messages"),
        (
            ("-a", "object=tickets", "-a", "since=30d", "-a", "by=message"),
            "by says which messages",
        ),
        (("-a", "object=deleted", "-a", "tag=vip"), "tag says which tickets"),
        (("-a", "object=tickets", "-a", "tag=vpi"), "no archived ticket has this tag"),
        (("-a", "object=deleted", "-a", "changed_since=9"), "there was no such run"),
    ],
)
def test_what_would_be_ignored_is_refused(shop, options, said):
    ended = shop.run("export", "job", "-O", "x.csv", *options)
    assert ended.status == 1
    assert said in ended.log
    assert not (shop.path / "x.csv").exists()
