"""Contract C2: a feed is stored whole or not at all, and never fails in silence.

Every law is tried on real crawls (`feed_crawl.py`) in a process of their own.
"""

import csv
import gzip
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gorgias_crawler.durable import is_mounted
from gorgias_crawler.redact import public_uri, scrubbed
from tests import forking
from tests.crawling import HANG_S, linux_only
from tests.feed_crawl import NASTY

ROOT = Path(__file__).parent.parent
CSV = {"format": "csv"}  # what -o gives
REPLACE = {"format": "csv", "overwrite": True}  # what -O gives
GZIP = {"postprocessing": ["scrapy.extensions.postprocessing.GzipPlugin"]}
HEADER = b"id,body\r\n"
FIVE_ROWS = HEADER + b"".join(b"%d,%s\r\n" % (n, b"x" * 10) for n in range(5))
OLD = b"last night's rows"
PART = ".out.csv.ab12cd34.part"
SECRET = "s3cret"
BIG = {"rows": 300, "body_size": 1000}  # beyond every buffer
on_linux = linux_only("rights, kills, pipes, /dev/full and limits of files are used")


def start(
    work: Path,
    *crawls: dict[str, Any],
    stdout: Any = subprocess.PIPE,
    flags: tuple[str, ...] = (),
    **process: Any,
) -> subprocess.CompletedProcess[bytes]:
    spec, results = work.parent / "spec.json", work.parent / "results.json"
    spec.write_text(json.dumps({"crawls": crawls, **process}))
    arguments = [str(spec), str(results)]
    # where the disk is full without coverage, whose file would not fit, either
    bare = {"COVERAGE_PROCESS_CONFIG": ""} if "file_size" in process else {}
    env = os.environ | {"PYTHONPATH": str(ROOT)} | bare
    module = "tests.feed_crawl"
    if forking.is_on and not flags:
        with tempfile.TemporaryFile() as printed:
            fd = printed.fileno() if stdout == subprocess.PIPE else stdout
            fork = forking.Forked(arguments, work, env, module, fd)
            errors, _ = fork.communicate(HANG_S)
            printed.seek(0)
            ended = (fork.wait(), printed.read(), errors.encode())
            return subprocess.CompletedProcess(arguments, *ended)
    return subprocess.run(
        [sys.executable, *flags, "-m", module, *arguments],
        cwd=work,
        env=env,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        timeout=HANG_S,
    )


def crawl(work: Path, *crawls: dict[str, Any], **process: Any) -> list[Any]:
    """Run *crawls* one after the other in one process; return what each came to."""
    child = start(work, *crawls, **process)
    # No traceback, also not of a file that is collected as garbage.
    assert child.stderr.decode() == ""
    assert child.returncode == 0
    results = json.loads((work.parent / "results.json").read_text())
    return [SimpleNamespace(**result, stdout=child.stdout) for result in results]


def troubles(result: Any) -> list[str]:
    marks = ("ERROR", "WARNING", "CRITICAL", "Traceback")
    return [line for line in result.log.splitlines() if line.startswith(marks)]


def parts(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if path.name.endswith(".part")]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# What can be known before the first request.

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown storage": ({f"gopher://u:{SECRET}@h/x": CSV}, "unknown storage 'gopher'"),
    "unknown format": ({"x.docx": {}}, "unknown format 'docx'"),
    "spreadsheet": ({"x.xlsx": {}}, "GORGIAS_SPREADSHEET_SAFE"),
    "no rows": ({"x": {"format": "manifest"}}, "which only a folder has"),
    "no rows in files": ({"x/": {"format": "manifest"}}, "which only a folder has"),
    "no format": ({"x": {"format": ""}}, "unknown format ''"),
    "missing package": ({f"s3://KEY:{SECRET}@bucket/x": CSV}, "pip install boto3"),
    "missing upload package": ({"gs://b/x": CSV}, "pip install google-cloud-storage"),
    "batches": ({"x.csv": {"batch_item_count": 5}}, "remove it"),
    "directory": ({"directory": REPLACE}, "is a directory"),
    "no directory possible": ({"file.csv/x.csv": CSV}, "cannot be set up"),
    "no file possible": ({"x" * 256: CSV}, "File name too long"),
    "same target": ({"new.csv": CSV, "./new.csv": REPLACE}, "same target as another"),
    "same target by link": (
        {"file.csv": REPLACE, "link.csv": REPLACE},
        "same target as another",
    ),
    "file of others": ({"file.csv": CSV}, "use -O to replace it"),
    "file of others by URI": ({"FILE_URI": CSV}, "use -O to replace it"),
    "link to a file of others": ({"link.csv": CSV}, "use -O to replace it"),
    "link that leads round": ({"round.csv": REPLACE}, "is not a regular file"),
    "something in the way": ({"trap.csv": CSV}, "File exists"),
    "unknown placeholder": ({"x-%(nothing)s.csv": CSV}, "nothing"),
    "ftp": ({f"ftp://u:{SECRET}@h/x": CSV}, "unknown storage 'ftp'"),
    "name that is not UTF-8": ({"caf\udce9.csv": CSV}, "caf\\udce9.csv"),
    "one bad of two": ({"good.csv": CSV, "x.docx": {}}, "unknown format"),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    work = tmp_path_factory.mktemp("refused") / "work"
    (work / "directory").mkdir(parents=True)
    (work / "file.csv").write_bytes(OLD)
    (work / "link.csv").symlink_to("file.csv")
    (work / "round.csv").symlink_to("round.csv")
    (work / ".trap.csv.ab12cd34.part").symlink_to("elsewhere")
    storages = {"s3": "tests.feed_crawl.LacksItsPackage"}
    crawls = []
    for feeds, _ in REFUSED.values():
        uris = [uri.replace("FILE_URI", (work / "file.csv").as_uri()) for uri in feeds]
        renamed = dict(zip(uris, feeds.values(), strict=True))
        crawls.append({"feeds": renamed, "storages": storages})
    before = sorted(path.name for path in work.iterdir())
    results = crawl(work, *crawls)
    after = sorted(path.name for path in work.iterdir())
    return SimpleNamespace(
        results=dict(zip(REFUSED, results, strict=True)),
        before=before,
        after=after,
        old=(work / "file.csv").read_bytes(),
    )


@pytest.mark.parametrize("name", REFUSED)
def test_a_feed_that_cannot_be_set_up_ends_the_run_before_the_first_request(
    refusals, name
):
    result = refusals.results[name]
    assert result.error.startswith("FeedError: The feed ")
    assert REFUSED[name][1] in result.error
    assert "\n" not in result.error
    assert "Spider opened" not in result.log
    assert SECRET not in result.error + result.log


def test_a_refused_feed_changes_nothing_on_the_disk(refusals):
    assert refusals.after == refusals.before
    assert refusals.old == OLD


def test_a_run_without_feeds_is_fine(work):
    (result,) = crawl(work, {"feeds": {}})
    assert (result.reason, result.stored) == ("finished", [])


# What a complete run leaves.


def test_an_export_is_a_snapshot_that_replaces_the_one_before(work):
    (work / "replaced.csv").write_bytes(OLD)
    feeds = {"out.csv": CSV, "replaced.csv": REPLACE, "new/deep.csv": CSV}
    first, second = crawl(work, {"feeds": feeds}, {"feeds": feeds})
    assert (first.failed, second.failed) == ([], [])
    for uri in feeds:
        assert (work / uri).read_bytes() == FIVE_ROWS
    assert parts(work) == []
    assert troubles(first) == []


def test_every_stored_feed_is_recorded_as_it_is_on_disk(work):
    jsonl, packed = {"format": "jsonl"}, {"format": "csv", **GZIP}
    feeds = {"out.csv": CSV, "a.jsonl": jsonl, "b.csv.gz": packed, "c.json": {}}
    (result,) = crawl(work, {"feeds": feeds})
    records = {record.pop("uri"): record for record in result.stored}
    assert list(records) == [str(work / uri) for uri in feeds]
    for uri, record in records.items():
        data = Path(uri).read_bytes()
        assert (record["rows"], record["bytes"]) == (5, len(data))
        assert record["sha256"] == hashlib.sha256(data).hexdigest()
    packed_bytes = (work / "b.csv.gz").read_bytes()
    assert gzip.decompress(packed_bytes) == FIVE_ROWS
    assert packed_bytes[4:8] == bytes(4)  # no time in it: the same rows, the same bytes
    rows = [{"id": n, "body": "x" * 10} for n in range(5)]
    assert json.loads((work / "c.json").read_text()) == rows
    text = (work / "a.jsonl").read_text()
    assert [json.loads(line) for line in text.splitlines()] == rows


def test_an_empty_account_gives_files_with_their_header(work):
    (work / "out.csv").write_bytes(OLD)
    gzipped = CSV | GZIP
    renamed = CSV | {"fields": {"id": "Number", "body": "Text"}}
    bare = CSV | {"item_export_kwargs": {"include_headers_line": False}}
    feeds = {"out.csv": REPLACE, "out.json": {}, "out.csv.gz": gzipped}
    feeds |= {"renamed.csv": renamed, "bare.csv": bare, "none.csv": CSV}
    feeds["none.csv"] = CSV | {"store_empty": False}
    (result,) = crawl(work, {"feeds": feeds, "rows": 0})
    assert (work / "out.csv").read_bytes() == HEADER
    assert json.loads((work / "out.json").read_text()) == []
    assert gzip.decompress((work / "out.csv.gz").read_bytes()) == HEADER
    assert (work / "renamed.csv").read_bytes() == b"Number,Text\r\n"
    assert (work / "bare.csv").read_bytes() == b""
    assert not (work / "none.csv").exists()
    assert len(result.stored) == len(feeds)


def test_hostile_and_huge_bodies_come_back_from_the_csv(work):
    crawl(
        work,
        {"feeds": {"out.csv": CSV}, "body": NASTY},
        {"feeds": {"huge.csv": CSV}, "rows": 1, "body_size": 20_000_000},
    )
    csv.field_size_limit(30_000_000)
    with (work / "out.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1:] == [[str(n), NASTY] for n in range(5)]
    with (work / "huge.csv").open(newline="", encoding="utf-8") as file:
        assert [len(row[1]) for row in csv.reader(file)] == [4, 20_000_000]


@pytest.mark.parametrize("umask", [0o000, 0o077])
@on_linux
def test_files_are_the_owners_unless_the_target_had_other_rights(work, umask):
    (work / "shared.csv").write_bytes(OLD)
    (work / "shared.csv").chmod(0o640)
    feeds = {"out.csv": CSV, "shared.csv": REPLACE}
    crawl(work, {"feeds": feeds}, umask=umask)
    assert mode(work / "out.csv") == 0o600
    assert mode(work / "shared.csv") == 0o640
    assert (work / "shared.csv").read_bytes() == FIVE_ROWS


def test_a_symbolic_link_stays_and_its_target_is_replaced(work):
    (work / "archive").mkdir()
    (work / "archive" / "out.csv").write_bytes(OLD)
    (work / "latest.csv").symlink_to("archive/out.csv")
    (work / "dangling.csv").symlink_to("archive/new.csv")
    feeds = {"latest.csv": REPLACE, "dangling.csv": CSV}
    (result,) = crawl(work, {"feeds": feeds})
    assert (work / "latest.csv").is_symlink()
    assert (work / "dangling.csv").is_symlink()
    for name in ("out.csv", "new.csv"):
        assert (work / "archive" / name).read_bytes() == FIVE_ROWS
    assert result.stored[0]["uri"] == str(work / "archive" / "out.csv")


# Standard output, devices and pipes.


@pytest.mark.parametrize("uri", ["stdout:", "/dev/stdout"])
def test_standard_output_gets_the_rows(work, uri):
    (result,) = crawl(work, {"feeds": {uri: REPLACE}})
    assert result.stdout == FIVE_ROWS
    (record,) = result.stored
    assert (record["rows"], record["bytes"], record["sha256"]) == (5, None, None)
    assert troubles(result) == []


@pytest.mark.parametrize("rows", [5, 300])
def test_a_closed_pipe_is_one_error_and_no_traceback(work, rows):
    read_end, write_end = os.pipe()
    os.close(read_end)
    spec = {"feeds": {"stdout:": CSV}, "rows": rows, "body_size": 1000}
    (result,) = crawl(work, spec, stdout=write_end)
    os.close(write_end)
    assert result.stored == []
    assert troubles(result) == [f"ERROR {result.failed[0]}"]
    assert "stdout: was not read to its end: its reader left" in result.failed[0]
    assert "run the same command again" not in result.failed[0]


@on_linux
def test_a_pipe_gets_the_rows_and_is_not_replaced(work):
    os.mkfifo(work / "pipe")
    received: list[bytes] = []
    reader = threading.Thread(
        target=lambda: received.append((work / "pipe").read_bytes()), daemon=True
    )
    reader.start()
    (result,) = crawl(work, {"feeds": {"pipe": CSV}})
    reader.join(timeout=HANG_S)
    assert received == [FIVE_ROWS]
    assert stat.S_ISFIFO((work / "pipe").stat().st_mode)
    assert [record["uri"] for record in result.stored] == ["pipe"]


def test_standard_output_gets_the_rows_where_a_log_has_taken_its_place(open_shop):
    shop = open_shop(tickets=3)
    ended = shop.crawl("-O", "-:csv", "-s", "LOG_STDOUT=True")
    assert ended.status == 0, ended.log
    assert "\nticket_id,channel," in ended.log


# What an incomplete run leaves.


def test_a_stopped_run_leaves_every_target_as_it_was(work):
    (work / "out.csv").write_bytes(OLD)
    (work / "object").write_bytes(OLD)
    feeds = {"out.csv": REPLACE, "fake://bucket/object": CSV, "new.csv.gz": CSV | GZIP}
    early = {"feeds": feeds, **BIG, "stop_at": 200}
    before_rows = {"feeds": feeds, "stop_at": 0}
    for result in crawl(work, early, before_rows):
        assert (result.reason, result.stored, result.failed) == ("shutdown", [], [])
        assert troubles(result) == []
    assert sorted(path.name for path in work.iterdir()) == ["object", "out.csv"]
    assert (work / "out.csv").read_bytes() == (work / "object").read_bytes() == OLD


@on_linux
def test_a_killed_run_leaves_the_target_and_the_next_run_clears_up(work):
    (work / "out.csv").write_bytes(OLD)
    killed = {"feeds": {"out.csv": REPLACE}, **BIG, "kill_at": 250}
    assert start(work, killed).returncode == -signal.SIGKILL
    assert (work / "out.csv").read_bytes() == OLD
    assert parts(work) == [PART]
    assert (work / PART).stat().st_size > 100_000
    assert mode(work / PART) == 0o600
    crawl(work, {"feeds": {"out.csv": REPLACE}})
    assert (work / "out.csv").read_bytes() == FIVE_ROWS
    assert parts(work) == []


@on_linux
def test_a_run_killed_after_the_rename_owns_its_file(work):
    killed = {"feeds": {"out.csv": CSV}, "faults": ["killed after rename"]}
    assert start(work, killed).returncode == -signal.SIGKILL
    assert (work / "out.csv").read_bytes() == FIVE_ROWS
    (result,) = crawl(work, {"feeds": {"out.csv": CSV}})
    assert len(result.stored) == 1


@on_linux
def test_a_full_disk_ends_the_run_and_leaves_the_target(work):
    (work / "out.csv").write_bytes(OLD)
    feeds = {"out.csv": REPLACE, "small.jsonl": {"fields": ["id"]}}
    feeds["out.csv.gz"] = CSV | GZIP
    (result,) = crawl(
        work, {"feeds": feeds, **BIG}, file_size=100_000, flags=("-X", "dev")
    )
    assert (result.reason, result.ended) == ("feed_error", ["feed_error"])
    assert result.stored == []
    assert [line for line in troubles(result) if line.startswith("ERROR")] == [
        f"ERROR {result.failed[0]}"
    ]
    assert f"{work / 'out.csv'} cannot be written (File too large)" in result.failed[0]
    assert [path.name for path in work.iterdir()] == ["out.csv"]
    assert (work / "out.csv").read_bytes() == OLD


def fails(feeds: Any, error: str, **spec: Any) -> tuple[dict[str, Any], str]:
    return ({"feeds": feeds, **spec}, error)


FAILURES = {
    "device full at once": fails({"/dev/full": CSV}, "No space left", **BIG),
    "device full at the end": fails({"/dev/full": CSV}, "No space left"),
    "compressed": fails({"/dev/full": CSV | GZIP}, "No space left", **BIG),
    "compressed at the end": fails({"/dev/full": CSV | GZIP}, "No space left"),
    "empty": fails({"/dev/full": CSV}, "No space left", rows=0),
    "exporter": fails({"x.a": {"format": "leaking"}}, "(ValueError)"),
    "exporter's end": fails({"x.b": {"format": "failing"}}, "(ValueError)"),
    "filter": fails(
        {"x.csv": CSV | {"item_filter": "tests.feed_crawl.FailingFilter"}},
        "(ValueError)",
    ),
    "fsync": fails({"x.csv": CSV}, "Input/output error", faults=["os.fsync"]),
    "upload": fails(
        {f"fake://KEY:{SECRET}@denied/x": CSV},
        "(ValueError: access denied to fake://denied/x with key ***)",
    ),
    "archive full": fails({"x.csv": CSV}, "the archive is full", faults=["claim"]),
    "pipe without reader": fails({"pipe": CSV}, "(nobody reads it)"),
    "link in place of the temporary file": fails(
        {"out.csv": CSV}, "File exists", link_at=0, link=PART, link_to="elsewhere"
    ),
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    work = tmp_path_factory.mktemp("failing") / "work"
    work.mkdir()
    os.mkfifo(work / "pipe")
    # Development mode tells of errors in finalizers, as Python 3.13 always does.
    specs = [spec for spec, _ in FAILURES.values()]
    results = crawl(work, *specs, flags=("-X", "dev"))
    return work, dict(zip(FAILURES, results, strict=True))


@pytest.mark.parametrize("name", FAILURES)
@on_linux
def test_the_first_write_error_is_one_line_and_ends_the_run(failures, name):
    result = failures[1][name]
    (sentence,) = result.failed
    assert FAILURES[name][1] in sentence
    assert result.stored == []
    assert result.ended == ["feed_error"]
    errors = [line for line in troubles(result) if not line.startswith("WARNING Exec")]
    assert errors == [f"ERROR {sentence}"]
    assert SECRET not in result.log
    assert "customer" not in result.log


@on_linux
def test_a_failed_feed_leaves_nothing(failures):
    work, _ = failures
    assert sorted(path.name for path in work.iterdir()) == [PART, "pipe"]
    assert (work / PART).is_symlink()
    assert not (work / "elsewhere").exists()


def test_an_error_in_storing_one_feed_does_not_stop_the_others(work):
    feeds = {"fake://denied/x": CSV, "out.csv": CSV, "fake://bucket/object": CSV}
    (result,) = crawl(work, {"feeds": feeds})
    assert len(result.failed) == 1
    assert [record["uri"] for record in result.stored] == [
        str(work / "out.csv"),
        "fake://bucket/object",
    ]
    assert (work / "object").read_bytes() == FIVE_ROWS
    data = (work / "object").read_bytes()
    assert result.stored[1]["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "spec",
    [
        {"feeds": {"out.csv": REPLACE}, "faults": ["os.replace"]},
        {"feeds": {"out.csv": CSV}, "make_at": 3, "make": "out.csv"},
    ],
    ids=["open in another program", "made by somebody else meanwhile"],
)
def test_a_target_that_cannot_be_replaced_keeps_the_rows_beside_it(work, spec):
    (result,) = crawl(work, spec)
    (sentence,) = result.failed
    assert str(work / "out.csv") in sentence
    assert str(work / PART) in sentence
    assert (work / PART).read_bytes() == FIVE_ROWS
    assert troubles(result) == [f"ERROR {sentence}"]
    if "make" in spec:
        assert (work / "out.csv").read_text() == "somebody else's"


def test_what_was_renamed_is_stored_though_its_directory_cannot_be_synced(work):
    (work / "out.csv").write_bytes(OLD)
    (result,) = crawl(work, {"feeds": {"out.csv": REPLACE}, "faults": ["directory"]})
    assert (work / "out.csv").read_bytes() == FIVE_ROWS
    assert (result.ended, result.failed, len(result.stored)) == ([], [], 1)
    (warning,) = troubles(result)
    assert "out.csv is stored, but its directory cannot be synced (Perm" in warning


@pytest.mark.parametrize("content", ["somebody else's", None])
def test_a_temporary_file_that_is_not_ours_any_more_replaces_nothing(work, content):
    (work / "out.csv").write_bytes(OLD)
    swap = {**BIG, "swap_at": 250, "swapped": PART, "swapped_for": content}
    (result,) = crawl(work, {"feeds": {"out.csv": REPLACE}, **swap})
    assert (work / "out.csv").read_bytes() == OLD
    assert f"has removed or replaced {work / PART}" in result.failed[0]
    assert (result.stored, result.ended) == ([], ["feed_error"])
    assert parts(work) == ([PART] if content else [])


@pytest.mark.parametrize("name", ["x" * 251 + ".csv", "é" * 125 + ".csv"])
def test_a_name_may_be_as_long_as_the_file_system_takes(work, name):
    (result,) = crawl(work, {"feeds": {name: CSV}})
    assert result.failed == []
    assert [path.name for path in work.iterdir()] == [name]


def test_a_file_that_is_mounted_by_itself_is_refused_at_the_start(work):
    (work / "out.csv").write_bytes(OLD)
    (result,) = crawl(work, {"feeds": {"out.csv": REPLACE}, "faults": ["mounted"]})
    assert "mount the directory that it is in" in result.error
    assert "Spider opened" not in result.log


def test_what_is_mounted_is_read_from_the_list_of_mounts(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "36 35 98:0 /mnt1 / rw - ext4 /dev/root rw\n"
        "37 36 98:0 /out.csv /data/my\\040tickets.csv rw - ext4 /dev/root rw\n"
    )
    assert is_mounted(Path("/data/my tickets.csv"), mounts)
    assert not is_mounted(Path("/data/tickets.csv"), mounts)
    assert not is_mounted(Path("/data/tickets.csv"), tmp_path / "no such list")


# No secret of a URI is shown.


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://KEY:s3cret@bucket/a.csv", "s3://bucket/a.csv"),
        ("s3://KEY:s3c/s3cret@bucket/a.csv", "s3://bucket/a.csv"),
        ("ftp://user@host:21/a@b.csv", "ftp://host:21/a@b.csv"),
        ("ftp://host:21/a@b.csv", "ftp://host:21/a@b.csv"),
        ("ftp://u:p@s3cret@host/a.csv", "ftp://host/a.csv"),
        ("s3://bucket/a.csv?token=s3cret", "s3://bucket/a.csv"),
        ("what?@is.csv", "what?@is.csv"),
    ],
)
def test_a_uri_is_shown_without_its_secrets(uri, shown):
    assert public_uri(uri) == shown


def test_an_error_text_is_shown_in_one_line_without_the_secrets_of_its_uri():
    text = "no\n access with a/b for ftp://u:a%2Fb@h/x"
    assert scrubbed(text, "ftp://u:a%2Fb@h/x") == "no access with *** for ftp://h/x"
