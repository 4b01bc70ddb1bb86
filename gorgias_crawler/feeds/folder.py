"""A folder of feeds, one file a kind, and the manifest that is stored last."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from w3lib.url import file_uri_to_path

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.formats import SpiderItemExporter
from gorgias_crawler.redact import public_uri

MANIFEST = "manifest.json"
"""The name of a folder's manifest."""


class ManifestExporter(SpiderItemExporter):
    """Writes what stands in a folder, when all of its files are stored.

    Of the spider it uses ``feeds_stored`` and ``described()``, what is known of the
    run. Whoever sees a manifest whose hashes are those of the files sees one export.
    A kind with a file for each month has the hashes of those in its ``files``.
    """

    def __init__(
        self,
        file: IO[bytes],
        *,
        folder: str,
        files: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        """Take the URI of the *folder* and the names of its *files* by their kinds."""
        super().__init__(file, dont_fail=True, **kwargs)
        self._base, self._files = _base(folder), files

    def export_item(self, item: Any) -> None:
        """Do nothing: no item comes here."""

    def finish_exporting(self) -> None:
        """Write the manifest. Raises `FeedError` where a file was not stored."""
        stored = {
            feed.uri.removeprefix(self._base): feed
            for feed in self.spider.feeds_stored
            if feed.uri.startswith(self._base)
        }
        if missing := [name for name in self._files.values() if name not in stored]:
            raise FeedError(
                f"The folder's {MANIFEST} was not written, because a file of it could "
                f"not be stored ({missing[0]}; see above): run the same command again."
            )
        files = {
            kind: {
                "file": name,
                "rows": stored[name].rows,
                "bytes": stored[name].bytes,
                "sha256": stored[name].sha256,
                **({"files": parts} if (parts := stored[name].parts) else {}),
            }
            for kind, name in self._files.items()
        }
        told = {**self.spider.described(), "files": files}
        text = json.dumps(told, indent=2, ensure_ascii=False)
        self.file.write(f"{text}\n".encode())


def _base(folder: str) -> str:
    """Return how the names of stored feeds in *folder* begin."""
    if "://" in folder and not folder.startswith("file:"):
        return public_uri(folder)
    path = Path(file_uri_to_path(folder) if folder.startswith("file:") else folder)
    return f"{path.resolve()}{os.sep}"
