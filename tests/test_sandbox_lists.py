"""The sandbox's lists hold to what is known of Gorgias: keys, parameters, paging."""

import functools
import itertools

import pytest

from gorgias_crawler.sandbox import World, pages
from gorgias_crawler.sandbox.kinds import KINDS
from gorgias_crawler.sandbox.records import END_US, instant_us
from tests.changes import change

# The key sets of recorded answers.
KEYS = {
    "users": "id active bio created_datetime country deactivated_datetime email "
    "external_id firstname has_password has_2fa_enabled lastname language meta name "
    "role timezone updated_datetime client_id uri",
    "teams": "id uri name description decoration members created_datetime",
    "tags": "id decoration description name usage uri created_datetime "
    "deleted_datetime",
    "custom_fields": "id external_id object_type label description priority required "
    "requirement_type managed_type definition created_datetime updated_datetime "
    "deactivated_datetime",
    "views": "id name slug category type visibility fields filters filters_ast "
    "order_by order_dir search section_id shared_with_teams shared_with_users "
    "decoration created_datetime deactivated_datetime uri",
    "macros": "id external_id name intent language usage actions created_datetime "
    "updated_datetime archived_datetime uri",
    "rules": "id name description code code_ast event_types priority type settings "
    "created_datetime updated_datetime deactivated_datetime uri",
    "integrations": "id name type description meta http decoration user "
    "application_id business_hours_id managed created_datetime updated_datetime "
    "deactivated_datetime locked_datetime uri",
    "customers": "id external_id active email name firstname lastname language "
    "timezone created_datetime updated_datetime meta data note custom_fields",
    "satisfaction_surveys": "id body_text created_datetime customer_id meta score "
    "scored_datetime sent_datetime should_send_datetime ticket_id uri",
    "events": "id context created_datetime data object_id object_type type user_id uri",
    "jobs": "id type status params info meta user_id uri created_datetime "
    "scheduled_datetime started_datetime ended_datetime failed_datetime "
    "locked_datetime cancel_requested_datetime cancelled_datetime",
    "widgets": "id type context order template integration_id app_id "
    "created_datetime updated_datetime deactivated_datetime uri",
    "voice_calls": "id ticket_id customer_id integration_id phone_number_id queue_id "
    "external_id provider status status_in_queue direction phone_number_source "
    "phone_number_destination country_source country_destination duration "
    "started_datetime created_datetime updated_datetime initiated_by_agent_id "
    "last_answered_by_agent_id last_rang_agent_id last_monitoring_agent_id "
    "monitoring_status has_voicemail has_call_recording answered_by_external_number "
    "answered_by_external_name summaries",
    "voice_call_events": "id call_id account_id user_id customer_id type "
    "created_datetime meta",
    "voice_call_recordings": "id call_id external_id url duration type "
    "created_datetime deleted_datetime deleted_by_user_id error_code "
    "transcription_status",
}
NEEDED = {"custom_fields": {"object_type": ["Ticket"]}}
# The orders that are documented, by list; none of the voice lists has one.
ORDERS = {
    "tickets": "created_datetime updated_datetime",
    "messages": "created_datetime",
    "users": "created_datetime name email role.name",
    "teams": "created_datetime name",
    "tags": "created_datetime name usage,name",
    "custom_fields": "priority",
    "views": "created_datetime",
    "macros": "name created_datetime updated_datetime usage language",
    "rules": "created_datetime",
    "integrations": "created_datetime",
    "customers": "created_datetime updated_datetime",
    "satisfaction_surveys": "created_datetime",
    "events": "created_datetime",
    "jobs": "created_datetime",
    "widgets": "created_datetime order",
}
LISTS = [*KEYS, "tickets", "messages"]
WORLD = World(tickets=40)


def ask(name, world=WORLD, code=200, **query):
    """Return the page of a list, or what it is refused with."""
    query = NEEDED.get(name, {}) | {
        parameter: value if isinstance(value, list) else [str(value)]
        for parameter, value in query.items()
    }
    found, page = pages.answer(world, f"/api/{KINDS[name].path}", query)
    assert found == code, page
    assert page is not None
    return page


def walk(name, world=WORLD, **query):
    """Return all rows of a list, page after page."""
    rows, cursor = [], None
    for _ in range(2_000):
        page = ask(name, world, **query, **({"cursor": cursor} if cursor else {}))
        rows += page["data"]
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            return rows
    raise AssertionError("the walk does not end")


def orders(name):
    fields = ORDERS.get(name, "").split()
    return [
        ",".join(f"{part}:{direction}" for part in field.split(","))
        for field in fields
        for direction in ("asc", "desc")
    ]


# Shapes.


@pytest.mark.parametrize("name", KEYS)
def test_every_row_has_the_recorded_keys(name):
    rows = walk(name, limit=100)
    assert rows
    assert {frozenset(row) for row in rows} == {frozenset(KEYS[name].split())}


@pytest.mark.parametrize("name", LISTS)
def test_an_envelope_has_the_recorded_keys(name):
    page = ask(name, limit=1)
    assert set(page) == {"object", "uri", "data", "meta"}
    assert page["object"] == "list"
    assert page["uri"].startswith(f"/api/{KINDS[name].path}?")
    totals = {"users", "integrations", "custom_fields"}
    more = {"total_resources"} if name in totals else set()
    assert set(page["meta"]) == {"prev_cursor", "next_cursor"} | more
    assert page["meta"].get("total_resources") is None


@pytest.mark.parametrize("name", KEYS)
def test_the_same_arguments_give_the_same_objects(name):
    assert World(tickets=40).objects(name) == WORLD.objects(name)


def test_no_placeholder_is_left_in_a_row():
    for name in KEYS:
        assert "{n}" not in str(WORLD.objects(name)), name
        assert "'@" not in str(WORLD.objects(name)), name


def test_the_account_comes_with_its_settings_and_these_alone():
    _, account = pages.answer(WORLD, "/api/account", {})
    assert account is not None
    assert set(account) == {
        "domain", "created_datetime", "deactivated_datetime", "status",
        "current_subscription", "meta", "settings",
    }  # fmt: skip
    _, settings = pages.answer(WORLD, "/api/account/settings", {})
    assert settings == {"data": account["settings"]}
    types = {setting["type"] for setting in account["settings"]}
    assert {"business-hours", "views-ordering", "access", "auto-merge"} <= types
    hours = {"type": ["business-hours"]}
    _, found = pages.answer(WORLD, "/api/account/settings", hours)
    assert found is not None
    assert [setting["type"] for setting in found["data"]] == ["business-hours"]
    assert pages.answer(WORLD, "/api/account/settings", {"limit": ["1"]})[0] == 400


# Pages.


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", [n for n in LISTS if n not in {"events", "messages"}])
def test_a_walk_in_every_order_shows_each_row_once(name, limit):
    default = sorted(row["id"] for row in walk(name, limit=limit))
    assert len(set(default)) == len(default) > 0
    for order in orders(name):
        rows = walk(name, limit=limit, order_by=order)
        assert sorted(row["id"] for row in rows) == default, order


@pytest.mark.parametrize("name", ORDERS)
def test_rows_come_in_the_order_that_was_asked_for(name):
    for order in orders(name):
        field, _, direction = order.split(",")[0].partition(":")
        values = []
        for row in walk(name, limit=7 if name != "messages" else 100, order_by=order):
            value = functools.reduce(
                lambda inner, key: inner[key], field.split("."), row
            )
            values.append("" if value is None else value)
        if "datetime" in field:  # a date without offset is UTC
            values = [instant_us(value) if value else -1 for value in values]
        assert values == sorted(values, reverse=direction == "desc"), order


@pytest.mark.parametrize("name", LISTS)
def test_30_rows_come_where_no_limit_is_given(name):
    every = walk(name, limit=100)
    assert len(ask(name)["data"]) == min(30, len(every))


def test_the_bigger_lists_have_more_than_one_page():
    for name in ("tags", "macros", "events", "customers"):
        assert ask(name, World(tickets=60))["meta"]["next_cursor"], name


def test_an_empty_list_has_no_cursor():
    empty = World(tickets=0)
    page = ask("satisfaction_surveys", empty)
    assert page["data"] == []
    assert page["meta"] == {"prev_cursor": None, "next_cursor": None}


def test_a_row_that_comes_or_goes_shifts_no_page():
    world = World(tickets=60)
    first = ask("customers", world, limit=10)
    seen = {row["id"] for row in first["data"]}
    change(world, seed=3, new_customers=2, deleted_customers=2)
    second = ask("customers", world, limit=10, cursor=first["meta"]["next_cursor"])
    assert len(second["data"]) == 10
    assert not seen & {row["id"] for row in second["data"]}


# Parameters.


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 10},
        {"page": 2},
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"cursor": "nonsense"},
        {"order_by": "id:asc"},
        {"order_by": "created_datetime:up"},
        {"updated_datetime[gte]": "2025-01-01"},
    ],
    ids=str,
)
def test_what_is_not_documented_is_refused(name, query):
    assert ask(name, code=400, **query)["error"]["msg"]


@pytest.mark.parametrize("name", [n for n in LISTS if n != "events"])
def test_only_events_know_a_range_of_dates(name):
    ask(name, code=400, **{"created_datetime[gte]": "2025-01-01"})


@pytest.mark.parametrize("name", ["voice_calls", "voice_call_events"])
def test_the_voice_lists_have_no_order(name):
    ask(name, code=400, order_by="created_datetime:asc")


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("tags", {"order_by": "usage:asc"}),
        ("tags", {"order_by": "usage:asc,name:desc"}),
        ("custom_fields", {"order_by": "created_datetime:asc"}),
        ("custom_fields", {"object_type": "Message"}),
        ("macros", {"order_by": "relevance:desc"}),
        ("macros", {"archived": "yes"}),
        ("events", {"object_type": "Ticket"}),
        ("events", {"object_type": "Message", "object_id": 1}),
        ("events", {"created_datetime[gte]": "yesterday"}),
        ("events", {"user_ids": "x"}),
        ("tickets", {"customer_id": "x"}),
        ("voice_calls", {"ticket_id": "x"}),
    ],
)
def test_a_wrong_value_is_refused(name, query):
    ask(name, code=400, **query)


def test_custom_fields_need_the_type_of_their_object():
    status, _ = pages.answer(WORLD, "/api/custom-fields", {})
    assert status == 400
    for type_ in ("Ticket", "Customer"):
        rows = walk("custom_fields", object_type=type_)
        assert {row["object_type"] for row in rows} == {type_}


@pytest.mark.parametrize("name", ["macros", "events"])
def test_an_order_without_direction_is_taken_where_it_is_deprecated(name):
    newest = ask(name, order_by="created_datetime:desc", limit=5)["data"]
    assert ask(name, order_by="created_datetime", limit=5)["data"] == newest


@pytest.mark.parametrize(
    ("name", "parameter", "field"),
    [
        ("tickets", "customer_id", "customer.id"),
        ("tickets", "external_id", "external_id"),
        ("messages", "ticket_id", "ticket_id"),
        ("users", "email", "email"),
        ("users", "roles", "role.name"),
        ("integrations", "type", "type"),
        ("customers", "email", "email"),
        ("customers", "timezone", "timezone"),
        ("satisfaction_surveys", "ticket_id", "ticket_id"),
        ("events", "types", "type"),
        ("events", "user_ids", "user_id"),
        ("events", "object_id", "object_id"),
        ("jobs", "status", "status"),
        ("widgets", "integration_id", "integration_id"),
        ("voice_call_events", "call_id", "call_id"),
        ("voice_call_recordings", "call_id", "call_id"),
    ],
)
def test_a_filter_keeps_what_it_asks_for_and_all_of_it(name, parameter, field):
    def value(row):
        for part in field.split("."):
            row = row and row[part]
        return row

    every = walk(name, limit=100)
    wanted = next(value(row) for row in every if value(row) is not None)
    kept = walk(name, limit=100, **{parameter: wanted})
    assert kept
    assert sorted(row["id"] for row in kept) == sorted(
        row["id"] for row in every if value(row) == wanted
    )


def test_several_types_of_events_are_asked_for_by_repeating_the_key():
    types = ["ticket-closed", "ticket-created"]
    for key in ("types", "types[]"):
        rows = walk("events", limit=100, **{key: types})
        assert {row["type"] for row in rows} == set(types)


@pytest.mark.parametrize("bound", ["gt", "gte", "lt", "lte"])
def test_events_are_cut_at_a_date(bound):
    every = walk("events", limit=100, order_by="created_datetime:asc")
    date = every[len(every) // 2]["created_datetime"]
    at_us = instant_us(date)
    kept = walk("events", limit=100, **{f"created_datetime[{bound}]": date})
    compare = {
        "gt": lambda us: us > at_us,
        "gte": lambda us: us >= at_us,
        "lt": lambda us: us < at_us,
        "lte": lambda us: us <= at_us,
    }[bound]
    assert sorted(row["id"] for row in kept) == sorted(
        row["id"] for row in every if compare(instant_us(row["created_datetime"]))
    )


# Oddities.


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


def test_calls_come_newest_first_or_in_no_order():
    calls = walk("voice_calls", limit=2)
    dates = [instant_us(call["created_datetime"]) for call in calls]
    assert dates == sorted(dates, reverse=True)
    mixed = walk("voice_calls", World(tickets=40, mixes_voice=True), limit=2)
    assert mixed != calls
    assert sorted(c["id"] for c in mixed) == sorted(c["id"] for c in calls)


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


# Changes.


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


def test_the_same_night_does_the_same_to_the_same_account():
    worlds = [World(tickets=40, clock=lambda: 1_800_000_000) for _ in range(2)]
    walk("events", worlds[1], limit=100)  # it was looked at before
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
