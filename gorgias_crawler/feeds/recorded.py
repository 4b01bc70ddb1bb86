"""What is written to a feed: counted, hashed, and thrown away unless it is whole."""

import hashlib
import io
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from scrapy import Spider
from scrapy.extensions.feedexport import FeedSlot, FeedStorageProtocol
from scrapy.settings import BaseSettings
from scrapy.utils.python import global_object_name
from twisted.internet.defer import Deferred

from gorgias_crawler import __version__
from gorgias_crawler.config import OF_ROWS
from gorgias_crawler.durable import content_sha256, create_exclusively, listing_hash
from gorgias_crawler.redact import public_uri


@dataclass(frozen=True)
class FeedRecord:
    """A feed that was stored.

    ``uri`` is the absolute path of a local file, else the URI without credentials.
    ``bytes`` and ``sha256`` are those of the stored file, compressed if it is; None
    for standard output, devices and pipes. ``names`` are those that the dictionary form
    of ``FEED_EXPORT_FIELDS`` gave to columns, ``options`` all that shaped the file, as
    `FEEDS` takes it. One that is ``unchanged`` was stored by the run before. Of a
    directory ``parts`` are the SHA-256 of its files, by their names in it.
    """

    uri: str
    format: str
    rows: int
    bytes: int | None
    sha256: str | None
    names: dict[str, str]
    options: dict[str, Any]
    unchanged: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)


class FeedFile(io.BufferedIOBase):
    """What an exporter writes to: counts and hashes on the way to *inner*.

    After `discard` it swallows what comes, because compressors and text streams
    write their last bytes even when they are collected as garbage.
    """

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.bytes = 0
        self.sha256 = hashlib.sha256()
        self.parts: dict[str, str] = {}
        self._discarded = False

    def writable(self) -> bool:
        """Tell `io.TextIOWrapper` that it may write."""
        return True

    def write(self, data: Any) -> int:
        """Write all of *data*."""
        if not self._discarded:
            self.inner.write(data)
            self.bytes += len(data)
            self.sha256.update(data)
        return len(data)

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self.bytes

    @property
    def path(self) -> str:
        """Where the file is, for a library that writes it by its name."""
        return str(self.inner.name)

    def reread(self) -> None:
        """Count and hash what was written by name."""
        with open(self.path, "rb") as file:  # noqa: PTH123 - bytes or text
            self.sha256 = hashlib.file_digest(file, "sha256")
            self.bytes = file.tell()

    def discard(self) -> None:
        """Let nothing more through to the file."""
        self._discarded = True


class FeedFolder:
    """The directory *inner*, in which an exporter makes several files.

    None of them stays open, because there may be more than a process may have open.
    """

    def __init__(self, inner: Path) -> None:
        self.inner = inner
        self._files: dict[str, FeedFile] = {}

    def create(self, name: str) -> FeedFile:
        """Create the file *name*, for its owner only. Raises `OSError`."""
        path = self.inner / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(create_exclusively(path))
        self._files[name] = FeedFile(cast("IO[bytes]", _Appended(path)))
        return self._files[name]

    @property
    def parts(self) -> dict[str, str]:
        """The SHA-256 of each file, by its name."""
        return {name: file.sha256.hexdigest() for name, file in self._files.items()}

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.bytes for file in self._files.values())

    @property
    def sha256(self) -> Any:
        """The hash of the whole directory."""
        return listing_hash(self.parts)

    def discard(self) -> None:
        """Let nothing more through to any file."""
        for file in self._files.values():
            file.discard()


class _Appended(io.RawIOBase):
    """The file at *path*, opened for each time that something is written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, data: Any) -> int:
        """Add *data* to the end of the file."""
        with self._path.open("ab") as file:
            return file.write(data)


class RecordedStorage:
    """Any storage, with the file or directory that was opened in it.

    ``name`` is the path of a local feed, else its URI without secrets. ``is_stream``
    is true of what cannot be taken back or looked at again: devices, pipes.
    """

    def __init__(self, storage: FeedStorageProtocol, uri: str) -> None:
        self.storage = storage
        self.name: str = getattr(storage, "name", public_uri(uri))
        self.is_stream: bool = getattr(storage, "is_stream", False)
        self.file: FeedFile | FeedFolder | None = None

    def open(self, spider: Spider) -> IO[bytes]:
        """Open what the exporter writes to."""
        opened: Any = self.storage.open(spider)
        is_folder = isinstance(opened, Path)
        self.file = FeedFolder(opened) if is_folder else FeedFile(opened)
        return cast("IO[bytes]", self.file)

    def store(self, _file: IO[bytes] | None = None) -> Deferred[None] | None:
        """Put the file, which is complete, where the feed shall be."""
        assert self.file is not None
        # Before it is there: a run that is killed right after that must own the feed.
        if claim := getattr(self.storage, "claim", None):
            claim(self.file.sha256.hexdigest())
        return self.storage.store(cast("IO[bytes]", self.file.inner))

    def record(self, slot: FeedSlot) -> FeedRecord:
        """Return what to tell of the feed *slot*, which is stored."""
        fields, file = slot.feed_options["fields"], self.file
        size, digest, parts = None, None, {}
        if file is not None and not self.is_stream:
            size, digest, parts = file.bytes, file.sha256.hexdigest(), file.parts
        return FeedRecord(
            self.name,
            slot.format,
            slot.itemcount,
            size,
            digest,
            dict(fields) if isinstance(fields, Mapping) else {},
            shaping(slot.feed_options),
            parts=parts,
        )

    def discard(self) -> None:
        """Throw away what was written; what was stored before stays as it is."""
        if self.file is None:
            return
        self.file.discard()
        inner: Any = self.file.inner
        discard = getattr(self.storage, "discard", None) or type(inner).close
        with suppress(OSError):
            discard(inner)


_COMPONENTS = ("ITEM_PIPELINES", "SPIDER_MIDDLEWARES", "FEED_EXPORTERS")
_NOT_SHAPING = {
    *("overwrite", "of_account", "uri_params", "batch_item_count", "store_empty"),
    *("columns", "takes_more"),  # follow from the kind
}


def shaping(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a feed's *options* shapes its file, as JSON can hold it.

    A class is named by its path, as ``FEEDS`` takes it, too.
    """
    kept = [name for name in options if name not in _NOT_SHAPING]
    return {name: as_json(options[name]) for name in kept}


def row_settings(settings: BaseSettings) -> dict[str, Any]:
    """Return what of *settings* shapes rows; of components those of the user alone.

    Ours and Scrapy's are there whatever is named, and later versions may move them.
    """
    return {
        name: _of_user(as_json(settings[name])) for name in (*OF_ROWS, *_COMPONENTS)
    }


def _of_user(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    paths = {key: f"{key} {entry}" for key, entry in value.items()}
    ours = re.compile(r"(?:^| )(?:gorgias_crawler|scrapy)\.")
    return {key: value[key] for key, path in paths.items() if not ours.search(path)}


def as_json(value: Any) -> Any:
    """Return *value* with components by their paths and settings as dictionaries."""
    if isinstance(value, Mapping | BaseSettings):
        return {as_json(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set):
        return [as_json(entry) for entry in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return global_object_name(value) if hasattr(value, "__qualname__") else str(value)


_READER_DEPENDENT = "is_unread"  # may differ though nothing has changed


def unchanged(
    slots: Iterable[FeedSlot],
    last: Mapping[str, Any],
    settings: BaseSettings,
    filtered_by: str,
) -> list[dict[str, Any]] | None:
    """Return what the *last* manifest says of the files of *slots*, if all are as then.

    The same version wrote them, by the same settings, filters and options, and each has
    its recorded SHA-256. None where one would be written otherwise, or cannot be told.
    """
    wrote = (last.get("gorgias_crawler"), last.get("filters"), last.get("settings"))
    if wrote != (__version__, filtered_by, row_settings(settings)):
        return None
    recorded = {feed["uri"]: feed for feed in last.get("feeds", [])}
    found = []
    for slot in slots:
        feed = recorded.get(getattr(slot.storage, "name", ""))
        if feed is None or not _is_as_recorded(slot, feed):
            return None
        found.append(feed)
    return found if len(found) == len(recorded) else None


def _is_as_recorded(slot: FeedSlot, feed: Mapping[str, Any]) -> bool:
    names = slot.feed_options["fields"]
    if names is None or _READER_DEPENDENT in names:
        return False
    if feed.get("options") != shaping(slot.feed_options) or not feed["sha256"]:
        return False
    path = Path(feed["uri"])
    return path.exists() and content_sha256(path) == feed["sha256"]
