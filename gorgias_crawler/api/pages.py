"""The answers of the Gorgias API: bytes to typed pages."""

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec

from gorgias_crawler.api import secrets
from gorgias_crawler.api.dates import instant_us
from gorgias_crawler.items.decoding import encodable

_MAX_ID = 2**63 - 1  # SQLite's largest integer; ids are far below it today
_MAX_NESTING = 100  # recorded objects nest 6 deep; Python's parser stands about 900
_LONGEST_TEXT = 8_000  # of a cursor: servers take no longer URL; seen are about 100
_TOO_DEEP = "JSON nested too deeply"
_NO_LIST = "JSON without the list of rows"

# Strings, brackets and commas of a page. A hundred tickets with all their fields have
# 20,000; a million can become 100 MB of Python objects (measured: docs/security.md).
_MAX_SIGNS = 1_000_000
# A string that does not end is one to the end: it is not read twice.
_SIGN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)

# Half a surrogate pair, which no file can hold and msgspec does not read. What follows
# a backslash is no escape, or is left to Python's reader.
_HALF = re.compile(
    rb"(?<!\\)\\u(?i:d(?:[89ab][\da-f]{2}(?!\\ud[c-f])"
    rb"|(?<!\\ud[89ab]..\\ud)[c-f][\da-f]{2}))"
)


class BadAnswerError(ValueError):
    """A body that is not what the endpoint gives: the call is worth a retry.

    Its text names the fault only, never a word of the body.
    """


@dataclass(frozen=True, slots=True)
class Ticket:
    """One row of ``/api/tickets``.

    ``messages_count`` counts internal notes too; None is unknown, not 0. A ticket that
    ``has_excerpt`` has a message: it is null when none is left (seen in answers).
    ``created_us`` and ``updated_us`` are microseconds since 1970, 0 where there is no
    date. ``raw`` is the whole object, in the very JSON that the API sent, but for half
    a surrogate pair, which is U+FFFD.
    """

    id: int
    created_us: int
    updated_us: int
    messages_count: int | None
    has_excerpt: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One row of ``/api/messages``.

    ``unsent`` marks an agent's public message that was not sent, whether that failed or
    not: its ``sent_datetime`` may still be set later. ``raw`` is the whole object, in
    the very JSON that the API sent, unless its actions have secrets of other systems.
    """

    id: int
    ticket_id: int | None
    created_us: int
    unsent: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """What ``/api/account`` says: all of it, and its domain, None where it has none."""

    domain: str | None
    value: dict[str, Any]


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one answer and the cursor of the next; None after the last page."""

    rows: tuple[Row, ...]
    next_cursor: str | None


def parse_account(body: bytes) -> AccountAnswer:
    """Return what *body* says of the account.

    Raises `BadAnswerError` where the body is not a JSON object, or no name can be so.
    """
    value = decoded_object(body)
    domain = value.get("domain")
    named = _plain(domain, "domain") if isinstance(domain, str) and domain else None
    return AccountAnswer(named, value)


def parse_tickets(body: bytes) -> Page[Ticket]:
    """Return the page that *body* holds. Raises `BadAnswerError`."""
    return page(body, _ticket)


def parse_messages(body: bytes) -> Page[Message]:
    """Return the page that *body* holds. Raises `BadAnswerError`."""
    return page(body, _message)


def parse_error(body: bytes) -> bool:
    """Tell whether *body* is one of the API's own error objects, not a web page.

    Their form is ``{"error": {"msg": "..."}}``
    (https://developers.gorgias.com/reference/errors).
    """
    try:
        return "error" in decoded_object(body)
    except BadAnswerError:
        return False


def decoded_object(body: bytes) -> dict[str, Any]:
    """Return the object that *body* holds. Raises `BadAnswerError`."""
    _check_size(body)
    try:
        value = json.loads(body.decode(json.detect_encoding(body)))
    except RecursionError:
        raise BadAnswerError(_TOO_DEEP) from None
    except ValueError:
        raise BadAnswerError("not JSON") from None
    if not isinstance(value, dict):
        raise BadAnswerError("JSON, but not an object")
    return value


def _check_size(body: bytes) -> None:
    if not body or body.isspace():
        raise BadAnswerError("empty body")
    if _has_too_many_values(body):
        is_deep = b"[" * _MAX_NESTING in body  # what most of them are
        raise BadAnswerError(_TOO_DEEP if is_deep else "JSON with too many values")


def _has_too_many_values(body: bytes) -> bool:
    """Tell whether JSON has more than `_MAX_SIGNS`, before any object is made of it."""
    if len(body) <= _MAX_SIGNS:
        return False
    signs = sum(map(body.count, (b"[", b"{", b","))) + body.count(b'"') // 2 + 1
    if signs <= _MAX_SIGNS:  # those in strings included, and counted in no time
        return False
    return next(islice(_SIGN.finditer(body), _MAX_SIGNS, None), None) is not None


def _nests_too_deeply(value: object, more: int = _MAX_NESTING) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return more == 0 or any(_nests_too_deeply(one, more - 1) for one in inner)


def page(body: bytes, parse_row: Callable[[dict[str, Any], bytes], Row]) -> Page[Row]:
    """Return the page that *body* holds, each row made of its values and its text.

    Raises `BadAnswerError`.
    """
    rows, meta = _taken_apart(body, parse_row)
    if not isinstance(meta, dict):
        raise BadAnswerError(_NO_LIST)
    cursor = meta.get("next_cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise BadAnswerError("next_cursor is not a string")
    return Page(tuple(rows), _plain(cursor, "next_cursor") if cursor else None)


def _plain(text: str, name: str) -> str:
    """Return what is stored, sent and shown again. Raises `BadAnswerError`."""
    if not text.isprintable() or "\ufffd" in text:  # it was half a surrogate pair
        raise BadAnswerError(f"{name} has unprintable characters")
    if len(text) > _LONGEST_TEXT:
        raise BadAnswerError(f"{name} is too long")
    return text


class _List(msgspec.Struct):
    """An answer with rows: where the text of each is, and what is beside them."""

    data: list[msgspec.Raw]
    meta: Any = None


_read_list = msgspec.json.Decoder(_List).decode
_decode = msgspec.json.Decoder().decode


def _taken_apart(
    body: bytes, parse_row: Callable[[dict[str, Any], bytes], Row]
) -> tuple[list[Row], Any]:
    _check_size(body)

    def make_row(value: object, raw: bytes) -> Row:
        if not isinstance(value, dict):
            raise BadAnswerError("a row is not an object")
        return parse_row(value, raw)

    try:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            answer = _split(body)
            # One after another: the values of one row alone are in memory.
            rows = [make_row(_decode(raw), bytes(raw)) for raw in answer.data]
            return rows, answer.meta
        # Python reads more (NaN, other encodings), and knows better what is wrong.
        values = encodable(decoded_object(body))
        if not isinstance(found := values.get("data"), list):
            raise BadAnswerError(_NO_LIST)
        rows = [make_row(value, json.dumps(value).encode()) for value in found]
        return rows, values.get("meta")
    except RecursionError:
        raise BadAnswerError(_TOO_DEEP) from None


def _split(body: bytes) -> _List:
    try:
        return _read_list(body)
    except msgspec.DecodeError:
        return _read_list(_HALF.sub(rb"\\ufffd", body))


def _ticket(row: dict[str, Any], raw: bytes) -> Ticket:
    count = row.get("messages_count")
    return Ticket(
        id=usable_id(row.get("id")),
        created_us=instant_us(row.get("created_datetime")),
        updated_us=instant_us(row.get("updated_datetime")),
        messages_count=count if type(count) is int and 0 <= count <= _MAX_ID else None,
        has_excerpt=bool(row.get("excerpt")),
        raw=checked_nesting(row, raw),
    )


def _message(row: dict[str, Any], raw: bytes) -> Message:
    ticket_id = row.get("ticket_id")
    raw = checked_nesting(row, raw)
    # Few messages have actions, and few actions have secrets: others keep their text.
    if row.get("actions") and (kept := secrets.of_message(row)) is not row:
        raw = json.dumps(kept).encode()
    return Message(
        id=usable_id(row.get("id")),
        ticket_id=None if ticket_id is None else usable_id(ticket_id),
        created_us=instant_us(row.get("created_datetime")),
        unsent=_is_unsent(row),
        raw=raw,
    )


def _is_unsent(row: dict[str, Any]) -> bool:
    # A failure is not the end of it: an agent can send it again.
    is_to_be_sent = (
        row.get("from_agent") and row.get("public") and not row.get("imported")
    )
    return bool(is_to_be_sent and not row.get("sent_datetime"))


def parse_unsent(raw: bytes) -> bool:
    """Tell whether the message *raw* is unsent. Raises `BadAnswerError`."""
    return _is_unsent(decoded_object(raw))


def usable_id(value: object) -> int:
    """Return an id that an archive can hold. Raises `BadAnswerError`."""
    if type(value) is not int or not 0 < value <= _MAX_ID:
        raise BadAnswerError("a row without a usable id")
    return value


def checked_nesting(row: dict[str, Any], raw: bytes) -> bytes:
    """Return *raw*, the JSON of *row*. Raises `BadAnswerError` if it nests deeply."""
    # Few brackets cannot nest deeply, and to count them takes no time.
    if raw.count(b"{") + raw.count(b"[") > _MAX_NESTING and _nests_too_deeply(row):
        raise BadAnswerError(_TOO_DEEP)
    return raw
