"""Where the directory of a kind with a file for each month is stored, as a whole.

A reader of a local one sees the months of one export, never some of two: the directory
that is written beside it takes its place at once. On S3, where nothing replaces several
objects at once, each month is replaced by itself, and those without rows go last; as
what a row is parted by never changes, no row is there twice.
"""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import IO, Any, cast

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.utils.misc import build_from_crawler

from gorgias_crawler import durable
from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.reasons import feed_named
from gorgias_crawler.feeds.s3 import CheckedS3Storage
from gorgias_crawler.feeds.storages import SnapshotFileStorage
from gorgias_crawler.feeds.targets import MONTH, is_partitioned

_OURS = re.compile(rf"{MONTH}=[^/]+/part-\d+\.parquet")


class PartitionedFileStorage(SnapshotFileStorage):
    """A local directory, written beside its target, which it replaces when complete."""

    def check(self) -> None:
        """Raise `FeedError` or `OSError` where the feed could not be stored later."""
        durable.remove(self._part)
        super().check()

    def open(self, _spider: Spider) -> IO[bytes]:
        """Return the path of the temporary directory, where Scrapy wants a file."""
        self._spider.claim_feed(str(self._part), None)
        durable.remove(self._part)
        self._part.mkdir(mode=0o700)
        return cast("IO[bytes]", self._part)

    def discard(self, _file: Any) -> None:
        """Remove the temporary directory, unless it could only not be renamed."""
        if not self._rows_are_kept:
            rmtree(self._part, ignore_errors=True)

    def _make_durable(self, _file: Any) -> None:
        durable.sync_tree(self._part)

    def _put(self, _file: Any, status: os.stat_result | None) -> None:
        if status:
            durable.copy_tree_rights(self._target, self._part)
        durable.replace_directory(self._part, self._target)

    def _check_target(self, status: os.stat_result) -> None:
        if not stat.S_ISDIR(status.st_mode):
            raise FeedError(
                f"{feed_named(self.name)} is no directory, which GORGIAS_PARTITION_BY "
                "makes of a kind: move it away, or name another folder."
            )
        if self._target.is_mount():
            raise FeedError(
                f"{feed_named(self.name)} is a directory that is mounted by itself, and "
                "cannot be replaced: mount the one that it is in."
            )
        _refuse_foreign(self.name, durable.hashes_in(self._target))


class PartitionedS3Storage(CheckedS3Storage):
    """Objects below a key, uploaded when all are complete."""

    def check(self) -> None:
        """Raise what boto3 raises where the objects that are there cannot be listed."""
        super().check()
        _refuse_foreign(f"s3://{self.bucketname}/{self.keyname}", self._names())

    def open(self, spider: Spider) -> IO[bytes]:
        """Return the path of a temporary directory, where Scrapy wants a file."""
        return cast(
            "IO[bytes]", Path(mkdtemp(dir=spider.crawler.settings["FEED_TEMPDIR"]))
        )

    def discard(self, folder: Any) -> None:
        """Remove the temporary directory."""
        rmtree(folder, ignore_errors=True)

    def _store_in_thread(self, file: Any) -> None:
        names = sorted(durable.hashes_in(file))
        key = self.keyname
        try:
            for name in names:
                self.keyname = f"{key}/{name}"
                super()._store_in_thread((file / name).open("rb"))
        finally:
            self.keyname = key
            self.discard(file)
        for name in set(self._names()) - set(names):
            self.s3_client.delete_object(Bucket=self.bucketname, Key=f"{key}/{name}")

    def _names(self) -> list[str]:
        """Return what stands below the key."""
        pages = self.s3_client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucketname, Prefix=f"{self.keyname}/"
        )
        keys = (found["Key"] for page in pages for found in page.get("Contents", ()))
        return [key.removeprefix(f"{self.keyname}/") for key in keys]


_OF_MONTHS: dict[type, type] = {
    SnapshotFileStorage: PartitionedFileStorage,
    CheckedS3Storage: PartitionedS3Storage,
}


def of_months(
    storage: Any, crawler: Crawler, uri: str, feed_options: dict[str, Any]
) -> Any:
    """Return *storage*, or what stores a directory there if the options ask for months.

    Raises `FeedError`.
    """
    if not is_partitioned(feed_options):
        return storage
    kind = _OF_MONTHS.get(type(storage))
    if kind is None:
        raise FeedError(
            f"{feed_named(uri)} is a directory of months (GORGIAS_PARTITION_BY), which is "
            "stored on this machine or on s3:// alone: name such a folder, or leave the "
            "setting out."
        )
    return build_from_crawler(kind, crawler, uri, feed_options=feed_options)


def _refuse_foreign(name: str, names: Iterable[str]) -> None:
    """Refuse to replace a directory that holds something else than files of months."""
    if foreign := next((each for each in names if not _OURS.fullmatch(each)), None):
        raise FeedError(
            f"{feed_named(name)} holds something else than files of months ({foreign}), "
            "which would be lost or read with them: move it away, or name another folder."
        )
