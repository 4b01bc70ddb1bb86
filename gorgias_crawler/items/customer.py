"""The item of a customer."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Boolean,
    Id,
    Instant,
    Text,
    column,
    row_of,
)


@row_of("customer")
class Customer:
    """One row a customer."""

    id: Id = column("number of the customer; no user has the same")
    external_id: Text = column("id of the customer in another system, if one set it")
    email: Text = column("e-mail address of the customer")
    name: Text = column("name of the customer")
    firstname: Text = column("first name of the customer")
    lastname: Text = column("last name of the customer")
    active: Boolean = column("False: the customer was deactivated")
    language: Text = column("language of the customer")
    timezone: Text = column("time zone of the customer")
    note: Text = column("what your team noted about the customer")
    custom_fields: AnyJson = column(
        "the customer's custom fields: number of the field to its value",
        "customer.custom_fields{}.value",
    )
    data: AnyJson = column("what your own systems keep with the customer")
    meta: AnyJson = column("what else Gorgias and apps keep with the customer")
    created_datetime: Instant = column("when the customer was created")
    updated_datetime: Instant = column("when the customer was last changed")
