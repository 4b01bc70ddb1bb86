"""A run that changes nothing leaves its files alone, and any other writes them anew."""

import pytest

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
