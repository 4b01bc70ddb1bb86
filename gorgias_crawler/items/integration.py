"""The item of an integration."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("integration")
class Integration:
    """One row an integration: a mailbox, chat, shop or page. Secrets are replaced."""

    id: value.Id = column("number of the integration")
    name: value.Text = column("name of the integration")
    type: value.Text = column("email, gmail, gorgias_chat, shopify, http, ...")
    description: value.Text = column("what the integration is for")
    address: value.Text = column(
        "its e-mail address or telephone number, if it has one",
        "integration.meta.address",
    )
    user_id: value.Integer = column(
        "number of the user who made it", "integration.user.id"
    )
    application_id: value.Integer = column("number of the app it belongs to")
    business_hours_id: value.Integer = column("number of its business hours")
    managed: value.Boolean = column("True: Gorgias manages it")
    http: value.Json = column(
        "the request it makes: path, query and values of headers and forms are replaced"
    )
    meta: value.Json = column(
        "what else Gorgias keeps with the integration; secrets are replaced"
    )
    decoration: value.Json = column("how it is shown")
    created_datetime: value.Instant = column("when the integration was created")
    updated_datetime: value.Instant = column("when the integration was last changed")
    deactivated_datetime: value.Instant = column(
        "when the integration was switched off"
    )
    locked_datetime: value.Instant = column("when Gorgias locked the integration")
