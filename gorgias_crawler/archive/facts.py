"""Single facts about a job, each with its type: nothing else reads them by name."""

import sqlite3
from typing import Generic, TypeVar

T = TypeVar("T", str, int)


class _Fact(Generic[T]):
    """A value in the archive, None where it is not set."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, facts: "Facts", owner: type) -> T | None:
        row = facts.db.execute(
            "SELECT value FROM fact WHERE name = ?", (self.name,)
        ).fetchone()
        return row and row[0]  # type: ignore[no-any-return]

    def __set__(self, facts: "Facts", value: T | None) -> None:
        facts.db.execute(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)", (self.name, value)
        )


class Facts:
    """What is known of the job as a whole; set inside of a transaction.

    Names that end in ``_us`` are microseconds since 1970.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    domain = _Fact[str]()
    """The account, as ``/api/account`` names it."""

    host = _Fact[str]()
    """The host that was asked."""

    listing = _Fact[int]()
    """The number of the listing of all tickets that began last."""

    relisting = _Fact[str]()
    """Set while a listing that was asked for has begun and no run since has ended:
    ``true``, or ``full`` where all messages are asked for with it."""

    newest_us = _Fact[int]()
    """The newest update of a ticket that any answer has shown, as far as it is not
    ahead of our own clock."""

    watermark_us = _Fact[int]()
    """All that changed before is archived or due."""

    complete_us = _Fact[int]()
    """Nothing is missing up to here."""

    floor_us = _Fact[int]()
    """Where the walk through messages ends that goes back from the newest one."""

    reread_run = _Fact[int]()
    """While all messages are asked for anew: the run that began it. What no run since
    has read is not there any more, or its ticket is to be asked for."""

    sample_equal = _Fact[int]()
    """How many tickets of a sample answered what the walk had brought; not set while
    no sample is asked for."""

    sample_differing = _Fact[int]()
    """How many answered something else."""

    orphan_messages = _Fact[int]()
    """Messages that the last walk through all messages brought, of tickets that no list
    shows: they belong to no row."""

    files_read_run = _Fact[int]()
    """All addresses of files are known that were there before this run."""

    files_root = _Fact[str]()
    """Where files are stored: ``files`` in the job directory, which may be moved, or
    another directory or store."""
