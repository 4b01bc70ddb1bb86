"""The same command every night: what a fresh export would be, for what changed."""

import time

import pytest
from scrapy.http import Response

from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.spiders.gorgias import _made_us
from tests.changes import change, send_late
from tests.crawling import wait

CHANGES = {"new_tickets": 5, "replies": 12, "closings": 6, "late_sent": 3}


def fresh_file(shop, name="fresh"):
    options = ["-s", f"JOBDIR={name}", "-O", f"{name}.csv"]
    assert wait(shop.start(*options)).status == 0
    return (shop.path / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("fetch", ["auto", "bulk", "per-ticket"])
def test_a_refresh_is_what_a_fresh_export_would_be(open_shop, fetch):
    shop = open_shop(tickets=150)
    option = ("-a", f"fetch={fetch}")
    assert shop.crawl(*option).status == 0
    for night in range(3):
        change(shop.world, seed=night, **CHANGES)
        ended = shop.crawl(*option)
        assert ended.status == 0, ended.log
        assert shop.rows() == shop.expected()
    assert shop.file.read_bytes() == fresh_file(shop)


def test_a_refresh_asks_only_for_what_changed(open_shop):
    shop = open_shop(tickets=500)
    shop.crawl()
    before = len(shop.sandbox.calls)
    change(shop.world, seed=2, new_tickets=3, replies=5)
    assert shop.crawl().status == 0
    # the account, a page of updates, and a page of the newest messages
    assert len(shop.sandbox.calls) - before <= 5


def test_the_manifest_counts_what_changed(open_shop):
    shop = open_shop(tickets=50)
    shop.crawl()
    change(shop.world, seed=1, new_tickets=3, closings=4)
    shop.crawl()
    tickets = shop.manifest()["tickets"]
    assert tickets["new"] == 3
    assert tickets["changed"] == 4
    assert tickets["unchanged"] == 46


def test_nothing_changed_is_a_handful_of_calls_and_the_same_file(open_shop):
    shop = open_shop(tickets=150, forks=False)
    shop.crawl()
    before, calls = shop.file.read_bytes(), len(shop.sandbox.calls)
    for _ in range(2):
        assert shop.crawl().status == 0
        assert shop.file.read_bytes() == before
    assert len(shop.sandbox.calls) - calls <= 2 * 4


def test_a_message_that_is_sent_late_shows_its_date(open_shop):
    shop = open_shop(tickets=30)
    ids = sorted({int(row["ticket_id"]) for row in shop.expected()})
    replies: list[int] = []
    while len(replies) < 16:  # one in sixteen of them is an unsent one of an agent
        replies.append(shop.world.reply(ids[len(replies)]))
    shop.crawl()
    unsent = [row for row in shop.rows() if not row["sent_datetime"]]
    for message_id in replies:
        send_late(shop.world, message_id)
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()
    assert len([row for row in shop.rows() if not row["sent_datetime"]]) < len(unsent)


def test_deletions_are_carried_through_by_relisting(open_shop):
    shop = open_shop(tickets=150)
    shop.crawl()
    change(shop.world, seed=4, deleted_tickets=5, deleted_messages=7, merges=2)
    ended = shop.crawl("-a", "relist=true")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert shop.manifest()["tickets"]["vanished"] == 7
    assert shop.file.read_bytes() == fresh_file(shop)


def test_what_is_erased_is_not_in_the_job_directory_any_more(open_shop):
    shop = open_shop(tickets=30)
    shop.crawl()
    victim = int(shop.expected()[0]["ticket_id"])
    shop.world.delete_ticket(victim)
    assert shop.crawl("-a", "relist=true").status == 0
    ended = shop.run("export", "job", "-O", "after.csv")
    assert ended.status == 0
    assert str(victim) not in {row["ticket_id"] for row in shop.rows("after.csv")}
    assert shop.rows() == shop.expected()


def test_relisting_is_done_though_a_ticket_failed_the_night_before(open_shop):
    from gorgias_crawler.sandbox import Answer  # noqa: PLC0415

    shop = open_shop(tickets=30)
    victim, deleted = (int(shop.expected()[n]["ticket_id"]) for n in (0, -1))
    shop.sandbox.on_request = lambda call: (
        Answer(500, b"") if call.query.get("ticket_id") == [str(victim)] else None
    )
    options = ("-a", "fetch=per-ticket", "-s", "RETRY_TIMES=0")
    assert shop.crawl(*options).status == 3
    shop.world.delete_ticket(deleted)
    assert shop.crawl(*options, "-a", "relist=true").status == 3
    assert str(deleted) not in {row["ticket_id"] for row in shop.rows()}


def test_trashed_tickets_stay_with_their_date(open_shop):
    shop = open_shop(tickets=60)
    fields = "ticket_id,trashed_datetime"
    assert shop.crawl("-s", f"FEED_EXPORT_FIELDS={fields}").status == 0
    assert any(row["trashed_datetime"] for row in shop.rows())


@pytest.mark.parametrize(
    ("headers", "hours"),
    [({"Date": "Tue, 24 Nov 2026 12:00:00 GMT"}, None), ({}, 24), ({"Date": "x"}, 24)],
)
def test_without_the_servers_clock_ours_is_taken_less_a_day(headers, hours):
    before_us = time.time_ns() // 1000
    told = _made_us(Response("https://acme.gorgias.com/api", headers=headers))
    after_us = time.time_ns() // 1000
    if hours is None:
        assert told == instant_us("2026-11-24T12:00:00Z")
    else:
        assert before_us <= told + hours * 3_600_000_000 <= after_us
