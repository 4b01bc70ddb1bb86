"""The item of a rule."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Rule:
    """One row a rule. Its syntax tree is left out, as it says what the code says."""

    id: int = column("number of the rule", "rule.id", Type.INTEGER)
    name: str | None = column("name of the rule", "rule.name", Type.TEXT)
    description: str | None = column(
        "what the rule is for", "rule.description", Type.TEXT
    )
    code: str | None = column("what the rule does, as code", "rule.code", Type.TEXT)
    event_types: str | None = column(
        "events that start the rule, joined by commas", "rule.event_types", Type.TEXT
    )
    priority: int | None = column(
        "place of the rule among others", "rule.priority", Type.INTEGER
    )
    type: str | None = column("user, or who else made it", "rule.type", Type.TEXT)
    settings: Any = column(
        "settings of a rule that Gorgias manages", "rule.settings", Type.JSON
    )
    created_datetime: str | None = column(
        "when the rule was created", "rule.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the rule was last changed", "rule.updated_datetime", Type.INSTANT
    )
    deactivated_datetime: str | None = column(
        "when the rule was switched off", "rule.deactivated_datetime", Type.INSTANT
    )
