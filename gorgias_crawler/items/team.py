"""The item of a team."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("team")
class Team:
    """One row a team."""

    id: value.Id = column("number of the team")
    name: value.Text = column("name of the team")
    description: value.Text = column("what the team is for")
    member_ids: value.Integers = column(
        "numbers of the users in the team", "team.members[].id"
    )
    members: value.Json = column("the users in the team: number, name and e-mail")
    decoration: value.Json = column("emoji of the team")
    created_datetime: value.Instant = column("when the team was created")
