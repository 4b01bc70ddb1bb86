"""Archives of older formats are taken over, whole or not at all, without a call."""

import base64
import csv
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gorgias_crawler.api.pages import parse_messages, parse_tickets
from gorgias_crawler.archive import Archive, counts, order
from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.schema import FORMAT
from gorgias_crawler.errors import JobError
from gorgias_crawler.fetch.calls import TicketPage, TicketsById
from gorgias_crawler.fetch.object_calls import ObjectCall
from gorgias_crawler.fetch.plans import Fetch
from tests.account_model import AccountModel, Run

DATA = Path(__file__).parent / "data"


def taken(tmp_path, name="format-2"):
    path = tmp_path / "archive.sqlite"
    path.write_bytes((DATA / f"{name}.sqlite").read_bytes())
    return path


def objects(path, table):
    db = sqlite3.connect(path)
    found = {
        id_: unpacked(raw) for id_, raw in db.execute(f"SELECT id, raw FROM {table}")
    }
    db.close()
    return found


def test_an_archive_of_format_2_is_the_same_archive_after(tmp_path):
    path = taken(tmp_path)
    before = [objects(path, table) for table in ("ticket", "message")]
    archive = Archive.open(path)
    assert archive.db.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    assert counts.is_complete(archive)
    assert len(list(order.in_order(archive))) == len(before[0])
    archive.close()
    assert [objects(path, table) for table in ("ticket", "message")] == before


def test_a_new_archive_and_a_taken_over_one_have_the_same_tables(tmp_path):
    def shape(path):
        archive = Archive.open(path)
        names = archive.db.execute(
            "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
        ).fetchall()
        columns = {
            name: {row[1:4] for row in archive.db.execute(f"PRAGMA table_info({name})")}
            for kind, name in names
            if kind == "table"
        }
        indexes = archive.db.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL"
        ).fetchall()
        archive.close()
        return sorted(names), columns, {n: " ".join(s.split()) for n, s in indexes}

    assert shape(taken(tmp_path)) == shape(tmp_path / "new.sqlite")


def test_its_file_is_written_as_its_own_version_wrote_it(open_shop, tmp_path):
    shop = open_shop(tickets=0)
    shop.jobdir.mkdir()
    taken(shop.jobdir)
    ended = shop.run("export", "job", "-O", "rows.csv")
    assert ended.status == 0, ended.log
    assert "taking it over without a call" in ended.log
    with (DATA / "format-2.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert shop.rows("rows.csv") == expected
    assert shop.run("verify", "job", "rows.csv").status == 0
    assert shop.sandbox.calls == []


class ArchivedAccount(AccountModel):
    """An account that answers with what an archive of it holds."""

    def __init__(self, path) -> None:
        super().__init__()
        self.now_us = 1_795_700_000_000_000  # a day after it was made
        self.asked: list[object] = []
        self.ticket_json = objects(path, "ticket")
        self.message_json = objects(path, "message")

    def answer(self, call):
        self.asked.append(call)
        if isinstance(call, ObjectCall):
            return super().answer(call)
        if isinstance(call, TicketPage):
            return self._page(self.message_json, call.cursor, call.ticket_id)
        if isinstance(call, TicketsById):
            found = {i: raw for i, raw in self.ticket_json.items() if i in call.ids}
            return parse_tickets(body(found.values(), None))
        if call.is_of_messages:
            is_asc = call.walk.is_ascending
            return self._page(self.message_json, call.walk.cursor, is_ascending=is_asc)
        rows = sorted(
            self.ticket_json.values(),
            key=lambda raw: json.loads(raw)["updated_datetime"],
            reverse=not call.walk.is_ascending,
        )
        return parse_tickets(body(rows, None))

    def _page(self, found, cursor, ticket_id=None, *, is_ascending=True):
        rows = [json.loads(raw) for raw in found.values()]
        if ticket_id is not None:
            rows = [row for row in rows if row["ticket_id"] == ticket_id]
        rows.sort(key=where, reverse=not is_ascending)
        if cursor is not None:
            _, at, id_ = json.loads(base64.b64decode(cursor))
            after = (at.ljust(26, "0"), id_)
            rows = [
                r
                for r in rows
                if (where(r) > after if is_ascending else where(r) < after)
            ]
        page, more = rows[:100], len(rows) > 100
        last = ["next", *where(page[-1])] if more else None
        next_cursor = (
            base64.b64encode(json.dumps(last).encode()).decode() if more else None
        )
        return parse_messages(
            body([json.dumps(row).encode() for row in page], next_cursor)
        )


def where(row):
    return row["created_datetime"].removesuffix("+00:00").ljust(20, ".").ljust(
        26, "0"
    ), row["id"]


def body(raws, cursor):
    rows = b", ".join(raws)
    meta = json.dumps({"next_cursor": cursor}).encode()
    return b'{"data": [' + rows + b'], "meta": ' + meta + b"}"


def test_a_job_that_was_killed_goes_on_where_its_own_version_was(tmp_path):
    account = ArchivedAccount(DATA / "format-2.sqlite")
    archive = Archive.open(taken(tmp_path, "format-2-unfinished"))
    there = counts.totals(archive).messages
    Run(archive, account, fetch=Fetch.BULK).finish()
    assert counts.is_complete(archive)
    walked = [call for call in account.asked if getattr(call, "is_of_messages", False)]
    missing = len(account.message_json) - there
    assert missing > 0
    assert len(walked) <= -(-missing // 100) + 1  # the other end had not begun
    found = {id_ for _, messages in order.in_order(archive) for id_, _ in messages}
    assert found == set(account.message_json)
    archive.close()


def test_a_failed_message_is_seen_as_unsent_by_the_new_version(tmp_path):
    path = taken(tmp_path)
    failed = {
        id_
        for id_, raw in objects(path, "message").items()
        if (row := json.loads(raw))["failed_datetime"] and not row["sent_datetime"]
    }
    archive = Archive.open(path)
    unsent = {i for (i,) in archive.db.execute("SELECT id FROM message WHERE unsent")}
    assert failed <= unsent
    archive.close()


def test_a_watermark_that_was_ahead_is_brought_back_to_what_was_seen(tmp_path):
    path = taken(tmp_path)
    db = sqlite3.connect(path)
    (newest,) = db.execute("SELECT max(updated_us) FROM ticket").fetchone()
    db.execute("UPDATE fact SET value = value + 1 WHERE name = 'watermark_us'")
    db.commit()
    db.close()
    archive = Archive.open(path)
    assert archive.facts.watermark_us == archive.facts.newest_us == newest
    archive.close()


def test_formats_that_are_not_known_are_refused_and_not_touched(tmp_path):
    path = taken(tmp_path)
    for number in (1, FORMAT + 1):
        db = sqlite3.connect(path)
        db.execute(f"PRAGMA user_version = {number}")
        db.close()
        before = path.read_bytes()
        with pytest.raises(JobError, match=f"has format {number}"):
            Archive.open(path)
        assert path.read_bytes() == before


# Migrates, and is killed after so many of SQLite's steps; says how many there were.
MIGRATE = """
import os, signal, sqlite3, sys
from gorgias_crawler.archive import migrations
left = total = int(sys.argv[2])
def step():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = wal")
db.set_progress_handler(step, 100)
migrations.migrate(db, 2)
print(total - left)
"""


def large(tmp_path):
    """Return an archive of format 2 whose migration is many steps, and its messages."""
    path = taken(tmp_path)
    db = sqlite3.connect(path)
    db.executescript(
        "INSERT INTO message SELECT id + 8 * 4000000000 * n.value, ticket_id, "
        "created_us, unsent, raw FROM message, "
        "(SELECT value FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]')) n"
    )
    (messages,) = db.execute("SELECT count(*) FROM message").fetchone()
    db.close()
    return path, messages


def migrated(path, killed_after=0):
    return subprocess.run(
        [sys.executable, "-c", MIGRATE, str(path), str(killed_after)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        check=False,
    )


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """How many steps a migration takes that nobody kills."""
    path, _ = large(tmp_path_factory.mktemp("steps"))
    done = migrated(path)
    assert done.returncode == 0
    return int(done.stdout)


@pytest.mark.crash
@pytest.mark.parametrize("moment", range(20))
def test_a_migration_that_is_killed_leaves_the_old_archive(tmp_path, steps, moment):
    path, messages = large(tmp_path)
    killed = migrated(path, killed_after=1 + steps * moment // 20)
    assert killed.returncode == -signal.SIGKILL
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert "answered" in [row[1] for row in db.execute("PRAGMA table_info(ticket)")]
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM message").fetchone() == (messages,)
    db.close()
    archive = Archive.open(path)
    assert archive.db.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    assert archive.db.execute("SELECT count(*) FROM message").fetchone() == (messages,)
    archive.close()
