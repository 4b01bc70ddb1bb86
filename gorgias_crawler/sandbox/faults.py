"""What goes wrong between a client and an API, as the sandbox plays it."""

from dataclasses import dataclass, field
from http import HTTPStatus

_HTML = b"<html><body><h1>Service unavailable</h1></body></html>"


@dataclass(frozen=True)
class Answer:
    """What goes back to the client.

    ``delay_s`` is waited before it; ``drop`` resets the connection in its place;
    ``cut`` closes it after half the body.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_s: float = 0.0
    drop: bool = False
    cut: bool = False


FAULTS = {
    "500": lambda good: Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b'{"error": {}}'),
    "502": lambda good: Answer(HTTPStatus.BAD_GATEWAY, _HTML, content_type="text/html"),
    "503": lambda good: Answer(HTTPStatus.SERVICE_UNAVAILABLE, b""),
    "reset": lambda good: Answer(HTTPStatus.OK, b"", drop=True),
    "cut": lambda good: Answer(HTTPStatus.OK, good.body, cut=True),
    "half": lambda good: Answer(HTTPStatus.OK, good.body[: len(good.body) // 2]),
    "empty": lambda good: Answer(HTTPStatus.OK, b""),
    "html": lambda good: Answer(HTTPStatus.OK, _HTML, content_type="text/html"),
    "slow": lambda good: Answer(good.status, good.body, delay_s=1.0),
}
"""Each kind of fault: the good answer to the one that is sent."""
