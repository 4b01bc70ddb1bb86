"""The item of a voice call recording."""

from gorgias_crawler.items.columns import Id, Instant, Integer, Text, column, row_of


@row_of("recording")
class VoiceCallRecording:
    """One row a recording of a telephone call."""

    id: Id = column("number of the recording")
    call_id: Integer = column("number of the call")
    type: Text = column("voicemail or call recording")
    url: Text = column("where the sound is; it opens with the key alone")
    duration: Integer = column("how long it lasts, in seconds")
    external_id: Text = column("id of the recording at the provider")
    error_code: Text = column("why there is no sound: RECORDING_IS_PRIVATE, ...")
    transcription_status: Text = column("how its transcription stands")
    created_datetime: Instant = column("when it was recorded")
    deleted_datetime: Instant = column("when it was deleted")
    deleted_by_user_id: Integer = column("number of the user who deleted it")
