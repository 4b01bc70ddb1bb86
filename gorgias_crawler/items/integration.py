"""The item of an integration."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Boolean,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("integration")
class Integration:
    """One row an integration: a mailbox, chat, shop or page. Secrets are replaced."""

    id: Id = column("number of the integration")
    name: Text = column("name of the integration")
    type: Text = column("email, gmail, gorgias_chat, shopify, http, ...")
    description: Text = column("what the integration is for")
    address: Text = column(
        "its e-mail address or telephone number, if it has one",
        "integration.meta.address",
    )
    user_id: Integer = column("number of the user who made it", "integration.user.id")
    application_id: Integer = column("number of the app it belongs to")
    business_hours_id: Integer = column("number of its business hours")
    managed: Boolean = column("True: Gorgias manages it")
    http: AnyJson = column(
        "the request it makes: path, query and values of headers and forms are replaced"
    )
    meta: AnyJson = column(
        "what else Gorgias keeps with the integration; secrets are replaced"
    )
    decoration: AnyJson = column("how it is shown")
    created_datetime: Instant = column("when the integration was created")
    updated_datetime: Instant = column("when the integration was last changed")
    deactivated_datetime: Instant = column("when the integration was switched off")
    locked_datetime: Instant = column("when Gorgias locked the integration")
