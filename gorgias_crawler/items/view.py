"""The item of a view."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("view")
class View:
    """One row a view that the user of the key may see."""

    id: value.Id = column("number of the view")
    name: value.Text = column("name of the view")
    slug: value.Text = column("short name of the view")
    category: value.Text = column("system or user")
    type: value.Text = column("ticket-list or customer-list")
    visibility: value.Text = column("public, shared or private")
    fields: value.Texts = column("columns that the view shows")
    filters: value.Text = column("condition of the view, as code")
    search: value.Text = column("words that the view searches for")
    order_by: value.Text = column("what the view is sorted by")
    order_dir: value.Text = column("asc or desc")
    section_id: value.Integer = column("number of the section it stands in")
    shared_with_teams: value.Json = column("teams that may see it")
    shared_with_users: value.Json = column("users who may see it")
    decoration: value.Json = column("emoji of the view")
    created_datetime: value.Instant = column("when the view was created")
    deactivated_datetime: value.Instant = column("when the view was deactivated")
