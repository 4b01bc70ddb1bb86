"""The item of an event."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("event")
class Event:
    """One row an event: who did what when. Gorgias is said to keep them for a year."""

    id: value.Id = column("number of the event")
    type: value.Text = column(
        "what happened: ticket-closed, ticket-assigned, macro-created, ..."
    )
    object_type: value.Text = column(
        "kind of object it happened to: Ticket, Customer, Tag, ..."
    )
    object_id: value.Integer = column("number of that object, which may be deleted")
    user_id: value.Integer = column(
        "number of the user who did it; empty: Gorgias, a rule or an app"
    )
    context: value.Text = column("the same for all events of one cause")
    data: value.Json = column("what the event says more, by its type")
    created_datetime: value.Instant = column("when it happened")
    is_listed: value.Boolean = column(
        "False: Gorgias has it no more; events are kept here", "archive"
    )
