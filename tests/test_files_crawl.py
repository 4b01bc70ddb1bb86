"""Real crawls that fetch files."""

import hashlib
import json
import signal
import sqlite3
import stat
import sys
import time
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import pytest

from gorgias_crawler.sandbox import Answer, World
from gorgias_crawler.sandbox.files import RECORDING, asked_as
from tests.changes import change
from tests.crawling import At, wait
from tests.expected import expected_files
from tests.faulty_files import FaultyFiles

FILES = ("-a", "files=true")


def kept(root: Path) -> dict[str, str]:
    """The SHA-256 of each file below a directory, by its name there."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def expected(world) -> dict[str, str]:
    """The SHA-256 of what messages refer to, by the paths that are asked for."""
    files = [file for file in expected_files(world) if file.kind != RECORDING]
    return {asked_as(file.path): file.sha256() for file in files}


def asked(shop) -> list[str]:
    """The paths of the files that Gorgias was asked for."""
    start = "/api/attachment/download"
    calls = [call.path for call in shop.sandbox.calls]
    return [path.removeprefix(start) for path in calls if path.startswith(start)]


def archived(shop):
    with closing(sqlite3.connect(shop.jobdir / "archive.sqlite")) as db:
        return db.execute(
            "SELECT path, stored_as, bytes, sha256, content_type, message.id, ticket_id "
            "FROM file JOIN file_of USING (path) JOIN message ON message.id = file_of.id "
            "WHERE sha256 IS NOT NULL"
        ).fetchall()


def test_every_attachment_and_inline_image_is_fetched_with_one_call(open_shop):
    shop = open_shop(tickets=60)
    files = expected(shop.world)
    columns = (
        "message_id,attachments,attachment_names,attachment_sizes,attachment_files"
    )
    ended = shop.crawl(
        *FILES, "-O", "m.jsonl", "-s", f"FEED_EXPORT_FIELDS={columns},inline_files"
    )
    assert ended.status == 0, ended.log
    root = shop.jobdir / "files"
    stored = kept(root)
    assert sorted(stored.values()) == sorted(files.values())
    assert sorted(asked(shop)) == sorted(files)
    assert len(shop.sandbox.file_host.calls) == len(files)
    assert all("Authorization" not in c.headers for c in shop.sandbox.file_host.calls)
    sizes = {asked_as(file.path): file.size for file in expected_files(shop.world)}
    types = {
        asked_as(file.path): file.content_type for file in expected_files(shop.world)
    }
    for path, place, size, sha256, type_, message, ticket in archived(shop):
        assert stored[place] == sha256 == files[path]
        assert (size, type_) == (sizes[path], types[path])
        assert place.startswith(f"{ticket}/{message}-")
    lines = (shop.path / "m.jsonl").read_text("utf-8").splitlines()
    rows = list(map(json.loads, lines))
    told = [name for row in rows for name in row["attachment_files"] if name]
    assert sorted([*told, *(n for r in rows for n in r["inline_files"])]) == sorted(
        stored
    )
    for row in rows:
        assert len(row["attachment_files"]) == len(row["attachments"])

    counts = shop.manifest()["files"]
    assert (counts["stored"], counts["fetched"]) == (len(files), len(files))
    assert f"{len(files):,} of {len(files):,} files stored" in ended.log
    if sys.platform != "win32":
        for path in (root, *root.rglob("*")):
            is_file = path.is_file()
            assert stat.S_IMODE(path.stat().st_mode) == (0o600 if is_file else 0o700)
    before = len(shop.sandbox.calls)
    assert shop.crawl(*FILES).status == 0
    assert len(shop.sandbox.file_host.calls) == len(files)
    assert len(shop.sandbox.calls) - before <= 4
    assert f"{len(files):,} of {len(files):,} stored" in shop.run("status", "job").log


def test_without_the_argument_nothing_is_fetched_and_the_estimate_counts(open_shop):
    shop = open_shop(tickets=30)
    assert shop.crawl().status == 0
    assert asked(shop) == []
    assert not (shop.jobdir / "files").exists()
    ended = shop.crawl("-a", "estimate=true")
    assert f"Files: {len(expected(shop.world))} files to fetch" in ended.log
    assert asked(shop) == []


def test_what_goes_wrong_with_a_file_is_named_and_tried_again(open_shop):
    shop = open_shop(tickets=60)
    faulty = FaultyFiles(shop.sandbox)
    faulty.stall_s = 60
    files = [file for file in expected_files(shop.world) if file.kind != RECORDING]
    bad = dict(zip(
        (file.resource for file in files),
        ("missing", "gone", "expired", "stall", "500", "short", "elsewhere", "endless"),
        strict=False,
    ))  # fmt: skip
    faulty.faults = {**bad, files[-1].resource: "hop"}
    first = shop.crawl(*FILES, "-s", "DOWNLOAD_TIMEOUT=1")
    assert first.status == 3, first.log
    assert shop.file.exists()
    counts = shop.manifest()["files"]
    assert counts["stored"] == len(files) - 8
    assert (counts["to_fetch"], counts["missing_once"], counts["missing"]) == (6, 2, 0)
    reasons = " ".join(sorted(file["reason"] for file in counts["failed"]))
    for word in ("403", "Timeout", "500", "ended too early", "elsewhere", "redirect"):
        assert word in reasons, word
    assert "6 files could not be fetched" in first.last_lines
    assert all(file["ticket_id"] for file in counts["not_at_gorgias"])
    whole = set(expected(shop.world).values())
    assert set(kept(shop.jobdir / "files").values()) < whole

    gone = [name for name in bad if bad[name] in ("missing", "gone")]
    faulty.faults = {name: bad[name] for name in gone}
    del shop.sandbox.calls[:]
    second = shop.crawl(*FILES)
    assert second.status == 0, second.log
    assert len(asked(shop)) == 8
    counts = shop.manifest()["files"]
    assert (counts["to_fetch"], counts["missing_once"], counts["missing"]) == (0, 0, 2)

    del shop.sandbox.calls[:]
    assert shop.crawl(*FILES).status == 0
    assert asked(shop) == []


def test_a_file_that_one_run_does_not_find_keeps_no_job_incomplete(open_shop):
    shop = open_shop(tickets=10)
    file = expected_files(shop.world)[0]
    FaultyFiles(shop.sandbox, **{file.resource: "missing"})
    ended = shop.crawl(*FILES)
    assert ended.status == 0, ended.log
    assert "is not at Gorgias (404 Not Found). The next run asks once more" in ended.log
    assert file.name not in ended.log


def test_an_address_that_has_expired_is_asked_for_again(open_shop):
    shop = open_shop(tickets=30)
    seen = set()

    def expire_once(call):
        if call.path in seen:
            return None
        seen.add(call.path)
        return Answer(HTTPStatus.FORBIDDEN, b"<Code>Request has expired</Code>")

    shop.sandbox.file_host.on_request = expire_once
    ended = shop.crawl(*FILES)
    assert ended.status == 0, ended.log
    files = expected(shop.world)
    assert sorted(asked(shop)) == sorted([*files, *files])
    assert sorted(kept(shop.jobdir / "files").values()) == sorted(files.values())


def test_a_redirect_to_nowhere_is_one_file_s_failure(open_shop):
    shop = open_shop(tickets=30)
    first, second = (asked_as(file.path) for file in expected_files(shop.world)[:2])
    leads = {first: {}, second: {"Location": "https://[::bad/x"}}

    def mislead(call):
        for path, headers in leads.items():
            if call.path.endswith(path):
                return Answer(HTTPStatus.TEMPORARY_REDIRECT, b"", headers)
        return None

    shop.sandbox.on_request = mislead
    ended = shop.crawl(*FILES)
    assert ended.status == 3, ended.log
    assert "a redirect to nowhere" in ended.log
    assert "a redirect to what is no address" in ended.log
    assert len(kept(shop.jobdir / "files")) == len(expected(shop.world)) - 2


def test_a_file_above_the_largest_size_is_no_file(open_shop):
    shop = open_shop(world=World(tickets=30, file_bytes=(1_000, 20_000)))
    ended = shop.crawl(*FILES, "-s", "GORGIAS_FILE_MAXSIZE=5000")
    assert ended.status == 3, ended.log
    small = [
        f for f in expected_files(shop.world) if f.kind != RECORDING and f.size <= 5000
    ]
    whole = kept(shop.jobdir / "files").values()
    assert sorted(whole) == sorted(file.sha256() for file in small)
    assert "larger than GORGIAS_FILE_MAXSIZE=5000" in ended.log


def nth_file(number):
    seen: list[object] = []

    def matches(call):
        seen.append(call)
        return len(seen) == number

    return matches


@pytest.mark.crash
@pytest.mark.parametrize("number", [1, 7, 15])
def test_after_a_kill_no_file_is_torn_or_lost_or_fetched_twice(open_shop, number):
    world = World(tickets=60, file_bytes=(100_000, 2_000_000))
    shop = open_shop(world=world, latency_s=0.005)

    def strike(hook, call):
        time.sleep(0.02)  # others are written meanwhile
        hook.process.send_signal(signal.SIGKILL)

    hook = At(nth_file(number), strike)
    shop.sandbox.file_host.on_request = hook
    hook.process = shop.start(*FILES)
    assert wait(hook.process).status == -signal.SIGKILL
    files, root = expected(world), shop.jobdir / "files"
    torn = {n for n, hash_ in kept(root).items() if hash_ not in files.values()}
    assert all(name.startswith(".unfinished-") for name in torn)
    ended = shop.crawl(*FILES)
    assert ended.status == 0, ended.log
    assert sorted(kept(root).values()) == sorted(files.values())
    in_flight = 4
    assert len(shop.sandbox.file_host.calls) <= len(files) + in_flight


def test_a_stop_waits_for_no_file_and_the_next_run_goes_on(open_shop):
    shop = open_shop(tickets=60, forks=False)
    faulty = FaultyFiles(shop.sandbox, **{"*": "stall"})
    faulty.stall_s = 600

    def strike(hook, call):
        hook.process.send_signal(signal.SIGTERM)

    hook = At(nth_file(4), strike)
    shop.sandbox.file_host.on_request = hook
    hook.process = shop.start(*FILES, "-s", "DOWNLOAD_TIMEOUT=600")
    stopped = wait(hook.process)
    assert stopped.status == 3, stopped.log
    assert "Traceback" not in stopped.log
    assert "exception" not in stopped.log
    assert kept(shop.jobdir / "files") == {}
    faulty.faults = {}
    assert shop.crawl(*FILES).status == 0


def test_files_of_deleted_tickets_are_deleted(open_shop):
    shop = open_shop(tickets=60)
    assert shop.crawl(*FILES).status == 0
    before = kept(shop.jobdir / "files")
    change(shop.world, deleted_tickets=20)
    ended = shop.crawl("-a", "relist=true", "-a", "allow_deletions=true")
    assert ended.status == 0, ended.log
    after = kept(shop.jobdir / "files")
    assert sorted(after.values()) == sorted(expected(shop.world).values())
    assert 0 < len(after) < len(before)
    assert shop.manifest()["files"]["deleted"] == len(before) - len(after)


def test_verify_reads_the_files_and_a_crawl_fetches_what_is_lost(open_shop):
    shop = open_shop(tickets=60)
    assert shop.crawl(*FILES).status == 0
    assert shop.run("verify", "job", "--files").status == 0
    lost, damaged, *_ = sorted((shop.jobdir / "files").glob("*/*"))
    lost.unlink()
    damaged.write_bytes(damaged.read_bytes()[::-1])
    verified = shop.run("verify", "job", "--files")
    assert verified.status == 3
    assert f"{lost.parent.name}/{lost.name}" in verified.log
    assert "its bytes have changed" in verified.log
    assert shop.run("verify", "job").status == 0
    del shop.sandbox.calls[:]
    assert shop.crawl(*FILES).status == 0
    assert len(asked(shop)) == 1
    assert lost.exists()


def test_recordings_of_calls_are_fetched_where_they_are_archived(open_shop):
    shop = open_shop(tickets=60)
    ended = shop.crawl(*FILES, "-a", "objects=voice_call_recordings")
    assert ended.status == 0, ended.log
    every = [file.sha256() for file in expected_files(shop.world)]
    assert sorted(kept(shop.jobdir / "files").values()) == sorted(every)
    assert list((shop.jobdir / "files" / "calls").iterdir())


def test_files_may_be_in_another_directory(open_shop):
    shop = open_shop(tickets=30)
    place = shop.path / "Dateien ä"
    ended = shop.crawl(*FILES, "-s", f"FILES_STORE={place}")
    assert ended.status == 0, ended.log
    assert sorted(kept(place).values()) == sorted(expected(shop.world).values())
    assert not (shop.jobdir / "files").exists()
    change(shop.world, deleted_tickets=10)
    ended = shop.crawl("-a", "relist=true")
    assert f"The files of this job are in {place}: give it as FILES_STORE" in ended.log
    assert len(kept(place)) > len(expected(shop.world))
    ended = shop.crawl("-s", f"FILES_STORE={place}")
    assert ended.status == 0, ended.log
    assert sorted(kept(place).values()) == sorted(expected(shop.world).values())


def test_a_job_that_was_moved_has_its_files_with_it(open_shop):
    shop = open_shop(tickets=30)
    assert shop.crawl(*FILES).status == 0
    shop.jobdir.rename(shop.path / "moved")
    (shop.path / "moved").rename(shop.path / "elsewhere")
    before = len(asked(shop))
    ended = shop.crawl(*FILES, "-s", "JOBDIR=elsewhere")
    assert ended.status == 0, ended.log
    assert len(asked(shop)) == before


def test_a_place_that_cannot_be_written_is_named_and_holds_back_no_rows(open_shop):
    shop = open_shop(tickets=30)
    (shop.path / "taken").write_text("a file")
    ended = shop.crawl(*FILES, "-s", "FILES_STORE=taken")
    assert ended.status == 3
    assert "Files cannot be stored in" in ended.last_lines
    assert "FILES_STORE" in ended.last_lines
    assert shop.rows() == shop.expected()


@pytest.mark.parametrize("value", ["ftp://host/x", "s4://bucket/x"])
def test_a_store_of_another_kind_is_refused(open_shop, value):
    shop = open_shop(tickets=3)
    ended = shop.crawl(*FILES, "-s", f"FILES_STORE={value}")
    assert ended.status == 1
    assert f"FILES_STORE={value}: files can be stored in" in ended.log
    assert shop.sandbox.calls == []
