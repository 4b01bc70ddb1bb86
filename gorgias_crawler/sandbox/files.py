"""Files of the account: attachments, images in mails, recordings of calls.

All of a file follows from the number of what it belongs to: its name, its address, its
size and its bytes.
"""

import hashlib
import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from gorgias_crawler.sandbox.records import Account, Json, MessageRecord

_HOST = "https://uploads.gorgias.io"
_BLOCK_BYTES = 65_536  # written at once; a large file repeats its first block
_ASCII = "".join(map(chr, range(33, 127)))
_UUID = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-400[012]-8000-[0-9a-f]{12}")

NAMES = (
    ("photo.png", "image/png"),
    ("invoice March.pdf", "application/pdf"),
    ("Rechnung März.pdf", "application/pdf"),
    ("写真.jpg", "image/jpeg"),
    ("report.pdf", "application/pdf"),
    ("report.pdf", "application/pdf"),
    ("REPORT.PDF", "application/pdf"),
    ("CON.txt", "text/plain"),
    ("nul", "application/octet-stream"),
    ("../../etc/passwd", "text/plain"),
    ("..%2F..%2Fup.txt", "text/plain"),
    ("a/b\\c.txt", "text/plain"),
    (f"{'long' * 60}.pdf", "application/pdf"),
    ("trailing. . ", "text/plain"),
    ('quo"te<>|?*:.txt', "text/plain; charset=utf-8"),
    ("right\u202egpj.exe", "application/x-msdownload"),
    ("control\x07bell\n.txt", "text/plain"),
    (".htaccess", ""),
    ("Ame\u0301lie 😀.heic", "image/heic"),
    ("=1+1.csv", "text/csv"),
    ("100% #1&2.txt", "text/plain"),
)
"""What people, programs and attackers call files, with the type that is told."""
ATTACHED, INLINE, RECORDING = range(3)


@dataclass(frozen=True)
class File:
    """A file; *number* is that of the message or the call it belongs to."""

    account: Account
    number: int
    index: int
    kind: int
    name: str
    content_type: str

    @property
    def resource(self) -> str:
        """The last part of its address: its name and a UUID, byte for byte."""
        stem, dot, extension = self.name.rpartition(".")
        stem, extension = (stem, dot + extension) if stem else (self.name, "")
        # some addresses are written without percent signs
        safe = "" if self.number % 2 else "".join(c for c in stem if ord(c) > 127)
        written = "".join(c if c in safe else quote(c, safe="") for c in stem)
        uuid = f"{self.number:08x}-{self.index:04x}-400{self.kind}-8000-{0:012x}"
        return f"{written}-{uuid}{quote(extension, safe='')}"

    @property
    def path(self) -> str:
        """What stands in its address behind the host."""
        folder = hashlib.sha256(self.account.domain.encode()).hexdigest()[:16]
        return f"/{folder}/{self.resource}"

    @property
    def url(self) -> str:
        """Its address, which nobody can open without the download call."""
        return _HOST + self.path

    @property
    def size(self) -> int:
        """Its size in bytes, spread evenly over the orders of magnitude."""
        least, most = self.account.file_bytes
        draw = random.Random(f"{self.kind} {self.number} {self.index}")
        return round(least * math.pow(most / least, draw.random()))

    @property
    def attachment(self) -> Json:
        """What a message tells of it; its size is told, or as text, or not at all."""
        told: int | str | None = (self.size, None, str(self.size))[self.number % 3]
        return {
            "url": self.url,
            "name": self.name,
            "size": told,
            "content_type": self.content_type,
            "public": self.number % 5 == 0,
        } | ({"extra": None} if self.number % 2 else {})

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes."""
        left = self.size
        draw = random.Random(f"bytes {self.kind} {self.number} {self.index}")
        block = draw.randbytes(min(left, _BLOCK_BYTES))
        while left > 0:
            yield block[:left]
            left -= len(block)

    def sha256(self) -> str:
        """Return the SHA-256 of its bytes, in hexadecimal."""
        hashed = hashlib.sha256()
        for chunk in self.chunks():
            hashed.update(chunk)
        return hashed.hexdigest()


def attached_to(message: MessageRecord) -> list[File]:
    """Return the attachments of a message."""
    number, account = message.number, message.ticket.account
    if account.files is not None:
        count = int((number + 1) * account.files) - int(number * account.files)
    else:
        count = number % 3 + 1 if number % 16 == 8 else 0
    first = number if account.files is not None else number // 16 * 2
    return [
        File(account, number, index, ATTACHED, *NAMES[(first + index) % len(NAMES)])
        for index in range(0 if message.is_note else count)
    ]


def inline_of(message: MessageRecord) -> list[File]:
    """Return the images that are in a mail's HTML alone."""
    if message.number % 16 != 5 or message.ticket.account.bodies:
        return []
    names = ("image.png", "photo of mug.jpeg")[: message.number // 16 % 2 + 1]
    return [
        File(message.ticket.account, message.number, index, INLINE, name, "image/png")
        for index, name in enumerate(names)
    ]


def recording_of(account: Account, number: int) -> File:
    """Return the recording of a call."""
    return File(account, number, 0, RECORDING, "call.mp3", "audio/mpeg")


def number_in(path: str) -> int:
    """Return the number of the file with that path, 0 where it is none of ours."""
    found = _UUID.search(path)
    return int(found[1], 16) if found else 0


def asked_as(path: str) -> str:
    """Return *path* as HTTP carries it: what is no ASCII is written in percent."""
    return quote(path, safe=_ASCII)
