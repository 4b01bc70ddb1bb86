"""The item of an user."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Boolean,
    Id,
    Instant,
    Text,
    column,
    row_of,
)


@row_of("user")
class User:
    """One row a user: people of your team, and the bots of Gorgias and of apps."""

    id: Id = column("number of the user; no customer has the same")
    name: Text = column("name of the user")
    firstname: Text = column("first name of the user")
    lastname: Text = column("last name of the user")
    email: Text = column("e-mail address; that of a bot may be none")
    role: Text = column(
        "role: admin, agent, lite-agent, observer-agent, bot, ...", "user.role.name"
    )
    active: Boolean = column("False: the user cannot log in any more")
    client_id: Text = column("app that the user stands for, if it is one")
    external_id: Text = column("id of the user in another system, if one set it")
    bio: Text = column("what the user wrote about themselves")
    country: Text = column("country of the user")
    language: Text = column("language of the user")
    timezone: Text = column("time zone of the user: Europe/Paris, ...")
    has_password: Boolean = column("True: the user logs in with a password")
    has_2fa_enabled: Boolean = column("True: the user logs in with a second factor")
    meta: AnyJson = column("what else Gorgias keeps with the user")
    created_datetime: Instant = column("when the user was created")
    updated_datetime: Instant = column("when the user was last changed")
    deactivated_datetime: Instant = column("when the user was deactivated")
    is_listed: Boolean = column(
        "False: the list of users shows the user no more; the row stays, because messages refer to it",
        "archive",
    )
