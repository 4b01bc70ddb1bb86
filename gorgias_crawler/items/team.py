"""The item of a team."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Team:
    """One row a team."""

    id: int = column("number of the team", "team.id", Type.INTEGER)
    name: str | None = column("name of the team", "team.name", Type.TEXT)
    description: str | None = column(
        "what the team is for", "team.description", Type.TEXT
    )
    member_ids: list[int] | None = column(
        "numbers of the users in the team", "team.members[].id", Type.INTEGERS
    )
    members: Any = column(
        "the users in the team: number, name and e-mail", "team.members", Type.JSON
    )
    decoration: Any = column("emoji of the team", "team.decoration", Type.JSON)
    created_datetime: str | None = column(
        "when the team was created", "team.created_datetime", Type.INSTANT
    )
