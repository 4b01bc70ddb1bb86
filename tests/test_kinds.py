"""Kinds of objects from the sandbox to files, by real crawls."""

import json

import pytest

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.items import Deleted, Message, Ticket, types

ROWS = {"messages": Message, "tickets": Ticket, "deleted": Deleted} | {
    name: kind.row for name, kind in KINDS.items()
}


def read(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("name", ROWS)
def test_the_key_comes_first_and_no_row_lacks_a_column(name):
    first, *_ = types(ROWS[name])
    assert first == {"messages": "ticket_id", "deleted": "kind"}.get(name, "id")


@pytest.mark.parametrize("name", KINDS)
def test_a_kinds_parents_are_kinds_and_its_columns_exist(name):
    kind = KINDS[name]
    assert kind.needs
    assert kind.parents.keys() <= types(kind.row).keys()
    assert set(kind.parents.values()) <= ROWS.keys()


def test_all_kinds_go_into_a_folder_and_verify(open_shop):
    shop = open_shop(tickets=30)
    ended = shop.crawl("-a", "objects=all", "-O", "backup/:jsonl")
    assert ended.status == 0, ended.log
    for name, row in ROWS.items():
        rows = read(shop.path / "backup" / f"{name}.jsonl")
        assert rows or name == "deleted", name
        ids = [found["id"] for found in rows if name not in ("messages", "deleted")]
        assert ids == sorted(set(ids)), name
        for found in rows:
            assert list(found) == list(types(row)), name
    told = shop.manifest()["objects"]
    assert {name: kind["archived"] for name, kind in told.items()} == {
        name: len(read(shop.path / "backup" / f"{name}.jsonl")) for name in KINDS
    }
    assert shop.run("verify", "job").status == 0


def test_without_the_argument_nothing_else_is_asked_for(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl().status == 0
    assert shop.manifest()["objects"] == {}


def test_one_kind_is_exported_from_the_archive(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl("-a", "objects=tags").status == 0
    ended = shop.run("export", "job", "-O", "tags.csv", "-a", "object=tags")
    assert ended.status == 0, ended.log
    assert shop.rows("tags.csv")
    assert list(shop.rows("tags.csv")[0]) == list(types(KINDS["tags"].row))
    ended = shop.run("export", "job", "-O", "x.csv", "-a", "object=nonsense")
    assert ended.status == 1
    assert "nonsense" in ended.log
    ended = shop.crawl("-a", "objects=nonsense")
    assert ended.status == 1
    assert "nonsense" in ended.log
