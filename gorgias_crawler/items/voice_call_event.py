"""The item of a voice call event."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("call_event")
class VoiceCallEvent:
    """One row an event of a telephone call."""

    id: Id = column("number of the event")
    call_id: Integer = column("number of the call")
    type: Text = column("what happened: phone-call-answered, voicemail-recording, ...")
    user_id: Integer = column("number of the agent it concerns")
    customer_id: Integer = column("number of the customer it concerns")
    meta: AnyJson = column("what the event says more")
    created_datetime: Instant = column("when it happened")
