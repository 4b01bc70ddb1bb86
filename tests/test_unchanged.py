"""A run that changes nothing leaves its files alone, and any other writes them anew."""

import json
from datetime import UTC, datetime

import pytest

from gorgias_crawler.sandbox import Answer

OF_USER = """
from gorgias_crawler.settings import *
class Looks:
    def process_item(self, item):
        return item
ITEM_PIPELINES = {**ITEM_PIPELINES, Looks: 200}
"""


@pytest.fixture
def shop(open_shop):
    shop = open_shop(tickets=12)
    assert shop.crawl().status == 0
    return shop


def is_left(shop, *options):
    """Crawl again; tell whether the file is the very one that was there."""
    before = shop.file.stat().st_ino
    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    (feed,) = shop.manifest()["feeds"]
    is_same = shop.file.stat().st_ino == before
    assert feed["unchanged"] is is_same
    assert ("left as it is" in ended.log) is is_same
    assert (", unchanged)" in ended.log) is is_same
    assert shop.manifest()["messages"]["exported"] == feed["rows"]
    return is_same


def test_nothing_changed_leaves_the_file_night_after_night(shop):
    before = shop.file.read_bytes()
    assert is_left(shop)
    assert is_left(shop)
    assert shop.file.read_bytes() == before
    assert shop.run("verify", "job").status == 0


def test_a_reply_writes_it_anew(shop):
    shop.world.reply(int(shop.expected()[0]["ticket_id"]))
    assert not is_left(shop)
    assert shop.rows() == shop.expected()
    assert is_left(shop)


def test_a_deletion_writes_it_anew(shop):
    shop.world.delete_ticket(int(shop.expected()[0]["ticket_id"]))
    assert not is_left(shop, "-a", "relist=true")
    assert shop.rows() == shop.expected()


def test_a_file_that_somebody_changed_is_written_anew(shop):
    text = shop.file.read_bytes()
    shop.file.write_bytes(text.replace(b"email", b"eMail", 1))
    assert not is_left(shop, "-O", str(shop.file))
    assert shop.file.read_bytes() == text


@pytest.mark.parametrize(
    "options",
    [
        ("-s", "GORGIAS_SPREADSHEET_SAFE=True"),
        ("-s", "GORGIAS_BODY_FIELDS=stripped_text,body_text"),
        ("-a", "channel=email"),
        ("-s", "FEED_EXPORT_FIELDS=ticket_id,body"),
    ],
)
def test_other_rows_write_it_anew(shop, options):
    assert not is_left(shop, *options)
    assert is_left(shop, *options)


def test_a_pipeline_of_the_users_sees_every_row_every_night(shop):
    (shop.path / "looking.py").write_text(OF_USER)
    shop.environ |= {"SCRAPY_SETTINGS_MODULE": "looking", "PYTHONPATH": str(shop.path)}
    assert not is_left(shop)
    assert not is_left(shop)


def test_a_run_that_was_killed_in_between_is_counted(shop):
    shop.world.reply(int(shop.expected()[0]["ticket_id"]))
    killed = shop.start("-s", "CONCURRENT_REQUESTS=1")
    shop.sandbox.on_request = lambda call: (
        killed.kill() if call.path == "/api/messages" else None
    )
    killed.communicate()
    shop.sandbox.on_request = None
    assert not is_left(shop)
    assert shop.rows() == shop.expected()


@pytest.mark.parametrize("by", ["run", "date"])
def test_what_changed_since_a_run_or_a_date_is_a_filter_of_every_export(shop, by):
    run = shop.manifest()["run"]
    began = datetime.now(UTC)
    changed = shop.expected()[0]["ticket_id"]
    shop.world.reply(int(changed))
    assert shop.crawl().status == 0
    since = run if by == "run" else began.isoformat()
    ended = shop.run("export", "job", "-O", "c.csv", "-a", f"changed_since={since}")
    assert ended.status == 0, ended.log
    assert {row["ticket_id"] for row in shop.rows("c.csv")} == {changed}
    latest = shop.manifest()["run"]
    ended = shop.run("export", "job", "-O", "n.csv", "-a", f"changed_since={latest}")
    assert ended.status == 0, ended.log
    assert shop.rows("n.csv") == []


def test_a_refetch_that_brings_the_same_values_is_no_change(shop):
    run = shop.manifest()["run"]

    def read_by_another(call):
        if call.path != "/api/tickets":
            return None
        page = json.loads(shop.sandbox.answer(call).body)
        for ticket in page["data"]:
            ticket["is_unread"] = not ticket["is_unread"]
        return Answer(200, json.dumps(page, indent=1).encode())

    shop.sandbox.on_request = read_by_another
    assert shop.crawl("-a", "relist=full").status == 0
    ended = shop.run("export", "job", "-O", "c.csv", "-a", f"changed_since={run}")
    assert ended.status == 0, ended.log
    assert shop.rows("c.csv") == []
