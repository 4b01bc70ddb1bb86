"""The item of a voice call recording."""

from dataclasses import dataclass

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class VoiceCallRecording:
    """One row a recording of a telephone call."""

    id: int = column("number of the recording", "recording.id", Type.INTEGER)
    call_id: int | None = column(
        "number of the call", "recording.call_id", Type.INTEGER
    )
    type: str | None = column(
        "voicemail or call recording", "recording.type", Type.TEXT
    )
    url: str | None = column(
        "where the sound is; it opens with the key alone", "recording.url", Type.TEXT
    )
    duration: int | None = column(
        "how long it lasts, in seconds", "recording.duration", Type.INTEGER
    )
    external_id: str | None = column(
        "id of the recording at the provider", "recording.external_id", Type.TEXT
    )
    error_code: str | None = column(
        "why there is no sound: RECORDING_IS_PRIVATE, ...",
        "recording.error_code",
        Type.TEXT,
    )
    transcription_status: str | None = column(
        "how its transcription stands", "recording.transcription_status", Type.TEXT
    )
    created_datetime: str | None = column(
        "when it was recorded", "recording.created_datetime", Type.INSTANT
    )
    deleted_datetime: str | None = column(
        "when it was deleted", "recording.deleted_datetime", Type.INSTANT
    )
    deleted_by_user_id: int | None = column(
        "number of the user who deleted it",
        "recording.deleted_by_user_id",
        Type.INTEGER,
    )
