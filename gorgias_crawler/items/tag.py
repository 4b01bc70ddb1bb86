"""The item of a tag."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("tag")
class Tag:
    """One row a tag."""

    id: value.Id = column("number of the tag")
    name: value.Text = column("name of the tag")
    description: value.Text = column("what the tag is for")
    color: value.Text = column(
        "colour of the tag: #336699, ...", "tag.decoration.color"
    )
    usage: value.Integer = column("how many tickets have it, when it was last read")
    created_datetime: value.Instant = column("when the tag was created")
    deleted_datetime: value.Instant = column("when the tag was deleted")
