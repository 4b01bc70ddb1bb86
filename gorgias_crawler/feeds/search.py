"""Searches an SQLite file that the format sqlite has written. It is only read."""

import re
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from gorgias_crawler import __version__
from gorgias_crawler.command_line import typed
from gorgias_crawler.emit.html_text import html_to_text
from gorgias_crawler.errors import CommandLineError
from gorgias_crawler.feeds.sqlite import TOKENIZER
from gorgias_crawler.job.directory import ARCHIVE
from gorgias_crawler.redact import shown

MARKS = ("\u2983", "\u2984")
"""What stands before and after a word that was found: braces that nobody types."""

LANGUAGE = (
    'words that all have to be there, "a phrase", AND, OR and NOT in capitals, '
    "parentheses, refund* for how a word begins, subject:refund or body:refund"
)
"""How to ask (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""

# Characters: of a body before what is found in it and in all, about two lines.
_BEFORE, _SNIPPET = 60, 200

# Characters of a body that are searched for marks at a time. FTS5 takes the square of
# how often a word is found: 200,000 times in one mail took it minutes (measured).
_PART = 20_000

# Parts of a question: a phrase, words near to one another, or a word, of one column or
# of both.
_PARTS = re.compile(r'"[^"]*"|NEAR\([^()]*\)|((?:subject:|body:)?)([^\s()"]+)')
# What FTS5 takes as it stands (https://www.sqlite.org/fts5.html#fts5_strings).
_PLAIN = re.compile(r"\^?\w+\*?|\+|[-{}].*")

_WRITTEN_BY = "SELECT value FROM about WHERE name = 'gorgias_crawler'"
_COUNT = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH :asked"
_BEST = """
SELECT coalesce(message_created_datetime, created_datetime), ticket_id,
    coalesce(message_channel, channel), sender, subject, body
FROM (
    SELECT rowid AS id, rank AS place FROM messages_fts
    WHERE messages_fts MATCH :asked ORDER BY rank, rowid LIMIT :limit
) JOIN messages ON message_id = id ORDER BY place, id
"""
_ONE = f"CREATE VIRTUAL TABLE one USING fts5(subject, body, tokenize='{TOKENIZER}')"
_MARKED = """
SELECT highlight(one, 0, :open, :close), highlight(one, 1, :open, :close)
FROM one WHERE one MATCH :asked
"""


class Found(NamedTuple):
    """A message that was found: its texts as they are, not yet fit for a terminal.

    ``date`` is in UTC; ``subject`` and ``snippet``, a part of the body, have `MARKS`.
    """

    date: str | None
    ticket_id: int | None
    channel: str | None
    sender: str | None
    subject: str
    snippet: str


def search(path: Path, asked: str, limit: int) -> tuple[list[Found], int]:
    """Return the *limit* messages that fit *asked* best, and how many there are in all.

    Raises `CommandLineError` where *path* is no file of ours, or *asked* no question.
    """
    words = in_fts5(asked)
    values: dict[str, str | int] = {"asked": words, "limit": limit}
    _check_file(path)
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            # Half of a character of UTF-16 is no reason to fail.
            db.text_factory = lambda data: data.decode("utf-8", "replace")
            _check_tables(db, path, values)
            marks = _Marks(words)
            found = [
                Found(*(*told, *marks.put(subject or "", html_to_text(body or ""))))
                for *told, subject, body in db.execute(_BEST, values)
            ]
            (number,) = db.execute(_COUNT, values).fetchone()
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_ERROR":
            raise CommandLineError(
                f"{asked!r} cannot be searched for ({error}). Give {LANGUAGE}."
            ) from None
        raise CommandLineError(
            f"{path} cannot be read ({error}): {_write_one()}"
        ) from None
    return found, number


class _Marks:
    """Puts marks around what is found of a question, in a database of its own."""

    def __init__(self, asked: str) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute(_ONE)
        self._values = {"asked": asked, "open": MARKS[0], "close": MARKS[1]}

    def put(self, subject: str, body: str) -> tuple[str, str]:
        """Return *subject*, and the part of *body* around what is found first.

        Its begin, where nothing is: what is asked for may stand far apart.
        """
        for at in range(0, len(body) or 1, _PART):
            self._db.execute("DELETE FROM one")
            part = (subject, body[at : at + _PART])
            self._db.execute("INSERT INTO one VALUES (?, ?)", part)
            if row := self._db.execute(_MARKED, self._values).fetchone():
                return row[0], _around(row[1])
        return subject, _around(body)


def _around(body: str) -> str:
    begin = max(0, body.find(MARKS[0]) - _BEFORE)
    if begin:  # with a whole word, if one begins soon
        begin = body.find(" ", begin, begin + _BEFORE) + 1 or begin
    end = begin + _SNIPPET
    return f"{'…' * bool(begin)}{body[begin:end]}{'…' * (len(body) > end)}"


def in_fts5(asked: str) -> str:
    """Return *asked* in the language of FTS5, in which nearly every sign is an error.

    A word with signs in it, such as an address or ``#1042``, becomes a phrase. Raises
    `CommandLineError` where there is no word.
    """
    if not any(map(str.isalnum, asked)):
        raise CommandLineError(
            f"{asked!r} has no word in it, and signs alone are not searched for."
        )
    return _PARTS.sub(_quoted, asked.encode("utf-8", "replace").decode())


def _quoted(part: re.Match[str]) -> str:
    column, word = part.groups()
    if not word or _PLAIN.fullmatch(word):
        return part[0]
    begins = "*" if word.endswith("*") else ""
    return f'{column}"{word}"{begins}'


def _check_file(path: Path) -> None:
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise CommandLineError(
            f"{path} cannot be read ({error.strerror}): {_write_one()}"
        ) from None
    jobdir = path.parent if path.name == ARCHIVE else path
    if (jobdir / ARCHIVE).exists():
        raise CommandLineError(
            f"{path} belongs to a job, whose archive is packed: {_write_one(jobdir)}"
        )
    if not is_file:
        raise CommandLineError(f"{path} is no file: {_write_one()}")


def _check_tables(
    db: sqlite3.Connection, path: Path, values: Mapping[str, str | int]
) -> None:
    """Check that there is what is asked. Raises `CommandLineError`."""
    try:
        (version,) = db.execute(_WRITTEN_BY).fetchone() or ("?",)
    except sqlite3.Error as error:
        raise CommandLineError(
            f"{path} is not written by `export` ({error}): {_write_one()}"
        ) from None
    try:
        db.execute(f"EXPLAIN {_BEST}", values)  # asks for nothing yet
    except sqlite3.Error as error:
        raise CommandLineError(
            f"{path} was written by gorgias_crawler {shown(str(version))} and cannot be "
            f"searched by {__version__} ({error}): {_write_one()}"
        ) from None


def _write_one(jobdir: Path = Path("crawls/run1")) -> str:
    export = typed("export", str(jobdir), "-O", "acme.sqlite")
    return f"write a file to search with `{export}`."
