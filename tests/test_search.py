"""`scrapy search`: what is found, how it is shown, and what cannot be searched."""

import argparse
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.commands.search import _BRACKETS, Command, _plain
from gorgias_crawler.errors import CommandLineError
from gorgias_crawler.feeds.recorded import FeedFile
from gorgias_crawler.feeds.search import MARKS, in_fts5, search
from gorgias_crawler.feeds.sqlite import SqliteItemExporter
from gorgias_crawler.items import Message, Ticket
from gorgias_crawler.sandbox import World
from tests.crawling import SCRAPY_CFG, Shop, linux_only

MAIL = "Please refund\nthe \x1b[31m blue \x1b[0m mug,\x07 \u202eit broke"
MESSAGES: list[dict[str, Any]] = [
    {
        "message_id": 1,
        "ticket_id": 7,
        "subject": "Re: order #1042",
        "body": MAIL,
        "sender": "ana@example.org",
        "channel": "email",
        "message_created_datetime": "2025-03-01T09:00:00+01:00",
    },
    {
        "message_id": 2,
        "ticket_id": 7,
        "subject": "Re: order #1042",
        "body": "Refund it? " + 200 * "The green mug. ",
        "channel": "email",
        "sender": "Kim\x1b]0;title\x07",
        "message_channel": "internal-note",
    },
    {"message_id": 3, "ticket_id": 8, "body": "x" * 9999},
]


def write(path, rows, **kinds):
    with path.open("wb") as file:
        exporter = SqliteItemExporter(
            FeedFile(file), spider=SimpleNamespace(described=dict), rows=kinds
        )
        for row in rows:
            exporter.export_item(Message(**row))
        exporter.finish_exporting()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO about VALUES ('gorgias_crawler', '0.0.9\x1b')")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A directory with a file to search, a job, and files that are neither."""
    path = tmp_path_factory.mktemp("search")
    write(path / "acme.sqlite", MESSAGES, messages=Message)
    write(path / "tickets.sqlite", [], tickets=Ticket)
    shutil.copy(path / "acme.sqlite", path / "cut.sqlite")
    with (path / "cut.sqlite").open("rb+") as file:
        file.truncate(20_000)
    (path / "tickets.csv").write_text("ticket_id,body\n1,refund\n")
    (path / "job").mkdir()
    (path / "job" / "archive.sqlite").write_bytes(b"")
    (path / "scrapy.cfg").write_text(SCRAPY_CFG)
    return path


@pytest.fixture
def ask(here, monkeypatch, capsys):
    """Run the command in this process; return its exit status and what it says."""
    monkeypatch.chdir(here)

    def ask_(name, asked, limit=10):
        command = Command()
        command.run([name, asked], argparse.Namespace(limit=limit))
        said = capsys.readouterr()
        return command.exitcode, said.out + said.err

    return ask_


def test_messages_are_shown_best_first_with_what_was_found_in_them(ask):
    status, said = ask("acme.sqlite", "REFUND")
    assert status == 0
    assert said == (
        "2025-03-01 08:00  7  email  ana@example.org  Re: order #1042\n"
        "    Please [refund] the [31m blue [0m mug, it broke\n"
        "7  internal-note  Kim]0;title  Re: order #1042\n"
        f"    [Refund] it? {12 * 'The green mug. '}The gre…\n"
        "2 messages found.\n"
    )


def test_what_is_found_late_in_a_long_mail_is_shown_with_what_stands_around_it(here):
    path = here / "long.sqlite"
    body = f"{9_000 * 'word '}and then a refund of {9_000 * 'word '}"
    write(path, [{"message_id": 1, "ticket_id": 7, "body": body}], messages=Message)
    ((*_, snippet),), _ = search(path, "refund", 10)
    before = snippet.partition(MARKS[0])[0]
    assert re.fullmatch(r"…(word )+and then a ", before)
    assert f"a {MARKS[0]}refund{MARKS[1]} of word" in snippet
    assert snippet.endswith("…")
    # FTS5's own snippets take the square of how often the word is there.
    assert len(search(path, "word", 10)[0][0].snippet) < 300


def test_of_html_the_words_are_shown(here):
    path, body = (
        here / "html.sqlite",
        "<div class='x'>A <b>refund</b>&nbsp;please</div>",
    )
    write(path, [{"message_id": 1, "ticket_id": 7, "body": body}], messages=Message)
    ((*_, snippet),), _ = search(path, "refund", 10)
    assert snippet == f"A {MARKS[0]}refund{MARKS[1]}\xa0please"


def test_a_limit_says_how_many_there_are_beyond_it(ask):
    status, said = ask("acme.sqlite", "order", limit=1)
    assert status == 0
    assert said.count("Re: [order] #1042") == 1
    assert said.endswith("\n2 messages found, the best 1 shown: --limit N shows N.\n")


def test_where_nothing_is_found_it_ends_as_grep_does(ask):
    assert ask("acme.sqlite", "giraffe") == (1, "0 messages found.\n")


def test_a_terminal_shows_what_was_found_in_bold_and_obeys_nothing_else(
    ask, monkeypatch
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, said = ask("acme.sqlite", "refund")
    assert "\x1b[1mrefund\x1b[0m the [31m blue [0m mug, it broke" in said
    without_bold = re.sub(r"\x1b\[[01]m", "", said)
    assert all(line.isprintable() for line in without_bold.split("\n"))


@given(st.text(st.characters() | st.sampled_from([*MARKS, "\x1b", "\n"])))
def test_whatever_a_customer_wrote_is_one_line_of_what_can_be_printed(text):
    assert _plain(text, _BRACKETS).isprintable()


def test_a_word_as_long_as_a_file_is_cut_and_its_mark_ends(ask):
    _, said = ask("acme.sqlite", "xx*")
    assert said.splitlines()[1] == f"    [{199 * 'x'}…]"


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("refund blue", [7]),
        ("refund AND green", [7]),
        ("refund NOT green", [7]),
        ("green OR giraffe", [7]),
        ('"the green mug"', [7]),
        ('"green the mug"', []),
        ("body:order", []),
        ("subject:order", [7, 7]),
        ("gre*", [7]),
        ("(green OR giraffe) AND mug", [7]),
        ("NEAR(refund it, 2) AND green", [7]),
        # what FTS5 itself would call an error
        ("#1042", [7, 7]),
        ("subject:#1042", [7, 7]),
        ("re:", [7, 7]),
        ("order-1042, mug", [7, 7]),
        ("+1042", [7, 7]),
        ("order #10*", [7, 7]),
        ("ana@example.org", []),
    ],
)
def test_words_are_asked_for_as_people_write_them(here, asked, ids):
    found, number = search(here / "acme.sqlite", asked, 10)
    assert [one.ticket_id for one in found] == ids
    assert number == len(ids)


@given(st.lists(st.text("aé1^*.:,@#'/&%;!?=$|~<>[]\\`_", min_size=1), min_size=1))
def test_signs_in_words_are_never_an_error(words):
    asked = " ".join([*words, "a"])
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5(subject, body)")
        db.execute("SELECT * FROM t WHERE t MATCH ?", (in_fts5(asked),)).fetchall()


@pytest.mark.parametrize("asked", ["refund AND (", '"refund', "AND", "x -y", "#", ""])
def test_what_is_no_question_is_said_in_a_line(ask, asked):
    status, said = ask("acme.sqlite", asked)
    assert status == 2
    assert said.startswith(f"gorgias_crawler: {asked!r} ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("job", "export job -O acme.sqlite`"),
        ("job/archive.sqlite", "export job -O acme.sqlite`"),
        ("nowhere.sqlite", "(No such file or directory): write a file to search with"),
        ("x" * 5000, "(File name too long): write a file to search with"),
        (".", "is no file: write a file to search with"),
        ("tickets.csv", "is not written by `export` (file is not a database)"),
        ("cut.sqlite", "(database disk image is malformed)"),
        (
            "tickets.sqlite",
            "written by gorgias_crawler 0.0.9? and cannot be searched by",
        ),
    ],
)
def test_a_file_that_cannot_be_searched_is_said_in_a_line(ask, name, said):
    status, line = ask(name, "refund")
    assert status == 2
    assert said in line
    assert line.count("\n") == 1


def test_nothing_is_written(here, ask):
    before = {path: path.stat().st_mtime_ns for path in here.iterdir()}
    ask("acme.sqlite", "refund")
    assert {path: path.stat().st_mtime_ns for path in here.iterdir()} == before


def test_it_is_a_command_that_takes_nothing_which_it_would_ignore(here, may_fork):
    shop = Shop(here, None, World(tickets=1), forks=may_fork)
    found = shop.run("search", "acme.sqlite", "green", "--limit", "1")
    assert (found.status, found.log[-18:]) == (0, "\n1 message found.\n")
    for options in (["acme.sqlite"], ["acme.sqlite", "green", "--limit=0"]):
        ended = shop.run("search", *options)
        assert ended.status == 2
        assert ended.log.count("\n") == 1


@linux_only("of /dev/full")
def test_what_cannot_be_printed_is_said_in_a_line(here, ask, monkeypatch):
    with (
        open("/dev/full", "w", encoding="utf-8") as full,
        monkeypatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", full)
        status, said = ask("acme.sqlite", "refund")
    assert status == 2
    assert "The answer cannot be written (No space left on device)" in said
    assert said.count("\n") == 1


def test_words_that_are_not_utf8_are_no_error(here):
    assert search(here / "acme.sqlite", "caf\udce9", 10) == ([], 0)
    with pytest.raises(CommandLineError):
        search(here / "acme.sqlite", "\udce9", 10)
