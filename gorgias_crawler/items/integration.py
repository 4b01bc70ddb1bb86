"""The item of an integration."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Integration:
    """One row an integration: a mailbox, chat, shop or page. Secrets are replaced."""

    id: int = column("number of the integration", "integration.id", Type.INTEGER)
    name: str | None = column("name of the integration", "integration.name", Type.TEXT)
    type: str | None = column(
        "email, gmail, gorgias_chat, shopify, http, ...", "integration.type", Type.TEXT
    )
    description: str | None = column(
        "what the integration is for", "integration.description", Type.TEXT
    )
    address: str | None = column(
        "its e-mail address or telephone number, if it has one",
        "integration.meta.address",
        Type.TEXT,
    )
    user_id: int | None = column(
        "number of the user who made it", "integration.user.id", Type.INTEGER
    )
    application_id: int | None = column(
        "number of the app it belongs to", "integration.application_id", Type.INTEGER
    )
    business_hours_id: int | None = column(
        "number of its business hours", "integration.business_hours_id", Type.INTEGER
    )
    managed: bool | None = column(
        "True: Gorgias manages it", "integration.managed", Type.BOOLEAN
    )
    http: Any = column(
        "the request it makes: path, query and values of headers and forms are replaced",
        "integration.http",
        Type.JSON,
    )
    meta: Any = column(
        "what else Gorgias keeps with the integration; secrets are replaced",
        "integration.meta",
        Type.JSON,
    )
    decoration: Any = column("how it is shown", "integration.decoration", Type.JSON)
    created_datetime: str | None = column(
        "when the integration was created", "integration.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the integration was last changed",
        "integration.updated_datetime",
        Type.INSTANT,
    )
    deactivated_datetime: str | None = column(
        "when the integration was switched off",
        "integration.deactivated_datetime",
        Type.INSTANT,
    )
    locked_datetime: str | None = column(
        "when Gorgias locked the integration",
        "integration.locked_datetime",
        Type.INSTANT,
    )
