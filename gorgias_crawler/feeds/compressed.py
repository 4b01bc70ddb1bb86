"""Files that are compressed because their names say so, by Scrapy's post-processing."""

import sys
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile  # a dependency of Scrapy's

_SCRAPY = "scrapy.extensions.postprocessing"
PLUGINS = {
    ".gz": f"{_SCRAPY}.GzipPlugin",
    ".bz2": f"{_SCRAPY}.Bz2Plugin",
    ".xz": f"{_SCRAPY}.LZMAPlugin",
    ".zst": f"{__name__}.ZstdPlugin",
}
"""What compresses, by the ending of a name."""


_OPTIONS = {"gzip_": ".gz", "bz2_": ".bz2", "lzma_": ".xz", "zstd_": ".zst"}
"""How the names of a feed's options begin that compress, by the ending of a name."""


class ZstdPlugin:
    """Compresses with Zstandard; ``zstd_level`` in the options of a feed, default 3."""

    def __init__(self, file: BinaryIO, feed_options: dict[str, Any]) -> None:
        self._zstd = ZstdFile(file, "w", level=feed_options.get("zstd_level", 3))

    def write(self, data: bytes) -> int:
        """Compress *data*."""
        return self._zstd.write(data)

    def close(self) -> None:
        """Write the last bytes; the file itself stays open, as with Scrapy's."""
        self._zstd.close()


def ending(uri: str) -> str:
    """Return the part of the name *uri* that says how it is compressed, or ``""``."""
    suffix = PurePosixPath(uri).suffix.lower()
    return suffix if suffix in PLUGINS else ""


def with_compression(uri: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the *options* of a feed that is compressed if its name says so."""
    plugins = list(options.get("postprocessing", ()))
    wanted = PLUGINS.get(ending(uri))
    if wanted and wanted not in plugins:
        plugins.append(wanted)
    chosen = {"postprocessing": plugins} if plugins else {}
    # default now: the same rows shall give the same bytes
    return {"gzip_mtime": 0, **options, **chosen}


def idle_option(options: Mapping[str, Any]) -> str | None:
    """Return the first of *options* that is of a way of compressing which is not used.

    A plugin of the user's may read any.
    """
    plugins = options.get("postprocessing") or ()
    if not set(plugins) <= set(PLUGINS.values()):
        return None
    given = [
        name
        for name in options
        for prefix, ending_ in _OPTIONS.items()
        if name.startswith(prefix) and options[name] and PLUGINS[ending_] not in plugins
    ]
    return next(iter(given), None)
