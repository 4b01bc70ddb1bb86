"""The item of what was deleted."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("archive")
class Deleted:
    """One row an object of any kind that Gorgias has no more."""

    kind: value.Text = column(
        "kind of the object: tickets, messages, customers, tags, ...", "archive"
    )
    id: value.Id = column("number of the object", "archive")
    run: value.Integer = column("number of the run that found it missing", "archive")
    found_datetime: value.Instant = column("when that run began", "archive")
