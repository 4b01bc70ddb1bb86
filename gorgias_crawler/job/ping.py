"""Tells a monitor when a run begins and how it ends, by the healthchecks convention.

``URL/start``, then ``URL`` or ``URL/fail`` (https://healthchecks.io/docs/http_api/).
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from gorgias_crawler import __version__
from gorgias_crawler.config import is_loopback
from gorgias_crawler.errors import EXIT_COMPLETE

LIMIT_S = 5.0
"""How long the end of a run waits for a monitor that does not answer. `docker stop`
kills after 10 s, and stopping takes some of them."""


class Monitor:
    """A monitor that is told of one run, in threads of its own.

    Without *url* nobody is told. The body has plain numbers alone. A monitor that
    cannot be told changes nothing: `ended` returns a sentence about it.
    """

    def __init__(self, url: str | None, limit_s: float = LIMIT_S) -> None:
        self._url = url
        self._limit_s = limit_s
        self._failure: str | None = None
        self._telling: threading.Thread | None = None

    def began(self) -> None:
        """Tell that a run begins; return at once."""
        if self._url is not None:
            self._tell("begins", _with(self._url, "start"), {})

    def ended(self, exit_status: int, counts: Mapping[str, int]) -> str | None:
        """Tell how the run ended. Return what could not be told, without the URL."""
        if self._url is None:
            return None
        url = _with(self._url, "" if exit_status == EXIT_COMPLETE else "fail")
        telling = self._tell("has ended", url, {"exit_status": exit_status, **counts})
        telling.join(self._limit_s)
        if telling.is_alive():
            self._failure = (
                f"that the run has ended (no answer in {self._limit_s:.0f} s)"
            )
        if self._failure is None:
            return None
        host = urlsplit(self._url).netloc
        return f"GORGIAS_PING_URL: {host} could not be told {self._failure}."

    def _tell(self, what: str, url: str, told: Mapping[str, int]) -> threading.Thread:
        body = "".join(f"{name}={number}\n" for name, number in told.items())
        ping = Request(url, body.encode(), _HEADERS)  # noqa: S310 - checked before
        before = self._telling

        def tell() -> None:
            if before is not None:
                before.join()
            # One lost packet is no reason for an alarm at night.
            reason = self._try(ping) and self._try(ping)
            if reason is not None and self._failure is None:
                self._failure = f"that the run {what} ({reason})"

        # A daemon: what is still being asked does not keep the process alive.
        self._telling = threading.Thread(target=tell, daemon=True)
        self._telling.start()
        return self._telling

    def _try(self, ping: Request) -> str | None:
        """Return why a ping failed, None where it did not."""
        try:
            with _opener(urlsplit(ping.full_url).hostname or "").open(
                ping, timeout=self._limit_s
            ):
                return None
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _reason(error)  # the last is of names that DNS cannot have


_HEADERS = {
    "User-Agent": f"gorgias_crawler/{__version__}",
    "Content-Type": "text/plain; charset=utf-8",
}


def _with(url: str, suffix: str) -> str:
    """Return *url* with *suffix* behind its path; a query stays behind it."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") if suffix else parts.path
    return urlunsplit(parts._replace(path=f"{path}/{suffix}" if suffix else path))


class _NoRedirect(HTTPRedirectHandler):
    """An address that leads elsewhere is a wrong one: a POST would become a GET."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _opener(host: str) -> OpenerDirector:
    """Return what asks *host*: certificates verified, no redirect followed.

    A proxy cannot reach a monitor on this machine.
    """
    proxies = [ProxyHandler({})] if is_loopback(host) else []
    https = HTTPSHandler(context=ssl.create_default_context())
    return build_opener(https, _NoRedirect, *proxies)


def _reason(error: Exception) -> str:
    """Say why without what the error's text may hold."""
    if isinstance(error, HTTPError):
        with error:
            phrase = http.client.responses.get(error.code, "")
            return f"{error.code} {phrase}".strip()
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate: {reason.verify_message}"
    if isinstance(reason, TimeoutError):
        return "no answer"
    if isinstance(reason, socket.gaierror):
        return "its name is not known"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return type(error).__name__
