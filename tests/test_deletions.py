"""Deletions are found by events, every night, and believed with a second answer."""

import json

import pytest

from gorgias_crawler.archive import changes, counts
from gorgias_crawler.archive.compression import packed
from gorgias_crawler.fetch.calls import TicketPage
from gorgias_crawler.fetch.plans import Fetch
from gorgias_crawler.sandbox import Answer
from tests.account_model import AccountModel, Run, export, open_archive

FORBIDDEN = Answer(403, b'{"error": {"msg": "Not enough permissions."}}')
BAD = Answer(400, b'{"error": {"msg": "Unknown types."}}')


@pytest.fixture
def archive(tmp_path):
    return open_archive(tmp_path / "archive.sqlite")


def tickets_of(archive):
    return {json.loads(ticket)["id"] for ticket, _ in export(archive)}


def test_a_deleted_ticket_is_gone_after_the_next_plain_run(open_shop):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    gone = min(shop.world.tickets)
    shop.world.delete_ticket(gone)
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()
    ended = shop.run("export", "job", "-O", "deleted.csv", "-a", "object=deleted")
    assert ended.status == 0, ended.log
    found = {row["id"] for row in shop.rows("deleted.csv") if row["kind"] == "tickets"}
    assert found == {str(gone)}


def test_a_quiet_night_costs_one_call_more(open_shop):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    for calls in (4, 3):  # whether there are events is asked once a job
        before = len(shop.sandbox.calls)
        assert shop.crawl().status == 0
        assert len(shop.sandbox.calls) - before == calls


def test_what_is_not_seen_is_said_where_events_themselves_were_asked_for(open_shop):
    shop = open_shop(tickets=5)
    asked = ("-a", "objects=all")
    shop.sandbox.on_request = lambda call: (
        FORBIDDEN if call.path.endswith("/events") else None
    )
    for notes in (0, 1):  # a first run lists all tickets
        assert shop.crawl(*asked).status == 0
        found = [note for note in shop.manifest()["notes"] if "not seen" in note]
        assert len(found) == notes


def test_without_events_it_is_said_what_is_not_seen_and_a_relist_sees_it(open_shop):
    shop = open_shop(tickets=20)
    assert shop.crawl().status == 0
    gone = min(shop.world.tickets)
    shop.world.delete_ticket(gone)
    shop.sandbox.on_request = lambda call: (
        FORBIDDEN if call.path.endswith("/events") else None
    )
    before = len(shop.sandbox.calls)
    ended = shop.crawl()
    assert ended.status == 0
    (note,) = [note for note in shop.manifest()["notes"] if "events:read" in note]
    assert "-a relist=true" in note
    assert note in ended.log
    # a 403 may be a firewall's whim: it is asked once more, and not again in this run
    assert sum(c.path.endswith("/events") for c in shop.sandbox.calls[before:]) == 2
    assert str(gone) in {row["ticket_id"] for row in shop.rows()}
    assert shop.crawl("-a", "relist=true").status == 0
    assert shop.rows() == shop.expected()


def test_where_types_are_refused_all_events_are_read_if_that_is_cheap(open_shop):
    shop = open_shop(tickets=150)
    assert shop.crawl().status == 0
    shop.world.delete_ticket(min(shop.world.tickets))
    shop.sandbox.on_request = lambda call: BAD if "types" in call.query else None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_an_event_alone_erases_nothing(archive):
    model = AccountModel()
    kept = model.add_ticket()
    model.add_ticket()
    Run(archive, model).finish()
    model.tell("ticket-deleted", kept)
    Run(archive, model).finish()
    assert tickets_of(archive) == set(model.tickets)


def test_many_deletions_that_events_tell_are_believed(archive):
    model = AccountModel()
    for _ in range(60):
        model.add_ticket()
    Run(archive, model).finish()
    for ticket_id in list(model.tickets)[:40]:
        model.delete_ticket(ticket_id)
    model.now_us += 10**9
    Run(archive, model).finish()
    assert tickets_of(archive) == set(model.tickets)


def test_what_events_have_told_makes_no_other_deletion_unbelievable(archive):
    model = AccountModel()
    for _ in range(30):
        model.add_ticket(2)
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    first, *others = sorted(model.tickets)
    for ticket_id in others[:25]:
        model.delete_ticket(ticket_id)
    model.now_us += 10**10  # hours: what has not changed of late is asked for once
    model.add_message(first)
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    run.take()
    while not any(isinstance(call, TicketPage) for call in run.waiting):
        run.give()
        run.take()
    assert counts.totals(archive).tickets < 10  # most of what events told is erased
    model.delete_ticket(first)
    run.finish()
    assert export(archive) == model.export()


def test_a_run_that_died_after_an_event_was_read_asks_for_its_ticket(archive):
    model = AccountModel()
    for _ in range(3):
        model.add_ticket()
    Run(archive, model).finish()
    model.delete_ticket(min(model.tickets))
    model.now_us += 10**9
    dies = Run(archive, model)
    for _ in range(3):  # the updates, any event, the deletions
        dies.take(window=1)
        dies.give()
    model.has_events = False
    model.events.clear()
    Run(archive, model).finish()
    assert tickets_of(archive) == set(model.tickets)


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        ({"type": "ticket-deleted", "object_id": "#1"}, {1}),
        ({"type": "ticket-deleted", "object_id": "text of #1"}, {1}),
        ({"type": "ticket-merged", "object_id": "#1", "data": {"of": "#2"}}, {1, 2}),
        ({"type": "ticket-merged", "data": {"of": ["#1", "text of #3"]}}, {1, 3}),
        ({"type": "customer-merged", "data": {"of": "#2"}}, {2}),
        ({"type": "ticket-merged", "object_id": None, "data": "odd"}, set()),
        ({"type": "ticket-merged", "object_id": 2**70, "data": "9" * 50}, set()),
        ({"type": "ticket-closed", "object_id": "#1"}, set()),
    ],
)
def test_what_an_event_names_is_asked_for(archive, event, asked):
    model = AccountModel()
    for _ in range(3):
        model.add_ticket(messages=0)
    Run(archive, model).finish()
    ids = dict(enumerate(model.tickets, 1))
    text = json.dumps({"id": 9, **event})
    for number, id_ in ids.items():
        text = text.replace(f'"text of #{number}"', f'"{id_}"')
        text = text.replace(f'"#{number}"', str(id_))
        # a customer has the id of their ticket here, and it need not come first
        ticket = {"id": id_, "customer": {"name": f"{id_ + 1}", "id": id_}}
        raw = packed(json.dumps(ticket).encode())
        archive.db.execute("UPDATE ticket SET raw = ? WHERE id = ?", (raw, id_))
    with archive.transaction():
        changes.note_events(archive, [text.encode()])
    doubted = archive.db.execute("SELECT id FROM ticket WHERE listed < 0")
    assert {id_ for (id_,) in doubted} == {ids[number] for number in asked}
