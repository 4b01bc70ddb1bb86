"""The item of a voice call recording."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("recording")
class VoiceCallRecording:
    """One row a recording of a telephone call."""

    id: value.Id = column("number of the recording")
    call_id: value.Integer = column("number of the call")
    type: value.Text = column("voicemail or call recording")
    url: value.Text = column("where the sound is; it opens with the key alone")
    duration: value.Integer = column("how long it lasts, in seconds")
    external_id: value.Text = column("id of the recording at the provider")
    error_code: value.Text = column("why there is no sound: RECORDING_IS_PRIVATE, ...")
    transcription_status: value.Text = column("how its transcription stands")
    created_datetime: value.Instant = column("when it was recorded")
    deleted_datetime: value.Instant = column("when it was deleted")
    deleted_by_user_id: value.Integer = column("number of the user who deleted it")
