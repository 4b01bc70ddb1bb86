"""The item of what was deleted."""

from gorgias_crawler.items.columns import Id, Instant, Integer, Text, column, row_of


@row_of("archive")
class Deleted:
    """One row an object of any kind that Gorgias has no more."""

    kind: Text = column(
        "kind of the object: tickets, messages, customers, tags, ...", "archive"
    )
    id: Id = column("number of the object", "archive")
    run: Integer = column("number of the run that found it missing", "archive")
    found_datetime: Instant = column("when that run began", "archive")
