"""What of an object is not archived: secrets that a help desk holds for other systems.

Integrations, rules, widgets, and the actions of macros and messages carry the addresses
and headers of a customer's own services, and settings those of the sign-in, tokens
included. An archive is copied and read by more people than may know those. Names and
forms stay; values are replaced.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

REMOVED = "(removed)"
"""Stands in the place of a value that is not archived."""

Json = dict[str, Any]

# Words in the names of fields whose values open something, without what stands between
# letters: "X-Api-Key" and "apiKey" are one. "key" alone would take public keys along.
_SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|pwd|credential|authori[sz]ation|^auth$|bearer|cookie"
    r"|hmac|jwt|sessionid|certificate|x509|(?:api|app|access|account|auth|client|consumer"
    r"|encryption|integration|licen[cs]e|private|shared|signing)key"
)
_BETWEEN = re.compile(r"[^a-z0-9]+")

_SIGN_IN = re.compile(
    r"sso|saml|oauth|oidc|access|login|sign-?(?:on|in)|identity|auth(?!or)",
    re.IGNORECASE,
)

_REQUEST = {"headers", "form"}
_SENT = {*_REQUEST, "body", "cookies", "data", "json", "params", "query"}

_LOGIN = re.compile(r"(?<=://)[^/?#@\s]+@")
_PARAMETER = re.compile(  # no template
    r"(?P<kept>[?&;](?P<name>[^=&#?;\s]+)=)(?!\{\{)[^&#\s\"'<>]*(?P<end>)"
)
# A name, colon or equals sign, and a text in quotes, as in code of a rule. No secret
# has so many characters; without a bound, quotes that never end would take for ever.
_NAMED_TEXT = re.compile(
    r"""(?P<kept>(?<![\w-])(?P<name>[\w-]++)["']?\s*+[:=]\s*+(?P<end>["']))"""
    r"(?:\\.|(?!(?P=end))[^\\]){0,4000}+(?P=end)"
)

# What an action that calls another system says of its call besides what it sends.
_OF_A_CALL = {"url", "method", "content_type"}


@lru_cache(10_000)  # there are some hundred names
def _is_secret(name: str) -> bool:
    """Tell whether a field of that *name* holds what opens something."""
    return _SECRET_NAME.search(_BETWEEN.sub("", name.lower())) is not None


def without_secrets(value: Any) -> Any:
    """Return *value* with the values of all fields replaced whose names say secret.

    The name may stand beside its value, too, or in the query of an address. Of a
    request, which is an object with headers or a form, only the host is kept; of an
    HTTP action its title, the method and the host.
    """
    if isinstance(value, list):
        return [without_secrets(entry) for entry in value]
    if isinstance(value, str):
        return _address(value) if "://" in value and " " not in value else value
    if not isinstance(value, dict):
        return value
    kept = {name: _field(name, inner) for name, inner in value.items()}
    named = (kept.get("name"), kept.get("key"))
    if any(isinstance(name, str) and _is_secret(name) for name in named):
        kept |= {"value": _emptied(kept["value"])} if "value" in kept else {}
    if not _REQUEST.isdisjoint(kept):
        kept |= {name: _emptied(kept[name]) for name in _SENT & kept.keys()}
        kept |= {"url": _host_alone(kept["url"])} if "url" in kept else {}
    if "arguments" in kept and "http" in (kept.get("name"), kept.get("type")):
        kept["arguments"] = _of_call(value["arguments"])
    return kept


def _field(name: str, value: Any) -> Any:
    if _is_secret(name):
        return _emptied(value)
    is_hook = "hook" in name.lower() and isinstance(value, str) and "://" in value
    return _host_alone(value) if is_hook else without_secrets(value)


def _address(text: str) -> str:
    """Return *text* whose addresses have no login, and no parameter that is secret."""
    return _PARAMETER.sub(_without_value, _LOGIN.sub(f"{REMOVED}@", text))


def _without_value(found: re.Match[str]) -> str:
    if not _is_secret(found["name"]):
        return found[0]
    return f"{found['kept']}{REMOVED}{found['end']}"


def of_rule(rule: Json) -> Json:
    """Return a rule without its syntax tree, whose code has texts of no secret name."""
    kept: Json = without_secrets({k: v for k, v in rule.items() if k != "code_ast"})
    if isinstance(code := kept.get("code"), str):
        kept["code"] = _NAMED_TEXT.sub(_without_value, _address(code))
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
    if not isinstance(setting, dict):
        return setting
    if not _SIGN_IN.search(f"{setting.get('type')} {setting.get('name')}"):
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
