"""The item of a customer."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Customer:
    """One row a customer."""

    id: int = column(
        "number of the customer; no user has the same", "customer.id", Type.INTEGER
    )
    external_id: str | None = column(
        "id of the customer in another system, if one set it",
        "customer.external_id",
        Type.TEXT,
    )
    email: str | None = column(
        "e-mail address of the customer", "customer.email", Type.TEXT
    )
    name: str | None = column("name of the customer", "customer.name", Type.TEXT)
    firstname: str | None = column(
        "first name of the customer", "customer.firstname", Type.TEXT
    )
    lastname: str | None = column(
        "last name of the customer", "customer.lastname", Type.TEXT
    )
    active: bool | None = column(
        "False: the customer was deactivated", "customer.active", Type.BOOLEAN
    )
    language: str | None = column(
        "language of the customer", "customer.language", Type.TEXT
    )
    timezone: str | None = column(
        "time zone of the customer", "customer.timezone", Type.TEXT
    )
    note: str | None = column(
        "what your team noted about the customer", "customer.note", Type.TEXT
    )
    custom_fields: Any = column(
        "the customer's custom fields: number of the field to its value",
        "customer.custom_fields{}.value",
        Type.JSON,
    )
    data: Any = column(
        "what your own systems keep with the customer", "customer.data", Type.JSON
    )
    meta: Any = column(
        "what else Gorgias and apps keep with the customer", "customer.meta", Type.JSON
    )
    created_datetime: str | None = column(
        "when the customer was created", "customer.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the customer was last changed", "customer.updated_datetime", Type.INSTANT
    )
