"""The item of a voice call."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class VoiceCall:
    """One row a telephone call (accounts with Gorgias Voice)."""

    id: int = column("number of the call", "call.id", Type.INTEGER)
    ticket_id: int | None = column(
        "number of its ticket", "call.ticket_id", Type.INTEGER
    )
    customer_id: int | None = column(
        "number of the customer", "call.customer_id", Type.INTEGER
    )
    integration_id: int | None = column(
        "number of the integration it came through", "call.integration_id", Type.INTEGER
    )
    phone_number_id: int | None = column(
        "number of the telephone number in Gorgias",
        "call.phone_number_id",
        Type.INTEGER,
    )
    queue_id: int | None = column(
        "number of the queue it waited in", "call.queue_id", Type.INTEGER
    )
    external_id: str | None = column(
        "id of the call at the provider", "call.external_id", Type.TEXT
    )
    provider: str | None = column("who carried the call", "call.provider", Type.TEXT)
    status: str | None = column(
        "how the call ended or stands", "call.status", Type.TEXT
    )
    status_in_queue: str | None = column(
        "how its wait in the queue ended or stands", "call.status_in_queue", Type.TEXT
    )
    direction: str | None = column("inbound or outbound", "call.direction", Type.TEXT)
    phone_number_source: str | None = column(
        "telephone number of who called", "call.phone_number_source", Type.TEXT
    )
    phone_number_destination: str | None = column(
        "telephone number that was called", "call.phone_number_destination", Type.TEXT
    )
    country_source: str | None = column(
        "country of who called", "call.country_source", Type.TEXT
    )
    country_destination: str | None = column(
        "country that was called", "call.country_destination", Type.TEXT
    )
    duration: int | None = column(
        "how long it lasted, in seconds", "call.duration", Type.INTEGER
    )
    initiated_by_agent_id: int | None = column(
        "number of the agent who called", "call.initiated_by_agent_id", Type.INTEGER
    )
    last_answered_by_agent_id: int | None = column(
        "number of the agent who answered last",
        "call.last_answered_by_agent_id",
        Type.INTEGER,
    )
    last_rang_agent_id: int | None = column(
        "number of the agent who was rung last", "call.last_rang_agent_id", Type.INTEGER
    )
    has_voicemail: bool | None = column(
        "True: the caller left a message", "call.has_voicemail", Type.BOOLEAN
    )
    has_call_recording: bool | None = column(
        "True: the call was recorded", "call.has_call_recording", Type.BOOLEAN
    )
    summaries: Any = column("summaries by Gorgias's AI", "call.summaries", Type.JSON)
    created_datetime: str | None = column(
        "when the call was created", "call.created_datetime", Type.INSTANT
    )
    started_datetime: str | None = column(
        "when the call began", "call.started_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the call was last changed", "call.updated_datetime", Type.INSTANT
    )
