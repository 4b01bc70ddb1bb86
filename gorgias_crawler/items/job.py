"""The item of a job."""

from dataclasses import dataclass
from typing import Any

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Job:
    """One row a job that Gorgias did or does: exports, imports, mass changes."""

    id: int = column("number of the job", "job.id", Type.INTEGER)
    type: str | None = column("what the job does", "job.type", Type.TEXT)
    status: str | None = column(
        "pending, scheduled, running, done, errored, ...", "job.status", Type.TEXT
    )
    user_id: int | None = column(
        "number of the user who started it", "job.user_id", Type.INTEGER
    )
    params: Any = column("what it was asked for", "job.params", Type.JSON)
    info: Any = column("how far it has come", "job.info", Type.JSON)
    meta: Any = column("what else Gorgias keeps with the job", "job.meta", Type.JSON)
    created_datetime: str | None = column(
        "when the job was created", "job.created_datetime", Type.INSTANT
    )
    scheduled_datetime: str | None = column(
        "when it is to start", "job.scheduled_datetime", Type.INSTANT
    )
    started_datetime: str | None = column(
        "when it started", "job.started_datetime", Type.INSTANT
    )
    ended_datetime: str | None = column(
        "when it ended", "job.ended_datetime", Type.INSTANT
    )
    failed_datetime: str | None = column(
        "when it failed", "job.failed_datetime", Type.INSTANT
    )
    cancelled_datetime: str | None = column(
        "when it was cancelled", "job.cancelled_datetime", Type.INSTANT
    )
