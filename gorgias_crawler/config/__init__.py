"""Which account, and with which credentials: what its variables say.

Settings hold no secret, because Scrapy prints settings and ``ps`` shows ``-s``; the
credentials stay in the environment or their file (`accounts`) until the authentication
middleware asks for them.
"""

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gorgias_crawler.errors import ConfigurationError

# One DNS label (RFC 1035, section 2.3.1), so that nothing in it can lead the
# credentials to another host than <label>.gorgias.com.
_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)

ENV_FILE = Path(".env")
"""Where variables may stand that are not in the environment."""

DEFAULT_PLACE = f"{ENV_FILE} or the environment"
"""Where the variables stand of an account that is not chosen by its name or file."""

VARIABLES = {
    "GORGIAS_SUBDOMAIN": "your account's name: `acme` for https://acme.gorgias.com",
    "GORGIAS_API_USER": "the e-mail address you log in with",
    "GORGIAS_API_KEY": "the key from Settings > REST API",
    "GORGIAS_AUTH_STRING": "instead of GORGIAS_API_USER and GORGIAS_API_KEY: base64 "
    "of `email:key`",
    "GORGIAS_ACCESS_TOKEN": "an OAuth2 access token, instead of GORGIAS_API_USER, "
    "GORGIAS_API_KEY and GORGIAS_AUTH_STRING",
    "GORGIAS_API_URL": "instead of GORGIAS_SUBDOMAIN: the base URL of the API",
    "GORGIAS_PING_URL": "where a monitor is told of each run (docs/deploy.md)",
}
"""Every variable that is read, with its meaning."""

SETTINGS = {
    "GORGIAS_BUDGET_SHARE": "how much of the account's API budget a crawl may use; the "
    "rest stays free for your live chat and other apps",
    "GORGIAS_MAX_OUTAGE": "how many seconds a crawl waits while Gorgias does not answer, "
    "before it ends",
    "GORGIAS_FILE_MAXSIZE": "the most bytes that a file may have which `-a files=true` "
    "fetches",
    "GORGIAS_BODY_FIELDS": "`body` is the first of these that is not blank",
    "GORGIAS_BODY_AS_TEXT": "`True` turns HTML bodies into plain text",
    "GORGIAS_BODY_WITHOUT_QUOTES": "`True` leaves mails quoted in a body and signatures "
    "out, and turns HTML bodies into text; needs the extra `quotes`",
    "GORGIAS_SPREADSHEET_SAFE": "`True` makes a CSV file safe to open in Excel and "
    "other spreadsheets",
    "GORGIAS_PARTITION_BY": "`month` gives each month a file of its own in a folder of "
    "Parquet files (`-O lake/:parquet`), so that engines read only the months asked for",
}
"""Every setting of ours with its meaning; the defaults are in ``settings.py``."""

OF_ROWS = (
    "GORGIAS_BODY_FIELDS",
    "GORGIAS_BODY_AS_TEXT",
    "GORGIAS_BODY_WITHOUT_QUOTES",
    "GORGIAS_SPREADSHEET_SAFE",
)
"""The settings that shape rows: kept with a run, so that its files can be verified."""

_SHORTEST_SECRET = 8  # a shorter one may stand in any text by chance; keys have 64


@dataclass(frozen=True)
class Account:
    """Where the API is and how to ask it.

    ``base_url`` ends without a slash (``https://acme.gorgias.com/api``); ``name`` is
    the subdomain or host, or what ``-a account`` says, and names the default job
    directory; ``authorization`` is the header's value and never printed. ``file`` is
    where a credential was read from, None for the environment. Of one that
    ``is_chosen``, by name or file, it is the only place that counts.
    """

    base_url: str
    name: str
    authorization: str = field(repr=False)
    file: Path | None = None
    is_chosen: bool = False

    def is_told_by(self, text: str) -> bool:
        """Tell whether *text* holds the key, the auth string or the token."""
        word = self.authorization.partition(" ")[2].rstrip("=")
        secrets = [word]
        if self.authorization.startswith("Basic "):
            pair = base64.b64decode(word + "==").decode(errors="replace")
            secrets += [pair, pair.partition(":")[2]]
        told = unquote(text).casefold()
        return any(
            len(secret) >= _SHORTEST_SECRET and secret.casefold() in told
            for secret in secrets
        )

    @property
    def place(self) -> str:
        """Where its variables are to be mended."""
        return str(self.file) if self.is_chosen else DEFAULT_PLACE

    @property
    def host(self) -> str:
        """Host with its port if it has one: what the credentials may be sent to."""
        return urlsplit(self.base_url).netloc

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the API is served on loopback."""
        return is_loopback(urlsplit(self.base_url).hostname or "")


def read_account(variables: Mapping[str, str], place: str = DEFAULT_PLACE) -> Account:
    """Return the account that *variables* name, which stand in *place*.

    Raises `ConfigurationError` with one sentence that names the variable.
    """
    values = _values(variables)
    for name, value in values.items():
        if not value.isprintable():  # nor is what stands for a byte that is not UTF-8
            raise ConfigurationError(
                f"{name} holds a character that cannot be printed, or is not UTF-8 (its "
                "value is not shown here): write it again, in one line."
            )
        if not name.endswith("_URL") and (fault := _mangled(value)):
            raise ConfigurationError(
                f"{name} {fault} (its value is not shown here): write the value alone."
            )
    base_url, name = _address(values, place)
    return Account(base_url, name, _authorization(values, place))


def read_name(variables: Mapping[str, str]) -> str:
    """Return the name of the account, whatever its credentials are.

    Raises `ConfigurationError`.
    """
    return _address(_values(variables), DEFAULT_PLACE)[1]


def _values(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: variables.get(name, "").strip() for name in VARIABLES}


def _mangled(value: str) -> str | None:
    """Return what a way through files and shells has added to *value*, if anything.

    ``docker --env-file`` keeps quotes and comments, which ``.env`` does not
    (https://docs.docker.com/reference/cli/docker/container/run/#env).
    """
    word = re.sub(r"^(basic|bearer)\s+", "", value, flags=re.IGNORECASE)
    if word[:1] in ("'", '"') or word[-1:] in ("'", '"'):
        return "has quotes around it"
    if re.search(r"\s", word):
        return "has a blank in it"
    return None


def read_env_file(path: Path) -> str:
    """Return the text of the file of variables; empty where there is none.

    Raises `ConfigurationError` where it cannot be read.
    """
    try:
        if not path.is_file():  # some keep a Python environment in a directory `.env`
            return ""
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}): mend its rights."
        ) from None
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 of ASCII has one in each character
        raise ConfigurationError(
            f"{path} is not UTF-8 text (PowerShell's > writes UTF-16): save it as UTF-8."
        )
    return text


def _address(values: Mapping[str, str], place: str) -> tuple[str, str]:
    if url := values["GORGIAS_API_URL"]:
        return _checked_url(url)
    if not values["GORGIAS_SUBDOMAIN"]:
        raise ConfigurationError(
            f"GORGIAS_SUBDOMAIN is not set: write it into {place}, as a line "
            "GORGIAS_SUBDOMAIN=acme for https://acme.gorgias.com."
        )
    name = _subdomain(values["GORGIAS_SUBDOMAIN"])
    return f"https://{name}.gorgias.com/api", name


def _subdomain(value: str) -> str:
    name = value.lower().removeprefix("https://").removesuffix("/")
    name = name.removesuffix(".gorgias.com")
    if not _DNS_LABEL.fullmatch(name):
        raise ConfigurationError(
            f"GORGIAS_SUBDOMAIN: {value!r} is not the name of an account: write "
            "`acme` for https://acme.gorgias.com."
        )
    return name


def _checked_url(url: str) -> tuple[str, str]:
    """Return the URL as Scrapy asks for it, and its host.

    Where the two differed in one letter, calls would go out without the key.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.username or parts.password:
        raise ConfigurationError(
            "GORGIAS_API_URL holds a user name or password: put them into "
            "GORGIAS_API_USER and GORGIAS_API_KEY."
        )
    is_plain = _HOST.fullmatch(host) and _PATH.fullmatch(parts.path)
    if not is_plain or parts.query or parts.fragment or parts.scheme not in _SCHEMES:
        raise ConfigurationError(
            f"GORGIAS_API_URL: {url!r} is not the URL of an API: write it like "
            "https://acme.gorgias.com/api."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"GORGIAS_API_URL: {url!r} would send the key unencrypted: use https. "
            "Plain http is for a server on this machine only."
        )
    place = f"[{host}]" if ":" in host else host
    if port is not None:
        place = f"{place}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/') or '/api'}", host


_SCHEMES = ("https", "http")
# Names and addresses, IPv6 too (RFC 3986, section 3.2.2). Scrapy would write others,
# as é, in another way.
_HOST = re.compile(r"[a-z0-9._:-]+", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9/._~-]*", re.ASCII)


def is_loopback(host: str) -> bool:
    """Tell whether *host* is this machine by its very name, without asking DNS."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorization(values: Mapping[str, str], place: str) -> str:
    if auth_string := values["GORGIAS_AUTH_STRING"]:
        return f"Basic {_checked_auth_string(auth_string)}"
    user, key = values["GORGIAS_API_USER"], values["GORGIAS_API_KEY"]
    if user and key:
        return f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"
    if user or key:
        missing = "GORGIAS_API_USER" if key else "GORGIAS_API_KEY"
        raise ConfigurationError(
            f"{missing} is not set, but its partner is: write it into {place}, "
            f"{VARIABLES[missing]}."
        )
    if token := values["GORGIAS_ACCESS_TOKEN"]:
        return f"Bearer {_checked_token(token)}"
    raise ConfigurationError(
        "GORGIAS_API_USER and GORGIAS_API_KEY are not set: write them into "
        f"{place}, each as a line NAME=VALUE. Gorgias shows them under Settings > REST API."
    )


def _checked_auth_string(value: str) -> str:
    text = re.sub(r"^basic\s+", "", value, flags=re.IGNORECASE)
    try:
        user, colon, key = base64.b64decode(text, validate=True).partition(b":")
    except ValueError:
        user, colon, key = b"", b"", b""
    if not (user and colon and key):
        raise ConfigurationError(
            "GORGIAS_AUTH_STRING is not base64 of `email:key` (its value is not shown "
            "here): copy it again, or set GORGIAS_API_USER and GORGIAS_API_KEY."
        )
    return text


def _checked_token(value: str) -> str:
    token = re.sub(r"^bearer\s+", "", value, flags=re.IGNORECASE)
    # RFC 6750, section 2.1: a token is one word of these characters.
    if not re.fullmatch(r"[A-Za-z0-9\-._~+/]+=*", token):
        raise ConfigurationError(
            "GORGIAS_ACCESS_TOKEN holds characters that no token has (its value is "
            "not shown here): copy it again."
        )
    return token
