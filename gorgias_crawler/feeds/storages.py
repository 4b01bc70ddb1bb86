"""Where feeds are stored: whole or not at all.

The storages of S3 and Google Cloud upload a temporary file when the feed is complete,
and an object appears there whole or not at all. Scrapy's own for local files and
standard output do not keep that promise and are replaced here; that of FTP
writes over its target while it uploads, and is not offered.
"""

import errno
import hashlib
import logging
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self, cast

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import StdoutFeedStorage
from w3lib.url import file_uri_to_path

from gorgias_crawler.archive import Archive
from gorgias_crawler.durable import (
    copy_rights,
    create_exclusively,
    drop_output,
    file_sha256,
    is_mounted,
    sync_directory,
)
from gorgias_crawler.errors import FeedError, RunEndError
from gorgias_crawler.feeds.reasons import feed_named, not_of_this_job
from gorgias_crawler.items import COLUMNS
from gorgias_crawler.job.default_file import why_not_of_account
from gorgias_crawler.job.directory import is_file_of_job

logger = logging.getLogger(__name__)

_BUFFER = 2**16  # bytes; Python's 8 KiB is one call of the system for each row or two
# Names of open descriptors: whatever is behind them belongs to somebody else.
_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")


class SnapshotFileStorage:
    """A local file, written beside its target and renamed over it when complete.

    Registered in ``FEED_STORAGES`` for ``""`` and ``file``. Devices and pipes are
    written directly.
    """

    def __init__(
        self,
        uri: str,
        *,
        spider: Any,
        feed_options: dict[str, Any] | None = None,
    ) -> None:
        path = Path(file_uri_to_path(uri) if uri.startswith("file:") else uri)
        self.is_stream = _is_stream(path)
        # Not resolve(): a loop of links raises there or not, by Python's version.
        self._target = path if self.is_stream else Path(os.path.realpath(path))
        self.name = str(self._target)
        self._part = self._target.with_name(
            f".{_short(self._target.name)}.{spider.job_id}.part"
        )
        options = feed_options or {}
        # As in Scrapy: -O sets it, -o leaves it out.
        self._overwrite = bool(options.get("overwrite"))
        # The default file: it may hold rows of the account, too.
        self._of_account = bool(options.get("of_account"))
        self._columns = options.get("columns") or COLUMNS
        self._proven: str | None = None
        self._spider = spider
        self._rows_are_kept = False

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None
    ) -> Self:
        """Build it as Scrapy does."""
        return cls(uri, spider=crawler.spider, feed_options=feed_options)

    def check(self) -> None:
        """Raise `FeedError` or `OSError` where the feed could not be stored later."""
        if self.is_stream:
            # Opening a pipe only to look would end it for its reader.
            if not os.access(self._target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        self._check_name()
        if is_file_of_job(self._target, self._spider.jobdir):
            raise FeedError(
                f"The feed {self.name} (FEEDS, -o or -O) would replace a file of the "
                "job itself: name another one."
            )
        self._target_status(may_be_proven=self._of_account)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        os.close(create_exclusively(self._part))
        self._part.unlink()

    def check_account(self, archive: Archive) -> None:
        """Raise `FeedError` where a default file there is not of the account."""
        is_ours = not self._of_account or self._spider.owns_feed(self.name)
        if is_ours or self._target_status(may_be_proven=True) is None:
            return
        if why := why_not_of_account(self._target, archive, self._columns):
            raise FeedError(
                f"The feed {self.name} exists, and {why}: move it away, or name another "
                "file with -O FILE (-O replaces whatever is there)."
            )
        self._proven = file_sha256(self._target)

    def _check_name(self) -> None:
        """Refuse a name that no report could hold."""
        try:
            self.name.encode()
        except UnicodeEncodeError:
            raise FeedError(
                f"{feed_named(self.name)} has a path that is not UTF-8: give it another "
                "name or directory."
            ) from None

    def open(self, _spider: Spider) -> IO[bytes]:
        """Open the temporary file, or the device."""
        if not self.is_stream:
            # Before it is there: a later run removes what a killed one leaves.
            part = self._part
            self._spider.claim_feed(str(part), None)
            # Not from the descriptor alone: SQLite writes the file by its name.
            return open(part, "wb", _BUFFER, opener=lambda *_: create_exclusively(part))
        # Opening a pipe that nobody reads is then an error, not a wait for ever.
        nonblocking = getattr(os, "O_NONBLOCK", 0)  # Windows has no such flag
        try:
            descriptor = os.open(self._target, os.O_WRONLY | os.O_APPEND | nonblocking)
        except OSError as error:
            if error.errno == errno.ENXIO:
                error.strerror = "nobody reads it"
            raise
        if nonblocking:
            os.set_blocking(descriptor, True)
        return open(descriptor, "wb")  # noqa: PTH123 - a descriptor

    def claim(self, sha256: str) -> None:
        """Note what the target will hold, so that a later run may replace it."""
        if not self.is_stream:
            self._spider.claim_feed(self.name, sha256)

    def store(self, file: IO[bytes]) -> None:
        """Make the rows durable and rename them over the target.

        Raises `OSError`, and `RunEndError` where the target cannot be replaced: then
        the rows stay in the temporary file. After the rename they are stored: that the
        directory cannot be synced is a warning.
        """
        if self.is_stream:
            file.close()
            return
        self._make_durable(file)
        try:
            self._put(file, self._target_status())
        except (OSError, FeedError) as error:
            self._rows_are_kept = True
            why: object = error
            if isinstance(error, OSError):
                why = (
                    f"The feed {self.name} cannot be replaced ({error.strerror}): is "
                    "it open in another program?"
                )
            raise RunEndError(
                "feed_error",
                f"{why} All rows are in {self._part}: rename that file, or run the "
                "same command again when the cause is gone.",
            ) from None
        try:
            sync_directory(self._target.parent)
        except OSError as error:
            logger.warning(
                "The feed %s is stored, but its directory cannot be synced (%s): should "
                "the power fail now, the file of before may come back.",
                self.name,
                error.strerror,
            )

    def _put(self, file: IO[bytes], status: os.stat_result | None) -> None:
        """Put *file* in the place of the target; *status* is that of what is there."""
        if status:
            copy_rights(status, file.fileno())
        file.close()
        self._part.replace(self._target)

    def _make_durable(self, file: IO[bytes]) -> None:
        """Raise `RunEndError` where the temporary file is not what we wrote."""
        file.flush()
        os.fsync(file.fileno())
        try:
            is_ours = os.path.samestat(os.fstat(file.fileno()), os.lstat(self._part))
        except FileNotFoundError:
            is_ours = False
        if not is_ours:
            self._rows_are_kept = True  # what is there is not ours to remove
            raise RunEndError(
                "feed_error",
                f"The feed {self.name} was not replaced: another program has removed or "
                f"replaced {self._part} while its rows were written. Run the same "
                "command again.",
            )

    def discard(self, file: IO[bytes]) -> None:
        """Remove the temporary file, unless its rows could only not be renamed."""
        with suppress(OSError):  # the last buffer may not fit on the disk
            file.close()
        if not self.is_stream and not self._rows_are_kept:
            self._part.unlink(missing_ok=True)

    def _target_status(self, *, may_be_proven: bool = False) -> os.stat_result | None:
        """Return the target's status, None where there is nothing yet.

        Raises `FeedError` where it must stay; *may_be_proven* believes that it will be
        found to be of the account.
        """
        try:
            status = os.lstat(self._target)
        except FileNotFoundError:
            return None
        self._check_target(status)
        if not (self._overwrite or may_be_proven or self._is_own()):
            raise not_of_this_job(self.name)
        return status

    def _check_target(self, status: os.stat_result) -> None:
        """Raise `FeedError` where what is there is not of a sort to be replaced."""
        shown = feed_named(self.name)
        if stat.S_ISDIR(status.st_mode):
            raise FeedError(f"{shown} is a directory: name a file.")
        if not stat.S_ISREG(status.st_mode):
            raise FeedError(f"{shown} is not a regular file: name another one.")
        if is_mounted(self._target):
            raise FeedError(
                f"{shown} is a file that is mounted by itself, as `docker -v FILE:FILE` "
                "does, and cannot be replaced: mount the directory that it is in."
            )

    def _is_own(self) -> bool:
        is_proven = self._proven and file_sha256(self._target) == self._proven
        return bool(is_proven or self._spider.owns_feed(self.name))


class SnapshotStdoutStorage(StdoutFeedStorage):
    """Standard output, which is flushed while an error can still be told.

    Registered in ``FEED_STORAGES`` for ``stdout``.
    """

    is_stream = True
    name = "stdout:"

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        stdout = sys.__stdout__  # LOG_STDOUT puts a log in the place of sys.stdout
        if stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        # without the options: -O would only cause a warning
        super().__init__(uri, cast("IO[bytes]", stdout.buffer))

    def store(self, file: IO[bytes]) -> None:
        """Flush the rows."""
        file.flush()

    def discard(self, file: IO[bytes]) -> None:
        """Give up what cannot be written."""
        try:
            file.flush()
        except OSError:
            drop_output(file)


def _short(name: str) -> str:
    """Return *name*, or its hash where that makes a shorter one.

    The shortest limit of a file system in use is 143 bytes (eCryptfs), and the job's id
    and two suffixes take 24 more.
    """
    encoded = os.fsencode(name)
    return name if len(encoded) <= 100 else hashlib.sha256(encoded).hexdigest()[:16]


def _is_stream(path: Path) -> bool:
    if str(path).startswith(_DESCRIPTORS):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()
