"""Addresses of files: which of them Gorgias keeps, and how they are asked for.

An address such as ``https://uploads.gorgias.io/<hash>/<name>`` does not open; its path
is asked for with the download call, which answers with a redirect to a signed address
(https://developers.gorgias.com/changelog, "Resource URLs returned through the API will
not be directly accessible anymore").
"""

import re
from urllib.parse import quote, unquote, urlsplit

DOWNLOAD = "/attachment/download"
"""The download call, below the API's base URL; a file's path follows."""

_HOSTS = re.compile(r"(?:[a-z0-9-]+\.)*gorgias\.io")
_API_HOSTS = re.compile(r"[a-z0-9-]+\.gorgias\.com")
_LONGEST = 4_096  # characters; many servers refuse longer ones (chosen)
# What a request line may hold as it is: printable ASCII without the space.
_ASCII = "".join(map(chr, range(33, 127)))
_SCHEMES = ("https", "http", "")  # without one, an address has that of its page


def file_path(address: object) -> str | None:
    """Return the path under which Gorgias has the file at *address*.

    It is byte for byte that of the address, without query, and what is no ASCII in
    percent. None where the address is not of a file that Gorgias keeps, or would lead
    to another place than that of a file.
    """
    if not isinstance(address, str) or len(address) > _LONGEST:
        return None
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname or ""
    except ValueError:
        return None
    path = parts.path
    if _API_HOSTS.fullmatch(host):
        before, call, path = path.partition(DOWNLOAD)
        if (before, call) != ("/api", DOWNLOAD):
            return None
    elif not _HOSTS.fullmatch(host):
        return None
    asked = quote(path, safe=_ASCII)
    return asked if parts.scheme in _SCHEMES and _leads_to_a_file(asked) else None


def _leads_to_a_file(path: str) -> bool:
    """Tell whether *path* has a folder and a name, and none that leads elsewhere."""
    first, *names = path.split("/")
    return (
        not first
        and len(names) >= 2
        and all(unquote(name) not in {"", ".", ".."} for name in names)
    )
