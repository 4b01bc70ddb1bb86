"""The item of an event."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Event:
    """One row an event: who did what when. Gorgias is said to keep them for a year."""

    id: int = column("number of the event", "event.id", Type.INTEGER)
    type: str | None = column(
        "what happened: ticket-closed, ticket-assigned, macro-created, ...",
        "event.type",
        Type.TEXT,
    )
    object_type: str | None = column(
        "kind of object it happened to: Ticket, Customer, Tag, ...",
        "event.object_type",
        Type.TEXT,
    )
    object_id: int | None = column(
        "number of that object, which may be deleted", "event.object_id", Type.INTEGER
    )
    user_id: int | None = column(
        "number of the user who did it; empty: Gorgias, a rule or an app",
        "event.user_id",
        Type.INTEGER,
    )
    context: str | None = column(
        "the same for all events of one cause", "event.context", Type.TEXT
    )
    data: Any = column("what the event says more, by its type", "event.data", Type.JSON)
    created_datetime: str | None = column(
        "when it happened", "event.created_datetime", Type.INSTANT
    )
    is_listed: bool | None = column(
        "False: Gorgias has it no more; events are kept here", "archive", Type.BOOLEAN
    )
