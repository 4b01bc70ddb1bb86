"""The item of a rule."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("rule")
class Rule:
    """One row a rule. Its syntax tree is left out, as it says what the code says."""

    id: value.Id = column("number of the rule")
    name: value.Text = column("name of the rule")
    description: value.Text = column("what the rule is for")
    code: value.Text = column("what the rule does, as code")
    event_types: value.Text = column("events that start the rule, joined by commas")
    priority: value.Integer = column("place of the rule among others")
    type: value.Text = column("user, or who else made it")
    settings: value.Json = column("settings of a rule that Gorgias manages")
    created_datetime: value.Instant = column("when the rule was created")
    updated_datetime: value.Instant = column("when the rule was last changed")
    deactivated_datetime: value.Instant = column("when the rule was switched off")
