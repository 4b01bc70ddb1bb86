"""What is counted stands in the file: rows that go to the feeds and rows in them."""

import json
import sqlite3

import pytest

from gorgias_crawler.archive import Archive, order

OURS = "gorgias_crawler.pipelines.BodySelectionPipeline"
COMPONENTS = """
from scrapy.exceptions import DropItem

class DropAll:
    def process_item(self, item):
        raise DropItem(item.body)

class DropNotes:
    def process_item(self, item):
        if not item.public:
            raise DropItem(item.body)
        return item

class DropAgents:
    async def process_item(self, item):
        if item.from_agent:
            raise DropItem(item.body)
        return item

class Forget:
    def process_item(self, item):
        pass

class TakeAway:
    def process_spider_output(self, response, result):
        yield from (one for one in result if getattr(one, "public", True))

    async def process_spider_output_async(self, response, result):
        async for one in result:
            if getattr(one, "public", True):
                yield one
"""


@pytest.fixture
def shop(open_shop):
    shop = open_shop(tickets=20)
    (shop.path / "mine.py").write_text(COMPONENTS)
    shop.environ["PYTHONPATH"] = str(shop.path)
    return shop


def with_pipelines(*names):
    orders = {OURS: 100} | {f"mine.{name}": 200 + n for n, name in enumerate(names)}
    return ("-s", f"ITEM_PIPELINES={json.dumps(orders)}")


def test_a_pipeline_that_returns_no_row_is_named_as_the_cause(shop):
    ended = shop.crawl(*with_pipelines("Forget"))
    assert ended.status == 3
    assert "A pipeline (ITEM_PIPELINES) has returned None" in ended.last_lines
    assert not (shop.path / "gorgias_tickets.csv").exists()


def test_rows_that_pipelines_drop_are_counted_by_name_and_not_as_exported(shop):
    ended = shop.crawl(*with_pipelines("DropNotes", "DropAgents"))
    assert ended.status == 0, ended.log
    manifest, rows = shop.manifest(), shop.rows()
    dropped = manifest["dropped"]
    assert set(dropped) == {"mine.DropNotes", "mine.DropAgents"}
    assert min(dropped.values()) > 0
    assert manifest["messages"]["exported"] == manifest["feeds"][0]["rows"] == len(rows)
    assert len(rows) + sum(dropped.values()) == len(shop.expected())


@pytest.mark.parametrize("command", ["crawl", "export"])
def test_where_all_rows_are_dropped_the_file_stays_as_it_was(shop, command):
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    options = with_pipelines("DropAll")
    if command == "crawl":
        ended = shop.crawl(*options)
        assert shop.manifest()["messages"]["exported"] == 0
        assert shop.manifest()["dropped"] == {"mine.DropAll": len(shop.expected())}
    else:
        ended = shop.run("export", "job", "-O", shop.file.name, *options)
    assert ended.status == 3
    assert f"All {len(shop.expected())} rows were dropped by mine.DropAll" in ended.log
    assert shop.file.read_bytes() == before


def test_rows_that_vanish_on_their_way_are_no_export(shop):
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    ended = shop.crawl("-s", 'SPIDER_MIDDLEWARES={"mine.TakeAway": 100}')
    assert ended.status == 3
    assert "takes rows away" in ended.last_lines
    assert shop.file.read_bytes() == before


def test_an_index_that_disagrees_with_its_table_is_damage_and_no_export(shop):
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    lose_from_index(shop.jobdir / "archive.sqlite")
    exported = shop.run("export", "job", "-O", shop.file.name)
    for ended in (exported, shop.crawl("-a", "notes=false")):
        assert ended.status == 3, ended.log
        assert "is damaged" in ended.log
        assert shop.file.read_bytes() == before


def lose_from_index(path):
    """Let the index of messages lack one that its table has."""
    db = sqlite3.connect(path, isolation_level=None)
    where = "FROM sqlite_schema WHERE name = 'message_in_order'"
    row = db.execute(f"SELECT * {where}").fetchone()
    db.execute("PRAGMA writable_schema = ON")
    db.execute(f"DELETE {where}")
    db.close()
    db = sqlite3.connect(path, isolation_level=None)
    columns = [column for _, column, *_ in db.execute("PRAGMA table_info(message)")]
    values = ", ".join("id + 1" if name == "id" else name for name in columns)
    db.execute(
        f"INSERT INTO message SELECT {values} FROM message ORDER BY id DESC LIMIT 1"
    )
    db.execute("PRAGMA writable_schema = ON")
    db.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    db.close()


def test_a_crawl_that_writes_while_rows_are_read_is_no_damage(shop):
    assert shop.crawl().status == 0
    path = shop.jobdir / "archive.sqlite"
    archive = Archive.open_to_read(path)
    tickets = order.in_order(archive)
    next(tickets)
    db = sqlite3.connect(path)
    db.execute("DELETE FROM message WHERE id = (SELECT max(id) FROM message)")
    db.commit()
    assert len(list(tickets)) == 19
    archive.close()
    db.close()
