"""SQLite: one table a kind with keys, indexes and full-text search, to ask and look at.

Written by SQLite itself into the file that the storage has opened, which is renamed or
uploaded when it is whole. So it needs no journal, and leaves none.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.formats import SpiderItemExporter
from gorgias_crawler.feeds.recorded import FeedFile
from gorgias_crawler.feeds.typed import (
    TypedColumn,
    TypedRows,
    compact_json,
    tell_misfits,
    utc_text,
)
from gorgias_crawler.items import Type

_KEYS = ("id", "message_id", "ticket_id")  # the first of them that a kind has
_DATES = {"created_datetime", "message_created_datetime", "updated_datetime"}
_SEARCHED = ("subject", "body")
TOKENIZER = "unicode61 remove_diacritics 2"
"""What a word is: accents and capitals make no difference."""

_TYPES = {
    Type.INTEGER: "INTEGER",
    Type.BOOLEAN: "INTEGER",
    Type.NUMBER: "REAL",
}  # the rest is TEXT: instants in UTC, lists and objects as JSON
_ABOUT = "about"
_ABOUT_COLUMNS = "about_columns"

# A tag's present name, where tags are there; else the one that came with the ticket.
_TAGS = """
CREATE VIEW ticket_tags AS
SELECT tickets.id AS ticket_id, tag.value AS tag_id, {name} AS name
FROM tickets, json_each(tickets.tag_ids) AS tag {joined}
"""
_FIELDS = """
CREATE VIEW ticket_custom_fields AS
SELECT tickets.id AS ticket_id, CAST(field.key AS INTEGER) AS custom_field_id,
    {label} AS label, field.value AS value
FROM tickets, json_each(tickets.custom_fields) AS field {joined}
"""


class SqliteItemExporter(SpiderItemExporter):
    """Writes each class of items into the table of its kind.

    Of the spider it uses ``described()``, what is known of the run.
    """

    def __init__(
        self,
        file: FeedFile,
        *,
        rows: Mapping[str, type],
        **kwargs: Any,
    ) -> None:
        """Begin a database with a table for each of *rows*, classes by their kinds."""
        super().__init__(file, dont_fail=True, **kwargs)
        self._db = sqlite3.connect(file.path, isolation_level=None)
        for pragma in (
            # Nothing is to be rolled back: what is not whole is thrown away.
            "journal_mode = OFF",
            "synchronous = OFF",  # the storage syncs the whole file
            "locking_mode = EXCLUSIVE",
            # Bytes; default 4096, which one mail half fills. A quarter of the time
            # for indexes and search is saved, and 6 % of the file (measured).
            "page_size = 16384",
            # KiB. A message's key is not in the order of rows, but close to it.
            "cache_size = -16384",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN")
        asked = self.fields_to_export
        self._tables = {
            row: _Table(self._db, kind, TypedRows(row, asked, utc_text))
            for kind, row in rows.items()
        }
        self._first = next(iter(self._tables.values()))

    @staticmethod
    def check(storage: Any) -> None:
        """Raise `FeedError` where *storage* has no file that SQLite could write."""
        if getattr(storage, "is_stream", False):
            raise FeedError(
                "The format sqlite cannot be written to standard output, a pipe or a "
                "device: name a file, for example -O acme.sqlite."
            )

    def export_item(self, item: Any) -> None:
        """Insert a row; what a pipeline has made is of the first kind."""
        self._tables.get(type(item), self._first).insert(item)

    def finish_exporting(self) -> None:
        """Add indexes, search, views, and what all of it is."""
        tables = self._tables.values()
        for table in tables:
            table.finish()
        columns = {table.kind: table.names for table in tables}
        for statement in _views(columns):
            self._db.execute(statement)
        self._tell(columns)
        self._db.execute("COMMIT")
        self._db.close()
        self.file.reread()
        tell_misfits(sum(table.rows.misfits for table in tables))

    def _tell(self, columns: Mapping[str, list[str]]) -> None:
        self._db.execute(f"CREATE TABLE {_ABOUT} (name TEXT PRIMARY KEY, value)")
        self._db.executemany(
            f"INSERT INTO {_ABOUT} VALUES (?, ?)",
            [(name, _cell(value)) for name, value in self.spider.described().items()],
        )
        self._db.execute(
            f"CREATE TABLE {_ABOUT_COLUMNS} (kind TEXT, name TEXT, type TEXT, "
            "meaning TEXT, source TEXT, PRIMARY KEY (kind, name))"
        )
        self._db.executemany(
            f"INSERT INTO {_ABOUT_COLUMNS} VALUES (?, ?, ?, ?, ?)",
            [
                (table.kind, c.name, c.type and c.type.value, c.meaning, c.source)
                for table in self._tables.values()
                for c in table.rows.columns
            ],
        )

    def __del__(self) -> None:
        """Let go of a file that was not finished."""
        with suppress(AttributeError):  # it may not have been opened
            self._db.close()


class _Table:
    """One kind: its table, and what makes values of its items."""

    def __init__(self, db: sqlite3.Connection, kind: str, rows: TypedRows) -> None:
        self.kind, self.rows = kind, rows
        self.names = [column.name for column in rows.columns]
        self._db = db
        types = {column.name: column.type for column in rows.columns}
        integers = [name for name in self.names if types[name] is Type.INTEGER]
        self._key = next((name for name in _KEYS if name in integers), None)
        if "kind" in self.names:  # an id is the key within its kind
            self._key = None
        self._lists = [
            index
            for index, column in enumerate(rows.columns)
            if column.type in (Type.TEXTS, Type.INTEGERS)
        ]
        self._indexed = [
            name
            for name in self.names
            if name != self._key
            and (name in _DATES or (name in integers and name.endswith("_id")))
        ]
        declared = ", ".join(self._declared(column) for column in rows.columns)
        db.execute(f"CREATE TABLE {_quoted(kind)} ({declared})")
        marks = ", ".join("?" * len(self.names))
        self._insert = f"INSERT INTO {_quoted(kind)} VALUES ({marks})"

    def _declared(self, column: TypedColumn) -> str:
        type_ = _TYPES.get(column.type, "TEXT") if column.type else "TEXT"
        key = " PRIMARY KEY" if column.name == self._key else ""
        return f"{_quoted(column.name)} {type_}{key}"

    def insert(self, item: Any) -> None:
        """Insert the row of *item*."""
        values = self.rows.values(item)
        for index in self._lists:
            value = values[index]
            if value is not None:  # nearly all are empty
                values[index] = compact_json(value) if value else "[]"
        self._db.execute(self._insert, values)

    def finish(self) -> None:
        """Add what is made faster when all rows are there."""
        for name in self._indexed:
            index = _quoted(f"{self.kind}_{name}")
            on = f"{_quoted(self.kind)} ({_quoted(name)})"
            self._db.execute(f"CREATE INDEX {index} ON {on}")
        searched = [name for name in _SEARCHED if name in self.names]
        if not self._key or "body" not in searched:
            return
        search = _quoted(f"{self.kind}_fts")
        # An index alone, without a second copy of the text
        # (https://www.sqlite.org/fts5.html#external_content_tables).
        self._db.execute(
            f"CREATE VIRTUAL TABLE {search} USING fts5({', '.join(searched)}, "
            f"content={_quoted(self.kind)}, content_rowid={_quoted(self._key)}, "
            f"tokenize='{TOKENIZER}')"
        )
        self._db.execute(f"INSERT INTO {search} ({search}) VALUES ('rebuild')")


def _cell(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else compact_json(value)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _views(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the statements that create the views which *columns*, by kind, allow."""
    tickets = columns.get("tickets", ())
    if {"id", "tag_ids", "tags"} <= set(tickets):
        if {"id", "name"} <= set(columns.get("tags", ())):
            joined = "LEFT JOIN tags ON tags.id = tag.value"
            yield _TAGS.format(name="tags.name", joined=joined)
        else:
            # A tag without a name has an id alone: then none is sure.
            name = (
                "iif(json_array_length(tickets.tags) = json_array_length(tickets.tag_ids),"
                " json_extract(tickets.tags, '$[' || tag.key || ']'), NULL)"
            )
            yield _TAGS.format(name=name, joined="")
    if {"id", "custom_fields"} <= set(tickets):
        if {"id", "label"} <= set(columns.get("custom_fields", ())):
            joined = (
                "LEFT JOIN custom_fields "
                "ON custom_fields.id = CAST(field.key AS INTEGER)"
            )
            yield _FIELDS.format(label="custom_fields.label", joined=joined)
        else:
            yield _FIELDS.format(label="NULL", joined="")
