"""Parquet files are read back equal by the programs that people use."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from gorgias_crawler.feeds.parquet import ParquetItemExporter
from gorgias_crawler.feeds.typed import TypedRows
from gorgias_crawler.items import Message, Ticket, Type, types
from tests.feed_crawl import NASTY
from tests.test_feeds import PART, crawl, troubles

pq = pytest.importorskip("pyarrow.parquet")

FULL: dict[str, Any] = {
    "ticket_id": 90_000_017,
    "message_id": 2_190_000_000,
    "subject": NASTY,
    "body": "x" * 70_000,
    "spam": False,
    "tags": ["a,b", "c"],
    "tag_ids": [7, 2**40],
    "custom_fields": {"880": {"value": "Ä"}},
    "created_datetime": "2025-03-01T08:00:00.120000+00:00",
    "sent_datetime": "2025-03-01T09:30:00+0130",
    "message_created_datetime": "2025-03-01 08:00:00",
}
ODD: dict[str, Any] = {
    "ticket_id": 2**63,
    "message_id": 1,
    "subject": {"not": "text"},
    "tags": "a",
    "created_datetime": "0000-00-00 00:00:00",
}
BARE: dict[str, Any] = {"ticket_id": 1, "message_id": 2}
ROWS = [FULL, ODD, BARE]
AT = datetime(2025, 3, 1, 8, tzinfo=UTC)
# What each reader shall find, for the columns that Python can compare.


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


FOUND: list[dict[str, Any]] = [
    {
        **{name: FULL[name] for name in ("ticket_id", "message_id", "subject", "body")},
        "spam": False,
        "tags": ["a,b", "c"],
        "tag_ids": [7, 2**40],
        "custom_fields": compact(FULL["custom_fields"]),
        "created_datetime": AT.replace(microsecond=120_000),
        "sent_datetime": AT,
        "message_created_datetime": AT,
        "other_values": None,
    },
    {
        "message_id": 1,
        "other_values": compact(
            {name: ODD[name] for name in ("ticket_id", "subject", "created_datetime")}
            | {"tags": "a"}
        ),
    },
    BARE,
]
COLUMNS = list(FOUND[0])


def expected():
    whole = [dict.fromkeys(COLUMNS) | row for row in FOUND]
    others = json.loads(str(whole[1]["other_values"]))
    return [{**row, "other_values": None} for row in whole], others


def check(rows):
    rows = [dict(row) for row in rows]
    wanted, others = expected()
    assert json.loads(rows[1]["other_values"]) == others
    assert [{**row, "other_values": None} for row in rows] == wanted


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    work = tmp_path_factory.mktemp("parquet") / "work"
    work.mkdir()
    items = [["messages", row] for row in ROWS]
    (result,) = crawl(work, {"feeds": {"x.parquet": {}}, "items": items})
    (record,) = result.stored
    assert (record["format"], record["rows"]) == ("parquet", 3)
    (warning,) = troubles(result)
    assert "4 values not of the type of the column" in warning
    return work / "x.parquet"


def test_pyarrow_reads_it_back_equal(table):
    check(pq.read_table(table, columns=COLUMNS).to_pylist())


def test_duckdb_reads_it_back_equal(table):
    duckdb = pytest.importorskip("duckdb")
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    found = db.execute(f"SELECT {', '.join(COLUMNS)} FROM '{table}'").fetchall()
    check(dict(zip(COLUMNS, row, strict=True)) for row in found)


def test_polars_reads_it_back_equal(table):
    polars = pytest.importorskip("polars")
    check(polars.read_parquet(table, columns=COLUMNS).select(COLUMNS).to_dicts())


def test_pandas_reads_it_back_equal(table):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(table, columns=COLUMNS, dtype_backend="pyarrow")
    check(
        {
            name: None if value is pandas.NA or value is pandas.NaT else listed(value)
            for name, value in zip(COLUMNS, row, strict=True)
        }
        for row in frame.astype(object).itertuples(index=False)
    )


def listed(value):
    return list(value) if hasattr(value, "tolist") else value


def test_each_column_has_its_declared_type_and_says_what_it_means(table):
    schema = pq.read_schema(table)
    assert schema.names == [*types(Message), "other_values"]
    arrow = {
        Type.INTEGER: "int64",
        Type.NUMBER: "double",
        Type.BOOLEAN: "bool",
        Type.TEXT: "string",
        Type.INSTANT: "timestamp[us, tz=UTC]",
        Type.TEXTS: "list<element: string>",
        Type.INTEGERS: "list<element: int64>",
        Type.JSON: "string",
    }
    for name, type_ in types(Message).items():
        assert str(schema.field(name).type) == arrow[type_], name
        assert schema.field(name).metadata[b"meaning"]
        assert schema.field(name).metadata[b"source"]


def test_the_same_rows_give_the_same_bytes(work):
    items = [["messages", row] for row in ROWS]
    feeds: Any = {"a.parquet": {}, "b.parquet": {}}
    crawl(work, {"feeds": feeds, "items": items})
    assert (work / "a.parquet").read_bytes() == (work / "b.parquet").read_bytes()


def test_columns_can_be_chosen_and_renamed(work):
    feeds: Any = {
        "a.parquet": {"fields": {"message_id": "id", "own": "Own"}},
        "b.parquet": {},
    }
    items = [["messages", BARE], ["own", {"message_id": 9, "own": [1]}]]
    spec: Any = {"feeds": feeds, "items": items, "fields": ["message_id"]}
    spec["feeds"]["a.parquet"]["columns"] = ["message_id", "own"]
    (result,) = crawl(work, spec)
    assert result.failed == [], result.log
    rows = pq.read_table(work / "a.parquet").to_pylist()
    none = {"other_values": None}
    assert rows == [{"id": 2, "Own": None} | none, {"id": 9, "Own": "[1]"} | none]
    rows = pq.read_table(work / "b.parquet").to_pylist()
    assert rows == [{"message_id": 2} | none, {"message_id": 9} | none]


def test_a_file_without_rows_has_its_columns(work):
    feeds = {"x.parquet": {"item_classes": ["gorgias_crawler.items.Ticket"]}}
    crawl(work, {"feeds": feeds, "items": []})
    found = pq.read_table(work / "x.parquet")
    assert (found.num_rows, found.schema.names[:2]) == (0, ["id", "external_id"])


class Sink:
    """A file that forgets what is written."""

    closed = False

    def __init__(self):
        self.size = 0

    def write(self, data):
        self.size += len(data)
        return len(data)

    def tell(self):
        return self.size

    def flush(self):
        pass


@pytest.mark.parametrize(
    ("rows", "body", "groups"),
    [(20_001, "", [10_000, 10_000, 1]), (5, "x" * 9 * 2**20, [2, 2, 1])],
    ids=["rows", "bytes"],
)
def test_groups_of_rows_are_bounded_in_rows_and_in_bytes(tmp_path, rows, body, groups):
    with (tmp_path / "x.parquet").open("wb") as file:
        exporter = ParquetItemExporter(
            file, fields_to_export=["ticket_id", "body"], rows={"messages": Message}
        )
        for number in range(rows):
            exporter.export_item(Message(ticket_id=number, message_id=1, body=body))
        exporter.finish_exporting()
    metadata = pq.read_metadata(tmp_path / "x.parquet")
    found = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    assert found == groups


def test_a_missing_library_is_one_line_before_the_first_request(work):
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from gorgias_crawler.feeds.parquet import ParquetItemExporter\n"
        "ParquetItemExporter.check()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "FeedError" in ended.stderr
    assert "install 'gorgias-crawler[parquet]'" in ended.stderr


def test_parquet_of_two_classes_is_refused(work):
    classes = ["gorgias_crawler.items.Ticket", "gorgias_crawler.items.Message"]
    feeds = {"x.parquet": {"item_classes": classes}}
    (result,) = crawl(work, {"feeds": feeds, "items": []})
    assert "one kind" in result.error


def test_a_stopped_run_leaves_no_parquet(work):
    (work / "out.csv").write_bytes(b"old")
    spec = {"feeds": {"out.csv": {"format": "parquet", "overwrite": True}}}
    (result,) = crawl(work, {**spec, "rows": 300, "stop_at": 200})
    assert result.stored == []
    assert (work / "out.csv").read_bytes() == b"old"
    assert not (work / PART).exists()


def test_every_kind_of_row_has_typed_columns():
    for row in (Message, Ticket):
        names = [column.name for column in TypedRows(row, None, str).columns]
        assert names == [*types(row), "other_values"]
