"""The key is on the wire and nowhere else."""

import contextlib
import itertools
import json
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.config import read_account
from gorgias_crawler.sandbox import ACCESS_TOKEN, API_KEY, API_USER, Answer
from tests.crawling import SCRAPY, linux_only, wait
from tests.hostile import BASIC, HIT, ONCE, SECRETS, configure


def left_behind(shop, ended):
    """Yield the name and the bytes of everything that a run leaves."""
    yield "log", ended.log.encode()
    for path in shop.path.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
        if path.name == "archive.sqlite":
            yield from archived(path)


def archived(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'"):
            for row in db.execute(f"SELECT * FROM {table}"):
                for value in row:
                    is_packed = isinstance(value, bytes)
                    text = (
                        unpacked(value) if value and is_packed else str(value).encode()
                    )
                    yield table, text


def assert_no_secret(shop, ended):
    searched = 0
    for name, data in left_behind(shop, ended):
        searched += 1
        for secret in SECRETS:
            for form in (secret, secret[:-2], secret.encode().hex()):
                assert form.encode() not in data, f"{secret} in {name}"
    return searched


CREDENTIALS = {
    "key": {},
    "auth string": {"GORGIAS_AUTH_STRING": BASIC},
    "token": {
        "GORGIAS_API_USER": "",
        "GORGIAS_API_KEY": "",
        "GORGIAS_ACCESS_TOKEN": ACCESS_TOKEN,
    },
}
# Whatever anybody may print of a request, an answer or a failure.
DUMPS = """
from scrapy import signals
from pathlib import Path
def dump(request, *things):
    with open("dumps.txt", "a") as file:
        for thing in (request, *things):
            parts = ("url", "headers", "body", "meta", "cb_kwargs", "flags", "cookies")
            print(repr(thing), [getattr(thing, n, None) for n in parts], file=file)
class Dumping:
    def __init__(self, crawler):
        self.crawler = crawler
        on = crawler.signals.connect
        on(self.response_received, signals.response_received)
        on(self.closed, signals.spider_closed)
    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)
    def response_received(self, response, request):
        dump(request, response)
    def closed(self, spider):
        Path("spider.txt").write_text(
            f"{spider!r} {vars(spider)!r} {self.crawler.stats.get_stats()} "
            f"{self.crawler.settings.copy_to_dict()!r}")
class Outermost:
    def process_request(self, request):
        dump(request)
    def process_response(self, request, response):
        dump(request, response)
        return response
    def process_exception(self, request, exception):
        dump(request)
EXTENSIONS = {**EXTENSIONS, Dumping: 1}
DOWNLOADER_MIDDLEWARES = {**DOWNLOADER_MIDDLEWARES, Outermost: 944}
STATS_DUMP = True
LOG_LEVEL = "DEBUG"
"""


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_the_key_is_in_nothing_that_a_run_leaves(open_shop, kind):
    shop = open_shop(tickets=20, forks=False)
    shop.environ |= CREDENTIALS[kind]
    configure(shop, DUMPS)
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert (shop.path / "dumps.txt").exists()
    assert assert_no_secret(shop, ended) > 100


FAILURES = {
    "a callback that raises": (
        "from gorgias_crawler.fetch.answers import Answers\nAnswers.store = broken\n"
    ),
    "an errback that raises": (
        "from gorgias_crawler.fetch.answers import Answers\nAnswers.fail = broken\n"
    ),
    "a pipeline that raises": (
        "class Broken:\n"
        "    def process_item(self, item): broken(item)\n"
        "ITEM_PIPELINES = {**ITEM_PIPELINES, Broken: 200}\n"
    ),
    "a middleware that raises": (
        "class Broken:\n"
        "    def process_response(self, request, response):\n"
        "        broken(request.headers, request.meta)\n"
        "DOWNLOADER_MIDDLEWARES = {**DOWNLOADER_MIDDLEWARES, Broken: 944}\n"
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_key_is_in_no_trace_of_a_failure(open_shop, failure):
    shop = open_shop(tickets=15)
    if failure == "an errback that raises":
        shop.sandbox.on_request = lambda call: (
            Answer(500, b"") if call.path == "/api/messages" else None
        )
    configure(shop, DUMPS + HIT + FAILURES[failure])
    ended = shop.crawl("-a", "fetch=per-ticket", *ONCE)
    assert ended.status == 3, ended.log
    assert (shop.path / "hit").exists()
    assert_no_secret(shop, ended)


def test_the_key_is_in_no_trace_of_failed_calls(open_shop):
    shop = open_shop(tickets=15)
    kinds = itertools.cycle(("500", "reset", "cut", "half", "html", None))
    shop.sandbox.fault_kinds = ("500", "reset", "cut", "half", "html")

    def spoil(call):
        shop.sandbox.faults = float(call.path == "/api/messages" and bool(next(kinds)))

    shop.sandbox.on_request = spoil
    configure(shop, DUMPS)
    ended = shop.crawl("-a", "fetch=per-ticket", *ONCE)
    assert ended.status == 3, ended.log
    assert shop.manifest()["failed"]
    assert_no_secret(shop, ended)


@pytest.mark.parametrize("status", [401, 302])
def test_a_refused_key_is_not_shown(open_shop, status):
    answer = Answer(status, b"{}", {"Location": "/login"})
    shop = open_shop(tickets=3, on_request=lambda call: answer)
    configure(shop, DUMPS)
    ended = shop.crawl(*ONCE)
    assert ended.status == 1
    assert (shop.path / "dumps.txt").exists()
    assert_no_secret(shop, ended)


@pytest.mark.parametrize(
    ("kind", "secrets"),
    [
        ("key", [API_KEY, BASIC]),
        ("auth string", [API_KEY, BASIC]),
        ("token", [ACCESS_TOKEN]),
    ],
)
def test_a_text_that_repeats_a_credential_is_known_in_any_case(kind, secrets):
    account = read_account(
        {
            "GORGIAS_SUBDOMAIN": "acme",
            "GORGIAS_API_USER": API_USER,
            "GORGIAS_API_KEY": API_KEY,
            **CREDENTIALS[kind],
        }
    )
    for secret in secrets:
        assert account.is_told_by(f"at {secret.upper()}=")
        assert not account.is_told_by(f"at {secret[:-4]}")


@pytest.mark.parametrize("place", ["domain", "cursor"])
def test_a_key_that_the_server_repeats_is_not_stored(open_shop, place):
    shop = open_shop(tickets=150)

    def repeat(call):
        secret = [API_KEY, BASIC][call.number % 2]
        page = json.loads(shop.sandbox.answer(call).body)
        if place == "domain" and call.path == "/api/account":
            page["domain"] = f"acme-{secret}"
        elif place == "cursor" and call.path == "/api/tickets":
            page["meta"]["next_cursor"] = f"at {secret.upper()}"
        headers = {"Content-Type": f"text/{secret}", "X-Request-Id": secret}
        return Answer(200, json.dumps(page).encode(), headers)

    shop.sandbox.on_request = repeat
    ended = shop.crawl(*ONCE, "-L", "DEBUG")
    assert ended.status == 3, ended.log
    assert "an answer that repeats the key" in ended.log
    assert "request id ***" in ended.log
    assert_no_secret(shop, ended)


@pytest.mark.parametrize("place", ["domain", "cursor"])
def test_what_cannot_be_printed_is_no_domain_and_no_cursor(open_shop, place):
    shop, text = open_shop(tickets=150), "a\x1b[31mb"

    def mislead(call):
        page = json.loads(shop.sandbox.answer(call).body)
        if place == "domain" and call.path == "/api/account":
            page["domain"] = text
        elif place == "cursor" and call.path == "/api/tickets":
            page["meta"]["next_cursor"] = text
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = mislead
    ended = shop.crawl(*ONCE, "-L", "DEBUG")
    assert ended.status == 3, ended.log
    name = f"{'next_' * (place == 'cursor')}{place}"
    assert f"{name} has unprintable characters" in ended.log
    assert "Traceback" not in ended.log
    assert "\x1b" not in ended.log


def test_headers_are_logged_in_one_short_line_without_escape_sequences(open_shop):
    headers = {"X-Request-Id": f"a\x1b[31m{'b' * 500}", "Content-Type": "\x9b1mtext"}
    shop = open_shop(tickets=3, on_request=lambda call: Answer(500, b"", headers))
    ended = shop.crawl(*ONCE, "-L", "DEBUG")
    assert f"bytes of ?1mtext, request id a?[31m{'b' * 94}...)" in ended.log
    assert "\x1b" not in ended.log
    assert "\x9b" not in ended.log


def test_the_key_is_on_the_wire(open_shop):
    shop = open_shop(tickets=1)
    shop.crawl()
    sent = {call.headers["Authorization"] for call in shop.sandbox.calls}
    assert sent == {f"Basic {BASIC}"}


@linux_only("the process list is read in /proc")
def test_the_process_list_and_the_settings_hold_no_key(open_shop):
    shop = open_shop(tickets=30, latency_s=0.2, forks=False)
    process = shop.start()
    while not shop.sandbox.calls:
        time.sleep(0.02)
    command_line = Path(f"/proc/{process.pid}/cmdline").read_text()
    process.terminate()
    wait(process)
    code = (
        "from scrapy.utils.project import get_project_settings as get\n"
        "print(get().copy_to_dict(), get())"
    )
    settings = subprocess.run(
        [SCRAPY[0], "-c", code],
        cwd=shop.path,
        env=shop.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    got = shop.run("settings", "--get", "GORGIAS_API_KEY")
    assert "crawl" in command_line
    assert "GORGIAS_BUDGET_SHARE" in settings
    assert "GORGIAS_API_KEY" in got.log  # refused: it is no setting
    for secret in SECRETS:
        assert secret not in command_line + settings + got.log
