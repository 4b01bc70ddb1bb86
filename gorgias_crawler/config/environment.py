"""What is wrong with the environment, found before the first call."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

from dotenv.parser import Binding, parse_stream

from gorgias_crawler.config import (
    DEFAULT_PLACE,
    ENV_FILE,
    SETTINGS,
    VARIABLES,
    is_loopback,
)
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.redact import public_uri


def check_names(environ: Mapping[str, str], place: str = DEFAULT_PLACE) -> None:
    """Raise `ConfigurationError` for a name in *environ* that is almost one of ours.

    Others that begin with GORGIAS_ may be of other programs. A setting of ours would
    be ignored there. *place* is how *environ* is named.
    """
    for name in environ:
        own = name.upper().removeprefix(_PREFIX)
        if name in VARIABLES or not name.upper().startswith(_PREFIX):
            continue
        if name in SETTINGS:
            raise ConfigurationError(
                f"{name} is a setting, and is not read from {place}: give it as "
                f"-s {name}={environ[name]}."
            )
        known = [each.removeprefix(_PREFIX) for each in (*VARIABLES, *SETTINGS)]
        if nearest := get_close_matches(own, known, 1, _ALMOST):
            raise ConfigurationError(
                f"{name} in {place} is not read: do you mean {_PREFIX}{nearest[0]}? If "
                "another program needs it, start the crawl without it."
            )


_PREFIX = "GORGIAS_"
# As like as API_KEYS, APIKEY and API_URI are to ours; DOMAIN and API_TOKEN, which other
# programs use, are below it (chosen).
_ALMOST = 0.85


def check_lines(text: str, path: Path = ENV_FILE, *, is_shared: bool = True) -> None:
    """Raise `ConfigurationError` for a line of *text*, of *path*, that is not read.

    It is no NAME=VALUE, or the first of two with one of our names, or the rest of a
    value that was cut in two: ``base64`` wraps its lines at 76 characters, and half a
    key would be sent. In a file that *is shared* others may read what is not ours.
    """
    names: set[str] = set()
    before = None
    for binding in parse_stream(StringIO(text)):
        is_ours = binding.key in VARIABLES
        if before and _is_rest(binding, before):
            fault = (
                f"this looks like the rest of {before.key} (neither is shown here): "
                "write the whole value in one line (base64 -w0 does)."
            )
        elif binding.error or (
            binding.key and binding.value is None and (is_ours or not is_shared)
        ):
            fault = "this is not NAME=VALUE (it is not shown here): mend it."
        elif binding.key in names:
            fault = (
                f"{binding.key} is given a second time (no value is shown here), and "
                "one of the two would be ignored: leave one."
            )
        elif binding.key and not is_ours and not is_shared:
            check_names({binding.key: binding.value or ""}, str(path))
            fault = (
                f"{binding.key} is not of an account, and would be ignored: write it "
                "into the environment or .env, which all accounts share."
            )
        else:
            names |= {str(binding.key)} if is_ours else set()
            before = binding if is_ours and binding.value else None
            continue
        raise ConfigurationError(f"{path}, line {binding.original.line}: {fault}")


def _is_rest(binding: Binding, before: Binding) -> bool:
    text = binding.original.string.strip()
    if text.removeprefix("export").lstrip().startswith(_PREFIX):
        return False
    if binding.error or (binding.key is not None and binding.value is None):
        return True
    is_full = len(before.value or "") in _WRAPPED_AT
    return is_full and bool(re.fullmatch(_REST, text))


_WRAPPED_AT = (64, 76)  # of PEM and of MIME: RFC 4648, section 3.1
_REST = r"[A-Za-z0-9+/]+={0,2}"


def check_proxy(proxies: Mapping[str, str], base_url: str) -> None:
    """Raise `ConfigurationError` where a call to *base_url* cannot use its proxy.

    *proxies* are URLs by the scheme that they are for, as `urllib.request.getproxies`
    reads them from the environment.
    """
    asked = urlsplit(base_url)
    url = proxies.get(asked.scheme)
    if not url or is_loopback(asked.hostname or ""):
        return
    scheme, mark, place = url.partition("://")
    if not mark or scheme.lower() != "http":
        shown = public_uri(url) if mark else "its value"
        raise ConfigurationError(
            f"{asked.scheme}_proxy: {shown} does not begin with http://, which is the "
            f"one way to a proxy that is spoken here: write {asked.scheme}_proxy="
            "http://HOST:PORT, or unset it where no proxy is needed."
        )
    if not urlsplit(f"//{place}").hostname:
        raise ConfigurationError(
            f"{asked.scheme}_proxy names no host: write it like http://HOST:PORT."
        )


def check_ping_url(url: str) -> None:
    """Raise `ConfigurationError` where a monitor cannot be told at *url*.

    Whoever knows its path may tell the monitor anything, so it is never shown.
    """
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_right = is_right and parts.username is None and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or not re.fullmatch(r"[!-~]+", url):
        raise ConfigurationError(
            "GORGIAS_PING_URL (its value is not shown here) is not the URL of a check: "
            "write it like https://hc-ping.com/UUID, without a user or password."
        )
