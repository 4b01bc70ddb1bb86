"""The item of a job."""

from gorgias_crawler.items.columns import (
    AnyJson,
    Id,
    Instant,
    Integer,
    Text,
    column,
    row_of,
)


@row_of("job")
class Job:
    """One row a job that Gorgias did or does: exports, imports, mass changes."""

    id: Id = column("number of the job")
    type: Text = column("what the job does")
    status: Text = column("pending, scheduled, running, done, errored, ...")
    user_id: Integer = column("number of the user who started it")
    params: AnyJson = column("what it was asked for")
    info: AnyJson = column("how far it has come")
    meta: AnyJson = column("what else Gorgias keeps with the job")
    created_datetime: Instant = column("when the job was created")
    scheduled_datetime: Instant = column("when it is to start")
    started_datetime: Instant = column("when it started")
    ended_datetime: Instant = column("when it ended")
    failed_datetime: Instant = column("when it failed")
    cancelled_datetime: Instant = column("when it was cancelled")
