"""A night changes the sandbox as it would an account, and the log tells."""

import itertools

import pytest

from gorgias_crawler.sandbox import World
from tests.changes import change
from tests.test_sandbox_lists import KEYS, WORLD, ask


def test_what_happens_is_written_in_the_log():
    world = World(tickets=40)
    before = {event["id"] for event in world.objects("events")}
    counts = dict.fromkeys(NIGHT, 1)
    change(world, seed=2, **counts)
    new = [event for event in world.objects("events") if event["id"] not in before]
    types = {event["type"] for event in new}
    assert types >= {
        "ticket-created", "ticket-message-created", "ticket-closed", "ticket-deleted",
        "ticket-merged", "customer-created", "customer-updated", "customer-deleted",
        "customer-merged", "tag-renamed", "tag-deleted", "user-updated", "user-deleted",
        "user-logged-in",
    }  # fmt: skip
    tickets = {ticket["id"] for ticket in world.objects("tickets")}
    for event in new:
        if event["type"] == "ticket-deleted":
            assert event["object_id"] not in tickets
        if event["type"] == "ticket-merged":
            assert event["object_id"] in tickets


NIGHT = (
    "new_tickets", "replies", "closings", "deleted_tickets", "merges", "new_customers",
    "changed_customers", "customer_merges", "deleted_customers", "survey_scores",
    "tag_renames", "deleted_tags", "deactivated_users", "removed_users", "new_events",
)  # fmt: skip


def test_the_same_night_does_the_same_to_the_same_account(monkeypatch):
    monkeypatch.setattr(World, "now_us", lambda world: 1_800_000_000_000_000)
    worlds = [World(tickets=40) for _ in range(2)]
    for world in worlds:
        change(world, seed=5, **dict.fromkeys(NIGHT, 2))
    for name in [*KEYS, "tickets", "messages"]:
        assert worlds[0].objects(name) == worlds[1].objects(name), name


def test_a_merge_moves_tickets_to_the_customer_that_stays():
    world = World(tickets=40)
    change(world, seed=1, customer_merges=3)
    customers = {row["id"] for row in world.objects("customers")}
    merged = [e for e in world.objects("events") if e["type"] == "customer-merged"]
    assert len(merged) == 3
    for event in merged:
        assert event["data"]["source_customer_id"] not in customers
    for ticket in world.objects("tickets"):
        assert ticket["customer"] is None or ticket["customer"]["id"] in customers


def test_scores_names_and_users_change_in_their_own_rows():
    world = World(tickets=40)
    kinds = ("satisfaction_surveys", "tags", "users", "customers")
    before = {name: world.objects(name) for name in kinds}
    change(
        world,
        seed=1,
        survey_scores=1,
        tag_renames=1,
        deactivated_users=1,
        removed_users=1,
        changed_customers=1,
    )
    changed = {
        name: [
            {key for key in row if row[key] != old.get(key)}
            for row, old in itertools.product(world.objects(name), before[name])
            if row["id"] == old["id"] and row != old
        ]
        for name in kinds
    }
    assert changed["satisfaction_surveys"] == [{"score", "scored_datetime"}]
    assert changed["tags"] == [{"name"}]
    assert changed["customers"] == [{"note", "updated_datetime"}]
    assert len(world.objects("users")) == len(before["users"]) - 1
    assert {"active", "deactivated_datetime"} <= set().union(*changed["users"])


def test_a_survey_outlives_its_ticket():
    world = World(tickets=40)
    survey = world.objects("satisfaction_surveys")[0]
    world.delete_ticket(survey["ticket_id"])
    assert survey in world.objects("satisfaction_surveys")


def test_new_tickets_bring_surveys_and_calls():
    world = World(tickets=40)
    names = (
        "satisfaction_surveys", "voice_calls", "voice_call_events",
        "voice_call_recordings",
    )  # fmt: skip
    before = {name: world.objects(name) for name in names}
    change(world, seed=1, new_tickets=33)
    for name, many in zip(names, (11, 3, 9, 3), strict=True):
        new = [row for row in world.objects(name) if row not in before[name]]
        assert len(new) == many, name
        newest = ask(name, world, limit=many)["data"]
        if name != "voice_call_events":  # they come oldest first
            assert {row["id"] for row in newest} == {row["id"] for row in new}


def test_a_macro_has_a_date_of_update_from_its_first_edit_on():
    world = World(tickets=1)
    change(world, edited_macros=43)
    assert all(row["updated_datetime"] for row in world.objects("macros"))


def test_old_events_age_out():
    world = World(tickets=40)
    before = world.objects("events")
    change(world, days_of_events_lost=30)
    after = world.objects("events")
    assert 0 < len(after) < len(before)
    assert after == before[-len(after) :]


def test_a_change_that_nobody_knows_is_refused():
    with pytest.raises(TypeError, match="new_tikets"):
        change(WORLD, new_tikets=1)
