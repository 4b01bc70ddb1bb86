"""The item of a tag."""

from gorgias_crawler.items.columns import Id, Instant, Integer, Text, column, row_of


@row_of("tag")
class Tag:
    """One row a tag."""

    id: Id = column("number of the tag")
    name: Text = column("name of the tag")
    description: Text = column("what the tag is for")
    color: Text = column("colour of the tag: #336699, ...", "tag.decoration.color")
    usage: Integer = column("how many tickets have it, when it was last read")
    created_datetime: Instant = column("when the tag was created")
    deleted_datetime: Instant = column("when the tag was deleted")
