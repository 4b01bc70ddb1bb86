"""The item of a satisfaction survey."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("survey")
class SatisfactionSurvey:
    """One row a satisfaction survey, also one that was not sent or not answered."""

    id: value.Id = column("number of the survey")
    ticket_id: value.Integer = column("number of its ticket, which may be deleted")
    customer_id: value.Integer = column("number of the customer who was asked")
    score: value.Integer = column("the customer's score, 1 to 5; empty: none yet")
    body_text: value.Text = column("what the customer wrote with it")
    meta: value.Json = column("what else Gorgias keeps with the survey")
    created_datetime: value.Instant = column("when the survey was created")
    should_send_datetime: value.Instant = column("when it is to be sent")
    sent_datetime: value.Instant = column("when it was sent")
    scored_datetime: value.Instant = column("when the customer answered")
