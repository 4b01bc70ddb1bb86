"""The item of a custom field."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class CustomField:
    """One row a custom field, of tickets or of customers, also one that is archived."""

    id: int = column(
        "number of the field; the key of its values in `custom_fields`",
        "custom_field.id",
        Type.INTEGER,
    )
    object_type: str | None = column(
        "what has the field: Ticket or Customer", "custom_field.object_type", Type.TEXT
    )
    label: str | None = column("name of the field", "custom_field.label", Type.TEXT)
    description: str | None = column(
        "what the field is for", "custom_field.description", Type.TEXT
    )
    priority: int | None = column(
        "place of the field among others", "custom_field.priority", Type.INTEGER
    )
    required: bool | None = column(
        "True: a ticket cannot be closed without it",
        "custom_field.required",
        Type.BOOLEAN,
    )
    requirement_type: str | None = column(
        "when it is asked for: visible, conditional, ...",
        "custom_field.requirement_type",
        Type.TEXT,
    )
    managed_type: str | None = column(
        "what Gorgias fills it with: contact_reason, product, ...",
        "custom_field.managed_type",
        Type.TEXT,
    )
    data_type: str | None = column(
        "type of its values: text, number or boolean",
        "custom_field.definition.data_type",
        Type.TEXT,
    )
    input_type: str | None = column(
        "how it is filled in: input, dropdown, input_number",
        "custom_field.definition.input_settings.input_type",
        Type.TEXT,
    )
    choices: Any = column(
        "what can be chosen; `::` stands between the levels of a tree",
        "custom_field.definition.input_settings.choices",
        Type.JSON,
    )
    external_id: str | None = column(
        "id of the field in another system, if one set it",
        "custom_field.external_id",
        Type.TEXT,
    )
    created_datetime: str | None = column(
        "when the field was created", "custom_field.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the field was last changed", "custom_field.updated_datetime", Type.INSTANT
    )
    deactivated_datetime: str | None = column(
        "when the field was archived", "custom_field.deactivated_datetime", Type.INSTANT
    )
