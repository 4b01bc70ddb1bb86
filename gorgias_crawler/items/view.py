"""The item of a view."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    Texts,
    column,
    row_of,
)


@row_of("view")
class View:
    """One row a view that the user of the key may see."""

    id: Id = column("number of the view")
    name: Text = column("name of the view")
    slug: Text = column("short name of the view")
    category: Text = column("system or user")
    type: Text = column("ticket-list or customer-list")
    visibility: Text = column("public, shared or private")
    fields: Texts = column("columns that the view shows")
    filters: Text = column("condition of the view, as code")
    search: Text = column("words that the view searches for")
    order_by: Text = column("what the view is sorted by")
    order_dir: Text = column("asc or desc")
    section_id: Integer = column("number of the section it stands in")
    shared_with_teams: AnyJson = column("teams that may see it")
    shared_with_users: AnyJson = column("users who may see it")
    decoration: AnyJson = column("emoji of the view")
    created_datetime: Instant = column("when the view was created")
    deactivated_datetime: Instant = column("when the view was deactivated")
