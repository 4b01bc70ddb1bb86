"""What a message itself says: without the mails quoted in it, and its signature.

quotequail (MIT, by a vendor of mail software, who uses it) was chosen because its time
grows with the length of a mail alone. mail-parser-reply knows more languages, but 5,000
empty lines took it 10 s (measured): whoever writes a mail could stop an export.
"""

import re
from collections.abc import Callable

from gorgias_crawler.command_line import to_install_extra
from gorgias_crawler.errors import ConfigurationError

# The line that begins a signature (https://www.rfc-editor.org/rfc/rfc3676#section-4.3),
# also without its last blank, which many programs trim.
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)

# A quoted mail shows about five headers. From each one the library reads all that
# follow, so that a text of nothing else would take the square of its length.
_TOO_MANY_HEADERS = re.compile(r"(?:^[^:\n]{1,60}:.*\n){50}", re.MULTILINE)

# Nobody writes so many; 50,000 lines took the library 11 s (measured).
_MOST_LINES = 2_000


def quote_remover() -> Callable[[str, str | None], str]:
    """Return what takes quoted mails and a signature off a text.

    Its second argument is the signature, where it is known. A text of which no word
    would be left comes back as it is, and so does one that no person writes. Raises
    `ConfigurationError` where the library is missing.
    """
    try:
        from quotequail import unwrap  # noqa: PLC0415  # optional
    except ImportError:
        raise ConfigurationError(
            "GORGIAS_BODY_WITHOUT_QUOTES=True needs a library: "
            f"{to_install_extra('quotes')}"
        ) from None

    def without_quotes(text: str, signature: str | None) -> str:
        found = (_is_of_a_person(text) and unwrap(text)) or {}
        own = [found.get(name) or "" for name in ("text_top", "text_bottom")]
        rest = "\n\n".join(part for part in own if part.strip())
        return _without_signature(rest if found and rest else text, signature)

    return without_quotes


def _is_of_a_person(text: str) -> bool:
    is_short = text.count("\n") <= _MOST_LINES
    return is_short and not _TOO_MANY_HEADERS.search(text)


def _without_signature(text: str, signature: str | None) -> str:
    known = signature.strip() if isinstance(signature, str) else ""
    own = text.rstrip()
    if known:
        own = own.removesuffix(known).rstrip()
    if begin := _SIGNATURE.search(own):
        own = own[: begin.start()].rstrip()
    return own if own.strip() else text
