"""The item of a widget."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Widget:
    """One row a widget: what agents see beside a ticket or customer."""

    id: int = column("number of the widget", "widget.id", Type.INTEGER)
    type: str | None = column("shopify, http, custom, ...", "widget.type", Type.TEXT)
    context: str | None = column(
        "where it is shown: ticket, customer or user", "widget.context", Type.TEXT
    )
    order: int | None = column(
        "place among other widgets", "widget.order", Type.INTEGER
    )
    integration_id: int | None = column(
        "number of the integration whose data it shows",
        "widget.integration_id",
        Type.INTEGER,
    )
    app_id: str | None = column("app whose data it shows", "widget.app_id", Type.TEXT)
    template: Any = column("what it shows", "widget.template", Type.JSON)
    created_datetime: str | None = column(
        "when the widget was created", "widget.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the widget was last changed", "widget.updated_datetime", Type.INSTANT
    )
    deactivated_datetime: str | None = column(
        "when the widget was switched off", "widget.deactivated_datetime", Type.INSTANT
    )
