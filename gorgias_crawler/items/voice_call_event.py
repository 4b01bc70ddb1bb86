"""The item of a voice call event."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("call_event")
class VoiceCallEvent:
    """One row an event of a telephone call."""

    id: value.Id = column("number of the event")
    call_id: value.Integer = column("number of the call")
    type: value.Text = column(
        "what happened: phone-call-answered, voicemail-recording, ..."
    )
    user_id: value.Integer = column("number of the agent it concerns")
    customer_id: value.Integer = column("number of the customer it concerns")
    meta: value.Json = column("what the event says more")
    created_datetime: value.Instant = column("when it happened")
