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
from gorgias_crawler.sandbox.world import World

DOWNLOAD = "/api/attachment/download"
_LIFETIME_S = 600.0
_SECRET = b"the sandbox signs with it"


class FileHost:
    """Answers for all files of a world.

    ``on_request`` sees each call of the host first and may answer it.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = Calls()
        self.on_request: Callable[[Call], Answer | None] | None = None
        self.own_url = ""

    def signed(self, path: str, lifetime_s: float) -> str:
        """Return an address of a file that opens for so many seconds."""
        expires = str(int(time.time() + lifetime_s))
        query = urlencode(
            {"X-Expires": expires, "X-Signature": _signature(path, expires)}
        )
        return f"{self.own_url}{path}?{query}"

    def redirect(self, call: Call) -> Answer:
        """Answer the download call: where the file is to be had."""
        path = call.path.removeprefix(DOWNLOAD)
        if self.world.file(path) is None:
            missing = b'{"error": {"msg": "File does not exist."}}'
            return Answer(HTTPStatus.NOT_FOUND, missing)
        headers = {"Location": self.signed(path, _LIFETIME_S)}
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
        return Answer(
            *(HTTPStatus.OK, b"", {}, file.content_type),
            chunks=file.chunks(),
            length=file.size,
        )


def _counted(call: Call, answer: Answer) -> Iterator[bytes]:
    for chunk in answer.chunks or ():
        call.sent_bytes += len(chunk)
        yield chunk


def _signature(path: str, expires: str) -> str:
    return hmac.new(_SECRET, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()


def _refusal(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
    return Answer(status, body, content_type="application/xml")
