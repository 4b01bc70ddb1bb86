"""What goes wrong with the files of a sandbox: each kind, by its name."""

from dataclasses import replace
from http import HTTPStatus

from gorgias_crawler.sandbox import Answer, Call, Sandbox
from gorgias_crawler.sandbox.filehost import DOWNLOAD

HOP = "/files"
"""Below it a second hop on the account's own host, which comes without a key."""


class FaultyFiles:
    """Spoils the files of *sandbox*.

    ``faults`` tells what goes wrong with a file, by its ``resource``, or by ``"*"`` for
    all others: the call is answered 404 (``missing``) or 410 (``gone``); its address
    has ``expired``, leads ``elsewhere`` over http, to a ``hop`` more or to ``endless``
    ones; the host answers ``500``, or its bytes are too few (``short``) or stop in the
    middle for ``stall_s`` (``stall``).
    """

    def __init__(self, sandbox: Sandbox, **faults: str) -> None:
        self.faults = faults
        self.stall_s = 30.0
        self._sandbox, self._host = sandbox, sandbox.file_host
        self._good_redirect, self._good = self._host.redirect, self._host.answer
        self._host.redirect = self._redirect  # type: ignore[method-assign]
        self._host.answer = self._answer  # type: ignore[method-assign]
        sandbox.on_request = lambda call: (
            self._redirect(call) if call.path.startswith(HOP) else None
        )

    def _fault(self, path: str) -> str:
        file = self._sandbox.world.file(path)
        return (file and self.faults.get(file.resource)) or self.faults.get("*", "")

    def _redirect(self, call: Call) -> Answer:
        is_hop = call.path.startswith(HOP)
        path = call.path.removeprefix(HOP if is_hop else DOWNLOAD)
        host = self._sandbox.url.removesuffix("/api")
        hop = f"{host}{HOP}{path}?n={len(self._sandbox.calls)}"
        match self._fault(path):
            case "missing" | "gone" as fault:
                status = HTTPStatus.GONE if fault == "gone" else HTTPStatus.NOT_FOUND
                return Answer(status, b'{"error": {"msg": "File does not exist."}}')
            case "expired":
                target = self._host.signed(path, -1)
            case "elsewhere":
                target = f"http://elsewhere.invalid{path}"
            case "endless":
                target = hop
            case "hop" if not is_hop:
                target = hop
            case _:
                target = self._host.signed(path, 60)
        return Answer(HTTPStatus.TEMPORARY_REDIRECT, b"", {"Location": target})

    def _answer(self, call: Call) -> Answer:
        good, fault = self._good(call), self._fault(call.path)
        if fault == "500":
            return Answer(
                HTTPStatus.INTERNAL_SERVER_ERROR, b"<Code>InternalError</Code>"
            )
        if fault == "short":
            return replace(good, length=good.length + 1_000)
        return replace(good, stall_s=self.stall_s) if fault == "stall" else good
