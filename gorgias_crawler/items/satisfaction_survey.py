"""The item of a satisfaction survey."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class SatisfactionSurvey:
    """One row a satisfaction survey, also one that was not sent or not answered."""

    id: int = column("number of the survey", "survey.id", Type.INTEGER)
    ticket_id: int | None = column(
        "number of its ticket, which may be deleted", "survey.ticket_id", Type.INTEGER
    )
    customer_id: int | None = column(
        "number of the customer who was asked", "survey.customer_id", Type.INTEGER
    )
    score: int | None = column(
        "the customer's score, 1 to 5; empty: none yet", "survey.score", Type.INTEGER
    )
    body_text: str | None = column(
        "what the customer wrote with it", "survey.body_text", Type.TEXT
    )
    meta: Any = column(
        "what else Gorgias keeps with the survey", "survey.meta", Type.JSON
    )
    created_datetime: str | None = column(
        "when the survey was created", "survey.created_datetime", Type.INSTANT
    )
    should_send_datetime: str | None = column(
        "when it is to be sent", "survey.should_send_datetime", Type.INSTANT
    )
    sent_datetime: str | None = column(
        "when it was sent", "survey.sent_datetime", Type.INSTANT
    )
    scored_datetime: str | None = column(
        "when the customer answered", "survey.scored_datetime", Type.INSTANT
    )
