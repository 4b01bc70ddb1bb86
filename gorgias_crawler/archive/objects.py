"""Objects of every kind beside tickets and messages: how they come, stay and go.

What a list shows is put in with the walk's position, or waits in a stage until the
list's last page is there. What a whole list does not show any more is `missing` until
the object itself, asked for by its id, says that it is deleted.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from typing import Any

from gorgias_crawler.api.kinds import Kind
from gorgias_crawler.api.objects import Object
from gorgias_crawler.api.urls import Order
from gorgias_crawler.archive.compression import are_alike, packed, unpacked
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.tickets import Changes, note_there

DOUBTED = 0
"""``listed`` of an object that is said to be deleted, until its own answer tells."""

UNLISTED = -1
"""``listed`` of an object that answers by its id though no list shows it."""


@dataclass(frozen=True)
class Progress:
    """How far a kind is.

    ``listing`` is the number of the last whole listing that began. ``listed_us`` is
    when one last came to its end, None before the first; ``newest_first`` whether it
    came from the newest to the oldest. All that changed before ``watermark_us`` is
    archived. ``oldest_us`` is the creation of the oldest object that Gorgias still
    has, where it forgets. Instants are microseconds since 1970.
    """

    listing: int = 0
    listed_us: int | None = None
    newest_first: bool = False
    watermark_us: int | None = None
    oldest_us: int | None = None


def doubt(archive: Archive, kind: str, ids: Iterable[int]) -> None:
    """Note, inside of a transaction, what of *kind* is said to be deleted."""
    archive.db.execute(
        "UPDATE object SET listed = ? WHERE kind = ? AND id IN "
        "(SELECT value FROM json_each(?))",
        (DOUBTED, kind, json.dumps(sorted(ids))),
    )


class Objects:
    """The archived objects of *kind*. What writes is called inside of a transaction."""

    def __init__(self, archive: Archive, kind: Kind) -> None:
        self.archive = archive
        self.db = archive.db
        self.kind = kind
        self.name = kind.name

    @property
    def progress(self) -> Progress:
        """How far the kind is."""
        row = self.db.execute(
            "SELECT listing, listed_us, newest_first, watermark_us, oldest_us "
            "FROM kind WHERE name = ?",
            (self.name,),
        ).fetchone()
        return Progress(*row) if row else Progress()

    @property
    def are_known(self) -> bool:
        """Whether the kind was ever read to its end."""
        return self.progress.listed_us is not None

    def note(self, **news: Any) -> None:
        """Note what is new of the kind's `Progress`."""
        now = replace(self.progress, **news)
        values = (self.name, *astuple(now))
        self.db.execute("INSERT OR REPLACE INTO kind VALUES (?, ?, ?, ?, ?, ?)", values)

    # What comes.

    def put(self, objects: Iterable[Object], listed: int, changes: Changes) -> None:
        """Insert or update *objects*; *changes* is counted up.

        *listed* is the number of the listing that they belong to. The same values
        again are no change, unless the object stayed though it was not listed.
        """
        found = {new.id: new for new in objects}
        ids = json.dumps(list(found))
        old = {
            id_: known
            for id_, *known in self.db.execute(
                "SELECT id, raw, changed_run, listed FROM object WHERE kind = ? "
                "AND id IN (SELECT value FROM json_each(?))",
                (self.name, ids),
            )
        }
        note_there(self.archive, self.name, ids)
        for new in found.values():
            raw = packed(new.raw)
            was, was_changed, was_listed = old.get(new.id, (b"", 0, listed))
            changed_run = changes.run
            is_back = self.kind.stays and was_listed < listed - 1
            if not was:
                changes.new += 1
            elif is_back or not are_alike(was, raw):
                changes.changed += 1
            else:
                changed_run = was_changed
            self.db.execute(
                "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*self._known_of(new), listed, changed_run, raw),
            )

    def _known_of(self, one: Object) -> tuple[Any, ...]:
        dates = (one.created_us, one.updated_us, one.open_until_us)
        return (self.name, one.id, *dates)

    def stage(self, objects: Iterable[Object]) -> None:
        """Let *objects* wait for the last page of their list."""
        self.db.executemany(
            "INSERT OR REPLACE INTO staged_object VALUES (?, ?, ?, ?, ?, ?)",
            ((*self._known_of(one), packed(one.raw)) for one in objects),
        )

    def unstage(self, changes: Changes) -> None:
        """Take over what waits, as shown by the listing that began last."""
        listing = self.progress.listing
        for batch in self.archive.batches(
            "SELECT id, created_us, updated_us, open_until_us, raw FROM staged_object "
            "WHERE id > ? AND kind = ? ORDER BY id",
            self.name,
        ):
            staged = (Object(*row) for row in batch)
            found = (replace(new, raw=unpacked(new.raw)) for new in staged)
            self.put(found, listing, changes)
        self.forget_staged()

    def forget_staged(self) -> None:
        """Begin a list's pages again."""
        self.db.execute("DELETE FROM staged_object WHERE kind = ?", (self.name,))

    # What goes.

    def missing(self) -> list[int]:
        """Return the ids that the last whole listing did not show.

        Of a kind that stays those that the one before has shown.
        """
        which = "listed = ? - 1" if self.kind.stays else "listed > 0 AND listed < ?"
        return self._ids(which, self.progress.listing)

    def mark_unlisted(self, ids: Iterable[int], run: int) -> None:
        """Note that rows have changed: that *run* found them listed no more."""
        self.db.execute(
            "UPDATE object SET changed_run = ? WHERE kind = ? AND id IN "
            "(SELECT value FROM json_each(?))",
            (run, self.name, json.dumps(list(ids))),
        )

    def note_oldest(self, oldest_us: int, run: int) -> None:
        """Note what is the oldest that Gorgias still has, as *run* has found it."""
        before_us = self.progress.oldest_us or 0
        if before_us == oldest_us:
            return  # to look for what has changed reads all objects
        self.db.execute(
            "UPDATE object SET changed_run = ? WHERE kind = ? "
            "AND created_us >= ? AND created_us < ?",
            (run, self.name, *sorted((before_us, oldest_us))),
        )
        self.note(oldest_us=oldest_us)

    def doubted(self) -> list[int]:
        """Return the ids that are said to be deleted."""
        return self._ids("listed = ?", DOUBTED)

    def unlisted(self) -> list[int]:
        """Return the ids of those that are there though no list shows them."""
        return self._ids("listed = ?", UNLISTED)

    def _ids(self, which: str, value: int) -> list[int]:
        ids = f"SELECT id FROM object WHERE kind = ? AND {which} ORDER BY id"
        return self.archive.column(ids, self.name, value)

    def note_unlisted(self, id_: int) -> None:
        """Note that an object is there though the last whole list did not show it.

        If the one before did, the list may have been short for once: then the object is
        asked for again when another list does not show it.
        """
        self.db.execute(
            "UPDATE object SET listed = ? WHERE kind = ? AND id = ? AND listed <> ?",
            (UNLISTED, self.name, id_, self.progress.listing - 1),
        )

    def believe(self) -> None:
        """Take what the list before the last one has shown for shown by the last."""
        listing = self.progress.listing
        self.db.execute(
            "UPDATE object SET listed = ? WHERE kind = ? AND listed = ?",
            (listing, self.name, listing - 1),
        )

    def delete(self, id_: int, run: int) -> int:
        """Erase an object that *run* found deleted; its id stays. Return how many."""
        self.db.execute(
            "INSERT OR REPLACE INTO deleted VALUES (?, ?, ?)", (self.name, id_, run)
        )
        erased = self.db.execute(
            "DELETE FROM object WHERE kind = ? AND id = ?", (self.name, id_)
        )
        return erased.rowcount

    # What is there.

    def count(self, changed_since: int = 0) -> int:
        """Return how many objects are archived that changed in that run or later."""
        return self._count("changed_run >= ?", changed_since)

    def count_from(self, instant_us: int) -> int:
        """Return how many objects are archived that were created at it or later."""
        return self._count("created_us >= ?", instant_us)

    def _count(self, which: str, value: int) -> int:
        counted = f"SELECT count(*) FROM object WHERE kind = ? AND {which}"
        number: int = self.archive.value(counted, self.name, value)
        return number

    def listings(self) -> dict[int, int]:
        """Return for each id the number of the last listing that showed it."""
        which = "SELECT id, listed FROM object WHERE kind = ?"
        return dict(self.db.execute(which, (self.name,)).fetchall())

    def last_listing(self) -> int:
        """Return the last listing that came to its end, by what it has shown."""
        newest = "SELECT max(listed) FROM object WHERE kind = ?"
        return self.archive.value(newest, self.name) or 0

    def has_older(self, order: Order, than_us: int) -> bool:
        """Tell whether an object comes before the instant *than_us* in *order*."""
        column = "updated_us" if order is Order.UPDATED else "created_us"
        older = f"SELECT 1 FROM object WHERE kind = ? AND {column} < ? LIMIT 1"
        return self.archive.value(older, self.name, than_us) is not None

    def oldest_open_us(self, now_us: int) -> int | None:
        """Return the creation of the oldest object that may still change, if any."""
        created_us: int | None = self.archive.value(
            "SELECT min(created_us) FROM object WHERE kind = ? AND open_until_us >= ?",
            *(self.name, now_us),
        )
        return created_us

    def in_order(self, changed_since: int = 0) -> Iterator[tuple[bytes, int, int]]:
        """Yield each object's JSON, creation and ``listed``, ordered by id.

        What has not changed in the run *changed_since* or later is left out.
        """
        for batch in self.archive.batches(
            "SELECT id, raw, created_us, listed FROM object "
            "WHERE id > ? AND kind = ? AND changed_run >= ? ORDER BY id",
            *(self.name, changed_since),
        ):
            for _, raw, created_us, listed in batch:
                yield unpacked(raw), created_us, listed
