"""The item of a voice call."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("call")
class VoiceCall:
    """One row a telephone call (accounts with Gorgias Voice)."""

    id: value.Id = column("number of the call")
    ticket_id: value.Integer = column("number of its ticket")
    customer_id: value.Integer = column("number of the customer")
    integration_id: value.Integer = column("number of the integration it came through")
    phone_number_id: value.Integer = column("number of the telephone number in Gorgias")
    queue_id: value.Integer = column("number of the queue it waited in")
    external_id: value.Text = column("id of the call at the provider")
    provider: value.Text = column("who carried the call")
    status: value.Text = column("how the call ended or stands")
    status_in_queue: value.Text = column("how its wait in the queue ended or stands")
    direction: value.Text = column("inbound or outbound")
    phone_number_source: value.Text = column("telephone number of who called")
    phone_number_destination: value.Text = column("telephone number that was called")
    country_source: value.Text = column("country of who called")
    country_destination: value.Text = column("country that was called")
    duration: value.Integer = column("how long it lasted, in seconds")
    initiated_by_agent_id: value.Integer = column("number of the agent who called")
    last_answered_by_agent_id: value.Integer = column(
        "number of the agent who answered last"
    )
    last_rang_agent_id: value.Integer = column("number of the agent who was rung last")
    has_voicemail: value.Boolean = column("True: the caller left a message")
    has_call_recording: value.Boolean = column("True: the call was recorded")
    summaries: value.Json = column("summaries by Gorgias's AI")
    created_datetime: value.Instant = column("when the call was created")
    started_datetime: value.Instant = column("when the call began")
    updated_datetime: value.Instant = column("when the call was last changed")
