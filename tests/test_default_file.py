"""The default file: what is in it decides whether a crawl may replace it."""

from pathlib import Path

import pytest

from gorgias_crawler.archive import Archive
from gorgias_crawler.job.default_file import why_not_of_account
from gorgias_crawler.sandbox import World


def refused(shop):
    ended = shop.crawl()
    assert ended.status == 1, ended.log
    assert ended.log.strip().splitlines()[-1].count("Cannot start: The feed") == 1
    assert "name another file with -O FILE" in ended.log
    assert "Traceback" not in ended.log
    assert not [call for call in shop.sandbox.calls if call.path == "/api/messages"]


def test_a_fresh_job_replaces_the_file_of_the_job_before_it(open_shop):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    (shop.path / "job").rename(shop.path / "old job")
    shop.world.delete_ticket(int(shop.expected()[0]["ticket_id"]))
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


def test_the_file_of_another_account_stays(open_shop):
    shop = open_shop(tickets=20)
    other = open_shop(world=World(tickets=20, seed=2))
    assert other.crawl("-s", "JOBDIR=other").status == 0
    before = shop.file.read_bytes()
    refused(shop)
    assert shop.file.read_bytes() == before
    assert shop.crawl("-O", shop.file.name).status == 0
    assert shop.rows() == shop.expected()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "my notes",
        "ticket_id,created_datetime\r\nseven,today\r\n",
        "ticket_id,created_datetime,price\r\n",
        "ticket_id,body\r\n",
        "\xff\xfe",
    ],
)
def test_a_file_of_anything_else_is_not_of_the_account(tmp_path, content):
    (tmp_path / "found.csv").write_bytes(content.encode("latin-1"))
    archive = Archive.open(tmp_path / "archive.sqlite")
    assert why_not_of_account(tmp_path / "found.csv", archive) is not None
    archive.close()


def test_a_file_of_anything_else_stays(open_shop):
    shop = open_shop(tickets=3)
    shop.file.write_text("my notes")
    refused(shop)
    assert shop.file.read_text() == "my notes"


@pytest.mark.parametrize(("foreign", "is_replaced"), [(1, True), (4, False)])
def test_nine_of_ten_tickets_must_be_of_the_account(open_shop, foreign, is_replaced):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    (shop.path / "job").rename(shop.path / "old job")
    ids = sorted({row["ticket_id"] for row in shop.expected()})[:foreign]
    text = shop.file.read_text()
    for id_ in ids:
        text = text.replace(f"\n{id_},", f"\n9{id_},")
    shop.file.write_text(text)
    if is_replaced:
        assert shop.crawl().status == 0
        assert shop.rows() == shop.expected()
    else:
        shop.sandbox.calls.clear()
        refused(shop)


def test_an_estimate_minds_no_file(open_shop):
    shop = open_shop(tickets=3)
    shop.file.write_text("my notes")
    assert shop.crawl("-a", "estimate=true").status == 0
    assert shop.file.read_text() == "my notes"


@pytest.mark.parametrize("options", [[], ["-o", "acme.csv"], ["-o", "acme/:csv"]])
def test_a_file_that_was_taken_away_is_written_again(open_shop, options):
    shop = open_shop(tickets=3)
    assert shop.crawl(*options).status == 0
    uris = [feed["uri"] for feed in shop.manifest()["feeds"]]
    stored = [Path(uri) for uri in uris if uri.endswith(".csv")]  # one tells of its run
    contents = [path.read_bytes() for path in stored]
    for path in stored:
        path.unlink()
    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    assert [path.read_bytes() for path in stored] == contents
