"""Where fetched files are stored: a directory, S3 or Google Cloud Storage.

``FILES_STORE`` means what it means to Scrapy, and S3 and Google Cloud are reached
through Scrapy's own stores. Its local store holds a whole body in memory and writes in
place; ours renames a file that is whole.
"""

import asyncio
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from scrapy.pipelines.files import FilesPipeline, S3FilesStore
from scrapy.settings import BaseSettings
from scrapy.utils.defer import maybe_deferred_to_future

from gorgias_crawler.command_line import to_install
from gorgias_crawler.durable import sync_directory
from gorgias_crawler.errors import ConfigurationError

DIRECTORY = "files"
"""Where files are in the job directory, unless ``FILES_STORE`` says otherwise."""


class FileStore(ABC):
    """Files under names with ``/`` between their parts.

    ``root`` is for people; ``identity`` says the same of a job that was moved. What is
    not whole yet is in *unfinished*, a directory of this job alone.
    """

    def __init__(self, root: str, unfinished: Path) -> None:
        self.root = self.identity = root
        self._unfinished = unfinished

    def prepare(self) -> None:
        """Remove what a killed run has left. Raises `OSError`."""
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._unfinished.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove the directory of what is not whole."""
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def part(self) -> Path:
        """Return the path of a new file that is not whole yet."""
        return self._unfinished / uuid.uuid4().hex

    @abstractmethod
    async def put(self, part: Path, name: str, content_type: str) -> None:
        """Let the whole and synced file *part* appear under *name*, to stay."""

    @abstractmethod
    async def delete(self, name: str) -> None:
        """Delete the file *name*; it may be gone already."""

    def lost(self, stored: Iterable[tuple[str, str, int, str]]) -> list[str]:
        """Return the first column of those *stored* files that are not there.

        The second is the name, the third the size in bytes.
        """
        return []


class LocalStore(FileStore):
    """A directory, for its owner only."""

    def __init__(self, root: Path, job_id: str) -> None:
        super().__init__(str(root), root / f".unfinished-{job_id}")
        self._path = root

    async def put(self, part: Path, name: str, content_type: str) -> None:
        """Rename *part* in a thread, for a sync takes its time."""
        await asyncio.to_thread(self._rename, part, self._path / name)

    def _rename(self, part: Path, target: Path) -> None:
        directory = target.parent
        if not directory.is_dir():
            directory.mkdir(mode=0o700, exist_ok=True)
            sync_directory(self._path)
        part.replace(target)
        sync_directory(directory)

    async def delete(self, name: str) -> None:
        """Delete the file, and its directory where that is empty then."""
        path = self._path / name
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def lost(self, stored: Iterable[tuple[str, str, int, str]]) -> list[str]:
        """Compare sizes: a look at 100,000 files takes a second."""
        return [path for path, name, size, _ in stored if self._size(name) != size]

    def _size(self, name: str) -> int:
        try:
            return (self._path / name).lstat().st_size
        except OSError:
            return -1


class RemoteStore(FileStore):
    """S3 or Google Cloud Storage, through the *store* that Scrapy has for it."""

    def __init__(self, root: str, unfinished: Path, store: Any) -> None:
        super().__init__(root, unfinished)
        self._store = store

    async def put(self, part: Path, name: str, content_type: str) -> None:
        """Upload *part*; it appears there when all of it has come."""
        if isinstance(self._store, S3FilesStore):
            with part.open("rb") as file:
                await maybe_deferred_to_future(
                    self._store.persist_file(
                        name,
                        file,  # type: ignore[arg-type]  # it is read in parts
                        None,  # type: ignore[arg-type]  # not looked at
                        headers={"Content-Type": content_type},
                    )
                )
            return
        # Scrapy's would read the whole file into memory.
        blob = self._store.bucket.blob(self._store.prefix + name)
        acl = self._store.POLICY
        await asyncio.to_thread(
            blob.upload_from_filename,
            str(part),
            content_type=content_type,
            predefined_acl=acl,
        )

    async def delete(self, name: str) -> None:
        """Delete the object; Scrapy's stores cannot."""
        key = self._store.prefix + name
        if isinstance(self._store, S3FilesStore):
            await asyncio.to_thread(
                self._store.s3_client.delete_object,
                Bucket=self._store.bucket,
                Key=key,
            )
            return
        blob = await asyncio.to_thread(self._store.bucket.get_blob, key)
        if blob is not None:
            await asyncio.to_thread(blob.delete)


_LIBRARIES = {"s3": "boto3", "gs": "google-cloud-storage"}


def local_root(settings: BaseSettings, jobdir: Path) -> Path | None:
    """Return the directory of files, None where they are not on this machine."""
    uri = settings.get("FILES_STORE") or str(jobdir / DIRECTORY)
    scheme, separator, path = str(uri).partition("://")
    if not separator:
        return Path(uri)
    return Path(path) if scheme == "file" else None


def open_store(settings: BaseSettings, jobdir: Path, job_id: str) -> FileStore:
    """Return the store that ``FILES_STORE`` names. Raises `ConfigurationError`."""
    root = local_root(settings, jobdir)
    if root is not None:
        local = LocalStore(root.absolute(), job_id)
        if root == jobdir / DIRECTORY:
            local.identity = DIRECTORY
        return local
    uri = str(settings["FILES_STORE"]).rstrip("/") + "/"
    scheme = uri.partition("://")[0]
    if scheme not in _LIBRARIES:
        raise ConfigurationError(
            f"FILES_STORE={settings['FILES_STORE']}: files can be stored in a directory, "
            "in s3://bucket/path or in gs://bucket/path."
        )
    FilesPipeline._update_stores(settings)  # noqa: SLF001  # as Scrapy reads AWS_*
    try:
        store = FilesPipeline.STORE_SCHEMES[scheme](uri)
    except Exception as error:  # noqa: BLE001  # each library raises its own
        raise ConfigurationError(
            f"FILES_STORE={settings['FILES_STORE']} cannot be opened "
            f"({type(error).__name__}): check the name and its credentials, and that its "
            f"library is there: {to_install(_LIBRARIES[scheme])}"
        ) from None
    return RemoteStore(uri, jobdir / DIRECTORY / f".unfinished-{job_id}", store)
