"""The item of a ticket; what it shares with its messages' rows is declared here."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Ticket:
    """One row a ticket, also one without messages.

    Names of people, teams and tags are as Gorgias last gave them with this ticket: a
    tag that was renamed since has its new name in the rows of tags, under the same id.
    """

    id: int = column("number of the ticket in Gorgias", "ticket.id", Type.INTEGER)
    external_id: str | None = column(
        "id of the ticket in another system, if one set it",
        "ticket.external_id",
        Type.TEXT,
    )
    channel: str | None = column(
        "channel the ticket came in through: email, chat, ...",
        "ticket.channel",
        Type.TEXT,
    )
    via: str | None = column(
        "how the ticket was made: email, helpdesk, api, form, ...",
        "ticket.via",
        Type.TEXT,
    )
    subject: str | None = column("subject of the ticket", "ticket.subject", Type.TEXT)
    excerpt: str | None = column(
        "the beginning of what was last written, at most about 200 characters",
        "ticket.excerpt",
        Type.TEXT,
    )
    summary: Any = column(
        "summary by Gorgias's AI, if it made one", "ticket.summary", Type.JSON
    )
    status: str | None = column(
        "status of the ticket: open or closed", "ticket.status", Type.TEXT
    )
    priority: str | None = column(
        "priority of the ticket: critical, high, normal or low",
        "ticket.priority",
        Type.TEXT,
    )
    language: str | None = column(
        "language of the ticket: en, fr, ...", "ticket.language", Type.TEXT
    )
    spam: bool | None = column(
        "True: the ticket is marked as spam", "ticket.spam", Type.BOOLEAN
    )
    is_unread: bool | None = column(
        "True: the user of the API key has not read the ticket",
        "ticket.is_unread",
        Type.BOOLEAN,
    )
    from_agent: bool | None = column(
        "True: your team began the ticket; False: the customer",
        "ticket.from_agent",
        Type.BOOLEAN,
    )
    messages_count: int | None = column(
        "how many messages the ticket has, notes included",
        "ticket.messages_count",
        Type.INTEGER,
    )
    customer_id: int | None = column(
        "number of the ticket's customer", "ticket.customer.id", Type.INTEGER
    )
    customer_email: str | None = column(
        "e-mail address of the ticket's customer", "ticket.customer.email", Type.TEXT
    )
    customer_name: str | None = column(
        "name of the ticket's customer, as Gorgias last gave it with this ticket",
        "ticket.customer.name",
        Type.TEXT,
    )
    customer_firstname: str | None = column(
        "first name of the ticket's customer, likewise",
        "ticket.customer.firstname",
        Type.TEXT,
    )
    customer_lastname: str | None = column(
        "last name of the ticket's customer, likewise",
        "ticket.customer.lastname",
        Type.TEXT,
    )
    assignee_id: int | None = column(
        "number of the agent the ticket is assigned to",
        "ticket.assignee_user.id",
        Type.INTEGER,
    )
    assignee: str | None = column(
        "agent the ticket is assigned to: e-mail, else name",
        "ticket.assignee_user.email else ticket.assignee_user.name",
        Type.TEXT,
    )
    assignee_firstname: str | None = column(
        "first name of the agent, as Gorgias last gave it with this ticket",
        "ticket.assignee_user.firstname",
        Type.TEXT,
    )
    assignee_lastname: str | None = column(
        "last name of the agent, likewise",
        "ticket.assignee_user.lastname",
        Type.TEXT,
    )
    team_id: int | None = column(
        "number of the team the ticket is assigned to",
        "ticket.assignee_team.id",
        Type.INTEGER,
    )
    assignee_team: str | None = column(
        "team the ticket is assigned to, as Gorgias last named it with this ticket",
        "ticket.assignee_team.name",
        Type.TEXT,
    )
    tag_ids: list[int] | None = column(
        "numbers of the ticket's tags", "ticket.tags[].id", Type.INTEGERS
    )
    tags: list[str] | None = column(
        "names of the ticket's tags, as Gorgias last gave them with this ticket",
        "ticket.tags[].name",
        Type.TEXTS,
    )
    custom_fields: dict[str, Any] | None = column(
        "the ticket's custom fields: number of the field to its value",
        "ticket.custom_fields{}.value",
        Type.JSON,
    )
    integrations: Any = column(
        "mailboxes, chats and pages the ticket came through: name, address and type",
        "ticket.integrations",
        Type.JSON,
    )
    meta: Any = column(
        "what else Gorgias and apps keep with the ticket", "ticket.meta", Type.JSON
    )
    created_datetime: str | None = column(
        "when the ticket was created", "ticket.created_datetime", Type.INSTANT
    )
    opened_datetime: str | None = column(
        "when the ticket was first opened", "ticket.opened_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the ticket was last changed", "ticket.updated_datetime", Type.INSTANT
    )
    closed_datetime: str | None = column(
        "when the ticket was closed", "ticket.closed_datetime", Type.INSTANT
    )
    snooze_datetime: str | None = column(
        "snoozed until", "ticket.snooze_datetime", Type.INSTANT
    )
    trashed_datetime: str | None = column(
        "when the ticket was moved to the trash",
        "ticket.trashed_datetime",
        Type.INSTANT,
    )
    last_message_datetime: str | None = column(
        "when the ticket's last message was written; notes do not count",
        "ticket.last_message_datetime",
        Type.INSTANT,
    )
    last_received_message_datetime: str | None = column(
        "when the customer's last message came",
        "ticket.last_received_message_datetime",
        Type.INSTANT,
    )
    last_sent_message_not_delivered: bool | None = column(
        "True: the last answer did not reach the customer",
        "ticket.last_sent_message_not_delivered",
        Type.BOOLEAN,
    )
