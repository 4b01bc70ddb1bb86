"""The item of a satisfaction survey."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("survey")
class SatisfactionSurvey:
    """One row a satisfaction survey, also one that was not sent or not answered."""

    id: Id = column("number of the survey")
    ticket_id: Integer = column("number of its ticket, which may be deleted")
    customer_id: Integer = column("number of the customer who was asked")
    score: Integer = column("the customer's score, 1 to 5; empty: none yet")
    body_text: Text = column("what the customer wrote with it")
    meta: AnyJson = column("what else Gorgias keeps with the survey")
    created_datetime: Instant = column("when the survey was created")
    should_send_datetime: Instant = column("when it is to be sent")
    sent_datetime: Instant = column("when it was sent")
    scored_datetime: Instant = column("when the customer answered")
