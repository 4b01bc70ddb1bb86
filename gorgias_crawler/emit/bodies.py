"""Which of a message's bodies becomes the row's ``body``."""

from collections.abc import Iterable

from gorgias_crawler.errors import ConfigurationError

BODY_FIELDS = ("body_text", "body_html", "stripped_text")
"""The candidates in order. ``stripped_*`` lack the quoted history and are often null
(https://developers.gorgias.com/reference/the-ticketmessage-object)."""

STRIPPED = ("stripped_text", "stripped_html")
"""What Gorgias has taken quoted mails and the signature off."""

_KNOWN = (*BODY_FIELDS, "stripped_html")

READ = (*_KNOWN, "stripped_signature")
"""The columns that ``body`` may be made of."""


def select_body(candidates: Iterable[str | None]) -> str:
    """Return the first candidate that is not blank, else ``""``.

    Blank is what is no text, empty, or white space only. The body is not touched.
    """
    return next((body for body in candidates if _is_text(body)), None) or ""


def _is_text(body: object) -> bool:
    return isinstance(body, str) and bool(body) and not body.isspace()


def parse_fields(value: Iterable[str]) -> tuple[str, ...]:
    """Return the candidates that ``GORGIAS_BODY_FIELDS`` names, in its order.

    Raises `ConfigurationError`.
    """
    names = tuple(name.strip() for name in value)
    if not names or not set(names) <= set(_KNOWN):
        raise ConfigurationError(
            f"GORGIAS_BODY_FIELDS={','.join(names)}: name one or more of "
            f"{', '.join(_KNOWN)}, for example "
            "-s GORGIAS_BODY_FIELDS=stripped_text,body_text,body_html."
        )
    return names
