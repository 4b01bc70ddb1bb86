"""The sandbox's server: keys, budget, latency and faults in front of the world."""

import base64
import gzip
import json
import math
import random
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from gorgias_crawler.sandbox import pages
from gorgias_crawler.sandbox.bucket import Bucket
from gorgias_crawler.sandbox.faults import FAULTS, Answer, Call, Calls
from gorgias_crawler.sandbox.filehost import DOWNLOAD, FileHost
from gorgias_crawler.sandbox.world import World

API_USER = "demo@example.com"
API_KEY = "sandbox-key"
ACCESS_TOKEN = "sandbox-token"  # noqa: S105  # opens a pretend account only
BUDGET_HEADER = "X-Gorgias-Account-Api-Call-Limit"

_KEYS = {
    "Bearer " + ACCESS_TOKEN,
    "Basic " + base64.b64encode(f"{API_USER}:{API_KEY}".encode()).decode(),
}
_NO_PAGE = b"<!doctype html><title>404 Not Found</title><h1>Not Found</h1>"
_UNLIMITED = "1/1000000"
_MAY_HAPPEN: dict[str, Callable[..., object]] = {
    "add_ticket": World.add_ticket,
    "reply": World.reply,
    "delete_ticket": World.delete_ticket,
}
"""By what a world may be changed while it is served."""
_REFUSAL = {"error": {"msg": "Rate limit exceeded."}}


Hook = Callable[[Call], Answer | None]


@dataclass(eq=False)
class Sandbox:
    """A Gorgias on loopback; use it as a context manager or start and close it.

    *rate* is its budget as ``calls/seconds``, None for no limit; with
    *tells_budget* false no answer names it. *faults* is the share of calls that go
    wrong, each with one of *fault_kinds*; which, follows from *seed* and how often the
    same URL was asked. *on_request* sees each call first and may answer it.
    *not_permitted* gives the status (403, 404) with which a kind is refused, by its
    name. ``file_host`` answers at ``files_url``, a second server, that of files.
    """

    world: World
    _: KW_ONLY
    rate: str | None = "40/20"
    latency_s: float = 0.0
    faults: float = 0.0
    fault_kinds: Sequence[str] = tuple(FAULTS)
    seed: int = 1
    on_request: Hook | None = None
    tells_budget: bool = True
    port: int = 0
    ssl_context: ssl.SSLContext | None = None
    not_permitted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bucket = Bucket.parse(self.rate) if self.rate else None
        self.calls = Calls()
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(self.port, self.respond, self.ssl_context)
        self.port = self._server.server_address[1]
        self.url = self._server.url + "/api"
        self.file_host = FileHost(self.world)
        self._files_server = _Server(0, self.file_host.respond, self.ssl_context)
        self.files_url = self.file_host.own_url = self._files_server.url
        # a short poll, so that a test does not wait for its server to close
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            for server in (self._server, self._files_server)
        ]

    def start(self) -> None:
        """Serve, in threads of its own."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop serving."""
        for server in (self._server, self._files_server):
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def refused(self) -> list[Call]:
        """The calls that were answered 429."""
        return [c for c in self.calls if c.status == HTTPStatus.TOO_MANY_REQUESTS]

    @property
    def highest_level(self) -> float:
        """The most calls that were in the bucket at once."""
        return self.bucket.highest_level if self.bucket else 0.0

    def answer(self, call: Call) -> Answer:
        """Return what the API itself says to *call*: no budget, fault or latency."""
        if call.method != "GET":
            return _json(HTTPStatus.METHOD_NOT_ALLOWED, {"error": {"msg": "GET only"}})
        if not call.path.startswith("/api/"):
            return Answer(HTTPStatus.NOT_FOUND, _NO_PAGE, content_type="text/html")
        if call.headers.get("Authorization") not in _KEYS:
            return _json(HTTPStatus.UNAUTHORIZED, {"error": {"msg": "Unauthorized."}})
        if call.path.startswith(f"{DOWNLOAD}/"):
            return self.file_host.redirect(call)
        status, body = pages.answer(
            self.world, call.path, call.query, self.not_permitted
        )
        if body is None:
            return Answer(status, _NO_PAGE, content_type="text/html")
        return _json(status, body)

    def respond(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Answer one request, with all that stands in front of the API."""
        if target.startswith("/sandbox/"):
            return self._tell(target, body)
        call = self.calls.add(method, target, headers)
        with self._lock:
            self._asked[target] += 1
            draw = random.Random(f"{self.seed} {target} {self._asked[target]}")
        answer = self.on_request(call) if self.on_request else None
        wait_s, headers = self._take_budget()
        headers["X-Request-Id"] = f"sandbox-{call.number}"
        if answer is None and wait_s:
            answer = _json(HTTPStatus.TOO_MANY_REQUESTS, _REFUSAL)
            headers["Retry-after"] = str(math.ceil(wait_s))
        if answer is None:
            answer = self._faulty(self.answer(call), draw)
        call.status = answer.status
        time.sleep(self.latency_s + answer.delay_s)
        return replace(answer, headers=headers | answer.headers)

    def _take_budget(self) -> tuple[float, dict[str, str]]:
        """Count a call; return the seconds it is too early, and the budget's header."""
        with self._lock:
            wait_s = self.bucket.take(time.monotonic()) if self.bucket else 0.0
            told = self.bucket.header if self.bucket else _UNLIMITED
        return wait_s, {BUDGET_HEADER: told} if self.tells_budget else {}

    def _faulty(self, answer: Answer, draw: random.Random) -> Answer:
        if draw.random() >= self.faults:
            return answer
        return FAULTS[draw.choice(self.fault_kinds)](answer)

    def _tell(self, path: str, body: bytes) -> Answer:
        """Answer what no Gorgias would: what the world holds, and let it change."""
        match path:
            case "/sandbox/totals":
                return _json(HTTPStatus.OK, self.world.totals())
            case "/sandbox/change":
                try:
                    for name, arguments in json.loads(body).items():
                        _MAY_HAPPEN[name](self.world, *arguments)
                except (AttributeError, LookupError, TypeError, ValueError) as error:
                    return _json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
                return _json(HTTPStatus.OK, self.world.totals())
        return Answer(HTTPStatus.NOT_FOUND, _NO_PAGE, content_type="text/html")


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # default 5: a burst of connections would be refused

    def __init__(
        self, port: int, respond: Callable[..., Answer], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.respond = respond
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        if context is not None:
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that are killed in mid-answer are the rule here."""


class _Handler(BaseHTTPRequestHandler):
    """Reads requests and writes the answers of ``server.respond``."""

    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet; two would wait for each other
    # Else the last packet of an answer waits up to 40 ms for the client's word.
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = dict(self.headers.items())
        answer = self.server.respond(self.command, self.path, headers, body)
        if answer.drop:
            self._reset()
        else:
            self._send(answer)

    do_POST = do_GET

    def _send(self, answer: Answer) -> None:
        body = answer.body
        headers = dict(answer.headers)
        if "gzip" in self.headers.get("Accept-Encoding", "") and body:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        length = len(body) if answer.chunks is None else answer.length
        self.send_response_only(answer.status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.cut:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)
        if answer.chunks is not None:
            self._stream(answer, answer.chunks)

    def _stream(self, answer: Answer, chunks: Iterable[bytes]) -> None:
        sent = 0
        for chunk in chunks:
            self.wfile.write(chunk[: len(chunk) // 2] if answer.stall_s else chunk)
            self.wfile.flush()
            sent += len(chunk)
            if answer.stall_s:
                time.sleep(answer.stall_s)
                break
        self.close_connection = answer.stall_s > 0 or sent < answer.length

    def _reset(self) -> None:
        # SO_LINGER of 0 s makes the close a reset
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the caller sees ``Sandbox.calls``."""
