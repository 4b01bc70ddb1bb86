"""Which of a message's bodies becomes the row's ``body``."""

from collections.abc import Iterable

BODY_FIELDS = ("body_text", "body_html", "stripped_text")
"""The candidates in order. ``stripped_*`` lack the quoted history and are often null
(https://developers.gorgias.com/reference/the-ticketmessage-object)."""


def select_body(candidates: Iterable[str | None]) -> str:
    """Return the first candidate that is not blank, else ``""``.

    Blank is None, empty, or white space only. The body itself is not touched.
    """
    return next((body for body in candidates if body and not body.isspace()), "")
