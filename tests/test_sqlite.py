"""An SQLite file holds every kind, can be searched, and is whole or not there."""

import json
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from gorgias_crawler.feeds.recorded import FeedFile
from gorgias_crawler.feeds.sqlite import SqliteItemExporter
from gorgias_crawler.items import Deleted, Message, Ticket, types
from tests.feed_crawl import NASTY
from tests.test_feeds import crawl, parts, troubles

TICKET: dict[str, Any] = {
    "id": 7,
    "subject": "Refund",
    "tag_ids": [31, 32],
    "tags": ["vip", "late"],
    "custom_fields": {"880": "Delivery"},
    "created_datetime": "2025-03-01T09:00:00.120000+01:00",
    "spam": False,
}
MESSAGES: list[dict[str, Any]] = [
    {"ticket_id": 7, "message_id": 9, "subject": "Refund", "body": "Crème brûlée"},
    {"ticket_id": 7, "message_id": 2**40, "body": NASTY, "spam": True},
    {"ticket_id": 2**63, "message_id": 8, "created_datetime": "never"},
]
WITHOUT_A_NAME = {"id": 8, "tag_ids": [31, 32], "tags": ["late"]}
ITEMS = [
    *[["messages", row] for row in MESSAGES],
    *[["tickets", row] for row in (TICKET, WITHOUT_A_NAME)],
]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    work = tmp_path_factory.mktemp("sqlite") / "work"
    work.mkdir()
    (work / "old.sqlite").write_bytes(b"old")
    replaced = {"old.sqlite": {"overwrite": True}}
    one = {"one.sqlite": {"item_classes": ["gorgias_crawler.items.Ticket"]}}
    results = crawl(
        work,
        {"feeds": {"x.sqlite": {}, **one}, "items": ITEMS},
        {"feeds": {"empty.sqlite": {}}, "items": []},
        {"feeds": replaced, "items": [*ITEMS, ITEMS[0]]},  # its key is there already
        {"feeds": {"stdout:": {"format": "sqlite"}}, "items": ITEMS},
        {"feeds": {"/dev/stdout": {"format": "sqlite"}}, "items": ITEMS},
        {"feeds": {"y.sqlite.gz": {"format": "sqlite"}}, "items": ITEMS},
        {"feeds": {"y.sqlite": {}}, "items": ITEMS, "fields": ["subject"]},
        {"feeds": {"fake://bucket/object": {"format": "sqlite"}}, "items": ITEMS},
        {"feeds": {"again.sqlite": {}}, "items": ITEMS},
    )
    return work, results


def ask(crawled, question, *values, name="x.sqlite"):
    with closing(sqlite3.connect(crawled[0] / name)) as db:
        return db.execute(question, values).fetchall()


def test_it_holds_each_kind_with_the_values_of_their_types(crawled):
    found = ask(crawled, "SELECT message_id, ticket_id, body, spam FROM messages")
    assert sorted(found) == [
        (8, None, None, None),
        (9, 7, "Crème brûlée", None),
        (2**40, 7, NASTY, 1),
    ]
    wanted = "id, tags, tag_ids, custom_fields, spam"
    (row,) = ask(crawled, f"SELECT {wanted} FROM tickets WHERE id = 7")
    assert row[0] == 7
    assert [json.loads(text) for text in row[1:4]] == [
        TICKET[name] for name in ("tags", "tag_ids", "custom_fields")
    ]
    assert row[4] == 0


def test_instants_are_in_utc_and_compare_with_sqlites_own(crawled):
    (found,) = ask(
        crawled,
        "SELECT created_datetime, created_datetime > '2025-03-01 08:00:00',"
        " created_datetime < datetime('2025-03-01 08:00:01'),"
        " datetime(created_datetime, '+1 day') FROM tickets WHERE id = 7",
    )
    assert found == ("2025-03-01 08:00:00.120000", 1, 1, "2025-03-02 08:00:00")


def test_what_does_not_fit_stands_in_other_values(crawled):
    ((others,),) = ask(
        crawled, "SELECT other_values FROM messages WHERE other_values IS NOT NULL"
    )
    wanted = {name: MESSAGES[2][name] for name in ("ticket_id", "created_datetime")}
    assert json.loads(others) == wanted
    (warning,) = troubles(crawled[1][0])
    assert "2 values" in warning


@pytest.mark.parametrize(
    ("words", "found"), [("brulee", [9]), ("subject:refund", [9]), ("nothing", [])]
)
def test_messages_are_searched_by_their_words(crawled, words, found):
    rows = ask(
        crawled,
        "SELECT message_id FROM messages_fts JOIN messages"
        " ON message_id = messages_fts.rowid WHERE messages_fts MATCH ?",
        words,
    )
    assert [row[0] for row in rows] == found


def test_keys_and_indexes_are_used(crawled):
    def plan(question):
        return ask(crawled, f"EXPLAIN QUERY PLAN {question}")[0][3]

    by_key = plan("SELECT * FROM messages WHERE message_id = 9")
    assert "INTEGER PRIMARY KEY" in by_key
    by_ticket = plan("SELECT * FROM messages WHERE ticket_id = 7")
    assert "messages_ticket_id" in by_ticket
    assert "tickets_customer_id" in plan("SELECT * FROM tickets WHERE customer_id = 1")


def test_views_name_what_lists_and_objects_hold(crawled):
    assert ask(crawled, "SELECT * FROM ticket_tags") == [
        (7, 31, "vip"),
        (7, 32, "late"),
        (8, 31, None),
        (8, 32, None),
    ]
    fields = ask(crawled, "SELECT * FROM ticket_custom_fields")
    assert fields == [(7, 880, None, "Delivery")]


def test_it_says_what_it_is_and_what_each_column_means(crawled):
    assert ask(crawled, "SELECT * FROM about") == [("account", "acme")]
    found = ask(crawled, "SELECT kind, name, type FROM about_columns ORDER BY rowid")
    assert found == [
        (kind, name, type_)
        for kind, row in (("messages", Message), ("tickets", Ticket))
        for name, type_ in [
            *((name, type_.value) for name, type_ in types(row).items()),
            ("other_values", "JSON"),
        ]
    ]


def test_it_is_sound_and_alone(crawled):
    assert ask(crawled, "PRAGMA integrity_check") == [("ok",)]
    assert ask(crawled, "PRAGMA journal_mode") == [("delete",)]
    names = sorted(path.name for path in crawled[0].iterdir())
    assert names == sorted(
        [
            "again.sqlite",
            "empty.sqlite",
            "object",
            "old.sqlite",
            "one.sqlite",
            "x.sqlite",
        ]
    )


def test_the_record_is_that_of_the_file(crawled):
    work, (result, *_) = crawled
    record = result.stored[0]
    data = (work / "x.sqlite").read_bytes()
    assert (record["rows"], record["bytes"]) == (5, len(data))
    assert data == (work / "again.sqlite").read_bytes()  # the same rows, the same bytes


def test_an_empty_job_has_its_tables(crawled):
    for kind in ("messages", "tickets"):
        question = f"SELECT count(*) FROM {kind}"
        assert ask(crawled, question, name="empty.sqlite") == [(0,)]


def test_kinds_can_be_chosen(crawled):
    names = ask(
        crawled,
        "SELECT name FROM sqlite_master WHERE type = 'table'",
        name="one.sqlite",
    )
    assert sorted(names) == [("about",), ("about_columns",), ("tickets",)]


def test_an_error_of_sqlite_is_one_line_and_leaves_what_was_there(crawled):
    work, results = crawled
    (sentence,) = results[2].failed
    assert "UNIQUE constraint failed: messages.message_id" in sentence
    assert troubles(results[2]) == [f"ERROR {sentence}"]
    assert (work / "old.sqlite").read_bytes() == b"old"
    assert parts(work) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (3, "name a file, for example -O acme.sqlite"),
        (4, "name a file, for example -O acme.sqlite"),
        (5, "leave .gz out"),
        (6, "holds every kind with all its columns"),
    ],
)
def test_what_sqlite_cannot_be_is_refused(crawled, number, said):
    result = crawled[1][number]
    assert said in result.error
    assert "Spider opened" not in result.log


def test_it_is_uploaded_like_any_other_file(crawled):
    _, results = crawled
    assert results[7].stored[0]["uri"] == "fake://bucket/object"
    assert ask(crawled, "SELECT count(*) FROM messages", name="object") == [(3,)]


def test_the_same_id_may_be_deleted_of_two_kinds(tmp_path):
    path = tmp_path / "x.sqlite"
    with path.open("wb") as file:
        exporter = SqliteItemExporter(
            FeedFile(file),
            spider=SimpleNamespace(described=dict),
            rows={"deleted": Deleted},
        )
        for kind in ("users", "customers"):
            exporter.export_item(Deleted(kind, 7, 1, None))
        exporter.finish_exporting()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM deleted").fetchall() == [(2,)]
