"""Cells of a CSV file that is opened in a spreadsheet: shown, never run."""

import csv
import gzip
import json
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gorgias_crawler.emit.cells import CUT_MARK, LONGEST_CELL, safe_cell
from gorgias_crawler.sandbox import Answer
from tests.test_feeds import crawl

BOM = b"\xef\xbb\xbf"
SIGNS = ("=", "+", "-", "@", "\t", "\r")
TEXT = st.text(st.characters(), max_size=40) | st.text("0123456789.e:/- ")
BEGINNING = st.sampled_from([*SIGNS, " ", "\n", "\0", "\ufeff", "'", "a", "＝"])  # noqa: RUF001


def looks_like_a_value(cell):
    """Tell, in other words than the code, what is surely taken for a value."""
    core = cell.strip()
    if core.isascii() and core.isdigit():
        return core != str(int(core)) or len(core) > 11
    try:
        float(core)
    except ValueError:
        return False
    return core[:1].isdigit()


def units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("sign", [*SIGNS, "\n", "＝", " =", "\0=", "\ufeff-", " \n@"])  # noqa: RUF001
def test_what_a_spreadsheet_would_run_is_marked_as_text(sign):
    assert safe_cell(f"{sign}1+1") == f"'{sign}1+1"
    assert safe_cell(sign) == f"'{sign}"


@pytest.mark.parametrize(
    "text",
    [
        "0012345", "00", "3/4", "1-2", "1e10", "12E5", "1d5", "1.5e-3", "12:30", "5 pm",
        "5:00 a.m.", "123456789012", "4111111111111111", "1.10", "1,5", "1 234", "5%",
        "$5", "(5)", "5 €", " 7", "7 ", "2025-01-02", "1.2.2025", "1/2/25 10:30",
        "SEPT2", "MARCH1", "1-mar", "Mar 3, 2025", "5 May", "true", "FALSE", ".5", "5.",
        "٣/٤", "1 2/3", "2025-03-01T10:00:41", "2025-03-01T10:00:41.123456",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_take_for_another_value_is_marked_as_text(text):
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(f"'{text}") == f"'{text}"


@pytest.mark.parametrize(
    "text",
    [
        "", "a=1", " a", "'=1", "“=1", "\u2028a", "<b>", "0", "7", "12345678901",
        "Order 0012345", "3/4 inch", "may", "March", "decor 5", "Mark 5", "12 Monkeys",
        "maybe", "1e10x", "2025-03-01T10:00:41+00:00", "...", "/", ":", "truely", "v1.2",
        "a1", "ann@mail.example", "#5", "INC-0012", "1" * 400 + "x",
    ],
)  # fmt: skip
def test_all_other_text_stays_as_it_is(text):
    assert safe_cell(text) == text


@given(beginnings=st.lists(BEGINNING, max_size=4), text=TEXT)
def test_no_cell_begins_as_a_formula_and_nothing_else_changes(beginnings, text):
    text = "".join(beginnings) + text
    cell = safe_cell(text)
    assert not cell.startswith(SIGNS)
    assert not cell.lstrip().startswith(SIGNS)
    assert cell.startswith("'") or not looks_like_a_value(cell)
    assert cell in {text, f"'{text}"}
    assert safe_cell(cell) == cell


@given(
    beginning=BEGINNING,
    fill=st.sampled_from(["x", "é", "中", "\U0001f600", "x\U0001f600", "\ud83d"]),
    count=st.integers(LONGEST_CELL - 40, LONGEST_CELL + 40),
    halves=st.integers(1, 2),
)
@example(beginning="=", fill="\udc3d", count=LONGEST_CELL, halves=1)
@example(beginning="a", fill="\U0001f600", count=LONGEST_CELL, halves=1)
def test_a_cell_fits_and_a_cut_is_visible(beginning, fill, count, halves):
    text = beginning + fill * (count // halves)
    cell = safe_cell(text)
    marked = text if cell.startswith("'") == text.startswith("'") else f"'{text}"
    assert units(cell) <= LONGEST_CELL
    if units(marked) <= LONGEST_CELL:
        assert cell == marked
    else:
        assert cell.endswith(CUT_MARK)
        assert marked.startswith(cell.removesuffix(CUT_MARK))
        assert units(cell) >= LONGEST_CELL - 1
    assert safe_cell(cell) == cell


@pytest.mark.timeout(10)  # s; a pattern that goes back and forth takes hours
@pytest.mark.parametrize("fill", [" ", "1", "1 ", "1-", "-", "(", "may ", ".", "1e"])
def test_no_body_makes_the_search_for_values_slow(fill):
    for ending in ("", "x", "1"):
        safe_cell(fill * 100_000 + ending)
        safe_cell("1" + fill * 100_000 + ending)


def test_a_body_of_20_mb_is_cut_at_once():
    assert units(safe_cell("=\U0001f600" * 10_000_000)) <= LONGEST_CELL


EVIL = '=HYPERLINK("https://evil.example";"click")'


def hostile_account(open_shop):
    shop = open_shop(tickets=3)

    def rewrite(call):
        answer = shop.sandbox.answer(call)
        if call.path != "/api/messages":
            return answer
        page = json.loads(answer.body)
        for row in page["data"]:
            row["body_text"] = "x" * 40_000 if row["id"] % 2 else EVIL
            row["source"] = {"to": [{"address": "@SUM(A1)"}, {"address": "b"}]}
        return Answer(answer.status, json.dumps(page).encode())

    shop.sandbox.on_request = rewrite
    return shop


def cells(data, encoding):
    return list(csv.DictReader(data.decode(encoding).splitlines(keepends=True)))


def test_without_the_setting_the_file_holds_what_was_written(open_shop):
    shop = hostile_account(open_shop)
    assert shop.crawl().status == 0
    assert not shop.file.read_bytes().startswith(BOM)
    bodies = {row["body"] for row in shop.rows()}
    assert bodies == {EVIL, "x" * 40_000}


def test_with_the_setting_csv_cells_are_safe_and_other_formats_unchanged(open_shop):
    shop = hostile_account(open_shop)
    columns = "FEED_EXPORT_FIELDS=ticket_id,message_id,body,to,public"
    ended = shop.crawl(
        *("-s", "GORGIAS_SPREADSHEET_SAFE=True", "-s", columns),
        *("-O", "safe.csv", "-O", "all.jsonl"),
    )
    assert ended.status == 0, ended.log
    data = (shop.path / "safe.csv").read_bytes()
    assert data.startswith(BOM)
    assert data.count(BOM) == 1
    rows = cells(data, "utf-8-sig")
    assert {row["body"] for row in rows if not int(row["message_id"]) % 2} == {
        "'" + EVIL
    }
    assert {len(row["body"]) for row in rows if int(row["message_id"]) % 2} == {
        LONGEST_CELL
    }
    assert {row["to"] for row in rows} == {"'@SUM(A1),b"}
    assert {row["public"] for row in rows} <= {"True", "False"}
    lines = (shop.path / "all.jsonl").read_text().splitlines()
    assert {json.loads(line)["body"] for line in lines} == {EVIL, "x" * 40_000}


def test_a_file_is_verified_with_the_settings_that_shaped_it(open_shop):
    shop = hostile_account(open_shop)
    option = ("-s", "GORGIAS_SPREADSHEET_SAFE=True")
    assert shop.crawl(*option).status == 0
    assert any(row["body"].startswith("'=") for row in shop.rows())
    assert shop.run("verify", "job").status == 0  # it knows what the crawl was given
    ended = shop.run("verify", "job", "-s", "GORGIAS_SPREADSHEET_SAFE=False")
    assert ended.status == 3
    assert "differs in body" in ended.log
    named = """FEED_EXPORT_FIELDS={"ticket_id": "Ticket", "body": "Text"}"""
    assert shop.crawl("-s", named).status == 0
    assert shop.run("verify", "job").status == 0
    text = shop.file.read_text("utf-8")
    shop.file.write_text(text.replace("=", "?", 1), "utf-8")
    ended = shop.run("verify", "job")
    assert ended.status == 3
    assert "differs in Text" in ended.log


def test_a_compressed_or_empty_file_has_its_byte_order_mark_too(open_shop):
    shop = open_shop(tickets=0)
    (shop.path / "packed.py").write_text(
        "from gorgias_crawler.settings import *\n"
        "GORGIAS_SPREADSHEET_SAFE = True\n"
        "FEEDS = {'out.csv.gz': {'format': 'csv', 'overwrite': True,\n"
        "  'postprocessing': ['scrapy.extensions.postprocessing.GzipPlugin']}}\n"
    )
    shop.environ |= {"SCRAPY_SETTINGS_MODULE": "packed", "PYTHONPATH": str(shop.path)}
    assert shop.crawl().status == 0
    data = gzip.decompress((shop.path / "out.csv.gz").read_bytes())
    assert data.startswith(BOM + b"ticket_id,")


CELLS = [
    "=1+1", '=HYPERLINK("https://x.example","a")', "+1", "-1", "@SUM(1)", "0012345", "3/4",
    "1e10", "12:30", "12:30 PM", "5 %", "TRUE", "1 1/2", "2025-Mar-03", "123456789012",
    "2025-03-01T10:00:41.123456", "2025-03-01T10:00:41+00:00", "a;b,c\td", "Ä😀",
    'say "yes"\nand\n=1', "'=1", " a ", "x" * 40_000,
]  # fmt: skip


@pytest.mark.parametrize("name", ["cells.csv", "cells.csv.gz"])
def test_libreoffice_shows_each_cell_as_it_stands_in_the_file(work, name):
    """It reads, and writes again what it shows."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed here")
    items = [["messages", {"ticket_id": 1, "body": text}] for text in CELLS]
    settings = {"GORGIAS_SPREADSHEET_SAFE": True}
    feeds = {name: {"format": "csv", "fields": ["ticket_id", "body"]}}
    (result,) = crawl(work, {"feeds": feeds, "items": items, "settings": settings})
    assert result.failed == []
    reads, writes = "CSV:44,34,76,1", "csv:Text - txt - csv (StarCalc):44,34,76,1"
    command = [office, "--headless", f"-env:UserInstallation={work.as_uri()}/profile"]
    command += [
        f"--infilter={reads}",
        "--convert-to",
        writes,
        "--outdir",
        "shown",
        name,
    ]
    subprocess.run(command, cwd=work, check=True, capture_output=True, timeout=60)
    (shown,) = (work / "shown").iterdir()
    with shown.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["ticket_id", "body"], *(["1", safe_cell(text)] for text in CELLS)]
