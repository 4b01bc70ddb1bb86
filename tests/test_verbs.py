"""Scrapy's own commands beside a spider that keeps a job."""

import os
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from gorgias_crawler.commands import of_scrapy

VERBS = sorted(
    path.stem
    for path in Path(of_scrapy.__file__).parent.glob("*.py")
    if path.stem != "__init__"
)
URL = "http://127.0.0.1:1/api/tickets"

OF_ANOTHER = """
from scrapy import Spider
class Other(Spider):
    name = "other"
    def parse(self, response):
        '''@url {url}
        @returns items 1 1'''
        yield {{"status": response.status}}
"""
OF_OURS = """
from gorgias_crawler.spiders.gorgias import GorgiasSpider
class Mine(GorgiasSpider):
    name = "mine"
    allowed_domains = ["127.0.0.1"]
    def parse_account(self, response, page):
        '''@url http://127.0.0.1:1/
        @returns items 1 1'''
        yield from super().parse_account(response, page)
"""


def with_spiders(shop, **modules):
    """Make a project of the user's with spiders of its own."""
    package = shop.path / "own"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)
    (shop.path / "mine.py").write_text(
        "from gorgias_crawler.settings import *\nSPIDER_MODULES = ['own']\n"
    )
    shop.environ |= {"PYTHONPATH": str(shop.path), "SCRAPY_SETTINGS_MODULE": "mine"}
    return shop


def refused(shop, status, *command):
    """Run *command* and return the one line that refuses it, which left nothing."""
    before = sorted(os.listdir(shop.path))
    ended = shop.run(*command)
    assert ended.status == status, ended.log
    (line,) = ended.log.splitlines()
    assert sorted(set(os.listdir(shop.path)) - {"__pycache__"}) == before
    return line


HARMLESS = {"bench", "edit", "genspider", "startproject", "version"}
"""Scrapy's commands that are left as they are: they run no spider of ours."""


def test_every_command_of_scrapys_is_one_that_was_thought_of():
    commands = Path(default_settings.__file__).parents[1] / "commands"
    own = {"crawl", "runspider", "__init__", *HARMLESS}
    assert {path.stem for path in commands.glob("*.py")} - own == set(VERBS)


@pytest.mark.parametrize("verb", [*VERBS, "crawl", "runspider"])
def test_every_command_has_a_help_and_refuses_an_option_that_there_is_not(
    finished, verb
):
    assert finished.run(verb, "-h").status == 0
    ended = finished.run(verb, "--foo")
    assert ended.status == 2
    (line,) = ended.log.splitlines()
    assert "--foo: there is no such option" in line


REFUSED = [
    (["fetch", URL, "--spider", "gorgias"], "does not run the spider 'gorgias'"),
    (["view", URL, "--spider", "gorgias"], "does not run the spider 'gorgias'"),
    (["shell", URL, "--spider", "gorgias"], "does not run the spider 'gorgias'"),
    (["parse", URL, "--spider", "gorgias"], "does not run the spider 'gorgias'"),
    (["parse", URL], "No spider here takes pages of"),
    (["fetch", URL, "--spider", "nope"], "There is no spider 'nope' here"),
    (["check", "nope"], "There is no spider 'nope' here; there are: gorgias."),
    (["fetch", "example"], "example is no URL"),
    (["shell", "./page.html"], "./page.html is no URL"),
    (["list", "x"], "x is given"),
    (["settings"], "Name one setting"),
    (["runspider", "nope.py"], "nope.py is no Python file"),
]


@pytest.mark.parametrize(("command", "words"), REFUSED)
def test_a_command_that_would_run_our_spider_or_harm_it_is_refused_in_a_sentence(
    finished, command, words
):
    assert words in refused(finished, 2, *command)


def test_a_host_that_does_not_answer_is_said_in_a_sentence(finished):
    ended = finished.run("shell", URL, "-c", "1", "-L", "ERROR")
    assert ended.status == 1
    assert ended.log.startswith(f"gorgias_crawler: {URL} cannot be fetched: ")
    assert "Traceback" not in ended.log


def test_scrapys_own_commands_work_and_send_no_key(open_shop):
    shop = open_shop(tickets=3)
    url = shop.sandbox.url + "/account"
    for command, options in {"fetch": [], "shell": ["-c", "response.status"]}.items():
        ended = shop.run(command, url, *options)
        assert ended.status == 0, ended.log
        assert "Traceback" not in ended.log
        assert "ERROR" not in ended.log
    assert [call.status for call in shop.sandbox.calls] == [401, 401]
    assert not any("Authorization" in call.headers for call in shop.sandbox.calls)
    assert sorted(os.listdir(shop.path)) == ["scrapy.cfg"]


WORKING = [
    (["list"], "gorgias"),
    (["version"], "Scrapy 2."),
    (["settings", "--get", "BOT_NAME"], "gorgias_crawler"),
    (["settings", "--get", "RETRY_TIMES"], "5"),
    (["settings", "--get", "DOWNLOADER_MIDDLEWARES"], 'auth.AuthMiddleware": 945,'),
    (["settings", "--getbool", "AUTOTHROTTLE_ENABLED"], "True"),
    (["settings", "--get", "HTTPPROXY_AUTH_ENCODING"], "latin-1"),
    (["check"], "Ran 0 contracts"),
    (["check", "-l"], ""),
]


def test_a_new_spider_stands_where_it_was_asked_for(finished):
    assert finished.run("genspider", "mine", "example.com").status == 0
    (finished.path / "mine.py").unlink()


@pytest.mark.parametrize(("command", "words"), WORKING)
def test_what_needs_no_spider_works_as_in_any_project(finished, command, words):
    before = sorted(os.listdir(finished.path))
    ended = finished.run(*command)
    assert ended.status == 0, ended.log
    assert words in ended.log
    assert sorted(os.listdir(finished.path)) == before


def test_a_setting_that_is_secret_is_not_printed(finished):
    (finished.path / "secretive.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "AWS_SECRET_ACCESS_KEY = 's3cret'\n"
        "FILES_STORE = 'ftp://me:s3cret@example.com/files'\n"
        "FEEDS = {'s3://me:s3cret@bucket/x': {'format': 'csv', 'encoding': 'ascii'}}\n"
        "MINE = {'token': 's3cret', 'names': ['http://me:s3cret@example.com']}\n"
    )
    own = {"SCRAPY_SETTINGS_MODULE": "secretive", "PYTHONPATH": str(finished.path)}
    finished.environ |= own
    try:
        sentence = refused(finished, 1, "settings", "--get", "AWS_SECRET_ACCESS_KEY")
        assert "AWS_SECRET_ACCESS_KEY is set, and it is a secret" in sentence
        key = refused(finished, 1, "settings", "--get", "GORGIAS_API_KEY")
        assert "GORGIAS_API_KEY is no setting" in key
        level = refused(finished, 1, "settings", "--getint", "LOG_LEVEL")
        assert "LOG_LEVEL=INFO cannot be read with --getint" in level
        for name, shown in {
            "FILES_STORE": "ftp://example.com/files\n",
            "FEEDS": '{"s3://bucket/x": {"format": "csv", "encoding": "ascii"}}\n',
            "MINE": '{"token": "***", "names": ["http://example.com"]}\n',
        }.items():
            ended = finished.run("settings", "--get", name)
            assert (ended.status, ended.log) == (0, shown)
    finally:
        for name in own:
            del finished.environ[name]


def test_a_spider_of_the_users_is_shown_and_one_made_of_ours_opens_no_job(open_shop):
    shop = open_shop(tickets=1)
    url = f"{shop.sandbox.url}/account"
    with_spiders(shop, other=OF_ANOTHER.format(url=url), mine=OF_OURS)
    assert shop.run("list").log == "mine\nother\n"
    assert "Ran 1 contract " in shop.run("check", "other").log
    parsed = shop.run("parse", "--spider", "other", url, "--nocolour")
    assert "{'status': 401}" in parsed.log
    claimed = "http://127.0.0.1/api"
    for command in (
        ["fetch", claimed],
        ["shell", claimed],
        ["check"],
        ["check", "mine"],
    ):
        sentence = refused(shop, 2, *command)
        assert "does not run the spider 'mine'" in sentence
        assert " crawl mine`" in sentence
    shop.spider = "other"
    sentence = refused(shop, 2, "crawl")
    assert "The spider 'other' is not made of GorgiasSpider" in sentence
    assert "Authorization" not in str([call.headers for call in shop.sandbox.calls])


@pytest.mark.parametrize("command", ["list", "crawl", "fetch"])
def test_a_spider_that_cannot_be_loaded_is_named(open_shop, command):
    shop = with_spiders(open_shop(tickets=1), broken="import nowhere")
    shop.spider = "mine"
    operands = [URL] if command == "fetch" else []
    sentence = refused(shop, 1, command, *operands)
    assert "SPIDER_MODULES=own: they cannot be loaded" in sentence
    assert "No module named 'nowhere'" in sentence


# What closes a run early.

SLOW = """
import time
class Slow:
    def process_item(self, item):
        time.sleep(0.05)
        return item
"""


@pytest.mark.parametrize(
    ("name", "value"), [("CLOSESPIDER_PAGECOUNT", 1), ("CLOSESPIDER_TIMEOUT", 0.2)]
)
def test_what_closes_a_run_early_is_named_and_the_old_file_stays(
    open_shop, name, value
):
    shop = open_shop(tickets=20, latency_s=0.1)
    shop.file.write_text("old")
    ended = shop.crawl("-s", f"{name}={value}", "-O", shop.file.name)
    assert ended.status == 3
    assert f"INCOMPLETE: the run was closed by {name}; " in ended.last_lines
    assert shop.file.read_text() == "old"
    assert shop.crawl("-O", shop.file.name).status == 0
    assert shop.rows() == shop.expected()


def test_a_time_limit_ends_an_outage_and_the_writing_of_rows(open_shop):
    shop = open_shop(tickets=20)
    (shop.path / "mine.py").write_text(SLOW)
    shop.environ["PYTHONPATH"] = str(shop.path)
    limit = ("-s", "CLOSESPIDER_TIMEOUT=1")
    slow = ("-s", 'ITEM_PIPELINES={"mine.Slow": 500}')  # 10 s for all rows
    assert len(shop.expected()) > 200
    ended = shop.crawl(*limit, *slow)
    assert ended.status == 3, ended.log
    assert "closed by CLOSESPIDER_TIMEOUT" in ended.last_lines
    assert not shop.file.exists()
    shop.sandbox.close()
    ended = shop.crawl(*limit)  # GORGIAS_MAX_OUTAGE is an hour
    assert ended.status == 3
    assert "closed by CLOSESPIDER_TIMEOUT" in ended.last_lines
