"""A name says how a file is compressed, and a file is what its name says."""

import bz2
import gzip
import json
import lzma
import sys

import pytest

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds import compressed, targets
from gorgias_crawler.sandbox import World
from tests.crawling import opened_shop

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK = {
    "gz": gzip.decompress,
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
    "zst": zstd.decompress,
}
FORMATS = {"csv", "jsonl", "json", "conversations", "parquet"}
REFUSED = {
    "x.gz": "use for example -O x.csv.gz",
    "x.tar.zst": "use for example -O x.tar.csv.zst",
    "backup/": "for example -O backup/:csv",
    "lake/:csv.gz": "for example -O lake/:csv",
    "lake/:nope": "for example -O lake/:csv",
    "x.xlsx": "GORGIAS_SPREADSHEET_SAFE=True",
    "X.XLSX": "GORGIAS_SPREADSHEET_SAFE=True",
    "s3://KEY:s3cret@bucket/x.xls": "The feed s3://bucket/x.xls",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, may_fork):
    path = tmp_path_factory.mktemp("shop")
    with opened_shop(path, World(tickets=10), forks=may_fork) as shop:
        assert shop.crawl().status == 0
        yield shop


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("x.csv", "x.csv"),
        ("x.csv.gz", "x.csv.gz:csv"),
        ("x.csv.GZ", "x.csv.GZ:csv"),
        ("x.csv.gz:csv", "x.csv.gz:csv"),
        ("x.gz:jsonl", "x.gz:jsonl"),
        ("s3://bucket/a.b/x.jsonl.zst", "s3://bucket/a.b/x.jsonl.zst:jsonl"),
        ("backup/:csv", "backup/:csv"),
        ("-:csv", "-:csv"),
        ("no-format", "no-format"),
        ("X.CSV", "X.CSV:csv"),
        ("X.JSONL.ZST", "X.JSONL.ZST:jsonl"),
        ("x.txt:CSV", "x.txt:csv"),
    ],
)
def test_the_format_is_read_before_the_compression(given, read):
    assert targets.with_format(given, FORMATS) == read


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_says_no_format_is_refused_with_what_to_write(name):
    with pytest.raises(FeedError) as refused:
        targets.with_format(name, FORMATS)
    assert REFUSED[name] in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_two_formats_of_one_name_are_refused():
    targets.refuse_twice(["x.csv", "x.csv", "x/:csv", "y/:csv", "a:b.csv"], FORMATS)
    with pytest.raises(FeedError, match="is named twice: give each format"):
        targets.refuse_twice(["x/:csv", "x/:jsonl"], FORMATS)


def test_what_compresses_is_asked_for_once_and_comes_last():
    own = "my.Plugin"
    plain = targets.completed("x.csv", {"format": "csv"})
    assert "postprocessing" not in plain
    for given in ([], [own], [own, compressed.PLUGINS[".gz"]]):
        options = {"format": "csv", "postprocessing": given}
        full = targets.completed("x.csv.gz", options)
        assert full["postprocessing"][-1] == compressed.PLUGINS[".gz"]
        assert len(set(full["postprocessing"])) == len(full["postprocessing"])


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("x.parquet", {"item_export_kwargs": {"compression": "gzip"}}),
        ("x.sqlite", {"encoding": "utf-16"}),
        ("x.csv", {"gzip_compresslevel": 9}),
        ("x.jsonl", {"indent": 2}),
        ("x.csv.gz", {"zstd_level": 3}),
    ],
)
def test_an_option_that_would_change_nothing_in_the_file_is_refused(uri, options):
    with pytest.raises(FeedError, match=f"has the option {next(iter(options))}="):
        targets.completed(uri, options)


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("x.parquet", {"encoding": "utf-8"}),
        ("x.csv.gz", {"gzip_compresslevel": 9}),
        ("X.CSV", {"gzip_mtime": 0}),  # as it is recorded of every file
        ("x.csv", {"postprocessing": ["my.Plugin"], "gzip_level": 9}),
    ],
)
def test_an_option_that_may_be_read_is_taken(uri, options):
    assert targets.completed(uri, options).items() >= options.items()


def test_a_file_of_another_machine_is_refused():
    with pytest.raises(FeedError, match="names another machine, there: "):
        targets.completed("file://there/x.csv", {})
    assert targets.completed("file:///x.csv", {})


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
def test_the_name_alone_compresses_and_verify_reads_it(finished, ending):
    names = [f"one.csv.{ending}", f"two.jsonl.{ending}", f"set.{ending}"]
    named = f"named.csv.{ending}"
    feeds = {names[2]: {"format": "csv"}}  # a setting is treated as the option is
    ended = finished.run(
        "export", "job", "-O", names[0], "-O", names[1], "-O", f"{named}:csv",
        "-s", f"FEEDS={json.dumps(feeds)}",
    )  # fmt: skip
    assert ended.status == 0, ended.log
    unpack = UNPACK[ending]
    rows = finished.file.read_bytes()
    for name in (names[0], names[2], named):
        assert unpack((finished.path / name).read_bytes()) == rows
    text = unpack((finished.path / names[1]).read_bytes()).decode()
    assert text.count("\n") == len(finished.rows())
    for name in names[:2]:
        assert finished.run("verify", "job", name).status == 0


def test_a_compressed_file_with_another_row_does_not_verify(finished):
    finished.run("export", "job", "-O", "bad.csv.zst")
    path = finished.path / "bad.csv.zst"
    rows = zstd.decompress(path.read_bytes())
    path.write_bytes(zstd.compress(rows.replace(b"refund", b"REFUND")))
    assert finished.run("verify", "job", "bad.csv.zst").status == 3
    path.write_bytes(path.read_bytes()[:-20])
    ended = finished.run("verify", "job", "bad.csv.zst")
    assert (ended.status, "Traceback" in ended.log) == (3, False)


def test_the_same_rows_give_the_same_bytes(finished):
    names = [f"same.csv.{ending}" for ending in UNPACK]
    options = [option for name in names for option in ("-O", name)]
    found = []
    for _ in range(2):
        assert finished.run("export", "job", *options).status == 0
        found.append([(finished.path / name).read_bytes() for name in names])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["x.gz", "backup/", "x.xlsx"])
def test_a_command_line_that_names_no_format_is_wrong(finished, name):
    ended = finished.run("export", "job", "-O", name)
    assert ended.status == 2
    assert REFUSED[name] in ended.log
    assert not (finished.path / name).exists()


def test_a_spreadsheet_is_refused_also_as_a_setting(finished):
    feeds = json.dumps({"x.xlsx": {"format": "csv"}})
    ended = finished.run("export", "job", "-s", f"FEEDS={feeds}")
    assert ended.status == 1
    assert "GORGIAS_SPREADSHEET_SAFE=True" in ended.log
    assert not (finished.path / "x.xlsx").exists()
