"""Each month has a file of its own, and engines open those that are asked for."""

import json
import os
import shutil
import signal
import stat
import subprocess
from itertools import chain

import pytest

from gorgias_crawler import durable
from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.durable import content_sha256
from gorgias_crawler.emit.objects import row_classes
from gorgias_crawler.feeds import parquet
from gorgias_crawler.feeds.kinds import Kinds
from gorgias_crawler.feeds.parquet import UNKNOWN_MONTH, ParquetItemExporter
from gorgias_crawler.feeds.recorded import FeedFolder
from gorgias_crawler.items import Message
from tests.crawling import linux_only
from tests.test_feeds import crawl, start, troubles

pq = pytest.importorskip("pyarrow.parquet")

OPTIONS = ("-O", "lake/:parquet", "-s", "GORGIAS_PARTITION_BY=month")
BY_MONTH = {"GORGIAS_PARTITION_BY": "month"}
FOLDER = {"lake/": {"format": "parquet", "overwrite": True}}


def message(number, at, ticket=7):
    dates = {"message_created_datetime": at, "created_datetime": "2020-01-01T00:00:00"}
    return ["messages", {"ticket_id": ticket, "message_id": number, **dates}]


# By month, the ids of messages; the instants are told in several ways.
EXPECTED = {"2024-12": [1, 3], "2025-01": [2, 4], "2025-03": [6], UNKNOWN_MONTH: [5, 7]}
ITEMS = [
    message(1, "2024-12-31T23:59:59.999999+00:00"),
    message(2, "2025-01-01T00:00:00"),
    message(3, "2025-01-01T00:30:00+01:00"),
    message(4, "2024-12-31T23:30:00-01:00"),
    message(5, None),
    message(6, "2025-03-05 10:00:00"),
    message(7, {"not": "a date"}),
]


def spec(items, feeds=FOLDER, **more):
    return {"feeds": feeds, "items": items, "settings": BY_MONTH, **more}


def months(directory):
    """Return the ids of messages by the months of the files in *directory*."""
    return {
        path.parent.name.removeprefix("month="): pq.ParquetFile(path)
        .read(["message_id"])["message_id"]
        .to_pylist()
        for path in sorted(directory.glob("month=*/part-0.parquet"))
    }


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    work = tmp_path_factory.mktemp("partitions") / "work"
    work.mkdir()
    feeds = {**FOLDER, "x.parquet": {}}
    (result,) = crawl(work, spec(ITEMS, feeds))
    assert result.failed == []
    return work / "lake"


def test_each_month_in_utc_is_a_file_and_what_has_no_date_is_hives_default(lake):
    assert months(lake / "messages") == EXPECTED
    assert not (lake / "messages.parquet").exists()


def test_the_months_together_hold_what_the_one_file_holds(lake):
    whole = pq.read_table(lake.parent / "x.parquet")
    found = pq.read_table(lake / "messages", partitioning=None)
    assert found.sort_by("message_id").equals(whole)
    assert pq.read_schema(next(lake.rglob("part-0.parquet"))).metadata == (
        whole.schema.metadata
    )


def test_a_kind_without_rows_is_there_with_its_columns(lake):
    file = lake / "tickets" / f"month={UNKNOWN_MONTH}" / "part-0.parquet"
    assert pq.read_table(file).num_rows == 0
    assert "subject" in pq.read_schema(file).names


def test_duckdb_reads_all_months_and_opens_only_those_that_are_asked_for(lake):
    duckdb = pytest.importorskip("duckdb")
    source = f"read_parquet('{lake}/messages/*/*.parquet', hive_partitioning=true)"
    rows = duckdb.sql(f"SELECT month, message_id FROM {source} ORDER BY ALL").fetchall()
    assert by_month(rows) == EXPECTED
    asked = f"SELECT count(*) FROM {source} WHERE month = '2025-01'"
    assert duckdb.sql(asked).fetchall() == [(2,)]
    ((_, plan),) = duckdb.sql(f"EXPLAIN {asked}").fetchall()
    assert "Scanning Files: 1/4" in plan, plan


def test_polars_reads_all_months(lake):
    polars = pytest.importorskip("polars")
    scan = polars.scan_parquet(lake / "messages", hive_partitioning=True)
    assert by_month(scan.select("month", "message_id").collect().rows()) == EXPECTED
    chosen = scan.filter(polars.col("month") == "2025-01").select("message_id")
    assert chosen.collect()["message_id"].to_list() == [2, 4]


def test_pyarrow_and_pandas_read_all_months(lake):
    dataset = pytest.importorskip("pyarrow.dataset")
    pandas = pytest.importorskip("pandas")
    found = dataset.dataset(lake / "messages", partitioning="hive")
    rows = found.to_table(columns=["month", "message_id"]).to_pylist()
    assert by_month(tuple(row.values()) for row in rows) == EXPECTED
    one = dataset.field("month") == "2025-01"
    assert len(list(found.get_fragments(filter=one))) == 1
    frame = pandas.read_parquet(lake / "messages", filters=[("month", "==", "2025-01")])
    assert frame["message_id"].to_list() == [2, 4]


def by_month(rows):
    found: dict[str, list[int]] = {}
    for month, number in rows:
        found.setdefault(month or UNKNOWN_MONTH, []).append(number)
    return {month: sorted(ids) for month, ids in found.items()}


def test_the_manifest_has_the_hash_of_each_month_and_that_of_the_directory(lake):
    told = json.loads((lake / "manifest.json").read_text())["files"]["messages"]
    assert told["file"] == "messages"
    assert told["rows"] == len(ITEMS)
    names = [f"month={month}/part-0.parquet" for month in sorted(EXPECTED)]
    assert sorted(told["files"]) == names
    assert told["bytes"] == sum((lake / "messages" / n).stat().st_size for n in names)
    assert told["sha256"] == content_sha256(lake / "messages")


@linux_only("sha256sum is asked")
def test_the_hash_of_a_directory_is_that_of_what_sha256sum_says_of_its_files(lake):
    command = "sha256sum */part-0.parquet | LC_ALL=C sort -k 2 | sha256sum"
    said = subprocess.check_output(
        ["sh", "-c", command], cwd=lake / "messages", text=True
    )
    assert said.split()[0] == content_sha256(lake / "messages")


def test_what_grows_without_end_has_months_and_a_small_list_is_one_file():
    kinds = Kinds(row_classes(KINDS), "messages", None, by_month=True)
    feeds = dict(kinds.distributed("lake/", {"format": "parquet"}))
    by_months = {uri.removeprefix("lake/") for uri in feeds if "." not in uri}
    assert by_months == {
        *("messages", "tickets", "events", "customers", "satisfaction_surveys"),
        *("voice_calls", "voice_call_events", "voice_call_recordings"),
    }
    assert {"lake/tags.parquet", "lake/users.parquet"} <= set(feeds)
    others = dict(kinds.distributed("out/", {"format": "csv"}))
    assert "out/messages.csv" in others


@pytest.fixture
def stored(work):
    """A lake of two months, of which one is about to have no rows any more."""
    (result,) = crawl(work, spec([message(1, "2024-12-01"), message(2, "2025-01-01")]))
    assert troubles(result) == []
    return work / "lake" / "messages"


def test_a_month_without_rows_leaves_no_file_behind(work, stored):
    assert months(stored) == {"2024-12": [1], "2025-01": [2]}
    crawl(work, spec([message(2, "2025-01-01"), message(3, "2025-02-01")]))
    assert months(stored) == {"2025-01": [2], "2025-02": [3]}
    assert sorted(path.name for path in (work / "lake").iterdir()) == [
        *("manifest.json", "messages", "tickets")
    ]


@linux_only("rights are kept")
def test_the_owner_alone_may_read_it_unless_it_was_opened_to_others(work, stored):
    def rights(path):
        return stat.S_IMODE(path.stat().st_mode)

    (file,) = stored.glob("month=2025-01/*")
    assert [rights(p) for p in (stored, file.parent, file)] == [0o700, 0o700, 0o600]
    stored.chmod(0o750)
    for path in stored.rglob("*"):
        path.chmod(0o750 if path.is_dir() else 0o640)
    crawl(work, spec([message(2, "2025-01-01")]))
    (file,) = stored.glob("month=*/*")
    assert [rights(p) for p in (stored, file.parent, file)] == [0o750, 0o750, 0o640]


@pytest.mark.parametrize("fault", ["claim", "os.fsync", "killed after rename"])
def test_there_is_the_old_export_or_the_new_one_and_no_month_of_both(
    work, stored, fault
):
    """Where it cannot be stored, and where it is killed when it has its place."""
    before = months(stored)
    items = [message(3, "2025-01-01"), message(4, "2025-06-01")]
    child = start(work, spec(items, faults=[fault]))
    if fault.startswith("killed"):
        assert child.returncode == -signal.SIGKILL
        assert months(stored) == {"2025-01": [3], "2025-06": [4]}
        return
    assert months(stored) == before
    assert [p.name for p in (work / "lake").iterdir() if p.name.startswith(".")] == []


def test_one_directory_takes_the_place_of_the_other_at_once(tmp_path, monkeypatch):
    """Where the system can exchange them, a reader finds one at any moment."""
    new, target = tmp_path / "new", tmp_path / "target"
    seen = []
    for path in (new, target):
        path.mkdir()
        (path / path.name).touch()
    if not durable._exchange(new, target):
        pytest.skip("this file system does not exchange directories")
    assert durable._exchange(new, target)
    rename = type(new).rename

    def renamed(self, other):
        seen.append(self)
        return rename(self, other)

    monkeypatch.setattr(type(new), "rename", renamed)
    durable.replace_directory(new, target)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert not new.exists()
    assert seen == []


def test_where_directories_cannot_be_exchanged_they_are_renamed(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "_exchange", lambda *_: False)
    target = tmp_path / "target"
    for name in ("first", "second"):
        new = tmp_path / name
        new.mkdir()
        (new / name).touch()
        durable.replace_directory(new, target)
        assert [path.name for path in target.iterdir()] == [name]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("messages", "is no directory, which GORGIAS_PARTITION_BY makes of a kind"),
        ("messages/notes.txt", "something else than files of months (notes.txt)"),
        ("messages/month=2020-01/rows.csv", "(month=2020-01/rows.csv)"),
    ],
)
def test_what_is_something_else_is_not_replaced(work, name, said):
    path = work / "lake" / name
    path.parent.mkdir(parents=True)
    path.write_text("somebody else's")
    (result,) = crawl(work, spec(ITEMS))
    assert said in result.error
    assert path.read_text() == "somebody else's"


def test_o_replaces_only_months_that_this_job_wrote(work, stored):
    extend = {"lake/": {"format": "parquet"}}
    shutil.rmtree(work / "lake")
    crawl(work, spec([message(1, "2025-01-01")], extend))
    (result,) = crawl(work, spec([message(2, "2025-02-01")], extend))
    assert not hasattr(result, "error")
    assert months(stored) == {"2025-02": [2]}
    (stored / "month=2025-02" / "part-0.parquet").write_bytes(b"changed")
    (result,) = crawl(work, spec([message(3, "2025-03-01")], extend))
    assert "no crawl of this job wrote what is in it: use -O" in result.error


def test_it_is_refused_where_it_could_not_be_stored_or_read(work):
    remote = {"fake://lake/": {"format": "parquet"}}
    named = {"lake/": {"format": "parquet", "fields": {"subject": "month"}}}
    results = crawl(work, spec(ITEMS, remote), spec(ITEMS, named))
    assert "is stored on this machine or on s3:// alone" in results[0].error
    assert "has a column 'month' (FEED_EXPORT_FIELDS)" in results[1].error


# Memory and open files.


@pytest.fixture
def folder(tmp_path):
    return FeedFolder(tmp_path)


def test_many_months_are_bounded_together(folder, monkeypatch):
    monkeypatch.setattr(parquet, "_MOST_CHARACTERS", 100_000)
    waiting = []
    exporter = ParquetItemExporter(
        folder, month_of="message_created_datetime", fields_to_export=["body"]
    )
    for number in range(600):
        at = f"{2000 + number % 20}-{1 + number % 12:02}-01T00:00:00"
        exporter.export_item(Message(message_created_datetime=at, body="x" * 1000))
        waiting.append(sum(table.waiting for table in exporter._tables.values()))
    exporter.finish_exporting()
    assert max(waiting) <= 100_000 + 1000 + parquet._ROW
    files = [pq.ParquetFile(folder.inner / name) for name in folder.parts]
    assert len(files) == 60
    assert sum(file.metadata.num_rows for file in files) == 600
    bodies = chain.from_iterable(file.read()["body"].to_pylist() for file in files)
    assert set(bodies) == {"x" * 1000}


def test_no_file_of_a_month_stays_open(folder):
    exporter = ParquetItemExporter(folder, month_of="message_created_datetime")
    lowest = lowest_descriptor()
    for year in range(1950, 2000):
        exporter.export_item(Message(message_created_datetime=f"{year}-01-01"))
    assert lowest_descriptor() == lowest
    exporter.finish_exporting()
    assert len(folder.parts) == 50


def lowest_descriptor():
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


# As a user meets it.


def test_a_lake_is_verified_and_told_where_it_was_changed(open_shop):
    shop = open_shop(tickets=12)
    first = shop.crawl("-a", "objects=tags,events", *OPTIONS)
    assert first.status == 0, first.log
    lake = shop.path / "lake"
    assert {p.name for p in lake.iterdir()} == {
        *("messages", "tickets", "events", "tags.parquet", "manifest.json"),
        *("ticket_metrics.parquet", "deleted.parquet"),
    }
    assert sum(map(len, months(lake / "messages").values())) == len(shop.expected())
    verified = shop.run("verify", "job")
    assert verified.status == 0, verified.log

    file, *_ = sorted((lake / "messages").glob("*/*"))
    name = file.relative_to(lake / "messages").as_posix()
    shutil.copytree(file.parent, lake / "messages" / "month=1999-01")
    file.write_bytes(file.read_bytes() + b"x")
    verified = shop.run("verify", "job")
    assert verified.status == 3
    assert f"{name}: it was changed since it was written" in verified.log
    assert "month=1999-01/part-0.parquet: it was put there since" in verified.log

    healed = shop.crawl("-a", "objects=tags,events", *OPTIONS)
    assert healed.status == 0, healed.log
    assert shop.run("verify", "job").status == 0
    assert "1999-01" not in months(lake / "messages")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-O", "x.csv", *OPTIONS[2:]), "is for folders of Parquet files"),
        (("-O", "lake/:csv", *OPTIONS[2:]), "use for example -O lake/:parquet"),
        (("-O", "x.parquet", *OPTIONS[2:]), "none is named"),
        (
            (*OPTIONS[:3], "GORGIAS_PARTITION_BY=day"),
            "give month, which is all there is",
        ),
    ],
)
def test_a_partition_that_would_change_nothing_is_refused(finished, options, said):
    ended = finished.run("export", "job", *options)
    assert ended.status == 1
    assert said in ended.log
    assert "GORGIAS_PARTITION_BY" in ended.log
