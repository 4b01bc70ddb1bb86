"""What attackers would be: servers that only listen, and components that break."""

import base64
import contextlib
import os
import socket
import ssl
import threading

from gorgias_crawler.sandbox import ACCESS_TOKEN, API_KEY, API_USER, Answer
from gorgias_crawler.sandbox.server import _Handler

BASIC = base64.b64encode(f"{API_USER}:{API_KEY}".encode()).decode()
SECRETS = [API_KEY, BASIC, ACCESS_TOKEN]
ONCE = ("-s", "RETRY_TIMES=0")  # a fault that stays would be waited for


class Listener:
    """A server that says nothing and keeps every byte of the application's."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.received = b""
        self.connections = 0
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(5)
                    self._listen(connection)

    def _listen(self, connection: socket.socket) -> None:
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            while data := connection.recv(65536):
                self.received += data
                if b"\r\n\r\n" in self.received:
                    return

    def close(self) -> None:
        self._socket.close()


class Plain(_Handler):
    """The sandbox, but it packs no answer: tests say how theirs are packed."""

    def _send(self, answer: Answer) -> None:
        del self.headers["Accept-Encoding"]
        super()._send(answer)

    def finish(self) -> None:
        with contextlib.suppress(OSError):  # the crawl has hung up
            super().finish()


def configure(shop, code):
    """Crawl *shop* with the settings of the project and *code* after them."""
    (shop.path / "trial.py").write_text(
        f"from gorgias_crawler.settings import *\n{code}"
    )
    path = os.pathsep.join([str(shop.path), os.environ.get("PYTHONPATH", "")])
    shop.environ |= {"SCRAPY_SETTINGS_MODULE": "trial", "PYTHONPATH": path}


# What is broken on purpose says that it was reached: else a test would hold nothing.
HIT = (
    "from pathlib import Path\n"
    "def broken(*args, **named):\n"
    "    Path('hit').touch()\n"
    "    raise ValueError(args, named)\n"
)


def answer_tickets_with(shop, answers):
    """Let the messages of the first tickets be answered so; return their ids."""
    ticket_ids = sorted({row["ticket_id"] for row in shop.expected()}, key=int)
    bad = dict(zip(ticket_ids, answers, strict=False))
    assert len(bad) == len(answers)
    shop.sandbox.on_request = lambda call: bad.get(call.query.get("ticket_id", [""])[0])
    return list(bad)
