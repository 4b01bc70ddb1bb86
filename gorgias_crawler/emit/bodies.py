"""Which of a message's bodies becomes the row's ``body``, and HTML as text."""

import re
from collections.abc import Callable, Iterable
from html import unescape

from gorgias_crawler.errors import ConfigurationError

BODY_FIELDS = ("body_text", "body_html", "stripped_text")
"""The candidates in order. ``stripped_*`` lack the quoted history and are often null
(https://developers.gorgias.com/reference/the-ticketmessage-object)."""

_KNOWN = (*BODY_FIELDS, "stripped_html")

# A tag or a comment; an address such as <ann@example.org> is neither.
_MARKUP = re.compile(r"<(?:/?[a-z][\w:-]*(?:\s|/?>)|!)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+|#x[\da-f]+|[a-z]\w*);", re.IGNORECASE)
_CUT = "ERR_RESOURCE_LIMIT"  # libxml2 stopped before the end, also with huge_tree


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


def html_to_text() -> Callable[[str], str]:
    """Return what makes text of HTML; lines, tables, links and names of images stay.

    Text in which no tag is keeps its lines. HTML that is nested too deep to be read to
    its end comes back as it is, as nothing may be lost. Raises `ConfigurationError`
    where the library is missing.
    """
    try:
        from inscriptis.css_profiles import STRICT_CSS_PROFILE  # noqa: PLC0415
        from inscriptis.html_engine import Inscriptis  # noqa: PLC0415
        from inscriptis.model.config import ParserConfig  # noqa: PLC0415
        from lxml.etree import ParserError  # noqa: PLC0415
        from lxml.html import HTMLParser, document_fromstring  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "GORGIAS_BODY_AS_TEXT=True needs a library: pip install -e '.[text]'."
        ) from None
    # The other profile tears words apart at <span> and indents with each <div>.
    config = ParserConfig(STRICT_CSS_PROFILE, display_images=True, display_links=True)

    def to_text(html: str) -> str:
        if not _MARKUP.search(html):
            return _ENTITY.sub(lambda entity: unescape(entity[0]), html)
        # Without huge_tree what is nested more than 255 deep is dropped without a word.
        parser = HTMLParser(huge_tree=True, encoding="utf-8")
        try:
            tree = document_fromstring(html.encode(), parser=parser)
            text = str(Inscriptis(tree, config).get_text())
        except ParserError:  # there is nothing but comments
            return ""
        except Exception:  # noqa: BLE001  # a parser's fault must not lose a body
            return html
        is_cut = any(fault.type_name == _CUT for fault in parser.error_log)
        return html if is_cut else text

    return to_text
