"""Why an archive cannot be read or written, and what to do about it."""

import sqlite3
from pathlib import Path

from gorgias_crawler.archive.compression import BAD_BLOB

UNREADABLE = (sqlite3.DatabaseError, *BAD_BLOB)
"""What reading an archive raises where the file is damaged or cannot be read."""

_NEXT_STEP = {
    "BUSY": "another program holds it. Wait until that has ended; on a network drive, "
    "many of which cannot lock files, use a directory on a local disk instead.",
    "CANTOPEN": "its directory or the file may not be read and written by this user. "
    "Change their rights, or use another JOBDIR.",
    "CORRUPT": "it is damaged. The command `verify` says where; restore it from a backup, or "
    "start again with a new JOBDIR.",
    "FULL": "the disk is full. What was archived is kept: make room and run the same "
    "command again.",
    "IOERR": "the disk does not read or write: it may be full, failing, or a network "
    "drive that is gone. What was archived is kept: run the same command again when "
    "the cause is gone.",
    "READONLY": "it may not be written. Change the rights of its directory, or use "
    "another JOBDIR.",
}
_SAME = {"LOCKED": "BUSY", "PROTOCOL": "BUSY", "NOTADB": "CORRUPT", "PERM": "CANTOPEN"}


def sentence(path: Path, error: Exception) -> str:
    """Say why the archive at *path* cannot be used, with the next step."""
    step = _NEXT_STEP.get(_kind(error), "please report this.")
    return f"The archive {path} cannot be used ({error}): {step}"


def is_damage(error: Exception) -> bool:
    """Tell whether the file is not what was written."""
    return _kind(error) == "CORRUPT"


def is_of_rights(error: Exception) -> bool:
    """Tell whether it is that the directory may not be written."""
    return _kind(error) in {"CANTOPEN", "READONLY"}


def _kind(error: Exception) -> str:
    """Return SQLite's name of what is wrong (https://www.sqlite.org/rescode.html)."""
    # One without a name is ours, or that of an object that cannot be unpacked.
    name = getattr(error, "sqlite_errorname", "SQLITE_CORRUPT")
    kind = str(name).split("_")[1]  # without what follows: SQLITE_IOERR_WRITE
    return _SAME.get(kind, kind)
