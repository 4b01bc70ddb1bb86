"""docs/tables.md says what works: each of its blocks is run as it stands."""

import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gorgias_crawler.sandbox import World
from tests.crawling import SCRAPY, opened_shop

TEXT = (Path(__file__).parent.parent / "docs" / "tables.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture(scope="module")
def shop(tmp_path_factory, may_fork):
    """A crawled account, with the files that the page's commands write."""
    path = tmp_path_factory.mktemp("tables")
    with opened_shop(path, World(tickets=40), forks=may_fork) as shop:
        options = ("-s", "JOBDIR=crawls/run1", "-a", "objects=all")
        assert shop.crawl(*options).status == 0
        lines = [line for block in blocks("console") for line in block.splitlines()]
        for line in lines:
            _, *words = shlex.split(line)
            if "pip" in line.split()[0]:
                continue  # what it installs, the tests need anyway
            ended = subprocess.run(
                [*SCRAPY, *words],
                cwd=path,
                env=shop.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, ended.stderr
        yield shop


@pytest.mark.timeout(180)  # seven commands, one after the other
@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_each_block_of_python_runs_as_it_stands(shop, number):
    code = blocks("python")[number]
    for library in re.findall(r"^import (\w+)", code, re.MULTILINE):
        pytest.importorskip(library)
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "ignore", "-c", code],
        cwd=shop.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip()


@pytest.mark.parametrize("number", range(len(blocks("sql"))))
def test_each_question_in_sql_has_an_answer(shop, number):
    with closing(sqlite3.connect(shop.path / "acme.sqlite")) as db:
        assert db.execute(blocks("sql")[number]).fetchall()


def test_the_three_programs_count_alike(shop):
    """Dates with and without a fraction, and empty ones, are read by each."""
    pandas = pytest.importorskip("pandas")
    rows = pandas.read_csv(shop.file, keep_default_na=False)
    sent = pandas.to_datetime(rows["sent_datetime"], format="ISO8601", utc=True)
    expected = shop.expected()
    assert sent.notna().sum() == sum(bool(row["sent_datetime"]) for row in expected)
    assert sent.isna().any()
