"""The archive's file: its format, its transactions, and single facts about the job."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gorgias_crawler.archive import migrations, problems
from gorgias_crawler.archive.facts import Facts
from gorgias_crawler.archive.schema import APPLICATION_ID, FORMAT, SCHEMA
from gorgias_crawler.durable import owner
from gorgias_crawler.errors import JobError, RunEndError

_BATCH = 100  # rows read at once, so that no read lasts long


class OldFormatError(JobError):
    """The archive has an older format, and was opened only to be read."""


class Archive:
    """One archive file, with its `Facts`.

    Every function that writes does so in one `transaction`, and a finished
    transaction survives the end of the process and of the power (WAL with
    ``synchronous=FULL``; https://www.sqlite.org/pragma.html#pragma_synchronous). The
    limit of that promise is a disk that says "written" and has not.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self.db = db
        self.path = path
        self.facts = Facts(db)

    @classmethod
    def open(cls, path: Path) -> "Archive":
        """Open or create the archive at *path*.

        Raises `JobError` where it is damaged, of another format or cannot be locked.
        """
        try:
            archive = cls(sqlite3.connect(path, isolation_level=None), path)
            with archive._closed_on_failure():
                archive._check_format()  # first: a foreign file is not touched
                archive._configure()
                archive._bring_up_to_date()
                archive._check_integrity()
        except problems.UNREADABLE as error:
            raise JobError(f"JOBDIR: {problems.sentence(path, error)}") from None
        return archive

    @classmethod
    def open_to_read(cls, path: Path) -> "Archive":
        """Open the archive at *path* for reading, also while a crawl writes it.

        Raises `JobError` where there is none, or it cannot be read; `OldFormatError`
        where it has to be opened by a crawl first.
        """
        if not _may_be_there(path):
            raise JobError(
                f"{path.parent} is not a job directory: it has no {path.name}. Name "
                "the directory that you gave to the crawl with -s JOBDIR=..."
            )
        try:
            return cls._opened_to_read(path, "mode=ro")
        except sqlite3.DatabaseError as error:
            if not problems.is_of_rights(error):
                raise JobError(problems.sentence(path, error)) from None
        if _size(path.with_name(f"{path.name}-wal")):
            raise JobError(
                f"The archive {path} was not closed by the crawl that wrote it, and "
                "then cannot be read in a directory that may not be written: copy the "
                "directory to another place and name the copy."
            )
        try:
            return cls._opened_to_read(path, "immutable=1")
        except sqlite3.DatabaseError as error:
            raise JobError(problems.sentence(path, error)) from None

    @classmethod
    def _opened_to_read(cls, path: Path, mode: str) -> "Archive":
        uri = f"{path.resolve().as_uri()}?{mode}"
        archive = cls(sqlite3.connect(uri, uri=True, isolation_level=None), path)
        with archive._closed_on_failure():
            if archive._check_format() < FORMAT:
                raise OldFormatError(f"{path} has an older format.")
        return archive

    @contextlib.contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.db.close()
            raise

    def close(self) -> None:
        """Close the file; deleted rows do not stay readable in the write-ahead log."""
        with contextlib.suppress(sqlite3.Error):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()

    def _configure(self) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # WAL's default would lose the last pages
            "fullfsync = ON",  # macOS: fsync alone leaves data in the disk's cache
            "checkpoint_fullfsync = ON",
            "secure_delete = ON",  # an erased customer is overwritten, not unlinked
            "busy_timeout = 5000",  # ms; a reader's lock lasts far less
        ):
            self.db.execute(f"PRAGMA {pragma}")

    def _check_format(self) -> int:
        """Return the format, 0 of a new file. Raises `JobError`."""
        application_id = self.value("PRAGMA application_id")
        format_number = self.value("PRAGMA user_version")
        tables = self.value("SELECT count(*) FROM sqlite_master")
        if (application_id, format_number, tables) == (0, 0, 0):
            return 0
        if application_id != APPLICATION_ID:
            raise JobError(
                f"JOBDIR: {self.path} is not an archive of gorgias_crawler: use "
                "another directory."
            )
        if not migrations.OLDEST <= format_number <= FORMAT:
            raise JobError(
                f"JOBDIR: the archive {self.path} has format {format_number}, and "
                f"this version of gorgias_crawler knows formats {migrations.OLDEST} to "
                f"{FORMAT}: use the version that made it, or a new JOBDIR."
            )
        return int(format_number)

    def _bring_up_to_date(self) -> None:
        old = self._check_format()
        if not old:
            self.db.executescript(SCHEMA)
        elif old < FORMAT:
            migrations.migrate(self.db, old)

    def _check_integrity(self) -> None:
        # Read whole only where that takes about a second; a larger archive shows its
        # damage when a damaged page is read, and `scrapy verify` reads all of it.
        if self.path.stat().st_size < 256 * 2**20:
            answer = self.value("PRAGMA quick_check(1)")
            if answer != "ok":
                raise sqlite3.DatabaseError(answer)

    def value(self, sql: str, *values: Any) -> Any:
        """Return the one value that *sql* asks for, None where there is no row."""
        row = self.db.execute(sql, values).fetchone()
        return row and row[0]

    def column(self, sql: str, *values: Any) -> list[Any]:
        """Return the one value that *sql* asks for of each row."""
        return [value for (value,) in self.db.execute(sql, values)]

    def batches(self, sql: str, *values: Any, after: Any = -1) -> Iterator[list[Any]]:
        """Yield the rows that *sql* asks for, a hundred at once.

        They are in the order of their first column, and above its first parameter, at
        first *after*. So it reads in short transactions, and the write-ahead log can
        be emptied meanwhile.
        """
        limited = f"{sql} LIMIT {_BATCH}"
        while batch := self.db.execute(limited, (after, *values)).fetchall():
            yield batch
            after = batch[-1][0]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Raises `RunEndError` where it cannot be written."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            yield self.db
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self.explained(error) from None
        finally:
            # SQLite rolls back by itself after some errors, not after others.
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Raise `RunEndError` where the archive cannot be read or is damaged."""
        try:
            yield self.db
        except problems.UNREADABLE as error:
            raise self.explained(error) from None

    def explained(self, error: Exception) -> RunEndError:
        """Return what ends the run where SQLite or zlib raised *error*."""
        reason = "archive_damaged" if problems.is_damage(error) else "archive_error"
        return RunEndError(reason, problems.sentence(self.path, error))

    def begin_run(self, began_us: int = 0) -> int:
        """Return the number of a run that begins now, at *began_us*."""
        with self.transaction() as db:
            number = db.execute(
                "INSERT INTO run (began_us) VALUES (?)", (began_us,)
            ).lastrowid
        assert number is not None
        return number

    def last_run(self) -> int:
        """Return the number of the last run that began, 0 before the first."""
        return self.value("SELECT max(id) FROM run") or 0

    def last_run_before(self, instant_us: int) -> int:
        """Return the number of the last run that began before an instant, or 0.

        Those of older versions, which did not note it, began before any.
        """
        before = "SELECT max(id) FROM run WHERE coalesce(began_us, 0) < ?"
        return self.value(before, instant_us) or 0

    def last_manifest(self) -> dict[str, Any] | None:
        """Return the manifest of the last run that came to its end, if one did."""
        return next(self.manifests(), None)

    def manifests(self) -> Iterator[dict[str, Any]]:
        """Yield the manifests of the runs that came to their end, the newest first.

        Raises `RunEndError` where one is damaged.
        """
        for (manifest,) in self.db.execute(
            "SELECT manifest FROM run WHERE manifest IS NOT NULL ORDER BY id DESC"
        ):
            try:
                told = json.loads(manifest)
            except ValueError as error:  # no checksum covers it
                raise self.explained(error) from None
            yield told

    def end_run(self, number: int, manifest: dict[str, Any]) -> None:
        """Keep the *manifest* of a run that has ended."""
        with self.transaction() as db:
            db.execute(
                "UPDATE run SET manifest = ? WHERE id = ?",
                (json.dumps(manifest), number),
            )

    def claim_feed(self, path: str, sha256: str | None) -> None:
        """Note that this job writes the file *path*, so that it may replace it.

        Without a hash it is unfinished, and the next run may remove it.
        """
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO feed VALUES (?, ?)", (path, sha256))

    def hashes_of_feed(self, path: str) -> set[str]:
        """Return the SHA-256 of all that this job has ever stored at *path*."""
        stored = "SELECT sha256 FROM feed WHERE path = ? AND sha256 IS NOT NULL"
        return set(self.column(stored, path))

    def unfinished_feeds(self) -> list[str]:
        """Return the files that runs before this one may have left half-written."""
        return self.column("SELECT DISTINCT path FROM feed WHERE sha256 IS NULL")

    def forget_unfinished_feeds(self) -> None:
        """Note that the unfinished files have been removed."""
        with self.transaction() as db:
            db.execute("DELETE FROM feed WHERE sha256 IS NULL")


def _may_be_there(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        raise JobError(
            f"{path.parent} belongs to {owner(path.parent)}, and only its owner may "
            "read it, because it holds customers' mail: run the command as that user, "
            "or ask for a file that the command `export` makes."
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
