"""verify: one verdict with the crawl, and never a customer's word."""

import gzip
import io
import json
import os
import sqlite3
import subprocess
from typing import Any

import pytest

from gorgias_crawler.job import readers, verification
from gorgias_crawler.sandbox import Answer
from tests.crawling import SCRAPY, unfinished


def test_verify_holds_archive_file_and_hash_against_each_other(finished):
    ended = finished.run("verify", "job")
    assert ended.status == 0, ended.log
    assert ended.log.count("all holds") == 4


def edit_body(text):
    return text.replace("refund", "REFUND", 1)


def drop_last_row(text):
    return text[: text.rstrip("\r\n").rindex("\r\n") + 2]


def double_last_row(text):
    return text + text[text.rstrip("\r\n").rindex("\r\n") + 2 :]


@pytest.mark.parametrize("spoil", [edit_body, drop_last_row, double_last_row])
def test_verify_names_the_ticket_that_differs(finished, spoil):
    copy = finished.path / f"{spoil.__name__}.csv"
    with finished.file.open(encoding="utf-8", newline="") as file:
        copy.write_text(spoil(file.read()), encoding="utf-8", newline="")
    ended = finished.run("verify", "job", copy.name)
    assert ended.status == 3
    tickets = {row["ticket_id"] for row in finished.expected()}
    (line,) = [line for line in ended.log.splitlines() if line.startswith("  ticket")]
    assert line.split()[1].rstrip(":") in tickets


def test_verify_tells_a_file_that_was_changed_after_it_was_written(open_shop):
    shop = open_shop(tickets=5)
    shop.crawl()
    with shop.file.open("ab") as file:
        file.write(b"\r\n")
    ended = shop.run("verify", "job")
    assert ended.status == 3
    assert "it was changed since it was written" in ended.log


def test_verify_tells_a_damaged_archive(open_shop):
    shop = open_shop(tickets=50)
    shop.crawl()
    archive = shop.jobdir / "archive.sqlite"
    damaged = bytearray(archive.read_bytes())
    for page in range(50, len(damaged) // 4096):  # behind the schema
        damaged[page * 4096 + 2000 : page * 4096 + 2100] = bytes(100)
    archive.write_bytes(damaged)
    ended = shop.run("verify", "job")
    assert ended.status == 3
    assert "cannot be read" in ended.log or "is damaged" in ended.log
    assert "Traceback" not in ended.log


def test_a_damaged_archive_is_told_in_one_sentence_by_every_command(open_shop):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    before, archive = shop.file.read_bytes(), shop.jobdir / "archive.sqlite"
    db = sqlite3.connect(archive)
    last, other = (f"(SELECT {one}(id) FROM message)" for one in ("max", "min"))
    for raw in (f"(SELECT raw FROM message WHERE id = {other})", "x'00'"):
        db.execute(f"UPDATE message SET raw = {raw} WHERE id = {last}")
        db.commit()
        verified = shop.run("verify", "job")
        assert verified.status == 3
        assert verified.log.count(": the archived object cannot be read") == 1
    (page,) = db.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ticket_counts'"
    ).fetchone()
    db.close()
    # A night that changed nothing reads no row; one with another filter reads them all.
    crawled = shop.crawl("-a", "notes=false")
    exported = shop.run("export", "job", "-O", shop.file.name)
    for ended in (crawled, exported, shop.run("report", "job", "-O", "page.html")):
        assert ended.status == 3
        assert "is damaged" in ended.log.splitlines()[-1]
        assert "Traceback" not in ended.log
        assert shop.file.read_bytes() == before
    with archive.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    for command in ("status", "export"):
        ended = shop.run(command, "job", *(["-O", "x.csv"] * (command == "export")))
        assert ended.status == 3
        assert "is damaged" in ended.log.splitlines()[-1]
        assert "Traceback" not in ended.log


JUNK = {
    "binary.csv": (b"\xff\x00\xfe", "it is not text in its encoding"),
    "words.csv": (b"ticket_id\r\nword\r\n", "an id is not a number"),
    "bad.json": (b"{", "it is not JSON"),
    "object.json": (b'{"a": 1}', "a row is not a JSON object"),
    "number.json": (b"7", "it does not hold a list of rows"),
    "bad.jsonl": (b'{"ticket_id": 1}\n{', "it is not JSON"),
    "text.csv.gz": (b"ticket_id\r\n1\r\n", "it is not gzip data"),
    "TEXT.CSV.GZ": (b"ticket_id\r\n1\r\n", "it is not gzip data"),
    "cut.csv.gz": (gzip.compress(b"ticket_id\r\n1\r\n")[:-9], "it is cut off"),
}


def test_a_pipe_in_place_of_a_file_is_named_and_not_waited_for(finished):
    os.mkfifo(finished.path / "pipe.csv")
    ended = finished.run("verify", "job", "pipe.csv")
    assert ended.status == 1
    assert "pipe.csv: it is no file, but a directory or a pipe." in ended.log


@pytest.mark.parametrize("name", JUNK)
def test_verify_says_what_a_file_is_not(name):
    content, words = JUNK[name]
    expected = [{"ticket_id": 1}]
    found = readers.read(io.BytesIO(content), readers.layout_of_name(name))
    *_, last = verification.differences(iter(expected), found, {})
    assert last.endswith(words)


@pytest.mark.parametrize("text", ["{", "{}"])
def test_nothing_depends_on_what_is_in_the_manifest_for_people(finished, text):
    manifest = finished.jobdir / "run.json"
    before = manifest.read_text()
    manifest.write_text(text)
    status, verify = finished.run("status", "job"), finished.run("verify", "job")
    manifest.write_text(before)
    assert (status.status, verify.status) == (0, 0), status.log + verify.log
    assert verify.log.count("all holds") == 4


@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_reader_that_leaves_is_no_fault_and_hears_no_proof(finished, command):
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = subprocess.run(
        [*SCRAPY, command, "job"],
        cwd=finished.path,
        env=finished.environment(),
        stdout=write_end,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write_end)
    assert process.stderr == b""
    assert process.returncode == 3


def test_verify_of_an_unfinished_job_says_what_is_missing(open_shop):
    shop = open_shop()
    unfinished(shop)
    ended = shop.run("verify", "job")
    assert ended.status == 3
    assert "not whole yet: " in ended.log


def test_verify_online_tells_what_has_changed_since(open_shop):
    shop = open_shop(forks=False)
    shop.crawl()
    assert shop.run("verify", "job", "--online").status == 0
    replied = int(shop.expected()[0]["ticket_id"])
    deleted = int(shop.expected()[-1]["ticket_id"])
    shop.world.reply(replied)
    shop.world.delete_ticket(deleted)
    new = shop.world.add_ticket()
    ended = shop.run("verify", "job", "--online")
    assert ended.status == 3
    assert f"ticket {replied}: " in ended.log
    assert f"ticket {deleted}: archived, but not listed any more" in ended.log
    assert f"ticket {new}: listed, but not archived" in ended.log
    paths = {call.path for call in shop.sandbox.calls[-2:]}
    assert paths == {"/api/account", "/api/tickets"}


def test_verify_goes_on_after_each_file_and_names_it(open_shop):
    shop = open_shop(tickets=8)
    formats = {"data.txt": "csv", "a.xml": "xml", "p.pickle": "pickle", "o.csv": "csv"}
    formats |= {
        "c.jsonl": "conversations",
        "t.parquet": "parquet",
        "t.sqlite": "sqlite",
    }
    feeds: dict[str, Any] = {
        name: {"format": format_} for name, format_ in formats.items()
    }
    feeds["a.xml"]["fields"] = ["ticket_id", "message_id"]
    ended = shop.crawl("-s", f"FEEDS={json.dumps(feeds)}")
    assert ended.status == 0, ended.log
    ended = shop.run("verify", "job")
    assert ended.status == 0, ended.log
    assert "p.pickle: its format is not read row by row." in ended.log
    assert ended.log.count("all holds") == 2 + 2 * len(feeds) - 1
    (shop.path / "o.csv").write_text(edit_body((shop.path / "o.csv").read_text()))
    (shop.path / "a.xml").unlink()
    with (shop.path / "p.pickle").open("ab") as file:
        file.write(b"x")
    ended = shop.run("verify", "job")
    assert ended.status == 3
    assert f"File {shop.path / 'a.xml'}: it is not there." in ended.log
    assert "differs in body" in ended.log
    assert ended.log.count("it was changed since it was written") == 2
    assert f"File {shop.path / 'data.txt'}: all holds." in ended.log
    assert f"File {shop.path / 'c.jsonl'}: all holds." in ended.log


def test_what_cannot_be_judged_is_no_difference(finished):
    (finished.path / "table.odt").write_bytes(b"what is this")
    ended = finished.run("verify", "job", "table.odt")
    assert ended.status == 1
    assert "table.odt: its format is not read row by row." in ended.log
    assert "Traceback" not in ended.log


PIPELINES = """
from dataclasses import asdict

from scrapy.exceptions import DropItem

class DropNotes:
    def process_item(self, item):
        if not item.public:
            raise DropItem(item.body)
        return item

class Shout:
    def process_item(self, item):
        return {**asdict(item), "body": item.body.upper()}
"""


def with_pipelines(shop, *names):
    (shop.path / "mine.py").write_text(PIPELINES)
    shop.environ["PYTHONPATH"] = str(shop.path)
    orders = {f"mine.{name}": 200 + number for number, name in enumerate(names)}
    return ("-s", f"ITEM_PIPELINES={json.dumps(orders)}")


def test_verify_writes_again_with_the_pipelines_of_the_crawl_and_says_no_word(
    open_shop,
):
    shop = open_shop(tickets=10)
    assert shop.crawl(*with_pipelines(shop, "DropNotes", "Shout")).status == 0
    ended = shop.run("verify", "job")
    assert ended.status == 0, ended.log
    shop.file.write_text(shop.file.read_text().replace("REFUND", "refund", 1))
    ended = shop.run("verify", "job")
    assert ended.status == 3
    assert "differs in body" in ended.log
    bodies = {row["body"] for row in shop.expected() if len(row["body"]) > 20}
    assert not any(body in ended.log or body.upper() in ended.log for body in bodies)


def test_pipelines_that_are_gone_leave_the_hash_to_judge_by(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl(*with_pipelines(shop, "Shout")).status == 0
    (shop.path / "mine.py").unlink()
    ended = shop.run("verify", "job")
    assert ended.status == 1, ended.log
    assert "could not be written again" in ended.log
    assert "Its SHA-256 against the recorded one: all holds." in ended.log
    assert "Traceback" not in ended.log


OPTIONS: dict[str, dict[str, Any]] = {
    "tabs": {"format": "csv", "item_export_kwargs": {"delimiter": "\t"}},
    "bare": {"format": "csv", "item_export_kwargs": {"include_headers_line": False}},
    "renamed": {
        "format": "json",
        "indent": 2,
        "fields": {"ticket_id": "a", "body": "b"},
    },
    "without ids": {"format": "csv", "fields": ["status", "body"]},
    "zipped": {
        "format": "xml",
        "fields": ["message_id", "status"],
        "postprocessing": ["scrapy.extensions.postprocessing.GzipPlugin"],
    },
}


@pytest.fixture(scope="module")
def optional(tmp_path_factory, finished):
    """Files with options of all kinds, that the job of *finished* has recorded."""
    feeds = {name: {"overwrite": True, **options} for name, options in OPTIONS.items()}
    ended = finished.crawl("-s", f"FEEDS={json.dumps(feeds)}")
    assert ended.status == 0, ended.log
    yield finished
    assert finished.crawl().status == 0  # as it was


@pytest.mark.parametrize("name", OPTIONS)
def test_a_file_verifies_with_all_options_that_it_was_written_with(optional, name):
    ended = optional.run("verify", "job", name)
    assert ended.status == 0, ended.log
    path = optional.path / name
    before = path.read_bytes()
    if name == "zipped":
        other = gzip.compress(gzip.decompress(before).replace(b"open", b"ajar", 1))
    else:
        other = edit_body(before.decode()).encode()
    path.write_bytes(other)
    ended = optional.run("verify", "job", name)
    path.write_bytes(before)
    assert ended.status == 3
    column = {"renamed": "b", "zipped": "status"}.get(name, "body")
    assert f"differs in {column}" in ended.log


def test_a_count_that_was_refuted_is_a_note_and_no_difference(open_shop):
    shop = open_shop(tickets=5)
    victim = int(shop.expected()[0]["ticket_id"])

    def count_one_more(call):
        answer = shop.sandbox.answer(call)
        if call.path != "/api/tickets":
            return answer
        page = json.loads(answer.body)
        for ticket in page["data"]:
            ticket["messages_count"] += ticket["id"] == victim
        return Answer(answer.status, json.dumps(page).encode(), answer.headers)

    shop.sandbox.on_request = count_one_more
    assert shop.crawl().status == 0
    ended = shop.run("verify", "job", "--online")
    assert ended.status == 0, ended.log
    assert f"Note: ticket {victim}: " in ended.log


def test_an_api_that_does_not_answer_is_no_difference(open_shop):
    shop = open_shop(tickets=3)
    assert shop.crawl().status == 0
    shop.sandbox.on_request = lambda call: (
        Answer(500, b"") if call.path == "/api/tickets" else None
    )
    ended = shop.run("verify", "job", "--online", "-s", "RETRY_TIMES=0")
    assert ended.status == 1
    assert "not all tickets could be listed now" in ended.log


def test_a_filter_that_cannot_be_right_is_refused_in_one_line(finished):
    for option, words in {
        "colour=red": "no such argument",
        "open": "NAME=VALUE",
    }.items():
        ended = finished.run("verify", "job", "-a", option)
        assert ended.status == 2
        assert words in ended.log
        assert "Traceback" not in ended.log


def test_rows_of_tickets_that_the_filter_leaves_out_are_named(finished):
    ended = finished.run("verify", "job", finished.file.name, "-a", "since=2100-01-01")
    assert ended.status == 3
    first = finished.expected()[0]["ticket_id"]
    assert f"ticket {first}: in the file, not in the archive" in ended.log


@pytest.fixture(scope="module")
def tables(finished):
    """Files of typed formats, of which the job of *finished* knows nothing."""
    options = ("-O", "a.parquet", "-O", "a.sqlite")
    assert finished.run("export", "job", *options).status == 0
    return finished


def spoil_parquet(path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(path).to_pylist()
    rows[3]["body"] = "other"
    schema = parquet.read_schema(path)
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), path)
    return f"message {rows[3]['message_id']} differs in body"


def spoil_sqlite(path):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE messages SET status = 'ajar' WHERE rowid = "
                   "(SELECT max(rowid) FROM messages)")  # fmt: skip
    return "differs in messages.status"


@pytest.mark.parametrize(
    ("name", "spoil"), [("a.parquet", spoil_parquet), ("a.sqlite", spoil_sqlite)]
)
def test_a_file_with_types_is_held_against_the_archive_row_by_row(tables, name, spoil):
    ended = tables.run("verify", "job", name)
    assert ended.status == 0, ended.log
    told = spoil(tables.path / name)
    ended = tables.run("verify", "job", name)
    assert ended.status == 3
    assert told in ended.log
    (tables.path / name).write_bytes(b"no table")
    ended = tables.run("verify", "job", name)
    assert ended.status == 3
    assert "it cannot be read: it is not" in ended.log
