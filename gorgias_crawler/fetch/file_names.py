"""Names of files: readable, and safe on every file system.

``90000001/240000101-invoice March-1a2b3c4d5e6f.pdf``: the ticket, the message, what the
sender called it, and a hash of its address. The number in front keeps names from being
devices of Windows (CON, NUL), hidden files or options; the hash keeps those apart that
differ in the case of letters alone, or not at all. What Windows forbids is in
https://learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

import hashlib
import re
import unicodedata
from urllib.parse import unquote

_LONGEST = 80
"""Bytes of UTF-8 that are left of a name: with its number and hash it stays below 143,
the least that a file system in use allows (eCryptfs), and paths below the 260
characters of Windows."""

_HASH_DIGITS = 12  # of 4 bits; only files of one message have all else in common

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\s]+')
# Control and format characters (one turns the text's direction, so that an .exe looks
# like a .jpg), halves of pairs, and what Unicode has not assigned.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_UUID = re.compile(r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\.|$)")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")


def stored_as(folder: str, id_: int, name: object, path: str) -> str:
    """Return where the file with that *path* is to stand, below the files' root.

    *folder* and *id_* say what it belongs to, *name* is whatever it was called.
    """
    digest = hashlib.sha256(path.encode()).hexdigest()[:_HASH_DIGITS]
    stem, extension = _parts(name if isinstance(name, str) else "")
    return f"{folder}/{id_}-{stem or 'file'}-{digest}{extension}"


def file_name(path: str) -> str:
    """Return the name that a file's *path* ends with, without what makes it unique."""
    return _UUID.sub("", unquote(path.rpartition("/")[2]))


def _parts(name: str) -> tuple[str, str]:
    """Return what is readable of *name*, and its extension."""
    seen = "".join(
        " " if unicodedata.category(c) in _UNSEEN else c
        for c in unicodedata.normalize("NFC", name)
    )
    plain = _FORBIDDEN.sub(" ", seen).strip(" .")
    stem, dot, last = plain.rpartition(".")
    if not stem or not _EXTENSION.fullmatch(dot + last):
        stem, dot, last = plain, "", ""
    cut = stem.encode()[:_LONGEST].decode(errors="ignore")
    return cut.strip(" ."), (dot + last).lower()
