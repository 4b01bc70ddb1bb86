"""The item of an account."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("account")
class Account:
    """One row: the account itself. It has no number in Gorgias; its id is always 1."""

    id: value.Id = column("1: there is one account")
    domain: value.Text = column(
        "name of the account: the part of its address before .gorgias.com"
    )
    company_domain: value.Text = column(
        "domain of the company", "account.meta.company_domain"
    )
    status: value.Text = column("status of the account", "account.status.status")
    plan: value.Text = column(
        "plan of the subscription; empty in a trial",
        "account.current_subscription.plan",
    )
    subscription_status: value.Text = column(
        "status of the subscription", "account.current_subscription.status"
    )
    subscription_start_datetime: value.Instant = column(
        "when the subscription began", "account.current_subscription.start_datetime"
    )
    trial_end_datetime: value.Instant = column(
        "when the trial ends or ended",
        "account.current_subscription.trial_end_datetime",
    )
    settings: value.Json = column(
        "settings of the account: business hours, surveys, merging, ...; secrets are replaced"
    )
    meta: value.Json = column("what else Gorgias keeps with the account")
    created_datetime: value.Instant = column("when the account was created")
    deactivated_datetime: value.Instant = column("when the account was closed")
