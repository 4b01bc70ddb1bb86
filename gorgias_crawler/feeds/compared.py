"""What a feed would hold now, held against a file that is there: nothing is stored."""

import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self, cast

from scrapy import Spider
from scrapy.crawler import Crawler

_CHUNK = 2**20  # bytes read at once: 1 MB is quick and small


class ComparedFile(io.BufferedIOBase):
    """Takes what is written and holds it against the file at *path*.

    ``copy`` is None while both are the same. From the first byte that differs on, all
    that is written goes to ``copy``, a file without a name that only its owner reads.
    """

    def __init__(self, path: Path) -> None:
        self._theirs = path.open("rb")
        self._same = 0
        self.copy: IO[bytes] | None = None

    def writable(self) -> bool:
        """Tell an encoder that it may write."""
        return True

    def write(self, data: Any) -> int:
        """Take *data*."""
        if self.copy is None:
            if self._theirs.read(len(data)) == data:
                self._same += len(data)
                return len(data)
            self._begin_copy()
        cast("IO[bytes]", self.copy).write(data)
        return len(data)

    def finish(self) -> None:
        """Take note that all is written."""
        if self.copy is None and self._theirs.read(1):
            self._begin_copy()
        self._theirs.close()

    def close(self) -> None:
        """Close both files."""
        self._theirs.close()
        if self.copy is not None:
            self.copy.close()
        super().close()

    def _begin_copy(self) -> None:
        self.copy = TemporaryFile()  # noqa: SIM115  # closed with this file
        self._theirs.seek(0)
        left = self._same
        while left:
            left -= self.copy.write(self._theirs.read(min(left, _CHUNK)))


class ComparedStorage:
    """Puts a `ComparedFile` for each feed, complete, into the spider's ``compared``.

    In ``FEED_STORAGES`` of `verify` alone, for ``""`` and ``file``.
    """

    def __init__(self, uri: str, spider: Any) -> None:
        self.name = uri
        self._compared: dict[str, ComparedFile] = spider.compared

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, uri: str, *, feed_options: Mapping[str, Any]
    ) -> Self:
        """Build it as Scrapy does."""
        return cls(uri, crawler.spider)

    def open(self, _spider: Spider) -> IO[bytes]:
        """Open the file that is there."""
        return cast("IO[bytes]", ComparedFile(Path(self.name)))

    def store(self, file: Any) -> None:
        """Keep what came of it."""
        file.finish()
        self._compared[self.name] = file
