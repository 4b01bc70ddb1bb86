"""The item of an account."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Account:
    """One row: the account itself. It has no number in Gorgias; its id is always 1."""

    id: int = column("1: there is one account", "account.id", Type.INTEGER)
    domain: str | None = column(
        "name of the account: the part of its address before .gorgias.com",
        "account.domain",
        Type.TEXT,
    )
    company_domain: str | None = column(
        "domain of the company", "account.meta.company_domain", Type.TEXT
    )
    status: str | None = column(
        "status of the account", "account.status.status", Type.TEXT
    )
    plan: str | None = column(
        "plan of the subscription; empty in a trial",
        "account.current_subscription.plan",
        Type.TEXT,
    )
    subscription_status: str | None = column(
        "status of the subscription", "account.current_subscription.status", Type.TEXT
    )
    subscription_start_datetime: str | None = column(
        "when the subscription began",
        "account.current_subscription.start_datetime",
        Type.INSTANT,
    )
    trial_end_datetime: str | None = column(
        "when the trial ends or ended",
        "account.current_subscription.trial_end_datetime",
        Type.INSTANT,
    )
    settings: Any = column(
        "settings of the account: business hours, surveys, merging, ...; secrets are replaced",
        "account.settings",
        Type.JSON,
    )
    meta: Any = column(
        "what else Gorgias keeps with the account", "account.meta", Type.JSON
    )
    created_datetime: str | None = column(
        "when the account was created", "account.created_datetime", Type.INSTANT
    )
    deactivated_datetime: str | None = column(
        "when the account was closed", "account.deactivated_datetime", Type.INSTANT
    )
