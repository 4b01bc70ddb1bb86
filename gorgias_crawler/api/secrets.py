"""What of an object is not archived: secrets that a help desk holds for other systems.

Integrations, and the actions of macros and messages, carry the addresses and headers of
a customer's own services, and settings those of the sign-in, tokens included. An
archive is copied and read by more people than may know those. Names and forms stay;
values are replaced.
"""

import re
from typing import Any
from urllib.parse import urlsplit

REMOVED = "(removed)"
"""Stands in the place of a value that is not archived."""

Json = dict[str, Any]

# Words in the names of fields whose values open something. "key" alone would take
# keyboards and public keys along; a name such as "api_key" or "apikey" is meant.
_SECRET_NAME = re.compile(
    r"secret|token|passw|credential|authorization|api_?key|access_?key|private_?key"
    r"|certificate|x509|webhook_url",
    re.IGNORECASE,
)

_SIGN_IN = re.compile(r"sso|saml|oauth|oidc|access|login|auth(?!or)", re.IGNORECASE)


_REQUEST = {"headers", "form"}

# What an action that calls another system says of its call besides what it sends.
_OF_A_CALL = {"url", "method", "content_type"}


def without_secrets(value: Any) -> Any:
    """Return *value* with the values of all fields replaced whose names say secret.

    Of a request, which is an object with headers or a form, only the host is kept; of
    an HTTP action its title, the method and the host.
    """
    if isinstance(value, list):
        return [without_secrets(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    kept = {
        name: _emptied(inner) if _SECRET_NAME.search(name) else without_secrets(inner)
        for name, inner in value.items()
    }
    if not _REQUEST.isdisjoint(kept):
        kept |= {name: _emptied(kept[name]) for name in _REQUEST & kept.keys()}
        kept |= {"url": _host_alone(kept["url"])} if "url" in kept else {}
    if "arguments" in kept and "http" in (kept.get("name"), kept.get("type")):
        kept["arguments"] = _of_call(value["arguments"])
    return kept


def of_message(message: Json) -> Json:
    """Return a message whose actions have no secrets: the same one if they had none."""
    actions = message.get("actions")
    kept = without_secrets(actions)
    return message if kept == actions else message | {"actions": kept}


def of_integration(integration: Json) -> Json:
    """Return an integration of which only the host of its request is known."""
    http = integration.get("http")
    if isinstance(http, dict):
        http = {"headers": None, "form": None} | http  # so that it is a request
    else:
        http = _emptied(http)
    kept: Json = without_secrets(integration | {"http": http})
    return kept


def of_account(account: Json) -> Json:
    """Return the account without what its settings of the sign-in say."""
    kept: Json = without_secrets(account)
    settings = kept.get("settings")
    if isinstance(settings, list):
        kept["settings"] = [_setting(setting) for setting in settings]
    return kept


def _setting(setting: Any) -> Any:
    if not isinstance(setting, dict) or not _SIGN_IN.search(str(setting.get("type"))):
        return setting
    return setting | {"data": _emptied(setting.get("data"))}


def _of_call(arguments: Any) -> Any:
    if not isinstance(arguments, dict):
        return _emptied(arguments)
    kept = {n: v if n in _OF_A_CALL else _emptied(v) for n, v in arguments.items()}
    return kept | ({"url": _host_alone(kept["url"])} if "url" in kept else {})


def _emptied(value: Any) -> Any:
    """Return the form of *value*: names stay, texts and numbers are replaced."""
    if isinstance(value, dict):
        return {name: _emptied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_emptied(entry) for entry in value]
    return value if value is None or isinstance(value, bool) else REMOVED


def _host_alone(url: Any) -> Any:
    if not isinstance(url, str) or not url:
        return url if url is None else REMOVED
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return REMOVED
    if not host:
        return REMOVED
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}/{REMOVED}"
