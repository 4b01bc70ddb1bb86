"""The item of a team."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integers,
    Text,
    column,
    row_of,
)


@row_of("team")
class Team:
    """One row a team."""

    id: Id = column("number of the team")
    name: Text = column("name of the team")
    description: Text = column("what the team is for")
    member_ids: Integers = column(
        "numbers of the users in the team", "team.members[].id"
    )
    members: AnyJson = column("the users in the team: number, name and e-mail")
    decoration: AnyJson = column("emoji of the team")
    created_datetime: Instant = column("when the team was created")
