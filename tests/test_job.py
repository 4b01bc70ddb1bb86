"""The job directory: private, locked, of one account, and nothing else's."""

import contextlib
import itertools
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gorgias_crawler.archive import Archive, compression
from gorgias_crawler.config import Account
from gorgias_crawler.errors import (
    AnswerError,
    CannotStartError,
    CredentialsError,
    JobError,
    MisdirectedError,
    NotFoundError,
    RefusedError,
    RunEndError,
    UnansweredError,
    UnauthorizedError,
)
from gorgias_crawler.job.account import claim_job, explain
from gorgias_crawler.job.directory import Job, job_id

ROOT = Path(__file__).parent.parent
ACCOUNT = Account("https://acme.gorgias.com/api", "acme", "Basic s3cret")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_directory_and_files_are_the_owners_alone(tmp_path, umask):
    code = (
        f"import os, sys; os.umask({umask}); from pathlib import Path\n"
        "from gorgias_crawler.job.directory import Job\n"
        "job = Job(Path(sys.argv[1])); job.archive.begin_run()\n"
        "job.write_manifest({'run': 1})\n"
        "print(*(oct(p.stat().st_mode & 0o777) for p in [job.path, *job.path.iterdir()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "crawls" / "run1")],
        capture_output=True,
        text=True,
        check=True,
    )
    directory, *files = done.stdout.split()
    assert directory == "0o700"
    assert len(files) >= 4
    assert set(files) == {"0o600"}


def test_a_second_process_is_refused_and_the_lock_dies_with_the_first(tmp_path):
    job = Job(tmp_path / "job")
    with pytest.raises(JobError, match="in use by another crawl"):
        Job(tmp_path / "job")
    job.close()
    Job(tmp_path / "job").close()


@pytest.mark.parametrize("name", ["requests.queue", "holiday.jpg"])
def test_a_directory_of_something_else_is_refused_and_left_as_it_is(tmp_path, name):
    (tmp_path / name).write_text("")
    mode = tmp_path.stat().st_mode
    with pytest.raises(JobError, match=name):
        Job(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert tmp_path.stat().st_mode == mode


def test_a_directory_that_holds_only_a_log_is_taken(tmp_path):
    (tmp_path / "crawl.log").write_text("")
    Job(tmp_path).close()


@pytest.mark.parametrize(
    "name", ["archive.sqlite", "lock", "run.json", "run.json.part"]
)
def test_a_symbolic_link_in_place_of_a_file_is_not_followed(tmp_path, name):
    Job(tmp_path / "job").close()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "job" / name).unlink(missing_ok=True)
    (tmp_path / "job" / name).symlink_to(victim)
    with pytest.raises(JobError, match="symbolic link"):
        Job(tmp_path / "job")
    assert victim.read_text() == "precious"


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path):
    (tmp_path / "job").write_text("")
    with pytest.raises(JobError, match="JOBDIR"):
        Job(tmp_path / "job")


def test_a_name_that_cannot_be_recorded_is_an_error():
    with pytest.raises(JobError, match=r"JOBDIR: /.*\\udce9 has bytes in its name"):
        job_id(Path("caf\udce9"))


def test_what_a_killed_run_left_of_a_feed_is_removed_and_nothing_else(tmp_path):
    job = Job(tmp_path / "job")
    ours = tmp_path / f".out.csv.{job.id}.part"
    of_the_original = tmp_path / ".out.csv.01234567.part"  # this job is a copy of it
    stored = tmp_path / "out.csv"
    directory = tmp_path / f".messages.{job.id}.part"
    (directory / "month=2025-01").mkdir(parents=True)
    for path in (ours, of_the_original, stored, directory / "month=2025-01" / "part"):
        path.write_text("mail")
    for path in (ours, ours, of_the_original, directory):
        job.archive.claim_feed(str(path), None)
    job.archive.claim_feed(str(stored), "a hash")
    job.close()
    job = Job(tmp_path / "job")
    assert not ours.exists()
    assert not directory.exists()
    assert of_the_original.exists()
    assert stored.exists()
    assert job.archive.unfinished_feeds() == []
    assert job.archive.hashes_of_feed(str(stored)) == {"a hash"}
    job.close()


def test_an_unknown_format_is_refused(tmp_path):
    Archive.open(tmp_path / "a.sqlite").close()
    db = sqlite3.connect(tmp_path / "a.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    for open_ in (Archive.open, Archive.open_to_read):
        with pytest.raises(JobError, match="format 99"):
            open_(tmp_path / "a.sqlite")


def test_a_database_of_something_else_is_refused(tmp_path):
    db = sqlite3.connect(tmp_path / "a.sqlite")
    db.execute("CREATE TABLE recipes (name)")
    db.close()
    with pytest.raises(JobError, match="not an archive"):
        Archive.open(tmp_path / "a.sqlite")


@pytest.mark.parametrize("damage", ["header", "page"])
def test_a_damaged_archive_is_refused(tmp_path, damage):
    path = tmp_path / "a.sqlite"
    archive = Archive.open(path)
    with archive.transaction() as db:
        db.executemany(
            "INSERT INTO message VALUES (?, 1, 1, 0, ?, 1)",
            ((id_, b"x" * 500) for id_ in range(1, 200)),
        )
    archive.close()
    data = bytearray(path.read_bytes())
    start = 0 if damage == "header" else len(data) // 2
    data[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    with pytest.raises(JobError, match="damaged"):
        Archive.open(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_FULL", "disk is full"),
        ("SQLITE_IOERR_SHMSIZE", "disk does not read or write"),
        ("SQLITE_CANTOPEN", "rights"),
        ("SQLITE_READONLY_DBMOVED", "may not be written"),
        ("SQLITE_BUSY_SNAPSHOT", "another program holds it"),
        ("SQLITE_LOCKED", "another program holds it"),
        ("SQLITE_CORRUPT_INDEX", "it is damaged"),
        ("SQLITE_NOTADB", "it is damaged"),
        ("SQLITE_ERROR", "report this"),
    ],
)
def test_each_trouble_with_the_archive_has_its_own_next_step(
    tmp_path, monkeypatch, name, words
):
    def fail(*_args, **_options):
        error = sqlite3.OperationalError("SQLite says this")
        error.sqlite_errorname = name
        raise error

    path = tmp_path / "a.sqlite"
    path.touch()
    monkeypatch.setattr("sqlite3.connect", fail)
    for open_ in (Archive.open, Archive.open_to_read):
        with pytest.raises(JobError, match=words) as raised:
            open_(path)
        assert "SQLite says this" in str(raised.value)
        assert str(path) in str(raised.value)


def test_a_page_that_is_stored_survives_the_power_and_what_is_erased_does_not(tmp_path):
    archive = Archive.open(tmp_path / "a.sqlite")
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "secure_delete": 1,
    }
    for name, value in expected.items():
        assert archive.db.execute(f"PRAGMA {name}").fetchone() == (value,), name
    archive.close()


READ_AS_NOBODY = """
import os, sys
from pathlib import Path
from gorgias_crawler.archive import Archive
from gorgias_crawler.errors import JobError
# As nobody Python may not be able to read its own modules: all are loaded before.
warm = Path(sys.argv[2])
Archive.open(warm / "archive.sqlite").close()
Archive.open_to_read(warm / "archive.sqlite").close()
try:
    Archive.open_to_read(warm / "missing")
except JobError:
    pass
if os.getuid() == 0:
    os.setuid(65534)
try:
    archive = Archive.open_to_read(Path(sys.argv[1]))
    print(archive.facts.domain)
except JobError as error:
    print(error)
"""


def test_an_archive_that_was_closed_can_be_read_where_nothing_may_be_written(tmp_path):
    warm = tmp_path
    with tempfile.TemporaryDirectory() as name:
        job, path = Path(name), Path(name) / "archive.sqlite"
        archive = Archive.open(path)
        with archive.transaction():
            archive.facts.domain = "kept"
        archive.close()
        left_open = sqlite3.connect(path)

        def read():
            path.chmod(0o444)
            job.chmod(0o555)
            done = subprocess.run(
                [sys.executable, "-c", READ_AS_NOBODY, str(path), str(warm)],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                # without coverage, whose file nobody may write
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            )
            assert done.stderr == ""
            job.chmod(0o755)
            path.chmod(0o644)
            return done.stdout

        assert read() == "kept\n"
        left_open.execute("INSERT INTO fact VALUES ('new', 1)")
        left_open.commit()
        (job / "archive.sqlite-wal").chmod(0o400)
        (job / "archive.sqlite-shm").chmod(0o400)
        assert "copy the directory" in read()
        left_open.close()


def test_a_missing_archive_cannot_be_read(tmp_path):
    with pytest.raises(JobError, match="not a job directory"):
        Archive.open_to_read(tmp_path / "archive.sqlite")


def test_a_page_and_its_position_are_stored_together_or_not_at_all(tmp_path):
    archive = Archive.open(tmp_path / "a.sqlite")
    with pytest.raises(ZeroDivisionError), archive.transaction():
        archive.facts.listing = 1
        raise ZeroDivisionError
    assert archive.facts.listing is None
    archive.close()


def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path):
    archive = Archive.open(tmp_path / "a.sqlite")
    with archive.transaction():
        archive.facts.domain = "kept"
    pages = archive.db.execute("PRAGMA page_count").fetchone()[0]
    archive.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RunEndError, match="disk is full"), archive.transaction():
        archive.facts.host = "x" * 100_000
    assert (archive.facts.domain, archive.facts.host) == ("kept", None)
    archive.close()


def test_what_a_run_came_to_is_kept_in_both_places_or_in_neither(tmp_path):
    job = Job(tmp_path / "job")
    file, run = job.path / "run.json", job.archive.begin_run(1)
    file.mkdir()
    with pytest.raises(JobError, match=r"run\.json cannot be written \(Is a dir"):
        job.end_run(run, {"exit_status": 0})
    assert job.archive.last_manifest() is None
    file.rmdir()
    job.archive.db.execute("PRAGMA query_only = 1")
    with pytest.raises(RunEndError):
        job.end_run(run, {"exit_status": 0})
    assert sorted(file.parent.glob("run.json*")) == []
    job.archive.db.execute("PRAGMA query_only = 0")
    job.end_run(run, {"exit_status": 0})
    assert file.read_text() == '{\n  "exit_status": 0\n}\n'
    assert job.archive.last_manifest() == {"exit_status": 0}
    job.close()


def test_packing_is_undone_by_unpacking():
    assert compression.unpacked(compression.packed(b'{"a": 1}')) == b'{"a": 1}'


@pytest.mark.parametrize("text", ['{"a": 1}', "x" * 70_000])
def test_a_blob_in_which_a_bit_has_flipped_gives_no_other_object(text):
    blob = compression.packed(text.encode())
    for at, bit in itertools.product(range(min(len(blob), 100)), range(8)):
        flipped = bytearray(blob)
        flipped[at] ^= 1 << bit
        with contextlib.suppress(*compression.BAD_BLOB):
            assert compression.unpacked(bytes(flipped)) == text.encode()


@pytest.mark.parametrize(
    ("first", "second"), [("acme", "other"), (None, "other"), ("acme", None)]
)
def test_a_job_belongs_to_one_account(tmp_path, first, second):
    archive = Archive.open(tmp_path / "a.sqlite")
    claim_job(archive, ACCOUNT, first)
    claim_job(archive, ACCOUNT, first)
    other = Account("https://other.gorgias.com/api", "other", "Basic x")
    with pytest.raises(JobError, match="other"):
        claim_job(archive, other, second)
    archive.close()


def test_a_key_that_may_not_name_its_account_is_known_by_its_host(tmp_path):
    archive = Archive.open(tmp_path / "a.sqlite")
    claim_job(archive, ACCOUNT, "acme")
    claim_job(archive, ACCOUNT, None)
    claim_job(archive, ACCOUNT, "acme")
    archive.close()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (UnauthorizedError("401"), CredentialsError, "GORGIAS_API_KEY"),
        (NotFoundError("404", of_the_api=False), CredentialsError, "SUBDOMAIN"),
        (RefusedError("400", status=400), CredentialsError, "SUBDOMAIN"),
        (MisdirectedError("redirects to x"), CannotStartError, "redirects to x"),
        (UnansweredError("503"), RunEndError, "503"),
    ],
)
def test_a_failed_first_call_says_what_is_wrong(error: AnswerError, kind, words):
    end = explain(ACCOUNT, error)
    assert isinstance(end, kind)
    assert words in str(end)
    assert "s3cret" not in str(end)


def test_a_403_for_the_account_decides_nothing():
    assert explain(ACCOUNT, RefusedError("403", status=403)) is None
