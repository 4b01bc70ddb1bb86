"""A pipeline's own column stands in the file, or the run says why not."""

import json

import pytest

PIPELINES = """
from dataclasses import asdict

class Score:
    def process_item(self, item):
        return {**asdict(item), "score": len(item.body)}

class ScoreSome:
    def process_item(self, item):
        return {**asdict(item), "score": 1} if item.public else item

class ScoreMore:
    def process_item(self, item):
        more = {} if item.public else {"note": 1}
        return {**asdict(item), "score": 1, **more}
"""


@pytest.fixture
def shop(open_shop):
    shop = open_shop(tickets=10)
    (shop.path / "mine.py").write_text(PIPELINES)
    shop.environ["PYTHONPATH"] = str(shop.path)
    return shop


def with_pipeline(name):
    return ("-s", f'ITEM_PIPELINES={{"mine.{name}": 200}}')


def test_the_default_columns_are_followed_by_a_pipelines_own(shop):
    names = ["a.csv", "b.jsonl"]
    feeds = [part for name in names for part in ("-O", name)]
    ended = shop.crawl(*with_pipeline("Score"), *feeds)
    assert ended.status == 0, ended.log
    rows = shop.rows("a.csv")
    assert list(rows[0]) == [*shop.expected()[0], "score"]
    assert [int(row["score"]) for row in rows] == [len(row["body"]) for row in rows]
    lines = (shop.path / "b.jsonl").read_text("utf-8").split("\n")
    assert all("score" in json.loads(line) for line in lines if line)
    assert shop.run("verify", "job").status == 0


def test_a_pipelines_own_column_may_be_asked_for(shop):
    fields = ("-s", "FEED_EXPORT_FIELDS=ticket_id,score")
    ended = shop.crawl(*with_pipeline("Score"), *fields)
    assert ended.status == 0, ended.log
    assert list(shop.rows()[0]) == ["ticket_id", "score"]
    assert shop.run("verify", "job").status == 0
    ended = shop.run("export", "job", "-O", "x.csv", *fields)
    assert ended.status == 1
    assert "there is no column 'score'" in ended.log


def test_a_column_that_some_rows_have_may_be_asked_for(shop):
    fields = ("-s", "FEED_EXPORT_FIELDS=public,score")
    assert shop.crawl(*with_pipeline("ScoreSome"), *fields).status == 0
    rows = shop.rows()
    assert {(row["public"], row["score"]) for row in rows} == {
        ("True", "1"),
        ("False", ""),
    }


def test_a_column_that_no_row_has_is_no_export(shop):
    fields = ("-s", "FEED_EXPORT_FIELDS=ticket_id,scroe")
    ended = shop.crawl(*with_pipeline("Score"), *fields)
    assert ended.status == 3
    assert "no row had the column 'scroe'" in ended.last_lines
    assert not shop.file.exists()


def test_a_column_that_comes_too_late_is_no_export(shop):
    ended = shop.crawl(*with_pipeline("ScoreMore"))
    assert ended.status == 3
    assert "gave a row the column 'note', which the first row had not" in ended.log
    assert not shop.file.exists()
