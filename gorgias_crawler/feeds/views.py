"""Views in an SQLite file: what stands in lists and objects, a row each, with names."""

from collections.abc import Iterator, Mapping, Sequence

# A tag's present name, where tags are there; else the one that came with the ticket.
_TAGS = """
CREATE VIEW ticket_tags AS
SELECT tickets.id AS ticket_id, tag.value AS tag_id, {name} AS name
FROM tickets, json_each(tickets.tag_ids) AS tag {joined}
"""
_FIELDS = """
CREATE VIEW ticket_custom_fields AS
SELECT tickets.id AS ticket_id, CAST(field.key AS INTEGER) AS custom_field_id,
    {label} AS label, field.value AS value
FROM tickets, json_each(tickets.custom_fields) AS field {joined}
"""


def views(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the statements that create the views which *columns*, by kind, allow."""
    tickets = columns.get("tickets", ())
    if {"id", "tag_ids", "tags"} <= set(tickets):
        if {"id", "name"} <= set(columns.get("tags", ())):
            joined = "LEFT JOIN tags ON tags.id = tag.value"
            yield _TAGS.format(name="tags.name", joined=joined)
        else:
            # A tag without a name has an id alone: then none is sure.
            name = (
                "iif(json_array_length(tickets.tags) = json_array_length(tickets.tag_ids),"
                " json_extract(tickets.tags, '$[' || tag.key || ']'), NULL)"
            )
            yield _TAGS.format(name=name, joined="")
    if {"id", "custom_fields"} <= set(tickets):
        if {"id", "label"} <= set(columns.get("custom_fields", ())):
            joined = (
                "LEFT JOIN custom_fields "
                "ON custom_fields.id = CAST(field.key AS INTEGER)"
            )
            yield _FIELDS.format(label="custom_fields.label", joined=joined)
        else:
            yield _FIELDS.format(label="NULL", joined="")
