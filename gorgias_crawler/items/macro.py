"""The item of a macro."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Macro:
    """One row a macro, also one that is archived."""

    id: int = column("number of the macro", "macro.id", Type.INTEGER)
    name: str | None = column("name of the macro", "macro.name", Type.TEXT)
    intent: str | None = column(
        "what the macro answers, if Gorgias knows", "macro.intent", Type.TEXT
    )
    language: str | None = column("language of the macro", "macro.language", Type.TEXT)
    usage: int | None = column(
        "how often it was used, when it was last read", "macro.usage", Type.INTEGER
    )
    actions: Any = column(
        "what the macro does: the texts it writes, tags it adds, ...; secrets are "
        "replaced",
        "macro.actions",
        Type.JSON,
    )
    external_id: str | None = column(
        "id of the macro in another system, if one set it",
        "macro.external_id",
        Type.TEXT,
    )
    created_datetime: str | None = column(
        "when the macro was created", "macro.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the macro was last changed; empty: never",
        "macro.updated_datetime",
        Type.INSTANT,
    )
    archived_datetime: str | None = column(
        "when the macro was archived", "macro.archived_datetime", Type.INSTANT
    )
