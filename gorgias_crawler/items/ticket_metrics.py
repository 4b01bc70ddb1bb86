"""The item of a ticket's metrics; how each is measured: ``docs/metrics.md``."""

from dataclasses import dataclass

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class TicketMetrics:
    """One row a ticket. What is not known is None, never 0."""

    ticket_id: int = column(
        "number of the ticket in Gorgias", "ticket.id", Type.INTEGER
    )
    customer_messages: int | None = column(
        "how many messages the customer wrote", "message.from_agent", Type.INTEGER
    )
    agent_messages: int | None = column(
        "how many messages to the customer people of your team wrote",
        "message.from_agent, message.sender.id, user.role",
        Type.INTEGER,
    )
    bot_messages: int | None = column(
        "how many messages to the customer rules and bots wrote",
        "message.rule_id, message.sender.id, user.role",
        Type.INTEGER,
    )
    notes: int | None = column(
        "how many internal notes it has", "message.public", Type.INTEGER
    )
    first_response_seconds: int | None = column(
        "from the customer's first message to the first answer, also of a bot",
        "message.created_datetime",
        Type.INTEGER,
    )
    first_response_business_seconds: int | None = column(
        "the same within business hours",
        "message.created_datetime, account.settings",
        Type.INTEGER,
    )
    first_human_response_seconds: int | None = column(
        "from the customer's first message to a person's first answer",
        "message.created_datetime, user.role",
        Type.INTEGER,
    )
    first_human_response_business_seconds: int | None = column(
        "the same within business hours",
        "message.created_datetime, user.role, account.settings",
        Type.INTEGER,
    )
    next_responses: int | None = column(
        "how often a person answered the customer after that",
        "message.created_datetime, user.role",
        Type.INTEGER,
    )
    next_response_seconds: int | None = column(
        "the median of how long the customer waited for these",
        "message.created_datetime, user.role",
        Type.INTEGER,
    )
    next_response_business_seconds: int | None = column(
        "the same within business hours",
        "message.created_datetime, user.role, account.settings",
        Type.INTEGER,
    )
    resolution_seconds: int | None = column(
        "from the ticket's beginning to when it was closed for the last time",
        "event ticket-closed, else ticket.closed_datetime",
        Type.INTEGER,
    )
    resolution_business_seconds: int | None = column(
        "the same within business hours",
        "event ticket-closed, else ticket.closed_datetime, account.settings",
        Type.INTEGER,
    )
    reopens: int | None = column(
        "how often it was opened again", "event ticket-reopened", Type.INTEGER
    )
    one_touch: bool | None = column(
        "True: closed with a single message of a person of your team",
        "message, ticket.status",
        Type.BOOLEAN,
    )
    merged: bool | None = column(
        "True: another ticket was merged into it, or it into another",
        "event ticket-merged",
        Type.BOOLEAN,
    )
    satisfaction_score: int | None = column(
        "the customer's score, 1 to 5", "satisfaction_survey.score", Type.INTEGER
    )
