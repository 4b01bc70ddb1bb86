"""The item of a ticket; what it shares with its messages' rows is declared here."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("ticket")
class Ticket:
    """One row a ticket, also one without messages.

    Names of people, teams and tags are as Gorgias last gave them with this ticket: a
    tag that was renamed since has its new name in the rows of tags, under the same id.
    """

    id: value.Id = column("number of the ticket in Gorgias")
    external_id: value.Text = column(
        "id of the ticket in another system, if one set it"
    )
    channel: value.Text = column("channel the ticket came in through: email, chat, ...")
    via: value.Text = column("how the ticket was made: email, helpdesk, api, form, ...")
    subject: value.Text = column("subject of the ticket")
    excerpt: value.Text = column(
        "the beginning of what was last written, at most about 200 characters"
    )
    summary: value.Json = column("summary by Gorgias's AI, if it made one")
    status: value.Text = column("status of the ticket: open or closed")
    priority: value.Text = column(
        "priority of the ticket: critical, high, normal or low"
    )
    language: value.Text = column("language of the ticket: en, fr, ...")
    spam: value.Boolean = column("True: the ticket is marked as spam")
    is_unread: value.Boolean = column(
        "True: the user of the API key has not read the ticket"
    )
    from_agent: value.Boolean = column(
        "True: your team began the ticket; False: the customer"
    )
    messages_count: value.Integer = column(
        "how many messages the ticket has, notes included"
    )
    customer_id: value.Integer = column(
        "number of the ticket's customer", "ticket.customer.id"
    )
    customer_email: value.Text = column(
        "e-mail address of the ticket's customer", "ticket.customer.email"
    )
    customer_name: value.Text = column(
        "name of the ticket's customer, as Gorgias last gave it with this ticket",
        "ticket.customer.name",
    )
    customer_firstname: value.Text = column(
        "first name of the ticket's customer, likewise", "ticket.customer.firstname"
    )
    customer_lastname: value.Text = column(
        "last name of the ticket's customer, likewise", "ticket.customer.lastname"
    )
    assignee_id: value.Integer = column(
        "number of the agent the ticket is assigned to", "ticket.assignee_user.id"
    )
    assignee: value.Text = column(
        "agent the ticket is assigned to: e-mail, else name",
        "ticket.assignee_user.email else ticket.assignee_user.name",
    )
    assignee_firstname: value.Text = column(
        "first name of the agent, as Gorgias last gave it with this ticket",
        "ticket.assignee_user.firstname",
    )
    assignee_lastname: value.Text = column(
        "last name of the agent, likewise", "ticket.assignee_user.lastname"
    )
    team_id: value.Integer = column(
        "number of the team the ticket is assigned to", "ticket.assignee_team.id"
    )
    assignee_team: value.Text = column(
        "team the ticket is assigned to, as Gorgias last named it with this ticket",
        "ticket.assignee_team.name",
    )
    tag_ids: value.Integers = column("numbers of the ticket's tags", "ticket.tags[].id")
    tags: value.Texts = column(
        "names of the ticket's tags, as Gorgias last gave them with this ticket",
        "ticket.tags[].name",
    )
    custom_fields: value.Json = column(
        "the ticket's custom fields: number of the field to its value",
        "ticket.custom_fields{}.value",
    )
    integrations: value.Json = column(
        "mailboxes, chats and pages the ticket came through: name, address and type"
    )
    meta: value.Json = column("what else Gorgias and apps keep with the ticket")
    created_datetime: value.Instant = column("when the ticket was created")
    opened_datetime: value.Instant = column("when the ticket was first opened")
    updated_datetime: value.Instant = column("when the ticket was last changed")
    closed_datetime: value.Instant = column("when the ticket was closed")
    snooze_datetime: value.Instant = column("snoozed until")
    trashed_datetime: value.Instant = column("when the ticket was moved to the trash")
    last_message_datetime: value.Instant = column(
        "when the ticket's last message was written; notes do not count"
    )
    last_received_message_datetime: value.Instant = column(
        "when the customer's last message came"
    )
    last_sent_message_not_delivered: value.Boolean = column(
        "True: the last answer did not reach the customer"
    )
