"""What is asked and answered, and what goes wrong between a client and an API."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

_HTML = b"<html><body><h1>Service unavailable</h1></body></html>"


@dataclass(eq=False)
class Call:
    """A request that came in; ``client`` is its User-Agent, ``at_s`` monotonic.

    ``status`` is what it was answered, 0 until then; ``sent_bytes`` counts those of a
    file. ``number`` counts from 1.
    """

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    client: str
    at_s: float
    status: int = 0
    sent_bytes: int = 0


class Calls(list[Call]):
    """The calls of one host, in the order in which they came in."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def add(self, method: str, target: str, headers: Mapping[str, str]) -> Call:
        """Note that a call comes in now, and return it."""
        url = urlsplit(target)
        query = parse_qs(url.query, keep_blank_values=True)
        client = headers.get("User-Agent", "")
        with self._lock:
            number, at_s = len(self) + 1, time.monotonic()
            call = Call(number, method, url.path, query, headers, client, at_s)
            self.append(call)
        return call


@dataclass(frozen=True)
class Answer:
    """What goes back to the client.

    ``delay_s`` is waited before it; ``drop`` resets the connection in its place;
    ``cut`` closes it after half the body. Where there are ``chunks``, they are the
    body, said to have ``length`` bytes; after the first ``stall_s`` is waited.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_s: float = 0.0
    drop: bool = False
    cut: bool = False
    chunks: Iterable[bytes] | None = None
    length: int = 0
    stall_s: float = 0.0


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
