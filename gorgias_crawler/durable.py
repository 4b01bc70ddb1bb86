"""Files that appear whole and stay: the primitives under a rename."""

import errno
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_OWNER_ONLY = 0o600


def create_exclusively(path: Path) -> int:
    """Create *path* as an empty file for its owner only; return its descriptor.

    A file that an earlier run left there is removed first. Raises `OSError` where
    something else is there: no link is followed.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISREG(os.lstat(path).st_mode):
            path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for name in ("O_NOFOLLOW", "O_BINARY"):  # POSIX, Windows
        flags |= getattr(os, name, 0)
    return os.open(path, flags, _OWNER_ONLY)


def ensure_private(path: Path) -> None:
    """Create *path* if it is not there, and let only its owner read it.

    Raises `OSError` where it is a symbolic link.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, _OWNER_ONLY)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, _OWNER_ONLY)
    finally:
        os.close(descriptor)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Open a text file that becomes *path*, for its owner only, when the block ends.

    It is written beside *path*, made to survive power loss, and renamed over it. Raises
    `OSError`; then, and where the block fails, what was there before stays.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    temporary = path.with_name(f"{path.name}.part")
    try:
        with open(create_exclusively(temporary), "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def file_sha256(path: Path) -> str:
    """Return the hash of a file's content, without reading it whole into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_rights(status: os.stat_result, descriptor: int) -> None:
    """Give an open file the owner and rights in *status*, as far as we may."""
    if sys.platform != "win32":  # there a file has the rights of its directory
        with suppress(PermissionError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
        with suppress(PermissionError):
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & 0o777)


def is_mounted(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Tell whether *path* is a file that is mounted by itself: none replaces it.

    Known on Linux alone (https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html:
    the fifth field of a line is the place, its spaces in octal).
    """
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return False
    octal = re.compile(rb"\\([0-7]{3})")
    places = (
        octal.sub(lambda code: bytes([int(code[1], 8)]), line.split()[4])
        for line in lines
    )
    return os.fsencode(path) in places


def drop_output(file: IO[Any]) -> None:
    """Let what is still to be written to *file*, a pipe without reader, go nowhere.

    Else the interpreter tries again when it exits, and fails with a traceback
    (https://docs.python.org/3/library/signal.html#note-on-sigpipe).
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def owner(path: Path) -> str:
    """Name the user whom *path* belongs to, or give the user's number."""
    try:
        return path.owner()
    except (KeyError, NotImplementedError):  # of another machine; Windows
        return f"user {path.stat().st_uid}"


def is_of_another_user(path: Path) -> bool:
    """Tell whether *path* is there and belongs to somebody else than us."""
    if not hasattr(os, "geteuid"):
        return False
    try:
        return os.lstat(path).st_uid != os.geteuid()
    except OSError:
        return False


def sync_directory(path: Path) -> None:
    """Make what was created or renamed in *path* survive power loss."""
    if sys.platform == "win32":  # gives no handle on a directory to sync
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # what some network file systems answer
            raise
    finally:
        os.close(descriptor)
