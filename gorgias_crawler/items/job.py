"""The item of a job."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("job")
class Job:
    """One row a job that Gorgias did or does: exports, imports, mass changes."""

    id: value.Id = column("number of the job")
    type: value.Text = column("what the job does")
    status: value.Text = column("pending, scheduled, running, done, errored, ...")
    user_id: value.Integer = column("number of the user who started it")
    params: value.Json = column("what it was asked for")
    info: value.Json = column("how far it has come")
    meta: value.Json = column("what else Gorgias keeps with the job")
    created_datetime: value.Instant = column("when the job was created")
    scheduled_datetime: value.Instant = column("when it is to start")
    started_datetime: value.Instant = column("when it started")
    ended_datetime: value.Instant = column("when it ended")
    failed_datetime: value.Instant = column("when it failed")
    cancelled_datetime: value.Instant = column("when it was cancelled")
