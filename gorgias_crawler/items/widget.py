"""The item of a widget."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("widget")
class Widget:
    """One row a widget: what agents see beside a ticket or customer."""

    id: Id = column("number of the widget")
    type: Text = column("shopify, http, custom, ...")
    context: Text = column("where it is shown: ticket, customer or user")
    order: Integer = column("place among other widgets")
    integration_id: Integer = column("number of the integration whose data it shows")
    app_id: Text = column("app whose data it shows")
    template: AnyJson = column("what it shows")
    created_datetime: Instant = column("when the widget was created")
    updated_datetime: Instant = column("when the widget was last changed")
    deactivated_datetime: Instant = column("when the widget was switched off")
