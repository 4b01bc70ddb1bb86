"""The export end to end: a real crawl of the sandbox, as a new user runs it."""

import json
import os
import stat
from dataclasses import replace

import pytest
from scrapy.settings import Settings

from gorgias_crawler import __version__, settings
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.items import COLUMNS, DEFAULT_COLUMNS
from gorgias_crawler.refusals import check_settings
from gorgias_crawler.sandbox import API_KEY, Answer
from tests.expected import fewest_calls

WAYS = ["per-ticket", "bulk", "auto"]


@pytest.mark.parametrize("fetch", WAYS)
def test_the_file_holds_every_message_in_order(open_shop, fetch):
    shop = open_shop(forks=False)
    ended = shop.crawl("-a", f"fetch={fetch}")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    header = ",".join(DEFAULT_COLUMNS) + "\r\n"
    assert shop.file.read_bytes().startswith(header.encode())


def test_per_ticket_makes_the_least_possible_calls(open_shop):
    shop = open_shop(tickets=250)
    assert shop.crawl("-a", "fetch=per-ticket").status == 0
    assert len(shop.sandbox.calls) == fewest_calls(shop.world)["per-ticket"]


def test_bulk_makes_at_most_two_calls_more_than_the_least(open_shop):
    shop = open_shop(tickets=250)
    assert shop.crawl("-a", "fetch=bulk").status == 0
    assert shop.rows() == shop.expected()
    assert len(shop.sandbox.calls) <= fewest_calls(shop.world)["bulk"] + 2


def test_the_first_call_asks_for_the_account_and_the_second_lists(open_shop):
    shop = open_shop(tickets=3)
    shop.crawl()
    first, second = shop.sandbox.calls[:2]
    assert first.path == "/api/account"
    assert second.path == "/api/tickets"
    assert second.query == {
        "limit": ["100"],
        "order_by": ["created_datetime:asc"],
        "trashed": ["true"],
    }


def test_an_empty_account_gives_a_file_with_its_header(open_shop):
    shop = open_shop(tickets=0)
    assert shop.crawl().status == 0
    assert shop.file.read_bytes() == (",".join(DEFAULT_COLUMNS) + "\r\n").encode()


def test_tickets_are_asked_for_in_their_order(open_shop):
    shop = open_shop(tickets=60)
    shop.crawl("-a", "fetch=per-ticket", "-s", "CONCURRENT_REQUESTS=1")
    assert "of 60 tickets" in shop.crawl().log
    tickets = [
        int(call.query["ticket_id"][0])
        for call in shop.sandbox.calls
        if "ticket_id" in call.query and "cursor" not in call.query
    ]
    assert len(tickets) > 50
    assert tickets == sorted(tickets)


def test_a_run_leaves_manifest_modes_and_closing_lines(open_shop):
    shop = open_shop()
    ended = shop.crawl()
    manifest = shop.manifest()
    rows = len(shop.expected())
    assert manifest["exit_status"] == 0
    assert manifest["account"] == "sandbox-50-tickets-seed-1"
    assert manifest["tickets"]["listed"] == 50
    assert manifest["messages"]["exported"] == rows
    assert manifest["calls"]["made"] == len(shop.sandbox.calls)
    assert manifest["calls"]["outages"] == 0
    assert manifest["feeds"][0]["rows"] == rows
    assert manifest["feeds"][0]["bytes"] == shop.file.stat().st_size
    assert "Complete: every listed ticket" in ended.last_lines
    assert f"{rows:,} rows" in ended.last_lines
    assert stat.S_IMODE(shop.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.jobdir.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(f.stat().st_mode) for f in shop.jobdir.iterdir()}
    assert modes == {0o600}


def test_the_job_directory_holds_nothing_of_scrapys_own(open_shop):
    shop = open_shop(tickets=3)
    shop.crawl()
    names = {entry.name for entry in shop.jobdir.iterdir()}
    assert names <= {"archive.sqlite", "lock", "run.json"}


def test_without_jobdir_the_job_is_named_after_the_account(open_shop):
    shop = open_shop(tickets=3)
    assert shop.crawl("-s", "JOBDIR=").status == 0
    assert (shop.path / "crawls" / "127.0.0.1" / "archive.sqlite").exists()


def test_any_column_is_there_without_a_new_crawl(open_shop):
    shop = open_shop(tickets=10)
    shop.crawl()
    calls = len(shop.sandbox.calls)
    wanted = ",".join(COLUMNS)
    ended = shop.crawl("-s", f"FEED_EXPORT_FIELDS={wanted}", "-O", "all.csv")
    assert ended.status == 0, ended.log
    rows = shop.rows("all.csv")
    assert list(rows[0]) == COLUMNS
    assert len(rows) == len(shop.expected())
    assert len(shop.sandbox.calls) - calls <= 4


def test_the_server_sees_our_name_no_cookie_no_referer_and_any_cursor(open_shop):
    shop = open_shop(tickets=150)
    padding = "x" * 3_000  # Scrapy drops URLs over 2,083 characters by default

    def pad(call):
        cursors = [
            cursor.removeprefix(padding) for cursor in call.query.get("cursor", [])
        ]
        query = call.query | ({"cursor": cursors} if cursors else {})
        good = shop.sandbox.answer(replace(call, query=query))
        page = json.loads(good.body)
        if page.get("meta", {}).get("next_cursor"):
            page["meta"]["next_cursor"] = padding + page["meta"]["next_cursor"]
        cookie = {"Set-Cookie": f"session={call.number}; Path=/"}
        return Answer(good.status, json.dumps(page).encode(), headers=cookie)

    shop.sandbox.on_request = pad
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert any("cursor" in call.query for call in shop.sandbox.calls)
    for call in shop.sandbox.calls:
        assert call.client == f"gorgias_crawler/{__version__} (Scrapy)"
        assert call.headers["Accept"] == "application/json"
        assert not {"Cookie", "Referer"} & set(call.headers)


def test_a_wrong_key_ends_the_run_with_one_sentence(open_shop):
    shop = open_shop(tickets=3)
    shop.environ["GORGIAS_API_KEY"] = "wr0ng-key"
    ended = shop.crawl("-L", "ERROR")
    assert ended.status == 1
    (line,) = ended.log.splitlines()
    assert "Cannot start: " in line
    assert "refuses the credentials (401" in line
    assert "GORGIAS_API_KEY" in line
    assert "wr0ng-key" not in line
    assert not shop.file.exists()


def test_a_wrong_subdomain_is_told_from_a_wrong_key(open_shop):
    html = Answer(404, b"<html>Not Found</html>", content_type="text/html")
    shop = open_shop(tickets=3, on_request=lambda call: html)
    ended = shop.crawl()
    assert ended.status == 1
    assert "There is no Gorgias account at" in ended.log
    assert "GORGIAS_SUBDOMAIN" in ended.log
    assert "Traceback" not in ended.log


def test_a_key_that_may_only_read_tickets_is_enough(open_shop):
    forbidden = Answer(403, b'{"error": {"msg": "Forbidden"}}')
    shop = open_shop(
        tickets=5,
        on_request=lambda call: forbidden if call.path == "/api/account" else None,
    )
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


def test_a_key_that_may_not_list_tickets_is_told_so(open_shop):
    forbidden = Answer(403, b'{"error": {"msg": "Forbidden"}}')
    shop = open_shop(
        tickets=5,
        on_request=lambda call: forbidden if call.path == "/api/tickets" else None,
    )
    ended = shop.crawl()
    assert ended.status == 1
    assert "may not list tickets" in ended.log


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"GORGIAS_API_KEY": ""}, "GORGIAS_API_KEY"),
        ({"GORGIAS_API_URL": "", "GORGIAS_SUBDOMAIN": "a/b"}, "GORGIAS_SUBDOMAIN"),
    ],
)
def test_a_wrong_environment_is_one_line_and_touches_nothing(open_shop, environ, words):
    shop = open_shop(tickets=3)
    shop.environ = environ
    before = sorted(os.listdir(shop.path))
    ended = shop.crawl()
    assert ended.status == 1
    assert len(ended.log.strip().splitlines()) == 1
    assert words in ended.log
    assert sorted(os.listdir(shop.path)) == before
    assert len(shop.sandbox.calls) == 0


def test_the_env_file_of_the_working_directory_is_read(open_shop):
    shop = open_shop(tickets=3, forks=False)
    (shop.path / ".env").write_text(
        f"GORGIAS_API_URL={shop.sandbox.url}\nGORGIAS_ACCESS_TOKEN=sandbox-token\n"
    )
    shop.sandbox, sandbox = None, shop.sandbox
    shop.environ = {"GORGIAS_API_USER": "", "GORGIAS_API_KEY": ""}
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert len(sandbox.calls) > 0


def test_an_env_file_of_another_directory_is_not_read(open_shop):
    shop = open_shop(tickets=3)
    (shop.path / ".env").write_text("GORGIAS_ACCESS_TOKEN=of-another-project\n")
    below = shop.path / "below"
    below.mkdir()
    shop.environ = {"GORGIAS_API_USER": "", "GORGIAS_API_KEY": ""}
    shop.path = below
    ended = shop.crawl()
    assert ended.status == 1
    assert "GORGIAS_API_KEY are not set" in ended.log
    assert shop.sandbox.calls == []


@pytest.mark.parametrize("command", ["crawl", "export"])
def test_an_env_file_that_is_no_text_is_one_line(open_shop, command):
    shop = open_shop(tickets=3)
    (shop.path / ".env").write_text("GORGIAS_API_USER=a", "utf-16")
    options = ["job", "-O", "x.csv"] if command == "export" else []
    ended = shop.run("export", *options) if options else shop.crawl()
    assert ended.status == 1
    assert ended.log.startswith("gorgias_crawler: .env is not UTF-8 text")
    assert len(ended.log.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-a", "fetch=fast"], "-a fetch=fast"),
        (["-s", "GORGIAS_BUDGET_SHARE=80"], "GORGIAS_BUDGET_SHARE=80: give a share"),
        (["-s", "LOG_FILE=scrapy.cfg/log"], "LOG_FILE=scrapy.cfg/log: it cannot be"),
    ],
)
def test_a_wrong_start_is_one_line_and_leaves_nothing(open_shop, options, words):
    shop = open_shop(tickets=3)
    ended = shop.crawl(*options)
    assert ended.status == 1
    assert words in ended.log
    assert len(ended.log.strip().splitlines()) == 1
    assert os.listdir(shop.path) == ["scrapy.cfg"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GORGIAS_BODY_AS_TEXT", "ja", "give True or False"),
        ("GORGIAS_SPREADSHEET_SAFE", "ja", "give True or False"),
        ("GORGIAS_BODY_FIELDS", "boddy", "name one or more"),
        ("GORGIAS_MAX_OUTAGE", "soon", "give a number of seconds"),
        ("RETRY_TIMES", "abc", "give a whole number, 0 or more"),
        ("CONCURRENT_REQUESTS", "0", "give a whole number, 1 or more"),
        ("CONCURRENT_REQUESTS", "1.5", "give a whole number, 1 or more"),
        ("AUTOTHROTTLE_ENABLED", "maybe", "give True or False"),
        ("DOWNLOAD_DELAY", "x", "give a number"),
        ("LOG_LEVEL", "LOUD", "give DEBUG, INFO"),
        ("FEEDS", {"a.csv": "csv"}, "give an object"),
        ("HTTPCACHE_ENABLED", "True", "leave it out"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named_with_an_example(name, value, words):
    given = Settings()
    given.setmodule(settings)
    check_settings(given)
    given.set(name, value)
    with pytest.raises(ConfigurationError, match=words) as caught:
        check_settings(given)
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOWNLOAD_DELAY", "0.5"),
        ("TELNETCONSOLE_ENABLED", "0"),
        ("LOG_LEVEL", 10),
        ("FEED_EXPORT_INDENT", None),
        ("FEEDS", '{"a.csv": {"format": "csv"}}'),
    ],
)
def test_what_scrapy_takes_is_taken(name, value):
    given = Settings()
    given.setmodule(settings)
    given.set(name, value)
    check_settings(given)


def test_a_spider_that_is_not_there_is_told(open_shop):
    ended = open_shop(tickets=1).run("--nolog", "crawl", "nope")
    assert ended.status == 2
    assert "There is no spider 'nope'" in ended.log
    assert "Traceback" not in ended.log


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["-s", "FEED_EXPORT_FIELDS=ticket_id,boddy"], 1, "boddy"),
        (["-O", "x.docx"], 2, "docx"),
        (["-s", "FEED_EXPORT_ENCODING=nope"], 1, "FEED_EXPORT_ENCODING=nope"),
        (["-O", "job/archive.sqlite:csv"], 1, "would replace a file of the job itself"),
        (["-O", "job/new/../Run.json"], 1, "would replace a file of the job itself"),
        (["-O", "s3://bucket/x.csv"], 1, "Unable to locate credentials"),
    ],
)
def test_a_wrong_option_is_named_before_the_first_request(
    open_shop, options, status, words
):
    shop = open_shop(tickets=3)
    ended = shop.crawl(*options)
    assert ended.status == status, ended.log
    assert words in ended.log
    assert "Traceback" not in ended.log
    assert len(shop.sandbox.calls) == 0


def test_a_file_that_is_named_takes_the_place_of_the_default_one(open_shop):
    shop = open_shop(tickets=3)
    assert shop.crawl("-O", "one.csv", "-O", "two.jsonl").status == 0
    assert {path.name for path in shop.path.iterdir()} >= {"one.csv", "two.jsonl"}
    assert not shop.file.exists()


def test_an_estimate_says_calls_and_time_and_fetches_no_message(open_shop):
    shop = open_shop(tickets=150)
    ended = shop.crawl("-a", "estimate=true")
    assert ended.status == 0, ended.log
    assert "in bulk: " in ended.log
    assert "ticket by ticket: " in ended.log
    assert {call.path for call in shop.sandbox.calls} == {
        "/api/account",
        "/api/tickets",
    }
    assert not shop.file.exists()
    # It proves nothing, and says so.
    assert "Complete" not in ended.log
    assert "Estimate only: no message was fetched" in ended.log.splitlines()[-1]
    manifest = shop.manifest()
    assert manifest["estimate"]
    assert not manifest["reached_end"]
    status = shop.run("status", "job").log
    assert "Last run: estimate only, ended " in status


def test_no_item_or_key_is_in_a_log_at_any_level(open_shop):
    shop = open_shop(tickets=20)
    ended = shop.crawl("-L", "DEBUG")
    assert ended.status == 0
    assert API_KEY not in ended.log
    assert not any(
        row["sender"] in ended.log for row in shop.expected() if "@" in row["sender"]
    )
