"""The item of a rule."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("rule")
class Rule:
    """One row a rule. Its syntax tree is left out, as it says what the code says."""

    id: Id = column("number of the rule")
    name: Text = column("name of the rule")
    description: Text = column("what the rule is for")
    code: Text = column("what the rule does, as code")
    event_types: Text = column("events that start the rule, joined by commas")
    priority: Integer = column("place of the rule among others")
    type: Text = column("user, or who else made it")
    settings: AnyJson = column("settings of a rule that Gorgias manages")
    created_datetime: Instant = column("when the rule was created")
    updated_datetime: Instant = column("when the rule was last changed")
    deactivated_datetime: Instant = column("when the rule was switched off")
