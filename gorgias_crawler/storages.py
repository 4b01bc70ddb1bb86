"""Where feeds are stored: whole or not at all.

The storages of S3 and Google Cloud are Scrapy's: they upload a temporary file when
the feed is complete, and an object appears there whole or not at all. Those of local
files, FTP and standard output do not keep that promise and are replaced here.
"""

import errno
import os
import posixpath
import ssl
import stat
import sys
from contextlib import closing, suppress
from ftplib import FTP, FTP_TLS
from pathlib import Path
from typing import IO, Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FTPFeedStorage, StdoutFeedStorage
from scrapy.utils.ftp import ftp_makedirs_cwd
from w3lib.url import file_uri_to_path

from gorgias_crawler.errors import FeedError, RunEndError

_FTP_TIMEOUT_S = 60.0  # ftplib would wait for ever; boto3's default is 60 s as well

# Names of open descriptors: whatever is behind them belongs to somebody else.
_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")


def reason_of(error: BaseException) -> str:
    """Return why the operating system refused, or the kind of any other error."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


class SnapshotFileStorage:
    """A local file, written beside its target and renamed over it when complete.

    Registered in ``FEED_STORAGES`` for ``""`` and ``file``. Devices and pipes are
    written directly.
    """

    def __init__(
        self,
        uri: str,
        *,
        spider: Spider | None = None,
        feed_options: dict[str, Any] | None = None,
    ) -> None:
        path = Path(file_uri_to_path(uri) if uri.startswith("file:") else uri)
        self.is_stream = _is_stream(path)
        self._target = path if self.is_stream else path.resolve()
        self.name = str(self._target)
        self._part = self._target.with_name(
            f".{self._target.name}.{_job_id(spider)}.part"
        )
        # As in Scrapy: -O sets it, -o leaves it out.
        self._overwrite = bool((feed_options or {}).get("overwrite"))
        self._owns_feed = getattr(spider, "owns_feed", lambda _uri: False)
        self._claim_feed = getattr(spider, "claim_feed", lambda _uri: None)
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
        self._target_status()
        self._target.parent.mkdir(parents=True, exist_ok=True)
        os.close(self._create_part())
        self._part.unlink()

    def open(self, _spider: Spider) -> IO[bytes]:
        """Open the temporary file, or the device."""
        if not self.is_stream:
            return open(self._create_part(), "wb")  # noqa: PTH123 - a descriptor
        # A pipe that nobody reads is then an error at once, not a wait for ever.
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(self._target, flags)
        os.set_blocking(descriptor, True)
        return open(descriptor, "wb")  # noqa: PTH123 - a descriptor

    def store(self, file: IO[bytes]) -> None:
        """Make the rows durable and rename them over the target.

        Raises `OSError`, and `RunEndError` where the target cannot be replaced: then
        the rows stay in the temporary file.
        """
        if self.is_stream:
            file.close()
            return
        file.flush()
        os.fsync(file.fileno())
        try:
            if status := self._target_status():
                _keep_rights(file.fileno(), status)
            # Before the rename: a run that is killed after it must own the feed.
            self._claim_feed(self.name)
            file.close()
            self._part.replace(self._target)
        except (OSError, FeedError) as error:
            self._rows_are_kept = True
            why = (
                f"The feed {self.name} cannot be replaced ({reason_of(error)}): is it "
                "open in another program?"
            )
            raise RunEndError(
                "feed_error",
                f"{error if isinstance(error, FeedError) else why} All rows are in "
                f"{self._part}: rename that file, or run the same command again when "
                "the cause is gone.",
            ) from None
        _fsync_directory(self._target.parent)

    def discard(self, file: IO[bytes]) -> None:
        """Remove the temporary file, unless its rows could only not be renamed."""
        with suppress(OSError):  # the last buffer may not fit on the disk
            file.close()
        if not self.is_stream and not self._rows_are_kept:
            self._part.unlink(missing_ok=True)

    def _target_status(self) -> os.stat_result | None:
        """Return the target's status, None where there is nothing yet."""
        try:
            status = os.lstat(self._target)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            raise FeedError(
                f"The feed {self.name} (FEEDS, -o or -O) is a directory: name a file."
            )
        if not stat.S_ISREG(status.st_mode):
            raise FeedError(
                f"The feed {self.name} (FEEDS, -o or -O) is not a regular file: name "
                "another one."
            )
        if not self._overwrite and not self._owns_feed(self.name):
            raise FeedError(
                f"The feed {self.name} (-o) exists and this job did not write it: use "
                "-O to replace it, or choose another name."
            )
        return status

    def _create_part(self) -> int:
        # What an earlier run of this job left; anything but a file is not ours.
        with suppress(FileNotFoundError):
            if stat.S_ISREG(os.lstat(self._part).st_mode):
                self._part.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        for name in ("O_NOFOLLOW", "O_BINARY"):  # POSIX, Windows
            flags |= getattr(os, name, 0)
        return os.open(self._part, flags, 0o600)


class SnapshotFTPStorage(FTPFeedStorage):
    """A file on an FTP server, uploaded beside its target and renamed over it.

    Scrapy's storage writes over the target while it uploads. Registered in
    ``FEED_STORAGES`` for ``ftp`` and ``ftps``.
    """

    job_id = ""

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None
    ) -> Self:
        """Build it as Scrapy does."""
        storage = super().from_crawler(crawler, uri, feed_options=feed_options)
        storage.job_id = _job_id(crawler.spider)
        return storage

    def _store_in_thread(self, file: IO[bytes]) -> None:
        directory, name = posixpath.split(self.path)
        part = f".{name}.{self.job_id}.part"
        context = ssl.create_default_context()
        # Unencrypted only where the user wrote ftp://.
        ftp = FTP_TLS(context=context) if self.tls else FTP()  # noqa: S321
        with ftp, closing(file):
            ftp.connect(self.host, self.port, timeout=_FTP_TIMEOUT_S)
            ftp.login(self.username, self.password)
            if isinstance(ftp, FTP_TLS):
                ftp.prot_p()
            ftp.set_pasv(not self.use_active_mode)
            ftp_makedirs_cwd(ftp, directory)
            file.seek(0)
            ftp.storbinary(f"STOR {part}", file)
            ftp.rename(part, name)


class SnapshotStdoutStorage(StdoutFeedStorage):
    """Standard output, which is flushed while an error can still be told.

    Registered in ``FEED_STORAGES`` for ``stdout``.
    """

    is_stream = True
    name = "stdout:"

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        if getattr(sys, "stdout", None) is None:
            raise OSError(errno.EBADF, "standard output is closed")
        super().__init__(uri)  # without the options: -O would only cause a warning

    def store(self, file: IO[bytes]) -> None:
        """Flush the rows."""
        file.flush()

    def discard(self, file: IO[bytes]) -> None:
        """Give up what cannot be written.

        Else the interpreter tries again when it exits, and fails with a traceback
        (https://docs.python.org/3/library/signal.html#note-on-sigpipe).
        """
        try:
            file.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, file.fileno())
            os.close(nowhere)


def _job_id(spider: Spider | None) -> str:
    # Another project's spider has none; its process then stands for its job.
    return getattr(spider, "job_id", None) or f"{os.getpid():x}"


def _is_stream(path: Path) -> bool:
    if str(path).startswith(_DESCRIPTORS):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def _keep_rights(descriptor: int, status: os.stat_result) -> None:
    """Give the new file the rights of the old one, as far as we may."""
    if not hasattr(os, "fchmod"):  # Windows: the directory's rights are inherited
        return
    with suppress(PermissionError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    with suppress(PermissionError):
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & 0o777)


def _fsync_directory(directory: Path) -> None:
    """Make a rename in *directory* survive power loss."""
    if os.name == "nt":  # cannot open directories
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # what some network file systems say
            raise
    finally:
        os.close(descriptor)
