"""The item of a voice call event."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class VoiceCallEvent:
    """One row an event of a telephone call."""

    id: int = column("number of the event", "call_event.id", Type.INTEGER)
    call_id: int | None = column(
        "number of the call", "call_event.call_id", Type.INTEGER
    )
    type: str | None = column(
        "what happened: phone-call-answered, voicemail-recording, ...",
        "call_event.type",
        Type.TEXT,
    )
    user_id: int | None = column(
        "number of the agent it concerns", "call_event.user_id", Type.INTEGER
    )
    customer_id: int | None = column(
        "number of the customer it concerns", "call_event.customer_id", Type.INTEGER
    )
    meta: Any = column("what the event says more", "call_event.meta", Type.JSON)
    created_datetime: str | None = column(
        "when it happened", "call_event.created_datetime", Type.INSTANT
    )
