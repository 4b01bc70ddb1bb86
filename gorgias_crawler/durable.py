"""Files and directories that appear whole and stay: what a rename rests on."""

import ctypes
import errno
import hashlib
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
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


def content_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; of a directory, of its files and their names."""
    if path.is_dir():
        return listing_hash(hashes_in(path)).hexdigest()
    return file_sha256(path)


def hashes_in(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below the directory *path*, by its name there."""
    files = (entry for entry in path.rglob("*") if not entry.is_dir())
    return {file.relative_to(path).as_posix(): file_sha256(file) for file in files}


def listing_hash(hashes: Mapping[str, str]) -> "hashlib._Hash":
    """Return the SHA-256 of what ``sha256sum`` says of files, by their names in order.

    *hashes* are those of the files in a directory, by their names.
    """
    lines = (f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256("".join(lines).encode())


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


def sync_tree(path: Path) -> None:
    """Make the directory *path* and all in it survive power loss."""
    for entry in (*path.rglob("*"), path):
        if entry.is_dir():
            sync_directory(entry)
            continue
        with entry.open("rb+") as file:  # Windows syncs only what may be written
            os.fsync(file.fileno())


def copy_tree_rights(old: Path, new: Path) -> None:
    """Give the directories and files of *new* the owner and rights of those in *old*.

    All files get those of one file in *old*; as far as we may.
    """
    if sys.platform == "win32":  # there they have the rights of their directory
        return
    of_file = next((e.stat() for e in old.rglob("*") if e.is_file()), None)
    for entry in (new, *new.rglob("*")):
        status = old.stat() if entry.is_dir() else of_file
        descriptor = os.open(entry, os.O_RDONLY)
        if status:
            copy_rights(status, descriptor)
        os.close(descriptor)


def replace_directory(new: Path, target: Path) -> None:
    """Put the directory *new* in the place of *target*, whatever is there, at once.

    Where the system cannot exchange two directories, there is none between two renames.
    Raises `OSError`; what cannot be removed of the old one stays under another name.
    """
    old = new
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):
        old = new.with_name(f"{new.name}.old")
        remove(old)
        target.rename(old)
        new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


_HERE = -100  # AT_FDCWD: paths from the working directory
_SWAP = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two paths of one file system, if the system can.

    https://man7.org/linux/man-pages/man2/rename.2.html
    """
    if sys.platform == "win32":
        return False
    library = ctypes.CDLL(None)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        return bool(library.renamex_np(*names, _SWAP) == 0)
    if not hasattr(library, "renameat2"):
        return False
    return bool(library.renameat2(_HERE, names[0], _HERE, names[1], _SWAP) == 0)


def remove(path: Path) -> None:
    """Remove the file or the directory *path*, if it is there. Raises `OSError`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
