"""The job directory: whose it is, who may read it, and one process at a time.

It holds customers' mail: the directory is 0700 and the files in it 0600, whatever the
umask. The lock is of the operating system and dies with the process.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from gorgias_crawler import durable
from gorgias_crawler.archive import Archive, OldFormatError
from gorgias_crawler.errors import (
    EXIT_CANNOT_START,
    EXIT_WRONG_USAGE,
    GorgiasError,
    JobError,
)
from gorgias_crawler.redact import public_uri

ARCHIVE = "archive.sqlite"
LOCK = "lock"
MANIFEST = "run.json"
FILES = {
    *(ARCHIVE, f"{ARCHIVE}-wal", f"{ARCHIVE}-shm"),
    *(LOCK, MANIFEST, f"{MANIFEST}.part"),
}
"""All that a job keeps in its directory."""

_TRIES, _TRY_AGAIN_S = 5, 0.05  # a look at the lock takes microseconds
_LOG_FILES = ".log"  # people put the log of a crawl beside its archive


class Job:
    """One open job directory.

    ``archive`` is open and locked until `close`. ``id`` is short, stable for the
    directory, and names the temporary files of its feeds.
    """

    def __init__(self, path: Path) -> None:
        """Create or open the job directory at *path*. Raises `JobError`."""
        self.path = path
        self.id = job_id(path)
        try:
            self._create()
            self._lock = self._locked()
            durable.ensure_private(path / ARCHIVE)
        except OSError as error:
            raise self._unusable(error) from None
        self.archive = Archive.open(path / ARCHIVE)
        durable.sync_directory(path)
        self._remove_unfinished_feeds()

    def _unusable(self, error: OSError) -> JobError:
        paths = (self.path, *(self.path / name for name in sorted(FILES)))
        foreign = next(filter(durable.is_of_another_user, paths), None)
        if isinstance(error, PermissionError) and foreign is not None:
            return JobError(
                f"JOBDIR: {foreign} belongs to {durable.owner(foreign)}, and a job must be its "
                "user's alone, because it holds customers' mail: run the crawl as that "
                f"user, make {self.path} with all in it yours (chown -R), or give "
                "another directory with -s JOBDIR=..."
            )
        return JobError(
            f"JOBDIR: {self.path} cannot be used ({error.strerror or error}): give "
            "another directory with -s JOBDIR=..."
        )

    def _remove_unfinished_feeds(self) -> None:
        """Remove what a killed run has left of its feeds: it is full of mail."""
        paths = [Path(name) for name in self.archive.unfinished_feeds()]
        for path in paths:
            # In a copy of a job directory, which has another id, they are those of the
            # original, which may be at work on them now.
            if path.name.endswith(f".{self.id}.part"):
                with contextlib.suppress(OSError):
                    durable.remove(path)
        if paths:
            self.archive.forget_unfinished_feeds()

    def _create(self) -> None:
        if self.path.exists():
            self._refuse_foreign()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        for name in FILES:
            if (self.path / name).is_symlink():
                raise JobError(
                    f"JOBDIR: {self.path / name} is a symbolic link, which is not "
                    "followed: remove it, or use another directory."
                )

    def _refuse_foreign(self) -> None:
        names = sorted(entry.name for entry in self.path.iterdir())
        own = {ARCHIVE, LOCK, MANIFEST}
        foreign = [name for name in names if not name.endswith(_LOG_FILES)]
        if foreign and not own & set(names):
            raise JobError(
                f"JOBDIR: {self.path} holds something else already ({foreign[0]!r}), "
                "and not a job of gorgias_crawler: give a new directory with "
                "-s JOBDIR=..."
            )

    def _locked(self) -> int:
        durable.ensure_private(self.path / LOCK)
        descriptor = os.open(self.path / LOCK, os.O_RDWR | _NO_FOLLOW)
        if not _lock_soon(descriptor):
            os.close(descriptor)
            raise JobError(
                f"JOBDIR: {self.path} is in use by another crawl: wait until it has "
                "ended, or give another directory with -s JOBDIR=..."
            )
        return descriptor

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Write the run's manifest for people and programs, whole or not at all."""
        _write(self.path, manifest)

    def end_run(self, number: int, manifest: dict[str, Any]) -> None:
        """Keep the *manifest* of a run that has ended, here and in the archive.

        Where one of them has no room, neither has it. Raises `JobError`.
        """
        try:
            with durable.whole_file(self.path / MANIFEST) as file:
                _dump(manifest, file)
                file.flush()
                os.fsync(file.fileno())  # else a disk may turn out full afterwards
                self.archive.end_run(number, manifest)
        except OSError as error:
            raise JobError(
                f"{self.path / MANIFEST} cannot be written ({error.strerror}), so it "
                "is not recorded what this run came to: mend that, and run the same "
                "command again."
            ) from None

    def close(self) -> None:
        """Close the archive and let the next process in."""
        self.archive.close()
        os.close(self._lock)


def default_path(account: str) -> Path:
    """Return where the job of *account*, a name, is kept where none is named."""
    return Path("crawls") / account


def archive_to_read(path: Path) -> Archive:
    """Open the archive of the job at *path* for reading, also while a crawl is at work.

    One of an older format is taken over first, under the job's lock. Raises `JobError`.
    """
    try:
        return Archive.open_to_read(path / ARCHIVE)
    except OldFormatError:
        Job(path).close()
    return Archive.open_to_read(path / ARCHIVE)


def note_refusal(path: Path, error: GorgiasError) -> None:
    """Let ``run.json`` of the job at *path* say that a start was refused.

    Whoever reads it must not take the run before for the last one. Nothing is written
    where there is no job yet, or a crawl is at work on it.
    """
    file = path / MANIFEST
    if file.is_symlink() or not file.is_file() or is_in_use(path):
        return
    told = json.loads(file.read_text("utf-8"))
    told |= {
        "exit_status": error.exit_status,
        "ended_by": str(error),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "reached_end": False,
        "feeds": [],
    }
    _write(path, told)


def refused_start(path: Path, last: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what ``run.json`` says of the last start, None where it was not refused.

    *last* is the manifest of the last run that ended.
    """
    try:
        told = json.loads((path / MANIFEST).read_text("utf-8"))
        ended = told["ended"], told["ended_by"]
        is_run = last is not None and (last["ended"], last["ended_by"]) == ended
    except (OSError, ValueError, TypeError, KeyError):
        return None  # it is for people: whatever they did to it changes no verdict
    if is_run or told.get("exit_status") not in _REFUSED:
        return None
    return {"at": ended[0], "exit_status": told["exit_status"], "reason": ended[1]}


_REFUSED = (EXIT_CANNOT_START, EXIT_WRONG_USAGE)


def _write(path: Path, manifest: dict[str, Any]) -> None:
    with durable.whole_file(path / MANIFEST) as file:
        _dump(manifest, file)


def _dump(manifest: Mapping[str, Any], file: IO[str]) -> None:
    json.dump(manifest, file, indent=2, ensure_ascii=False)
    file.write("\n")


def is_file_of_job(target: Path, path: Path) -> bool:
    """Tell whether *target* is a file that the job at *path* keeps there."""
    # in any case of letters, because not all file systems tell them apart
    is_named_so = target.name.lower() in FILES
    return is_named_so and target.parent.exists() and target.parent.samefile(path)


def is_in_use(path: Path) -> bool:
    """Tell whether a crawl is at work on the job at *path*, now."""
    try:
        descriptor = os.open(path / LOCK, os.O_RDWR | _NO_FOLLOW)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def job_id(path: Path) -> str:
    """Return what names the temporary files of the job at *path*. Raises `JobError`."""
    where = str(path.resolve())
    try:
        return hashlib.sha256(where.encode()).hexdigest()[:8]
    except UnicodeEncodeError:  # run.json is UTF-8, and names its files
        raise JobError(
            f"JOBDIR: {public_uri(where)} has bytes in its name that are not UTF-8: "
            "give a directory of another name with -s JOBDIR=..."
        ) from None


_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _lock_soon(descriptor: int) -> bool:
    """Lock, unless another crawl has; ``status`` holds the lock for an instant."""
    for _ in range(_TRIES):
        if _lock(descriptor):
            return True
        time.sleep(_TRY_AGAIN_S)  # noqa: TID251  # before the event loop begins
    return False
