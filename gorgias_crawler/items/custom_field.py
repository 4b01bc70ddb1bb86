"""The item of a custom field."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("custom_field")
class CustomField:
    """One row a custom field, of tickets or of customers, also one that is archived."""

    id: value.Id = column(
        "number of the field; the key of its values in `custom_fields`"
    )
    object_type: value.Text = column("what has the field: Ticket or Customer")
    label: value.Text = column("name of the field")
    description: value.Text = column("what the field is for")
    priority: value.Integer = column("place of the field among others")
    required: value.Boolean = column("True: a ticket cannot be closed without it")
    requirement_type: value.Text = column(
        "when it is asked for: visible, conditional, ..."
    )
    managed_type: value.Text = column(
        "what Gorgias fills it with: contact_reason, product, ..."
    )
    data_type: value.Text = column(
        "type of its values: text, number or boolean",
        "custom_field.definition.data_type",
    )
    input_type: value.Text = column(
        "how it is filled in: input, dropdown, input_number",
        "custom_field.definition.input_settings.input_type",
    )
    choices: value.Json = column(
        "what can be chosen; `::` stands between the levels of a tree",
        "custom_field.definition.input_settings.choices",
    )
    external_id: value.Text = column("id of the field in another system, if one set it")
    created_datetime: value.Instant = column("when the field was created")
    updated_datetime: value.Instant = column("when the field was last changed")
    deactivated_datetime: value.Instant = column("when the field was archived")
