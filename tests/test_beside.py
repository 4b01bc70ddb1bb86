"""What figures need of other kinds; what is not archived is None, not empty."""

import json
from typing import Any

import pytest

from gorgias_crawler.api import kinds
from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.api.kinds import Kind
from gorgias_crawler.api.objects import Object
from gorgias_crawler.archive import Archive
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.archive.tickets import Changes
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
        {"object_type": "Ticket", "type": "ticket-reopened",
         "created_datetime": "2025-03-01T09:00:00+00:00"},
    ],
}  # fmt: skip

UNTIL_US = instant_us("2025-03-01T09:00:00+00:00")


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return what reads `Beside` out of an archive with these objects, by kinds."""

    def read_(found, until_us=UNTIL_US):
        archive = Archive.open(tmp_path / "archive.sqlite")
        for name, values in found.items():
            kind = Kind(name=name, row=dict, path=f"/{name}", needs=name)
            monkeypatch.setitem(kinds.KINDS, name, kind)
            objects = Objects(archive, kind)
            with archive.transaction():
                objects.put(
                    [
                        Object(index, 0, 0, None, json.dumps(value).encode())
                        for index, value in enumerate(values, 1)
                    ],
                    1,
                    Changes(1),
                )
                objects.note(listing=1, listed_us=1, watermark_us=until_us)
        beside = Beside.read(archive)
        archive.close()
        return beside

    return read_


def test_each_kind_is_read_for_what_it_tells(read):
    beside = read(KINDS)
    assert beside.bots == frozenset({1})
    assert beside.names == {
        1: "Gorgias Bot", 2: "Kim Agent", 3: "sam@shop.example", 4: "User 4"
    }  # fmt: skip
    assert beside.reason_fields == frozenset({"880"})
    assert beside.scores == {7: 5}
    assert beside.hours is not None
    assert beside.histories.keys() == {7}
    told = beside.histories[7]
    assert (told.reopens, told.has_begin) == (1, True)
    assert told.until_us == UNTIL_US + 999_999  # its whole second


def test_a_ticket_that_was_closed_after_events_were_archived_tells_it_itself(read):
    events = [
        {"object_type": "Ticket", "object_id": id_, "type": "ticket-closed",
         "created_datetime": f"2025-03-0{id_}T08:00:00+00:00"}
        for id_ in (1, 2)
    ]  # fmt: skip
    until_us = instant_us("2025-03-03T08:00:00+00:00")
    told = read({"events": events}, until_us).histories[1]
    of = {"id": 1, "status": "closed", "closed_datetime": "2025-03-02T08:00:00+00:00"}
    # touched while events were archived: the event tells; after that the ticket does
    assert resolved_us(of, told) == told.closed_us
    of["closed_datetime"] = "2025-03-04T08:00:00+00:00"
    assert resolved_us(of, told) == instant_us(of["closed_datetime"])


def test_what_is_not_archived_is_unknown(read):
    assert read({}) == Beside()
    none = read({name: [] for name in KINDS})
    assert (none.bots, none.reason_fields) == (frozenset(), frozenset())
    assert (none.scores, none.histories) == ({}, {})
    assert none.hours is None
