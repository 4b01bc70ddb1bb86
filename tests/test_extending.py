"""docs/extending.md says what works: a project of the user's is made of its blocks."""

import contextlib
import csv
import json
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gorgias_crawler.sandbox import World
from tests.crawling import opened_shop, wait

TEXT = (Path(__file__).parent.parent / "docs" / "extending.md").read_text("utf-8")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
NAME = re.compile(r"`([\w/]+\.(?:py|cfg))`")
ORDER = re.compile(r"#(\d+)")


def files():
    """Yield each file that the page shows, with its name."""
    for block in BLOCK.finditer(TEXT):
        if block[1] in ("python", "ini"):
            yield NAME.findall(TEXT[: block.start()])[-1], block[2]


def commands():
    lines = [line for kind, text in BLOCK.findall(TEXT) if kind == "console"
             for line in text.splitlines()]  # fmt: skip
    return [shlex.split(line)[1:] for line in lines]


def make_project(path):
    for name, text in files():
        file = path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (path / "desk" / "__init__.py").touch()


@pytest.fixture(scope="module")
def project(tmp_path_factory, may_fork):
    """The page's project, with all that its commands write."""
    path = tmp_path_factory.mktemp("desk")
    with opened_shop(path, World(tickets=30), forks=may_fork) as shop:
        make_project(path)
        for words in commands():
            ended = wait(shop.start_as_typed(*words))
            assert ended.status == 0, (words, ended.log)
            assert "NOT as it should be" not in ended.log
        yield shop


def order(subject):
    found = ORDER.search(subject)
    return found[1] if found else ""


def test_a_column_of_the_users_stands_in_the_crawls_file(project):
    expected = project.expected()
    rows = project.rows()
    assert list(rows[0]) == [*expected[0], "from_name", "order_number"]
    own = ("from_name", "order_number")
    assert [
        {name: value for name, value in row.items() if name not in own} for row in rows
    ] == expected
    assert [row["order_number"] for row in rows] == [
        order(row["subject"]) for row in expected
    ]
    assert any(row["order_number"] for row in rows)
    assert any(row["from_name"] for row in rows)


def test_it_comes_out_of_an_export_too_and_with_its_type(project):
    rows, exported = project.rows(), project.rows("orders.csv")
    names = ["ticket_id", "order_number", "from_name"]
    assert exported == [{name: row[name] for name in names} for row in rows]
    with contextlib.closing(sqlite3.connect(project.path / "desk.sqlite")) as db:
        found = db.execute(
            "SELECT order_number FROM messages ORDER BY rowid"
        ).fetchall()
        about = db.execute(
            "SELECT type FROM about_columns WHERE name = 'order_number'"
        ).fetchall()
    assert [name or "" for (name,) in found] == [row["order_number"] for row in rows]
    assert about == [("text",)]


def test_a_format_and_an_add_on_of_the_users_are_at_work(project):
    subjects = (project.path / "subjects.txt").read_text("utf-8").splitlines()
    assert subjects == [row["subject"] for row in project.rows()]
    with (project.path / "again.csv").open(newline="", encoding="utf-8") as again:
        assert list(csv.DictReader(again)) == project.rows()


def test_the_spider_that_crawled_is_kept_for_what_follows(project):
    assert '"spider": "desk.spiders.DeskSpider"' in (
        project.path / "crawls" / "run1" / "run.json"
    ).read_text("utf-8")


def test_without_a_name_the_only_spider_of_the_project_runs(project):
    words = ["crawl", "-s", "JOBDIR=crawls/run1", "-O", "unnamed.csv"]
    assert wait(project.start_as_typed(*words)).status == 0
    assert project.rows("unnamed.csv") == project.rows()


@pytest.mark.parametrize("command", [["export", "-O", "x.csv"], ["verify"]])
def test_a_spider_that_is_not_there_any_more_is_named(project, command):
    project.environ["SCRAPY_SETTINGS_MODULE"] = "gorgias_crawler.settings"
    (project.path / "desk").rename(project.path / "moved")
    try:
        name, *options = command
        ended = wait(project.start_as_typed(name, "crawls/run1", *options))
    finally:
        (project.path / "moved").rename(project.path / "desk")
        del project.environ["SCRAPY_SETTINGS_MODULE"]
    assert ended.status == 1
    assert "by a spider of yours, desk.spiders.DeskSpider, which cannot be" in ended.log
    assert "crawl once more with a spider that is here" in ended.log
    assert "Traceback" not in ended.log


def run_script(shop, name="nightly.py"):
    script = subprocess.run(
        [sys.executable, name],
        cwd=shop.path,
        env=shop.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return script.returncode, script.stderr


def test_a_script_ends_with_the_exit_status_of_its_run(project):
    status, said = run_script(project)
    assert status == 0, said
    assert "Complete: every listed ticket is there" in said
    project.environ["GORGIAS_API_KEY"] = "wrong"
    try:
        status, said = run_script(project)
    finally:
        del project.environ["GORGIAS_API_KEY"]
    assert status == 1, said
    assert "Cannot start: " in said


def test_a_refused_start_of_a_script_that_does_not_ask_for_its_status_is_no_run(
    project,
):
    script = (project.path / "nightly.py").read_text("utf-8")
    feeds = 'settings.set("FEEDS", {"nightly.py/x.csv": {"format": "csv"}})\n'
    careless = script.replace("process =", f"{feeds}process =", 1)
    careless = careless.replace("sys.exit(exit_status(crawler))", "")
    (project.path / "careless.py").write_text(careless, "utf-8")
    told = ["status", "crawls/run1", "--json"]
    before = json.loads(wait(project.start_as_typed(*told)).log)
    _, said = run_script(project, "careless.py")
    assert "nightly.py/x.csv (FEEDS, -o or -O) cannot be set up" in said
    after = json.loads(wait(project.start_as_typed(*told)).log)
    assert after["killed_runs"] == 0
    assert after["last_run"] == before["last_run"]


KINDS = """
from dataclasses import dataclass
from gorgias_crawler.items import Ticket, Type, column
from gorgias_crawler.items.tag import Tag
from desk.rows import DeskMessage
from desk.spiders import DeskSpider

@dataclass(slots=True)
class Talk(DeskMessage):
    ticket_uri: str | None = column("address of the ticket", "ticket.uri", Type.TEXT)

@dataclass(slots=True)
class OwnTicket(Ticket):
    ticket_uri: str | None = column("address of the ticket", "ticket.uri", Type.TEXT)

@dataclass(slots=True)
class OwnTag(Tag):
    tag_uri: str | None = column("address of the tag", "tag.uri", Type.TEXT)

class Own(DeskSpider):
    name = "own"
    row_classes = {"messages": Talk, "tickets": OwnTicket, "tags": OwnTag}
"""


def test_rows_of_each_kind_and_conversations_may_have_columns_of_the_users(project):
    (project.path / "kinds.py").write_text(KINDS)
    job = ("-s", "JOBDIR=crawls/kinds")
    first = ["runspider", "kinds.py", *job, "-a", "objects=tags", "-O", "lake/:csv"]
    ended = wait(project.start_as_typed(*first))
    assert ended.status == 0, ended.log
    tickets, tags = project.rows("lake/tickets.csv"), project.rows("lake/tags.csv")
    assert {row["ticket_uri"] for row in tickets} == {
        f"/api/tickets/{row['id']}/" for row in tickets
    }
    assert [row["tag_uri"] for row in tags] == [
        f"/api/tags/{row['id']}/" for row in tags
    ]
    assert (
        project.rows("lake/messages.csv")[0]["ticket_uri"] == tickets[0]["ticket_uri"]
    )
    assert wait(project.start_as_typed("verify", "crawls/kinds")).status == 0
    fields = ("-s", "FEED_EXPORT_FIELDS=ticket_id,ticket_uri,message_id,order_number")
    talks = ["export", "crawls/kinds", "-O", "talks.jsonl:conversations", *fields]
    assert wait(project.start_as_typed(*talks)).status == 0
    with (project.path / "talks.jsonl").open(encoding="utf-8") as lines:
        line = json.loads(next(lines))
    assert line["ticket_uri"] == f"/api/tickets/{line['ticket_id']}/"
    assert list(line["messages"][0]) == ["message_id", "order_number"]


def test_the_default_file_of_another_job_may_have_columns_of_the_users(project):
    words = ["crawl", "-s", "JOBDIR=crawls/fresh"]
    before = project.rows()
    assert wait(project.start_as_typed(*words)).status == 0
    assert project.rows() == before


def test_what_a_script_or_an_add_on_changes_is_checked_as_elsewhere(project):
    """Of settings that are not given on a command line the end is one sentence."""
    calls = len(project.sandbox.calls)
    (project.path / "careless.py").write_text(
        "class Cache:\n    def update_settings(self, settings):\n"
        "        settings.set('HTTPCACHE_ENABLED', True, 'addon')\n"
    )
    given = ["-s", 'ADDONS={"careless.Cache": 1}', "-O", "cached.csv"]
    for command in (["crawl", "-s", "JOBDIR=crawls/run2"], ["export", "crawls/run1"]):
        ended = wait(project.start_as_typed(*command, *given))
        assert ended.status == 1, ended.log
        assert "HTTPCACHE_ENABLED=True: leave it out" in ended.last_lines
        assert "Traceback" not in ended.log
    script = (project.path / "nightly.py").read_text()
    changes = {
        'settings.set("REDIRECT_ENABLED", True)\nprocess =': "REDIRECT_ENABLED=True: ",
        "settings = type(settings)()\nprocess =": "The settings of gorgias_crawler are",
        'settings.set("FEEDS", {"scrapy.cfg": {"format": "csv"}})\nprocess =': "use -O to replace it",
    }
    for change, words in changes.items():
        changed = script.replace("process =", change, 1)
        changed = changed.replace('"desk"', "DeskSpider")
        (project.path / "changed.py").write_text(
            f"from desk.spiders import DeskSpider\n{changed}"
        )
        status, said = run_script(project, "changed.py")
        assert status == 1, said
        assert words in said
    assert len(project.sandbox.calls) == calls
    assert not (project.path / "cached.csv").exists()
    assert "killed" not in wait(project.start_as_typed("status", "crawls/run1")).log


SPIDER = "from desk.spiders import *\nclass Own(DeskSpider):\n    name = 'own'\n"
LAX = "class Lax(DeskMessage):\n    pass\n"
BARE = """from dataclasses import dataclass
@dataclass(slots=True)
class Bare(DeskMessage):
    new: str = ""
"""
FOREIGN = "import scrapy\nclass Own(scrapy.Spider):\n    name = 'own'\n"


def with_rows(rows, before=""):
    return f"{before}{SPIDER}    row_classes = {rows}\n"


@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        (SPIDER, 0, "Complete: every listed ticket is there"),
        (with_rows("{'message': DeskMessage}"), 1, "there is no kind 'message'"),
        (with_rows("{'tickets': DeskMessage}"), 1, "DeskMessage cannot stand for"),
        (with_rows("{'messages': 'desk.rows'}"), 1, "desk.rows cannot stand for"),
        (
            with_rows("{'messages': Lax}", LAX),
            1,
            "Lax cannot stand for rows of messages",
        ),
        (with_rows("{'messages': Bare}", BARE), 1, "Bare.new has no type: declare it"),
        (f"{SPIDER}    custom_settings = {{'REDIRECT_ENABLED': 1}}\n", 1, "REDIRECT_"),
        (
            f"{SPIDER}class Two(Own):\n    name = 'two'\n",
            2,
            "has 2 spiders with a name",
        ),
        ("import nowhere\n", 1, "cannot be loaded (ModuleNotFoundError: No module"),
        (FOREIGN, 2, "The spider 'own' is not made of GorgiasSpider"),
    ],
)
def test_a_spider_in_a_file_is_run_as_a_crawl_or_refused_in_a_sentence(
    project, tmp_path, file, status, words
):
    (tmp_path / "own.py").write_text(f"from desk.rows import DeskMessage\n{file}")
    calls = len(project.sandbox.calls)
    job, feed = tmp_path / "job", tmp_path / "own.csv"
    command = ["runspider", str(tmp_path / "own.py"), "-s", f"JOBDIR={job}"]
    ended = wait(project.start_as_typed(*command, "-O", str(feed)))
    assert ended.status == status
    assert words in ended.log
    assert "Traceback" not in ended.log
    is_run = status == 0
    assert job.exists() == feed.exists() == is_run
    assert (len(project.sandbox.calls) > calls) == is_run
