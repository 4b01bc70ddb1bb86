"""Where files are kept: a host beside the API, which opens signed addresses alone.

The download call of the API is answered with a redirect to an address here, whose
signature holds for a while. https://developers.gorgias.com/changelog
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from gorgias_crawler.sandbox.faults import Answer, Call, Calls
from gorgias_crawler.sandbox.files import File
from gorgias_crawler.sandbox.world import World

DOWNLOAD = "/api/attachment/download"
HOP = "/files"  # below it a second hop on the account's own host
FILE_FAULTS = (
    "missing", "gone", "expired", "stall", "500", "short", "elsewhere", "hop", "endless",
)  # fmt: skip
"""What can go wrong with a file: the call is answered 404 or 410; its address has
expired; the bytes stop in the middle, or end before their Content-Length; another host
over http; one hop more on the account's own host; redirects without end."""
_SECRET = b"the sandbox signs with it"


class FileHost:
    """Answers for all files of a world.

    ``faults`` tells what goes wrong with a file, one of `FILE_FAULTS`, by its
    ``resource``, or by ``"*"`` for all others. ``on_request`` sees each call of the
    host first and may answer it. A signature holds ``lifetime_s``, a stall ``stall_s``.
    """

    def __init__(self, world: World, api_url: str) -> None:
        self.world = world
        self.calls = Calls()
        self.faults: dict[str, str] = {}
        self.on_request: Callable[[Call], Answer | None] | None = None
        self.lifetime_s = 600.0
        self.stall_s = 30.0
        self.own_url = ""
        self._api_host = api_url.removesuffix("/api")

    def fault(self, file: File) -> str:
        """Return what goes wrong with *file*, empty for nothing."""
        return self.faults.get(file.resource) or self.faults.get("*", "")

    def signed(self, path: str, lifetime_s: float) -> str:
        """Return an address of a file that opens for so many seconds."""
        expires = str(int(time.time() + lifetime_s))
        query = urlencode(
            {"X-Expires": expires, "X-Signature": _signature(path, expires)}
        )
        return f"{self.own_url}{path}?{query}"

    def redirect(self, call: Call) -> Answer:
        """Answer the download call, or a hop after it: where the file is to be had."""
        path = call.path.removeprefix(DOWNLOAD).removeprefix(HOP)
        file = self.world.file(path)
        fault = "missing" if file is None else self.fault(file)
        if fault in {"missing", "gone"}:
            status = HTTPStatus.GONE if fault == "gone" else HTTPStatus.NOT_FOUND
            return Answer(status, b'{"error": {"msg": "File does not exist."}}')
        target = self.signed(path, -1 if fault == "expired" else self.lifetime_s)
        hop = f"{self._api_host}{HOP}{path}?n={int(call.query.get('n', ['0'])[0]) + 1}"
        if fault == "elsewhere":
            target = f"http://elsewhere.invalid{path}"
        elif fault == "endless" or (fault == "hop" and call.path.startswith(DOWNLOAD)):
            target = hop
        headers = {"Location": target}
        return Answer(HTTPStatus.TEMPORARY_REDIRECT, b"", headers, "text/html")

    def respond(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Answer one request of this host."""
        call = self.calls.add(method, target, headers)
        answer = self.on_request(call) if self.on_request else None
        answer = answer or self.answer(call)
        call.status = answer.status
        return (
            replace(answer, chunks=_counted(call, answer)) if answer.chunks else answer
        )

    def answer(self, call: Call) -> Answer:
        """Return what the host itself says to *call*: a file, or why not."""
        if call.headers.get("Authorization") is not None:
            return _refusal(HTTPStatus.BAD_REQUEST, "Only one auth mechanism allowed")
        expires = call.query.get("X-Expires", ["0"])[0]
        signature = call.query.get("X-Signature", [""])[0]
        if not hmac.compare_digest(signature, _signature(call.path, expires)):
            return _refusal(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch")
        if int(expires) < time.time():
            return _refusal(HTTPStatus.FORBIDDEN, "Request has expired")
        file = self.world.file(call.path)
        if file is None:
            return _refusal(HTTPStatus.NOT_FOUND, "NoSuchKey")
        return self._faulty(file)

    def _faulty(self, file: File) -> Answer:
        fault = self.fault(file)
        if fault == "500":
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError")
        type_ = file.content_type
        good = Answer(
            HTTPStatus.OK, b"", {}, type_, chunks=file.chunks(), length=file.size
        )
        if fault == "short":
            return replace(good, length=file.size + 1_000)
        return replace(good, stall_s=self.stall_s) if fault == "stall" else good


def _counted(call: Call, answer: Answer) -> Iterator[bytes]:
    for chunk in answer.chunks or ():
        call.sent_bytes += len(chunk)
        yield chunk


def _signature(path: str, expires: str) -> str:
    return hmac.new(_SECRET, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()


def _refusal(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
    return Answer(status, body, content_type="application/xml")
