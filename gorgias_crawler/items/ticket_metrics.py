"""The item of a ticket's metrics; how each is measured: ``docs/metrics.md``."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("ticket")
class TicketMetrics:
    """One row a ticket. What is not known is None, never 0."""

    ticket_id: value.Id = column("number of the ticket in Gorgias", "ticket.id")
    customer_messages: value.Integer = column(
        "how many messages the customer wrote", "message.from_agent"
    )
    agent_messages: value.Integer = column(
        "how many messages to the customer people of your team wrote",
        "message.from_agent, message.sender.id, user.role",
    )
    bot_messages: value.Integer = column(
        "how many messages to the customer rules and bots wrote",
        "message.rule_id, message.sender.id, user.role",
    )
    notes: value.Integer = column("how many internal notes it has", "message.public")
    first_response_seconds: value.Integer = column(
        "from the customer's first message to the first answer, also of a bot",
        "message.created_datetime",
    )
    first_response_business_seconds: value.Integer = column(
        "the same within business hours", "message.created_datetime, account.settings"
    )
    first_human_response_seconds: value.Integer = column(
        "from the customer's first message to a person's first answer",
        "message.created_datetime, user.role",
    )
    first_human_response_business_seconds: value.Integer = column(
        "the same within business hours",
        "message.created_datetime, user.role, account.settings",
    )
    next_responses: value.Integer = column(
        "how often a person answered the customer after that",
        "message.created_datetime, user.role",
    )
    next_response_seconds: value.Integer = column(
        "the median of how long the customer waited for these",
        "message.created_datetime, user.role",
    )
    next_response_business_seconds: value.Integer = column(
        "the same within business hours",
        "message.created_datetime, user.role, account.settings",
    )
    resolution_seconds: value.Integer = column(
        "from the ticket's beginning to when it was closed for the last time",
        "event ticket-closed, else ticket.closed_datetime",
    )
    resolution_business_seconds: value.Integer = column(
        "the same within business hours",
        "event ticket-closed, else ticket.closed_datetime, account.settings",
    )
    reopens: value.Integer = column(
        "how often it was opened again", "event ticket-reopened"
    )
    one_touch: value.Boolean = column(
        "True: closed with a single message of a person of your team",
        "message, ticket.status",
    )
    merged: value.Boolean = column(
        "True: another ticket was merged into it, or it into another",
        "event ticket-merged",
    )
    satisfaction_score: value.Integer = column(
        "the customer's score, 1 to 5", "satisfaction_survey.score"
    )
