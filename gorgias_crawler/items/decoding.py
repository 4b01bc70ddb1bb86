"""Archived objects, decoded for rows."""

import json
import re
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def decoded(raw: bytes) -> dict[str, Any]:
    """Return the archived object *raw*.

    A half of a surrogate pair, which no file encoding can hold, becomes U+FFFD.
    """
    value: dict[str, Any] = json.loads(raw.decode())
    if b"\\ud" in raw:  # pairs are common, as emoji are; halves are not
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            value = _encodable(value)
    return value


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_encodable(entry) for entry in value]
    if isinstance(value, dict):
        return {_encodable(name): _encodable(entry) for name, entry in value.items()}
    return value
