"""The bytes of a file: from its signed address to a private file, without the key."""

import hashlib
import os
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import IO, Self
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from gorgias_crawler import errors
from gorgias_crawler.archive.files import Stored
from gorgias_crawler.config import is_loopback
from gorgias_crawler.durable import create_exclusively

_HOPS = 2  # one more than seen, on the account's own host, before the signed address
_CHUNK_BYTES = 65_536  # held of a body at once
_LONGEST_S = 3_600  # a server that sends a byte now and then ends some day (chosen)
_REDIRECTS = {301, 302, 303, 307, 308}
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
# What stores of signed addresses answer to one that has expired.
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class Download:
    """Fetches files from signed addresses; an asynchronous context manager.

    Over https alone, with the certificate checked; with *is_on_this_machine* the API
    itself is, and so may the files be, over http. It waits *timeout_s* for each next
    byte, and no file has more than *most_bytes*.
    """

    def __init__(
        self,
        *,
        is_on_this_machine: bool,
        timeout_s: float,
        most_bytes: int,
        user_agent: str,
    ) -> None:
        self._is_on_this_machine = is_on_this_machine
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes
        self._user_agent = user_agent

    async def __aenter__(self) -> Self:
        """Open the session. It knows no credentials, and reads no ``.netrc``."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(
                total=_LONGEST_S,
                sock_connect=self._timeout_s,
                sock_read=self._timeout_s,
            ),
            # aiohttp's own was made when it was imported, before .env was read.
            connector=aiohttp.TCPConnector(ssl=ssl.create_default_context()),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the session."""
        await self._session.close()

    async def fetch(self, address: str, part: Path) -> Stored:
        """Fetch what is at *address* into the new file *part*, whole and synced.

        Raises `NotFoundError`, `RefusedError` where the address has expired,
        `UnansweredError`, `MisdirectedError`, `AnswerError` for a file that is too
        large; and `OSError` where *part* cannot be written.
        """
        try:
            return await self._follow(address, part)
        except aiohttp.ClientConnectorCertificateError:
            raise errors.MisdirectedError(
                f"{_place(address)} cannot prove its name by its certificate"
            ) from None
        except ValueError:  # aiohttp's InvalidURL is one, too
            raise errors.MisdirectedError("a redirect to what is no address") from None
        except aiohttp.ClientPayloadError:
            raise errors.UnansweredError("ended too early") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = f"{_place(address)}: {type(error).__name__}"
            raise errors.UnansweredError(reason) from None

    async def _follow(self, address: str, part: Path) -> Stored:
        for _ in range(_HOPS):
            self._check(address)
            async with self._session.get(
                URL(address, encoded=True),  # byte for byte: the signature counts them
                allow_redirects=False,
                proxy=_proxy(address),
            ) as response:
                if response.status not in _REDIRECTS:
                    return await self._save(response, part)
                address = urljoin(address, response.headers.get("Location", ""))
        raise errors.MisdirectedError("one redirect leads to the next")

    def _check(self, address: str) -> None:
        """Raise `MisdirectedError` where nothing may be asked of *address*."""
        parts = urlsplit(address)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http"
            and self._is_on_this_machine
            and is_loopback(parts.hostname or "")
        )
        if not is_safe or "@" in parts.netloc:
            raise errors.MisdirectedError(
                f"a redirect to {parts.scheme}://{parts.hostname or ''}, which is not "
                "followed"
            )

    async def _save(self, response: aiohttp.ClientResponse, part: Path) -> Stored:
        _judge(response.status)
        self._limit(response.content_length or 0)
        hashed, size = hashlib.sha256(), 0
        with os.fdopen(create_exclusively(part), "wb", buffering=0) as file:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                size += len(chunk)
                self._limit(size)
                hashed.update(chunk)
                _write(file, chunk)
            os.fsync(file.fileno())
        return Stored(size, hashed.hexdigest(), _content_type(response))

    def _limit(self, size: int) -> None:
        if size > self._most_bytes:
            raise errors.AnswerError(
                f"larger than GORGIAS_FILE_MAXSIZE={self._most_bytes}: raise it"
            )


def _judge(status: int) -> None:
    reason = f"the files' host says {status}"
    if status in _GONE:
        raise errors.NotFoundError(reason, of_the_api=True)
    if status in _REFUSALS:
        raise errors.RefusedError(reason, status=status)
    if status != HTTPStatus.OK:
        raise errors.UnansweredError(reason)


def _write(file: IO[bytes], chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:  # without a buffer less may be written than was given
        left = left[file.write(left) :]


def _content_type(response: aiohttp.ClientResponse) -> str:
    told = response.headers.get("Content-Type", "")[:200]  # longer ones are no types
    return told if told.isprintable() else ""


def _place(address: str) -> str:
    return urlsplit(address).hostname or "an unnamed place"


def _proxy(address: str) -> str | None:
    """Return the proxy of the environment, as Scrapy takes it for other calls."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme)
    if not proxy or is_loopback(host) or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
