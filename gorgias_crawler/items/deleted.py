"""The item of what was deleted."""

from dataclasses import dataclass

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Deleted:
    """One row an object of any kind that Gorgias has no more."""

    kind: str | None = column(
        "kind of the object: tickets, messages, customers, tags, ...",
        "archive",
        Type.TEXT,
    )
    id: int = column("number of the object", "archive", Type.INTEGER)
    run: int | None = column(
        "number of the run that found it missing", "archive", Type.INTEGER
    )
    found_datetime: str | None = column("when that run began", "archive", Type.INSTANT)
