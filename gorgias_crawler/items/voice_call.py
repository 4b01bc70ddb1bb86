"""The item of a voice call."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Boolean,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("call")
class VoiceCall:
    """One row a telephone call (accounts with Gorgias Voice)."""

    id: Id = column("number of the call")
    ticket_id: Integer = column("number of its ticket")
    customer_id: Integer = column("number of the customer")
    integration_id: Integer = column("number of the integration it came through")
    phone_number_id: Integer = column("number of the telephone number in Gorgias")
    queue_id: Integer = column("number of the queue it waited in")
    external_id: Text = column("id of the call at the provider")
    provider: Text = column("who carried the call")
    status: Text = column("how the call ended or stands")
    status_in_queue: Text = column("how its wait in the queue ended or stands")
    direction: Text = column("inbound or outbound")
    phone_number_source: Text = column("telephone number of who called")
    phone_number_destination: Text = column("telephone number that was called")
    country_source: Text = column("country of who called")
    country_destination: Text = column("country that was called")
    duration: Integer = column("how long it lasted, in seconds")
    initiated_by_agent_id: Integer = column("number of the agent who called")
    last_answered_by_agent_id: Integer = column("number of the agent who answered last")
    last_rang_agent_id: Integer = column("number of the agent who was rung last")
    has_voicemail: Boolean = column("True: the caller left a message")
    has_call_recording: Boolean = column("True: the call was recorded")
    summaries: AnyJson = column("summaries by Gorgias's AI")
    created_datetime: Instant = column("when the call was created")
    started_datetime: Instant = column("when the call began")
    updated_datetime: Instant = column("when the call was last changed")
