"""The item of an user."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("user")
class User:
    """One row a user: people of your team, and the bots of Gorgias and of apps."""

    id: value.Id = column("number of the user; no customer has the same")
    name: value.Text = column("name of the user")
    firstname: value.Text = column("first name of the user")
    lastname: value.Text = column("last name of the user")
    email: value.Text = column("e-mail address; that of a bot may be none")
    role: value.Text = column(
        "role: admin, agent, lite-agent, observer-agent, bot, ...", "user.role.name"
    )
    active: value.Boolean = column("False: the user cannot log in any more")
    client_id: value.Text = column("app that the user stands for, if it is one")
    external_id: value.Text = column("id of the user in another system, if one set it")
    bio: value.Text = column("what the user wrote about themselves")
    country: value.Text = column("country of the user")
    language: value.Text = column("language of the user")
    timezone: value.Text = column("time zone of the user: Europe/Paris, ...")
    has_password: value.Boolean = column("True: the user logs in with a password")
    has_2fa_enabled: value.Boolean = column(
        "True: the user logs in with a second factor"
    )
    meta: value.Json = column("what else Gorgias keeps with the user")
    created_datetime: value.Instant = column("when the user was created")
    updated_datetime: value.Instant = column("when the user was last changed")
    deactivated_datetime: value.Instant = column("when the user was deactivated")
    is_listed: value.Boolean = column(
        "False: the list of users shows the user no more; the row stays, because messages refer to it",
        "archive",
    )
