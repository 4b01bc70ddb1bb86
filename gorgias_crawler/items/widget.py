"""The item of a widget."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("widget")
class Widget:
    """One row a widget: what agents see beside a ticket or customer."""

    id: value.Id = column("number of the widget")
    type: value.Text = column("shopify, http, custom, ...")
    context: value.Text = column("where it is shown: ticket, customer or user")
    order: value.Integer = column("place among other widgets")
    integration_id: value.Integer = column(
        "number of the integration whose data it shows"
    )
    app_id: value.Text = column("app whose data it shows")
    template: value.Json = column("what it shows")
    created_datetime: value.Instant = column("when the widget was created")
    updated_datetime: value.Instant = column("when the widget was last changed")
    deactivated_datetime: value.Instant = column("when the widget was switched off")
