"""The item of a macro."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("macro")
class Macro:
    """One row a macro, also one that is archived."""

    id: Id = column("number of the macro")
    name: Text = column("name of the macro")
    intent: Text = column("what the macro answers, if Gorgias knows")
    language: Text = column("language of the macro")
    usage: Integer = column("how often it was used, when it was last read")
    actions: AnyJson = column(
        "what the macro does: the texts it writes, tags it adds, ...; secrets are "
        "replaced"
    )
    external_id: Text = column("id of the macro in another system, if one set it")
    created_datetime: Instant = column("when the macro was created")
    updated_datetime: Instant = column("when the macro was last changed; empty: never")
    archived_datetime: Instant = column("when the macro was archived")
