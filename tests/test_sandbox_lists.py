"""The sandbox's lists hold to what is known of Gorgias: keys, parameters, paging."""

import functools

import pytest

from gorgias_crawler.sandbox import World, pages
from gorgias_crawler.sandbox.kinds import KINDS
from gorgias_crawler.sandbox.records import instant_us
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
