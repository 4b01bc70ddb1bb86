"""What figures need of other kinds; what is not archived is None, not empty."""

import json
from typing import Any

from gorgias_crawler.api import kinds
from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.api.kinds import Kind
from gorgias_crawler.api.objects import Object
from gorgias_crawler.archive import Archive
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.archive.tickets import Changes
from gorgias_crawler.emit import measured
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.history import resolved_us

USERS: list[dict[str, Any]] = [
    {"id": 1, "name": "Gorgias Bot", "role": {"name": "bot"}},
    {"id": 2, "name": "Kim Agent", "role": {"name": "agent"}},
    {"id": 3, "name": None, "email": "sam@shop.example", "role": None},
    {"id": 4},
]
KINDS: dict[str, list[dict[str, Any]]] = {
    "users": USERS,
    "account": [{"domain": "acme", "settings": [
        {"type": "business-hours", "data": {"timezone": "UTC", "business_hours": [
            {"days": "1", "from_time": "09:00", "to_time": "17:00"}]}}]}],
    "custom_fields": [
        {"id": 880, "object_type": "Ticket", "managed_type": "contact_reason"},
        {"id": 881, "object_type": "Ticket", "managed_type": None},
        {"id": 882, "object_type": "Customer", "managed_type": "contact_reason"},
    ],
    "satisfaction_surveys": [
        {"id": 1, "ticket_id": 7, "score": 5},
        {"id": 2, "ticket_id": 8, "score": None},
    ],
    "events": [
        {"object_type": "Ticket", "object_id": 7, "type": "ticket-created",
         "created_datetime": "2025-03-01T08:00:00+00:00"},
        {"object_type": "Ticket", "object_id": 7, "type": "ticket-reopened",
         "created_datetime": "2025-03-01T09:00:00+00:00"},
        {"object_type": "Tag", "object_id": 7, "type": "ticket-reopened",
         "created_datetime": "2025-03-01T09:00:00+00:00"},
    ],
}  # fmt: skip

UNTIL_US = instant_us("2025-03-01T09:00:00+00:00")


def reader(kind, *_):
    return KINDS.get(kind)


def test_each_kind_is_read_for_what_it_tells():
    beside = Beside.read(reader, UNTIL_US)
    assert beside.bots == frozenset({1})
    assert beside.names == {
        1: "Gorgias Bot", 2: "Kim Agent", 3: "sam@shop.example", 4: "User 4"
    }  # fmt: skip
    assert beside.reason_fields == frozenset({"880"})
    assert beside.scores == {7: 5}
    assert beside.hours is not None
    assert beside.histories is not None
    assert beside.histories.keys() == {7}
    assert (beside.histories[7].reopens, beside.histories[7].has_begin) == (1, True)


def test_a_ticket_that_was_closed_after_events_were_archived_tells_it_itself():
    events = [
        {"object_type": "Ticket", "object_id": id_, "type": "ticket-closed",
         "created_datetime": f"2025-03-0{id_}T08:00:00+00:00"}
        for id_ in (1, 2)
    ]  # fmt: skip
    beside = Beside.read(
        lambda kind, *_: events if kind == "events" else None,
        instant_us("2025-03-03T08:00:00+00:00"),
    )
    of = {"id": 1, "status": "closed", "closed_datetime": "2025-03-02T08:00:00+00:00"}
    assert beside.histories is not None
    told = beside.histories[1]
    # touched while events were archived: the event tells; after that the ticket does
    assert resolved_us(of, told) == told.closed_us
    of["closed_datetime"] = "2025-03-04T08:00:00+00:00"
    assert resolved_us(of, told) == instant_us(of["closed_datetime"])


def test_what_is_not_archived_is_unknown():
    assert Beside.read(lambda *_: None, 0) == Beside()
    none = Beside.read(lambda *_: [], 0)
    assert (none.bots, none.reason_fields) == (frozenset(), frozenset())
    assert (none.scores, none.histories) == ({}, {})
    assert none.hours is None


def test_archived_objects_are_read_and_kinds_without_any_are_unknown(
    tmp_path, monkeypatch
):
    archive = Archive.open(tmp_path / "archive.sqlite")
    for name in KINDS:
        kind = Kind(name=name, row=dict, path=f"/{name}", needs=name)
        monkeypatch.setitem(kinds.KINDS, name, kind)
    with archive.transaction():
        for name in ("users", "events"):
            found = [
                Object(index, 0, 0, None, json.dumps(value).encode())
                for index, value in enumerate(KINDS[name], 1)
            ]
            objects = Objects(archive, kinds.KINDS[name])
            objects.put(found, 1, Changes(1))
            objects.note(listing=1, listed_us=1, watermark_us=UNTIL_US)
        # a list that is empty is known, too
        Objects(archive, kinds.KINDS["custom_fields"]).note(listing=1, listed_us=1)
    beside = measured.read_beside(archive)
    archive.close()
    assert beside.bots == frozenset({1})
    whole_second = Beside.read(reader, UNTIL_US + 999_999)
    assert beside.histories == whole_second.histories
    assert beside.reason_fields == frozenset()
    assert beside.scores is None
    assert beside.hours is None
