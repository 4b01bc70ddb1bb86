"""The item of a view."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class View:
    """One row a view that the user of the key may see."""

    id: int = column("number of the view", "view.id", Type.INTEGER)
    name: str | None = column("name of the view", "view.name", Type.TEXT)
    slug: str | None = column("short name of the view", "view.slug", Type.TEXT)
    category: str | None = column("system or user", "view.category", Type.TEXT)
    type: str | None = column("ticket-list or customer-list", "view.type", Type.TEXT)
    visibility: str | None = column(
        "public, shared or private", "view.visibility", Type.TEXT
    )
    fields: list[str] | None = column(
        "columns that the view shows", "view.fields", Type.TEXTS
    )
    filters: str | None = column(
        "condition of the view, as code", "view.filters", Type.TEXT
    )
    search: str | None = column(
        "words that the view searches for", "view.search", Type.TEXT
    )
    order_by: str | None = column(
        "what the view is sorted by", "view.order_by", Type.TEXT
    )
    order_dir: str | None = column("asc or desc", "view.order_dir", Type.TEXT)
    section_id: int | None = column(
        "number of the section it stands in", "view.section_id", Type.INTEGER
    )
    shared_with_teams: Any = column(
        "teams that may see it", "view.shared_with_teams", Type.JSON
    )
    shared_with_users: Any = column(
        "users who may see it", "view.shared_with_users", Type.JSON
    )
    decoration: Any = column("emoji of the view", "view.decoration", Type.JSON)
    created_datetime: str | None = column(
        "when the view was created", "view.created_datetime", Type.INSTANT
    )
    deactivated_datetime: str | None = column(
        "when the view was deactivated", "view.deactivated_datetime", Type.INSTANT
    )
