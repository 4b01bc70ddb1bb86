"""How an object's JSON is kept: compressed one by one, with a dictionary of its keys.

More than half of a short message is keys that every message has. Zstandard takes them
from a dictionary, so that an object takes half of the space that it takes without.
Archives of format 2 hold zlib's blobs with the same dictionary, which stay as they are:
a blob tells by its first bytes which of the two it is.
"""

import json
import zlib
from typing import Any

import zstandard

from gorgias_crawler.items import decoded

# What tickets and messages have in common with others of their kind: the documented
# keys in the recorded order, with their most frequent values
# (https://developers.gorgias.com/reference/the-ticket-object and
# ``/the-ticketmessage-object``). What is most frequent stands last, where it is
# cheapest to refer to. A change makes archives unreadable: it needs a new FORMAT.
_PERSON = (
    '{"id":500000011,"email":"support@example.com","name":"Ana","firstname":"Ana",'
    '"lastname":"","meta":{"name_set_via":"email"}}'
)
_TICKET = (
    '{"id":90000001,"uri":"/api/tickets/90000001/","external_id":null,'
    '"language":"en","status":"closed","priority":"normal","channel":"email",'
    f'"via":"email","from_agent":false,"customer":{_PERSON},'
    f'"assignee_user":{_PERSON},"assignee_team":{{"id":71,"name":"Tier 1",'
    '"decoration":{}},'
    '"subject":"Re: order #","summary":null,"excerpt":"",'
    '"integrations":[{"name":"Support","address":"support@example.com",'
    '"type":"email"}],"meta":null,"tags":[{"id":31,"name":"shipping",'
    '"decoration":{"color":"#336699"}}],"messages_count":2,"is_unread":false,'
    '"spam":false,"created_datetime":"2025-03-01T08:00:00.120000+00:00",'
    '"opened_datetime":"2025-03-01T08:05:00.000000+00:00",'
    '"last_received_message_datetime":"2025-03-01T08:00:00.120000+00:00",'
    '"last_message_datetime":"2025-03-01T09:00:01.500000+00:00",'
    '"last_sent_message_not_delivered":false,'
    '"updated_datetime":"2025-03-01T09:00:02.010000+00:00",'
    '"closed_datetime":"2025-03-01T09:00:02.000000+00:00","snooze_datetime":null,'
    '"trashed_datetime":null,"custom_fields":{"880":{"id":880,"value":""}}}'
)
_MESSAGE = (
    '{"id":240000101,"uri":"/api/tickets/90000001/messages/240000101/",'
    '"message_id":"<@mail.gmail.com>","ticket_id":90000001,"external_id":null,'
    '"public":true,"channel":"email","via":"helpdesk","source":{"type":"email",'
    '"from":{"name":"Ana","address":"support@example.com"},"to":[{"name":"",'
    '"address":"support@example.com"}],"cc":[],"bcc":[],"extra":{'
    f'"include_thread":false}}}},"sender":{_PERSON},"auth_customer_identity":null,'
    '"integration_id":4401,"intents":[{"name":"shipping/status","rejected":null,'
    f'"is_user_feedback":false}}],"rule_id":null,"from_agent":false,'
    f'"receiver":{_PERSON},"subject":"Re: order #",'
    '"body_text":"","body_html":"<div dir=\\"ltr\\"><p><br></div>",'
    '"stripped_text":"","stripped_html":"<div dir=\\"ltr\\"><p><br></div>",'
    '"stripped_signature":null,"headers":{"From":"","To":"","Subject":"","Date":"",'
    '"Message-ID":"","Received":"","MIME-Version":"1.0","Content-Type":'
    '"multipart/alternative; boundary=","DKIM-Signature":"v=1; a=rsa-sha256; "},'
    '"attachments":[{"url":"https://uploads.gorgias.io/","name":".png","size":null,'
    '"content_type":"image/png","public":true}],"actions":null,"macros":[],'
    '"meta":null,"created_datetime":"2025-03-01T08:00:00.120000+00:00",'
    '"processed_datetime":"2025-03-01T08:00:00.300000+00:00",'
    '"sent_datetime":"2025-03-01T08:00:00.000000+00:00","failed_datetime":null,'
    '"deleted_datetime":null,"opened_datetime":null,"last_sending_error":null,'
    '"is_retriable":true,"imported":null}'
)
_COMPACT = _TICKET + _MESSAGE
# It is not known whether Gorgias writes a space after commas and colons.
_SPACED = json.dumps(json.loads(_TICKET)) + json.dumps(json.loads(_MESSAGE))
DICTIONARY = (_SPACED + _COMPACT).encode()
"""What every blob may refer to."""


_DICTIONARY = zstandard.ZstdCompressionDict(
    DICTIONARY, dict_type=zstandard.DICT_TYPE_RAWCONTENT
)
_MAGIC = b"\x28\xb5\x2f\xfd"  # of a Zstandard frame (RFC 8878, section 3.1.1)
# Level 3, Zstandard's own default: 9 us a message against 28 of zlib at its fastest
# (measured, `bench/packing.py`). With a checksum, so that a flipped bit shows.
_compressor = zstandard.ZstdCompressor(
    level=3, write_checksum=True, dict_data=_DICTIONARY
)
# Used again and again: to make one for each object, as Python's own module wants it,
# takes twice as long as to unpack a message (8 us of 12, measured).
_decompressor = zstandard.ZstdDecompressor(dict_data=_DICTIONARY)

BAD_BLOB = (zlib.error, zstandard.ZstdError)
"""What `unpacked` raises of a blob that is damaged."""


def packed(raw: bytes) -> bytes:
    """Compress an object's JSON for the archive; the same JSON, the same blob."""
    return _compressor.compress(raw)


def unpacked(blob: bytes) -> bytes:
    """Return the JSON that `packed` compressed; raise one of `BAD_BLOB` else."""
    unpacker = (
        _decompressor.decompressobj()
        if blob.startswith(_MAGIC)
        else zlib.decompressobj(zdict=DICTIONARY)
    )
    raw = unpacker.decompress(blob)
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error("incomplete")
    return raw


def are_alike(one: bytes, other: bytes) -> bool:
    """Tell whether two blobs hold the same values, but for what is no change."""
    return one == other or _values(one) == _values(other)


def _values(blob: bytes) -> dict[str, Any]:
    # Of a ticket it differs by who asks, and says nothing of the ticket.
    return {n: v for n, v in decoded(unpacked(blob)).items() if n != "is_unread"}
