"""The page of all columns, made of their declarations: python -m tests.columns_page."""

import inspect
from pathlib import Path

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.items import (
    DEFAULT_COLUMNS,
    Deleted,
    Message,
    Ticket,
    TicketMetrics,
)
from gorgias_crawler.items.columns import columns

PAGE = Path(__file__).parent.parent / "docs" / "columns.md"

_HEAD = """\
# Columns

Every kind of row with all its columns. All is in the archive already, so
`scrapy export JOBDIR -O FILE -s FEED_EXPORT_FIELDS=ticket_id,message_id,public,body` gives it
without a crawl; the same setting works for `scrapy crawl`. With
`-s 'FEED_EXPORT_FIELDS={"ticket_id": "Ticket", "body": "Text"}'` columns get other names.

JSON formats hold lists and objects as such; in CSV a list of text or numbers is joined by
commas, and what is of type JSON is the text of its JSON. An instant is text in ISO 8601 as
Gorgias gives it, UTC where it has no offset. A value that Gorgias does not give is empty in
CSV and null in JSON.

Names of people, teams and tags are as Gorgias last gave them with that row; the numbers
beside them join to the rows of users, customers, teams and tags, which have today's names.
"""


def table(row, names=None):
    """Return the table of the columns of *row*, or of *names* alone."""
    lines = ["| column | type | meaning | source |", "| --- | --- | --- | --- |"]
    for name, column in columns(row).items():
        data = column.metadata
        if names is None or name in names:
            cells = f"`{name}`", data["type"].value, data["meaning"], data["source"]
            lines.append(f"| {' | '.join(cells[:3])} | `{cells[3]}` |")
    return "\n".join(lines)


def page():
    """Return the page."""
    others = [name for name in columns(Message) if name not in DEFAULT_COLUMNS]
    return "\n".join(
        [
            _HEAD,
            "## messages\n",
            "Beside the nine columns that the [README](../README.md#columns) names:\n",
            table(Message, others),
            "\n## tickets\n",
            table(Ticket),
            "\n## ticket_metrics\n",
            "How each is measured: [metrics.md](metrics.md).\n",
            table(TicketMetrics),
            "",
            *_others(),
            "## deleted\n",
            table(Deleted),
            "",
        ]
    )


def _others():
    for kind in KINDS.values():
        yield f"## {kind.name}\n"
        yield f"{inspect.getdoc(kind.row)}\n"
        if kind.parents:
            joins = (f"`{name}` to {other}" for name, other in kind.parents.items())
            yield f"Joins: {', '.join(joins)}.\n"
        yield f"{table(kind.row)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
