"""Archived objects, decoded for rows."""

import json
import re
from typing import Any

import msgspec

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_decode = msgspec.json.Decoder().decode


def decoded(raw: bytes) -> dict[str, Any]:
    """Return the archived object *raw*.

    A half of a surrogate pair, which no file encoding can hold, becomes U+FFFD.
    """
    try:
        value: dict[str, Any] = _decode(raw)
    except msgspec.DecodeError:
        # It refuses such halves, and numbers that JSON has not (NaN), which Python
        # reads; all others are read alike, in a third of the time.
        value = encodable(json.loads(raw.decode()))
    return value


def encodable(value: Any) -> Any:
    """Return *value* with U+FFFD for each half of a surrogate pair."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [encodable(entry) for entry in value]
    if isinstance(value, dict):
        return {encodable(name): encodable(entry) for name, entry in value.items()}
    return value
