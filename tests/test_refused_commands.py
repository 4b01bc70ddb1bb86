"""What would be ignored is refused in a line, as a user meets it."""

import json
import os
import re

import pytest

PRIORITY = ("on the command line", "in a settings module")


@pytest.mark.parametrize("command", ["crawl", "export"])
def test_a_setting_in_the_env_file_is_refused_before_any_file_is_written(
    open_shop, command
):
    shop = open_shop(tickets=2)
    assert shop.crawl().status == 0
    (shop.path / ".env").write_text("GORGIAS_SPREADSHEET_SAFE=True\n")
    options = ["job", "-O", "x.csv"] if command == "export" else []
    ended = shop.run("export", *options) if options else shop.crawl("-O", "x.csv")
    assert ended.status == 1
    (line,) = ended.log.splitlines()
    assert "-s GORGIAS_SPREADSHEET_SAFE=True" in line
    assert not (shop.path / "x.csv").exists()


DICTIONARIES = {
    "ITEM_PIPELINES": {"own.Upper": 500},
    "EXTENSIONS": {"own.Extension": 1},
    "DOWNLOADER_MIDDLEWARES": {"own.Extension": 300},
    "SPIDER_MIDDLEWARES": {"own.Extension": 300},
    "FEED_EXPORTERS": {"mine": "scrapy.exporters.CsvItemExporter"},
    "FEED_STORAGES": {"mine": "own.Extension"},
}
OWN_MODULE = """
class Upper:
    def process_item(self, item):
        item.subject = (item.subject or "").upper()
        return item
class Extension: ...
"""


def with_own_module(shop):
    (shop.path / "own.py").write_text(OWN_MODULE)
    shop.environ["PYTHONPATH"] = str(shop.path)


@pytest.mark.parametrize("where", [*PRIORITY, "in a spider"])
def test_components_of_the_users_stand_beside_ours(open_shop, where):
    shop = open_shop(tickets=5)
    with_own_module(shop)
    options = [f"-s{name}={json.dumps(d)}" for name, d in DICTIONARIES.items()]
    lines = [f"{name} = {d!r}\n" for name, d in DICTIONARIES.items()]
    if where != "on the command line":
        options = []
        (shop.path / "mine.py").write_text(
            "from gorgias_crawler.settings import *\n" + "".join(lines)
            if where == "in a settings module"
            else "from gorgias_crawler.settings import *\nSPIDER_MODULES = ['spider']\n"
        )
        (shop.path / "spider.py").write_text(
            "from gorgias_crawler.spiders.gorgias import GorgiasSpider as _Base\n"
            f"class Spider(_Base):\n    custom_settings = {DICTIONARIES!r}\n"
        )
        shop.environ["SCRAPY_SETTINGS_MODULE"] = "mine"
    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    assert shop.rows() == [
        row | {"subject": row["subject"].upper()} for row in shop.expected()
    ]
    assert "Complete" in ended.last_lines


def test_a_spiders_own_settings_are_checked_too(open_shop):
    shop = open_shop(tickets=1)
    (shop.path / "mine.py").write_text(
        "from gorgias_crawler.settings import *\nSPIDER_MODULES = ['spider']\n"
    )
    (shop.path / "spider.py").write_text(
        "from gorgias_crawler.spiders.gorgias import GorgiasSpider as _Base\n"
        "class Spider(_Base):\n    custom_settings = {'REDIRECT_ENABLED': True}\n"
    )
    shop.environ |= {
        "PYTHONPATH": str(shop.path),
        "SCRAPY_SETTINGS_MODULE": "mine",
    }
    ended = shop.crawl()
    assert ended.status == 1
    assert "REDIRECT_ENABLED=True: " in ended.log
    assert shop.sandbox.calls == []


UNKNOWN = [
    ("status", ["job", "--jsn"], "do you mean --json?"),
    ("export", ["job", "-O", "x.csv", "--foo"], "--foo: there is no such option"),
    ("verify", ["job", "--onlin3"], "do you mean --online?"),
    ("verify", ["job", "--onlin"], "do you mean --online?"),
    ("verify", ["job", "--full"], "--full: there is no such option"),
    ("crawl", ["--estimate"], "do you mean -a estimate=...?"),
    ("demo", ["--tickets", "100"], "--tickets: there is no such option"),
    ("demo", ["50"], "50 is given"),
    ("sandbox", ["--ticketz", "9"], "do you mean --tickets?"),
    ("sandbox", ["50"], "50 is given"),
    ("status", [], "scrapy status crawls/run1"),
    ("status", ["job", "other"], "job other is given"),
    ("crawl", ["gorgia"], "gorgias gorgia is given"),
    ("report", ["job"], "scrapy report crawls/run1 -O report.html"),
    ("crawl", ["-O", "x.parket"], "There is no format 'parket'"),
    ("crawl", ["-O", "-"], "There is no format ''"),
    ("crawl", ["-s", "JOBDIR"], "write -s NAME=VALUE"),
    ("crawl", ["-a", "fetch"], "-a NAME=VALUE"),
    ("crawl", ["-a", "tag=a", "-a", "tag=b"], "-a tag is given more than once"),
    ("export", ["job", "-s", "FEEDS={}"], "No file is named"),
    ("crawl", ["-a", "fetsh=bulk"], "do you mean -a fetch=...?"),
    ("export", ["job", "-O", "x.csv", "-a", "chanel=a"], "do you mean -a channel=...?"),
]


@pytest.mark.parametrize(("command", "options", "words"), UNKNOWN)
def test_a_command_line_that_is_wrong_is_one_line_with_the_nearest_name_and_exit_2(
    open_shop, command, options, words
):
    shop = open_shop(tickets=1)
    ended = shop.run(command, *options)
    assert ended.status == 2
    (line,) = ended.log.splitlines()
    assert words in line
    assert sorted(os.listdir(shop.path)) == ["scrapy.cfg"]


@pytest.mark.parametrize("value", ["{", "[1]", "nonsense"])
def test_a_dictionary_that_cannot_be_read_is_named(open_shop, value):
    shop = open_shop(tickets=1)
    ended = shop.crawl("-s", f"FEEDS={value}")
    assert ended.status == 1
    (line,) = ended.log.splitlines()
    assert f"FEEDS={value}: give a JSON object" in line


@pytest.mark.parametrize("command", ["status", "demo", "sandbox"])
def test_a_setting_for_a_command_that_reads_none_is_refused(open_shop, command):
    shop = open_shop(tickets=1)
    options = ["job"] if command == "status" else []
    ended = shop.run(command, *options, "-s", "GORGIAS_BUDGET_SHARE=0.5")
    assert ended.status == 1
    assert re.fullmatch(r".*this command does not read it.*\n", ended.log)


def test_a_log_level_that_there_is_not_is_refused_in_one_line(open_shop):
    ended = open_shop(tickets=1).crawl("-L", "info")
    assert ended.status == 1
    assert "LOG_LEVEL=info: give DEBUG, INFO, WARNING or ERROR" in ended.log
    assert "Traceback" not in ended.log
