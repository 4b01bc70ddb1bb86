"""What is hidden before anything is shown: secrets, and what a server may send."""

import re
from urllib.parse import unquote, urlsplit

# User name and password of a URI; the second half is for a password with a "/" in it.
_USERINFO = re.compile(r"(?<=://)(?:[^/]*|[^/:]*:(?!\d+/).*)@")
_PASSWORD = re.compile(r"[^:/]+://[^:/@]*:(.*)@")
_QUERY = re.compile(r"(?<=://)([^?]*)\?.*", re.DOTALL)

_OF_SECRETS = ("PASS", "KEY", "TOKEN", "SECRET", "AUTH")  # parts of names

_LONGEST_SHOWN = 100  # characters; a request id has 36


def public_uri(uri: str) -> str:
    """Return *uri* without what may be secret: user name, password and query.

    Bytes of a file's name that are not UTF-8 are escaped, so that it can be printed.
    """
    printable = uri.encode("utf-8", "backslashreplace").decode()
    return _QUERY.sub(r"\1", _USERINFO.sub("", printable))


def is_secret(name: str) -> bool:
    """Tell whether what has *name* may be a secret, for example a setting."""
    return any(part in name.upper() for part in _OF_SECRETS)


def scrubbed(text: str, uri: str) -> str:
    """Return *text* without the secrets of *uri*, in one line."""
    text = " ".join(text.split()).replace(uri, public_uri(uri))
    if match := _PASSWORD.match(uri):
        for secret in filter(None, (match[1], unquote(match[1]))):
            text = text.replace(secret, "***")
    return text


def shown(text: str) -> str:
    """Return what a server sent as it may stand in a log: one short, plain line.

    A terminal obeys escape sequences, and a line break would begin a forged line.
    """
    line = "".join(one if one.isprintable() else "?" for one in text[:_LONGEST_SHOWN])
    return line if len(text) <= _LONGEST_SHOWN else f"{line}..."


def printable(text: str) -> str:
    """Return what a customer wrote in one line, without what a terminal obeys."""
    return "".join(filter(str.isprintable, " ".join(text.split())))


def host_of(url: str) -> str:
    """Return the host that *url* names, with its port, without user and password."""
    try:
        return shown(urlsplit(url).netloc.rpartition("@")[2])
    except ValueError:
        return ""
