"""The item of a macro."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("macro")
class Macro:
    """One row a macro, also one that is archived."""

    id: value.Id = column("number of the macro")
    name: value.Text = column("name of the macro")
    intent: value.Text = column("what the macro answers, if Gorgias knows")
    language: value.Text = column("language of the macro")
    usage: value.Integer = column("how often it was used, when it was last read")
    actions: value.Json = column(
        "what the macro does: the texts it writes, tags it adds, ...; secrets are "
        "replaced"
    )
    external_id: value.Text = column("id of the macro in another system, if one set it")
    created_datetime: value.Instant = column("when the macro was created")
    updated_datetime: value.Instant = column(
        "when the macro was last changed; empty: never"
    )
    archived_datetime: value.Instant = column("when the macro was archived")
