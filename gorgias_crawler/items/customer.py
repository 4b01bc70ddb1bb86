"""The item of a customer."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("customer")
class Customer:
    """One row a customer."""

    id: value.Id = column("number of the customer; no user has the same")
    external_id: value.Text = column(
        "id of the customer in another system, if one set it"
    )
    email: value.Text = column("e-mail address of the customer")
    name: value.Text = column("name of the customer")
    firstname: value.Text = column("first name of the customer")
    lastname: value.Text = column("last name of the customer")
    active: value.Boolean = column("False: the customer was deactivated")
    language: value.Text = column("language of the customer")
    timezone: value.Text = column("time zone of the customer")
    note: value.Text = column("what your team noted about the customer")
    custom_fields: value.Json = column(
        "the customer's custom fields: number of the field to its value",
        "customer.custom_fields{}.value",
    )
    data: value.Json = column("what your own systems keep with the customer")
    meta: value.Json = column("what else Gorgias and apps keep with the customer")
    created_datetime: value.Instant = column("when the customer was created")
    updated_datetime: value.Instant = column("when the customer was last changed")
