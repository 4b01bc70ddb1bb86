"""What is hidden before anything is shown: the secrets of a feed's URI."""

import re
from urllib.parse import unquote

# User name and password of a URI; the second half is for a password with a "/" in it.
_USERINFO = re.compile(r"(?<=://)(?:[^/]*|[^/:]*:(?!\d+/).*)@")
_PASSWORD = re.compile(r"[^:/]+://[^:/@]*:(.*)@")
_QUERY = re.compile(r"(?<=://)([^?]*)\?.*", re.DOTALL)


def public_uri(uri: str) -> str:
    """Return *uri* without what may be secret: user name, password and query.

    Bytes of a file's name that are not UTF-8 are escaped, so that it can be printed.
    """
    printable = uri.encode("utf-8", "backslashreplace").decode()
    return _QUERY.sub(r"\1", _USERINFO.sub("", printable))


def scrubbed(text: str, uri: str) -> str:
    """Return *text* without the secrets of *uri*, in one line."""
    text = " ".join(text.split()).replace(uri, public_uri(uri))
    if match := _PASSWORD.match(uri):
        for secret in filter(None, (match[1], unquote(match[1]))):
            text = text.replace(secret, "***")
    return text
