"""The sandbox's objects have the oddities of Gorgias, and name one another."""

import pytest

from gorgias_crawler.sandbox import World, pages
from gorgias_crawler.sandbox.records import END_US, instant_us
from tests.test_sandbox_lists import KEYS, LISTS, WORLD, ask, walk


def test_archived_macros_and_fields_come_when_they_are_asked_for():
    for name, field in (
        ("macros", "archived_datetime"),
        ("custom_fields", "deactivated_datetime"),
    ):
        shown = walk(name, limit=100)
        hidden = walk(name, limit=100, archived="true")
        assert hidden
        assert all(row[field] for row in hidden)
        assert not {r["id"] for r in shown} & {r["id"] for r in hidden}
    # one that is deactivated was recorded in the default list
    assert any(row["deactivated_datetime"] for row in walk("custom_fields"))
    assert any(row["updated_datetime"] is None for row in walk("macros", limit=100))


def test_events_have_the_oddities_that_were_seen():
    rows = walk("events", limit=100)
    assert all(row["id"] > 2**31 for row in rows)
    for field in ("context", "user_id", "data"):
        assert {row[field] is None for row in rows} == {True, False}, field
    assert "CustomField" in {row["object_type"] for row in rows}
    year_us = 365 * 24 * 3_600_000_000
    assert all(END_US - year_us <= instant_us(row["created_datetime"]) for row in rows)


def test_uris_are_paths_but_for_users():
    for name in set(KEYS) - {"users"}:
        for row in walk(name, limit=100):
            assert row.get("uri", "/api/").startswith("/api/")
    for user in walk("users"):
        assert user["uri"].startswith(
            f"https://{WORLD.account.domain}.gorgias.com/api/"
        )
    bots = walk("users", roles="bot")
    assert any("." not in bot["email"].partition("@")[2] for bot in bots)


def test_surveys_come_in_all_four_states():
    rows = walk("satisfaction_surveys", limit=100)
    states = {
        (bool(r["should_send_datetime"]), bool(r["sent_datetime"]), bool(r["score"]))
        for r in rows
    }
    assert states == {
        (True, False, False),
        (True, True, False),
        (True, True, True),
        (False, False, False),
    }
    assert len({row["ticket_id"] for row in rows}) == len(rows)


def test_trees_of_rules_and_views_are_deep():
    def depth(value):
        inner = value.values() if isinstance(value, dict) else value
        if not isinstance(value, dict | list):
            return 0
        return 1 + max(map(depth, inner), default=0)

    for rule in walk("rules"):
        assert len(str(rule["code_ast"])) > 5 * len(rule["code"])
    assert max(depth(view["filters_ast"]) for view in walk("views")) > 50


def test_the_list_hides_what_the_customer_alone_shows():
    details = []
    for row in walk("customers", limit=100):
        _, detail = pages.answer(WORLD, f"/api/customers/{row['id']}", {})
        assert detail is not None
        assert detail.items() >= row.items()
        details.append(detail)
    channels = [c for detail in details for c in detail["channels"]]
    assert len({channel["id"] for channel in channels}) == len(channels)
    assert all(channel["address"] for channel in channels)
    assert {"email", "phone"} <= {channel["type"] for channel in channels}
    shops = [s for detail in details for s in detail["integrations"].values()]
    assert {shop["__integration_type__"] for shop in shops} == {"shopify"}


@pytest.mark.parametrize(
    ("path", "has_body"),
    [
        ("/api/customers/1", True),
        ("/api/tags/1", True),
        ("/api/tickets/90000017", True),  # not served: the lists show it
        ("/api/account/1", True),
        ("/api/customer", False),
        ("/api/", False),
        ("/api/5", False),
        ("/api/nowhere", False),
        ("/api/customers/x", False),
        ("/api/account/nowhere", False),
        ("/tags", False),
    ],
)
def test_what_is_not_there_is_not_found(path, has_body):
    status, body = pages.answer(WORLD, path, {})
    assert status == 404
    assert (body is not None) == has_body


def test_objects_that_are_keyed_by_ids():
    customers = [row["custom_fields"] for row in walk("customers", limit=100)]
    for fields in filter(None, customers):
        assert all(int(key) == field["id"] for key, field in fields.items())
    assert any(customers)


def test_integrations_and_settings_hold_what_must_not_be_kept():
    hooks = [row["http"] for row in walk("integrations") if row["http"]]
    assert len(hooks) == 2
    for place in ("url", "headers", "form"):
        assert any("hook-secret" in str(hook[place]) for hook in hooks), place
    _, settings = pages.answer(WORLD, "/api/account/settings", {})
    assert "sso-secret" in str(settings)


def test_recordings_are_voicemails_calls_and_some_without_address():
    rows = walk("voice_call_recordings", World(tickets=60), limit=100)
    assert {row["type"] for row in rows} == {"voicemail", "call recording"}
    assert {(row["url"] is None, row["error_code"]) for row in rows} == {
        (False, None),
        (True, "RECORDING_IS_PRIVATE"),
    }
    metas = [row["meta"] for row in walk("voice_call_events", World(tickets=90))]
    assert {type(meta) for meta in metas} == {dict, str}


def test_the_voice_lists_lead_back_to_the_start_by_a_cursor_that_is_null():
    for name in ("voice_calls", "voice_call_events", "voice_call_recordings"):
        for cursor in ("", "null"):
            assert ask(name, cursor=cursor)["data"] == ask(name)["data"]
    ask("tags", code=400, cursor="null")


def test_calls_come_newest_first():
    calls = walk("voice_calls", limit=2)
    dates = [instant_us(call["created_datetime"]) for call in calls]
    assert dates == sorted(dates, reverse=True)


def test_a_kind_that_is_not_permitted_is_refused_alone():
    refused = {"voice_calls": 403, "account_settings": 404}
    for path, status in (
        ("phone/voice-calls", 403),
        ("account/settings", 404),
        ("phone/voice-call-events", 200),
        ("account", 200),
    ):
        found, body = pages.answer(WORLD, f"/api/{path}", {}, refused)
        assert found == status
        assert body is not None
        assert (status == 200) == ("error" not in body)


# References.


def test_references_lead_somewhere():
    ids = {name: {row["id"] for row in walk(name, limit=100)} for name in LISTS}
    for ticket in walk("tickets", limit=100):
        assert (
            ticket["customer"] is None or ticket["customer"]["id"] in ids["customers"]
        )
        assert ticket["assignee_user"] is None or (
            ticket["assignee_user"]["id"] in ids["users"]
        )
        assert {tag["id"] for tag in ticket["tags"]} <= ids["tags"]
        assert set(map(int, ticket["custom_fields"])) <= ids["custom_fields"]
    people = ids["users"] | ids["customers"]
    for message in walk("messages", limit=100):
        assert message["sender"] is None or message["sender"]["id"] in people
        assert message["integration_id"] in ids["integrations"] | {None}
    for survey in walk("satisfaction_surveys", limit=100):
        assert survey["ticket_id"] in ids["tickets"]
        assert survey["customer_id"] in ids["customers"]
    for event in walk("voice_call_events"):
        assert event["call_id"] in ids["voice_calls"]
    for recording in walk("voice_call_recordings"):
        assert recording["call_id"] in ids["voice_calls"]
    assert not ids["users"] & ids["customers"]
    of_type = {
        "Ticket": "tickets", "TicketMessage": "messages", "Customer": "customers",
        "User": "users", "Rule": "rules", "Macro": "macros", "Tag": "tags",
        "View": "views", "CustomField": "custom_fields",
    }  # fmt: skip
    ids["custom_fields"] |= {row["id"] for row in WORLD.objects("custom_fields")}
    ids["macros"] |= {row["id"] for row in WORLD.objects("macros")}
    for event in walk("events", limit=100):
        assert event["object_id"] in ids[of_type[event["object_type"]]], event
        assert event["user_id"] is None or event["user_id"] in ids["users"]


def test_a_customer_is_there_before_the_first_ticket_of_theirs():
    for ticket in walk("tickets", limit=100):
        if ticket["customer"]:
            customer = WORLD.records("customers")[ticket["customer"]["id"]]
            assert customer.created_us <= instant_us(ticket["created_datetime"])


def test_people_live_in_several_time_zones():
    for name in ("users", "customers"):
        zones = {row["timezone"] for row in walk(name, limit=100)}
        assert None in zones
        assert len(zones) > 3
