"""HTML to text in one pass: linear in time and memory, and no word is lost.

No tree is built, for a tree of a mail can take a hundred times its size. Text of
scripts, styles and comments is left out; what a style sheet would hide is not, because
nobody can tell from a mail alone who has seen it.
"""

import io
import re
from html import unescape

_INLINE, _SPACE, _CELL, _LINE, _BLANK = range(5)
"""What stands between two pieces of text: the widest of all that is asked for."""

_GAPS = ("", " ", "  ", "\n", "\n\n")
_BLANK_AROUND = re.compile("blockquote|dl|fieldset|figure|h[1-6r]|p|pre|table")
_LINE_AROUND = re.compile(
    "address|article|aside|body|caption|center|datalist|dd|desc|details|dialog|dir|div|"
    "dt|figcaption|footer|form|frameset|head|header|html|iframe|legend|li|main|menu|nav|"
    "noframes|noscript|object|ol|optgroup|option|section|select|summary|tbody|template|"
    "text|textarea|tfoot|thead|title|tr|ul"
)
_CELL_AROUND = re.compile("button|td|th")
_UNSEEN = {
    name: re.compile(rf"(?=</{name}[\s/>])", re.IGNORECASE)
    for name in ("script", "style")
}
"""What is not shown, and where it ends."""

# What opens markup. An address such as <ann@example.org> or <https://example.org> does
# not, nor does "1 < 2": a reader would miss it.
_TOKEN = re.compile(
    r"<(?:(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|(?P<other>!doctype\b|!\[|\?[a-z])"
    r"|(?P<end>/?)(?P<name>[a-z][a-z0-9:_-]*+)(?=[\s>]|/(?!/)))",
    re.IGNORECASE,
)
_COMMENT_END = re.compile("--!?>")
# Up to the end of a tag; a ">" within the quotes of a value is none. Possessive, so
# that it reads no character twice.
_REST_OF_TAG = re.compile(r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"']?+))*+>""")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]++)))?+"""
)
_SPACES = re.compile(r"[ \t\n\r\f]+")
_ENTITY = re.compile(
    r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z0-9]{0,31});", re.IGNORECASE
)


def html_to_text(html: str) -> str:
    """Return what is written in *html*, at most three times as long.

    Paragraphs, lines, lists, cells, links and the names of images stay, and text in
    which no tag is keeps its lines. No input raises an error.
    """
    if _TOKEN.search(html) is None:
        return _decoded(html)
    return _Reader(html).read()


class _Reader:
    """Reads one document from its first character to its last."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._at = 0
        self._written = io.StringIO()
        self._gap = _INLINE
        self._pre = 0
        self._lists: list[int | None] = []
        self._link: str | None = None
        self._is_link_open = False
        self._may_quote = True
        self._endless: set[str] = set()

    def read(self) -> str:
        while (token := _TOKEN.search(self._html, self._at)) is not None:
            self._text(self._html[self._at : token.start()])
            self._at = token.end()
            if token["comment"]:
                self._skip(_COMMENT_END, token.start() + 2)  # <!--> is a whole one
            elif token["cdata"]:
                self._cdata()
            elif token["other"]:
                self._skip_to(">")
            else:
                self._tag(token["name"].lower(), is_end=bool(token["end"]))
        self._text(self._html[self._at :])
        self._close_link()
        text = self._written.getvalue()
        return f"{text}\n" if text and self._gap == _BLANK else text

    # Where a piece of markup ends. What never ends is not skipped, as its words would
    # be lost; and it is not looked for again, as that would take quadratic time.

    def _skip(self, end: re.Pattern[str], start: int) -> None:
        if end.pattern in self._endless:
            return
        if match := end.search(self._html, start):
            self._at = match.end()
        else:
            self._endless.add(end.pattern)

    def _skip_to(self, end: str) -> bool:
        found = -1 if end in self._endless else self._html.find(end, self._at)
        if found < 0:
            self._endless.add(end)
            return False
        self._at = found + len(end)
        return True

    def _cdata(self) -> None:
        begin = self._at
        if self._skip_to("]]>"):
            self._text(self._html[begin : self._at - len("]]>")])

    def _tag(self, name: str, *, is_end: bool) -> None:
        begin = self._at
        match = _REST_OF_TAG.match(self._html, begin) if self._may_quote else None
        self._may_quote = match is not None  # else one was never closed: ends at a ">"
        if match:
            self._at = match.end()
        elif not self._skip_to(">"):
            self._text(f"<{'/' if is_end else ''}{name}")
            return
        self._gap = max(self._gap, _gap_around(name))
        if is_end and name != "br":  # browsers take </br> for <br>
            self._end(name)
        else:
            self._start(name, begin)

    # What a tag means.

    def _start(self, name: str, begin: int) -> None:
        if name in _UNSEEN:
            self._skip(_UNSEEN[name], self._at)
        elif name == "br":
            self._gap = _BLANK if self._gap >= _LINE else _LINE
        elif name == "pre":
            self._pre += 1
        elif name in {"ul", "ol"}:
            self._lists.append(1 if name == "ol" else None)
        elif name == "li":
            self._write(self._bullet())
        elif name == "a":
            self._close_link()
            self._link = self._attribute("href", begin)
        elif name == "img" and (alt := self._attribute("alt", begin)):
            self._write(f"[{alt}]")

    def _end(self, name: str) -> None:
        if name == "pre":
            self._pre = max(0, self._pre - 1)
        elif name in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif name == "a":
            self._close_link()

    def _bullet(self) -> str:
        if not self._lists or (number := self._lists[-1]) is None:
            return "* "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _close_link(self) -> None:
        if self._link is not None:
            if not self._is_link_open:
                self._write("")
            self._written.write(f"]({self._link})")
        self._link, self._is_link_open = None, False

    def _attribute(self, name: str, begin: int) -> str | None:
        while match := _ATTRIBUTE.match(self._html, begin, self._at - 1):
            if match[1].lower() == name:
                value = match[2] or match[3] or match[4] or ""
                return _SPACES.sub(" ", _decoded(value)).strip()
            begin = match.end()
        return None

    # Text.

    def _text(self, text: str) -> None:
        if "&" in text:
            text = _unescaped(text)
        if self._pre:
            if text:
                self._write(text)
            return
        text = _SPACES.sub(" ", text)
        if text[:1] == " ":
            self._gap = max(self._gap, _SPACE)
        if words := text.strip(" "):
            self._write(words)
            self._gap = _SPACE if text[-1] == " " else _INLINE

    def _write(self, text: str) -> None:
        if self._written.tell():
            self._written.write(_GAPS[self._gap])
        self._gap = _INLINE
        if self._link is not None and not self._is_link_open:
            self._is_link_open = True
            self._written.write("[")
        self._written.write(text)


def _gap_around(name: str) -> int:
    if _BLANK_AROUND.fullmatch(name):
        return _BLANK
    if _LINE_AROUND.fullmatch(name):
        return _LINE
    return _CELL if _CELL_AROUND.fullmatch(name) else _INLINE


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # Python reads no number of more than 4,300 digits
        return text


def _decoded(text: str) -> str:
    # Those that end with ";" alone: "?a=1&copy=2" is an address.
    return _ENTITY.sub(lambda entity: unescape(entity[0]), text)
