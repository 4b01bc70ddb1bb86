"""Kinds of objects from the sandbox to files, by real crawls."""

import json
import random
import time
from collections import Counter

import pytest

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.api.secrets import REMOVED
from gorgias_crawler.items import Deleted, Message, Ticket, types
from gorgias_crawler.sandbox import Answer
from tests.changes import change
from tests.crawling import wait

FORBIDDEN = Answer(403, b'{"error": {"msg": "Not enough permissions."}}')

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
    asked = Counter(call.path for call in shop.sandbox.calls)
    assert asked["/api/account"] == 1  # the first call is the kind's, too
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


def folder_of(path):
    return {
        file.stem: [r for r in read(file) if isinstance(r, dict)]
        for file in path.glob("*.jsonl")
    }


def test_after_a_night_of_changes_every_kind_equals_a_fresh_export(open_shop):
    shop = open_shop(tickets=60)
    assert shop.crawl("-a", "objects=all", "-O", "night/:jsonl").status == 0
    change(
        shop.world,
        new_tickets=2,
        replies=3,
        closings=2,
        deleted_tickets=3,
        merges=1,
        new_customers=2,
        changed_customers=3,
        customer_merges=1,
        deleted_customers=1,
        survey_scores=1,
        tag_renames=1,
        deleted_tags=1,
        edited_macros=1,
        deactivated_users=1,
        new_events=3,
    )
    ended = shop.crawl("-a", "objects=all", "-O", "night/:jsonl")
    assert ended.status == 0, ended.log
    fresh = shop.crawl(
        "-a", "objects=all", "-O", "fresh/:jsonl", "-s", "JOBDIR=another"
    )
    assert fresh.status == 0, fresh.log
    night, anew = folder_of(shop.path / "night"), folder_of(shop.path / "fresh")
    assert night.pop("deleted")
    assert anew.pop("deleted") == []
    for name, rows in anew.items():
        assert night[name] == rows, name


def test_users_and_events_that_are_not_listed_any_more_stay_and_are_marked(open_shop):
    shop = open_shop(tickets=60)
    asked = ("-a", "objects=users,events", "-O", "night/:jsonl")
    assert shop.crawl(*asked).status == 0
    before = folder_of(shop.path / "night")
    assert all(row["is_listed"] for name in ("users", "events") for row in before[name])
    change(shop.world, removed_users=1, days_of_events_lost=3)
    ended = shop.crawl(*asked)
    assert ended.status == 0, ended.log
    after = folder_of(shop.path / "night")
    for name in ("users", "events"):
        there = {row["id"] for row in shop.world.objects(name)}
        found = {row["id"]: row["is_listed"] for row in after[name]}
        assert found.keys() >= {row["id"] for row in before[name]}
        assert {id_ for id_, is_listed in found.items() if is_listed} == there
        assert not all(found.values())


@pytest.mark.parametrize(
    ("asked", "status"), [("objects=all", 0), ("objects=tags,customers", 3)]
)
def test_what_may_not_be_read_matters_only_where_it_was_named(open_shop, asked, status):
    shop = open_shop(tickets=10)
    shop.sandbox.on_request = lambda call: (
        FORBIDDEN if call.path.endswith("/customers") else None
    )
    ended = shop.crawl("-a", asked)
    assert ended.status == status
    assert "customers are left out" in ended.log
    assert "customers:read" in ended.log
    told = shop.manifest()["objects"]
    assert told["customers"]["not_permitted"].startswith("403")
    assert told["tags"]["archived"] > 0
    assert shop.rows() == shop.expected()
    if status:
        assert "customers may not be read" in ended.last_lines
    said = shop.run("status", "job").log
    assert "customers: not permitted (403" in said
    assert f"tags: {told['tags']['archived']} listed" in said


def test_secrets_of_integrations_are_not_in_the_archive(open_shop):
    shop = open_shop(tickets=5)
    integrations = shop.world.objects("integrations")
    https = [entry["http"] for entry in integrations if entry["http"]]
    secrets = {
        str(value) for http in https for value in (http["headers"] or {}).values()
    }
    assert secrets
    assert shop.crawl("-a", "objects=all", "-O", "all/:jsonl").status == 0
    text = (shop.path / "all" / "integrations.jsonl").read_text("utf-8")
    for http in https:
        assert http["url"] not in text
    rows = read(shop.path / "all" / "integrations.jsonl")
    found = [row["http"] for row in rows if row["http"]]
    assert len(found) == len(https)
    for http in found:
        assert set((http["headers"] or {}).values()) <= {REMOVED}


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(3))
def test_kills_at_random_moments_lose_and_double_no_object(open_shop, seed):
    shop = open_shop(tickets=60, latency_s=0.01)
    asked = ("-a", "objects=all", "-O", "killed/:jsonl")
    draw = random.Random(seed)
    for night in range(2):
        for _ in range(3):
            process = shop.start(*asked)
            imports_s = 0.0 if shop.forks else 0.7
            time.sleep(imports_s + draw.uniform(0.1, 0.9))
            process.kill()
            wait(process)
        if night == 0:
            change(
                shop.world,
                seed,
                replies=5,
                deleted_tickets=2,
                merges=1,
                changed_customers=5,
                customer_merges=1,
                deleted_customers=1,
                tag_renames=2,
                deleted_tags=1,
                new_events=5,
            )
    ended = shop.crawl(*asked)
    assert ended.status == 0, ended.log
    fresh = ("-a", "objects=all", "-O", "fresh/:jsonl", "-s", "JOBDIR=another")
    assert shop.crawl(*fresh).status == 0
    killed, anew = folder_of(shop.path / "killed"), folder_of(shop.path / "fresh")
    for name in anew.keys() - {"deleted"}:
        assert killed[name] == anew[name], name


def test_verify_finds_what_was_changed_in_the_file_of_any_kind(open_shop):
    shop = open_shop(tickets=5)
    asked = ("-a", "objects=all", "-a", "object=tags", "-O", "tags.csv")
    assert shop.crawl(*asked, "-O", "all/:jsonl").status == 0
    assert shop.run("verify", "job").status == 0
    assert shop.run("verify", "job", "all/macros.jsonl").status == 0  # it alone
    for name in ("tags.csv", "all/macros.jsonl"):
        path = shop.path / name
        before = path.read_bytes()
        path.write_bytes(before.replace(b"name", b"Name", 1))
        ended = shop.run("verify", "job")
        assert ended.status == 3
        assert name.rpartition("/")[2] in ended.log
        path.write_bytes(before)


def test_an_estimate_says_what_the_kinds_cost_and_asks_for_none(open_shop):
    shop = open_shop(tickets=50)
    ended = shop.crawl("-a", "objects=all", "-a", "estimate=true")
    assert ended.status == 0, ended.log
    assert "Other objects take about" in ended.log
    assert {call.path for call in shop.sandbox.calls} == {
        "/api/account",
        "/api/tickets",
    }
