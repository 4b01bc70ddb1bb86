"""Real crawls that fetch files."""

import hashlib
from pathlib import Path

from gorgias_crawler.sandbox.files import asked_as

FILES = ("-a", "files=true")


def stored(shop) -> dict[str, Path]:
    """The stored files of a job, by their SHA-256."""
    paths = [path for path in (shop.jobdir / "files").rglob("*") if path.is_file()]
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in paths}


def expected(world) -> dict[str, str]:
    """What the files of messages have for a SHA-256, by their paths."""
    return {
        asked_as(file.path): file.sha256() for file in world.files() if file.kind != 2
    }


def test_every_attachment_and_inline_image_is_fetched_with_one_call(open_shop):
    shop = open_shop(tickets=60)
    files = expected(shop.world)
    ended = shop.crawl(*FILES)
    assert ended.status == 0, ended.log
    assert set(stored(shop)) == set(files.values())
    asked = [c for c in shop.sandbox.calls if "/download/" in c.path]
    assert len(asked) == len(files) == len(shop.sandbox.file_calls)
