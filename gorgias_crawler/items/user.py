"""The item of an user."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class User:
    """One row a user: people of your team, and the bots of Gorgias and of apps."""

    id: int = column(
        "number of the user; no customer has the same", "user.id", Type.INTEGER
    )
    name: str | None = column("name of the user", "user.name", Type.TEXT)
    firstname: str | None = column(
        "first name of the user", "user.firstname", Type.TEXT
    )
    lastname: str | None = column("last name of the user", "user.lastname", Type.TEXT)
    email: str | None = column(
        "e-mail address; that of a bot may be none", "user.email", Type.TEXT
    )
    role: str | None = column(
        "role: admin, agent, lite-agent, observer-agent, bot, ...",
        "user.role.name",
        Type.TEXT,
    )
    active: bool | None = column(
        "False: the user cannot log in any more", "user.active", Type.BOOLEAN
    )
    client_id: str | None = column(
        "app that the user stands for, if it is one", "user.client_id", Type.TEXT
    )
    external_id: str | None = column(
        "id of the user in another system, if one set it", "user.external_id", Type.TEXT
    )
    bio: str | None = column(
        "what the user wrote about themselves", "user.bio", Type.TEXT
    )
    country: str | None = column("country of the user", "user.country", Type.TEXT)
    language: str | None = column("language of the user", "user.language", Type.TEXT)
    timezone: str | None = column(
        "time zone of the user: Europe/Paris, ...", "user.timezone", Type.TEXT
    )
    has_password: bool | None = column(
        "True: the user logs in with a password", "user.has_password", Type.BOOLEAN
    )
    has_2fa_enabled: bool | None = column(
        "True: the user logs in with a second factor",
        "user.has_2fa_enabled",
        Type.BOOLEAN,
    )
    meta: Any = column("what else Gorgias keeps with the user", "user.meta", Type.JSON)
    created_datetime: str | None = column(
        "when the user was created", "user.created_datetime", Type.INSTANT
    )
    updated_datetime: str | None = column(
        "when the user was last changed", "user.updated_datetime", Type.INSTANT
    )
    deactivated_datetime: str | None = column(
        "when the user was deactivated", "user.deactivated_datetime", Type.INSTANT
    )
    is_listed: bool | None = column(
        "False: the list of users shows the user no more; the row stays, because messages refer to it",
        "archive",
        Type.BOOLEAN,
    )
