"""The item of a tag."""

from dataclasses import dataclass

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Tag:
    """One row a tag."""

    id: int = column("number of the tag", "tag.id", Type.INTEGER)
    name: str | None = column("name of the tag", "tag.name", Type.TEXT)
    description: str | None = column(
        "what the tag is for", "tag.description", Type.TEXT
    )
    color: str | None = column(
        "colour of the tag: #336699, ...", "tag.decoration.color", Type.TEXT
    )
    usage: int | None = column(
        "how many tickets have it, when it was last read", "tag.usage", Type.INTEGER
    )
    created_datetime: str | None = column(
        "when the tag was created", "tag.created_datetime", Type.INSTANT
    )
    deleted_datetime: str | None = column(
        "when the tag was deleted", "tag.deleted_datetime", Type.INSTANT
    )
