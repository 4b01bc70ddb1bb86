"""scrapy status, as a user meets it."""

import json
import re
import threading
import time
from datetime import datetime

import pytest

from gorgias_crawler.archive import Archive
from gorgias_crawler.sandbox import Answer
from tests.crawling import wait


def test_status_tells_how_far_a_finished_job_is(finished):
    ended = finished.run("status", "job")
    assert ended.status == 0
    assert "Account sandbox-50-tickets-seed-1: no crawl is at work" in ended.log
    assert "Phase: complete" in ended.log
    assert "Tickets: 50 listed, 50 complete" in ended.log
    rows = len(finished.expected())
    assert f"Messages: {rows:,} archived of {rows:,}" in ended.log
    assert f"{finished.file}: {rows:,} rows" in ended.log
    assert f"Current as of {finished.manifest()['started']}, when" in ended.log


def keys(value, name=""):
    """Yield the name of each value, as ``tickets.listed``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from keys(inner, f"{name}.{key}".strip("."))
    else:
        yield name


def test_status_prints_one_json_object_for_programs(finished):
    ended = finished.run("status", "job", "--json")
    assert ended.status == 0
    told = json.loads(ended.log)
    rows = len(finished.expected())
    assert told["account"] == "sandbox-50-tickets-seed-1"
    assert (told["is_running"], told["phase"]) == (False, "complete")
    assert (told["tickets"]["listed"], told["messages"]["archived"]) == (50, rows)
    assert told["failures"] == []
    manifest = finished.manifest()
    for run in (told["last_run"], told["last_complete_run"]):
        assert run["exit_status"] == 0
        assert run["started"] == manifest["started"]
        assert datetime.fromisoformat(run["ended"]).utcoffset() is not None


def test_every_key_of_the_json_object_is_on_the_page(finished, project):
    page = (project / "docs" / "deploy.md").read_text("utf-8")
    table = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    told = json.loads(finished.run("status", "job", "--json").log)
    assert [key for key in table if key in set(keys(told))] == list(keys(told))


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_status_ends_with_3_where_the_last_complete_run_is_too_old(open_shop, json_too):
    shop = open_shop(tickets=2)
    assert shop.crawl("-a", "estimate=true").status == 0
    assert shop.run("status", "job", "--max-age", "26h", *json_too).status == 3
    assert shop.crawl().status == 0
    assert shop.run("status", "job", "--max-age", "1m", *json_too).status == 0
    assert shop.run("status", "job", *json_too).status == 0


def test_an_age_is_answered_in_one_line(finished):
    ended = finished.run("status", "job", "--max-age", "90m")
    assert ended.status == 0
    (line,) = ended.log.splitlines()
    assert line.startswith(f"Current as of {finished.manifest()['started']}, ")


def test_an_age_that_is_none_is_refused_in_one_line(finished):
    ended = finished.run("status", "job", "--max-age=26")
    assert ended.status == 2
    (line,) = ended.log.splitlines()
    assert "--max-age 26: give minutes, hours or days" in line


def test_status_works_while_a_crawl_is_at_work_and_does_not_disturb_it(open_shop):
    told = threading.Event()
    shop = open_shop(forks=False)
    shop.sandbox.on_request = lambda call: (
        None if call.number < 6 else told.wait() and None
    )
    process = shop.start("-a", "fetch=per-ticket", "-s", "CONCURRENT_REQUESTS=2")
    while len(shop.sandbox.calls) < 6:
        time.sleep(0.02)
    ended = shop.run("status", "job")
    for_programs = json.loads(shop.run("status", "job", "--json").log)
    told.set()
    assert for_programs["is_running"]
    assert for_programs["phase"] == "messages_ticket_by_ticket"
    assert for_programs["seconds_left"] >= 0
    assert re.search(r"Phase: .*\. About \d+ s left for messages\.", ended.log)
    assert "a crawl is at work on it now" in ended.log
    assert "Phase: fetching messages ticket by ticket" in ended.log
    assert wait(process).status == 0
    assert shop.rows() == shop.expected()


def test_status_names_failures_with_their_reasons(open_shop):
    shop = open_shop(tickets=10)
    victim = shop.expected()[0]["ticket_id"]
    shop.sandbox.on_request = lambda call: (
        Answer(500, b"") if call.query.get("ticket_id") == [victim] else None
    )
    shop.crawl("-a", "fetch=per-ticket", "-s", "RETRY_TIMES=0")
    ended = shop.run("status", "job")
    assert f"{victim}  500 Internal Server Error" in ended.log
    assert "exit status 3" in ended.log
    told = json.loads(shop.run("status", "job", "--json").log)
    (failure,) = told["failures"]
    assert failure["ticket_id"] == int(victim)
    assert (told["last_run"]["exit_status"], told["last_complete_run"]) == (3, None)


@pytest.mark.parametrize("flipped", ['"started": "2026-11-26T99:00:00"', '"started'])
def test_what_a_damaged_manifest_tells_is_one_line(open_shop, flipped):
    shop = open_shop(tickets=0)
    shop.jobdir.mkdir()
    archive = Archive.open(shop.jobdir / "archive.sqlite")
    text = json.dumps({"exit_status": 0, "run": 1, "started": "x"})
    with archive.transaction() as db:
        damaged = text.replace('"started": "x"', flipped)
        db.execute("INSERT INTO run (manifest) VALUES (?)", (damaged,))
    archive.close()
    ended = shop.run("status", "job")
    assert ended.status != 0
    assert "is damaged" in ended.last_lines
    assert "Traceback" not in ended.log


OPTIONS = {
    "status": ["--json", "--max-age", "26h"],
    "verify": [],
    "export": ["-Ox.csv"],
}


@pytest.mark.parametrize("command", OPTIONS)
def test_what_is_no_job_directory_is_told_so(finished, command):
    options = OPTIONS[command]
    ended = finished.run(command, "nowhere", *options)
    assert ended.status == 1
    assert "nowhere is not a job directory" in ended.log
    assert "Traceback" not in ended.log
    assert not (finished.path / "nowhere").exists()
