"""Where files are stored, apart from a crawl."""

import asyncio
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.feeds.file_store import (
    LocalStore,
    RemoteStore,
    local_root,
    open_store,
)


class Bucket:
    """What Google's library has of a bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}

    def blob(self, name):
        def upload(path, *, content_type, predefined_acl):
            with open(path, "rb") as file:
                self.objects[name] = (file.read(), content_type)

        return SimpleNamespace(upload_from_filename=upload)

    def get_blob(self, name):
        if name not in self.objects:
            return None
        return SimpleNamespace(delete=lambda: self.objects.pop(name))


def test_google_cloud_gets_the_file_and_loses_it(tmp_path):
    bucket = Bucket()
    scrapys = SimpleNamespace(bucket=bucket, prefix="files/", POLICY=None)
    store = RemoteStore("gs://b/files/", tmp_path / "job" / ".unfinished", scrapys)
    store.prepare()
    part = store.part()
    part.write_bytes(b"abc")
    asyncio.run(store.put(part, "1/2-a.png", "image/png"))
    assert bucket.objects == {"files/1/2-a.png": (b"abc", "image/png")}
    asyncio.run(store.delete("1/2-a.png"))
    asyncio.run(store.delete("1/2-a.png"))
    assert bucket.objects == {}


def test_what_a_killed_run_has_left_is_removed(tmp_path):
    store = LocalStore(tmp_path / "files", "ab12")
    store.prepare()
    store.part().write_bytes(b"half")
    other = tmp_path / "files" / ".unfinished-other"
    other.mkdir()
    LocalStore(tmp_path / "files", "ab12").prepare()
    assert list((tmp_path / "files" / ".unfinished-ab12").iterdir()) == []
    assert other.is_dir()


def test_a_file_of_another_size_is_lost(tmp_path):
    store = LocalStore(tmp_path, "ab12")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "a").write_bytes(b"abc")
    (tmp_path / "1" / "b").symlink_to(tmp_path / "1" / "a")
    told = [(name, f"1/{name}", 3, "") for name in "abc"]
    assert store.lost(told) == ["b", "c"]
    assert store.lost([("a", "1/a", 4, "")]) == ["a"]


def test_the_last_file_of_a_ticket_goes_with_its_directory(tmp_path):
    store = LocalStore(tmp_path, "ab12")
    (tmp_path / "1").mkdir()
    for name in "ab":
        (tmp_path / "1" / name).touch()
    asyncio.run(store.delete("1/a"))
    assert (tmp_path / "1").is_dir()
    asyncio.run(store.delete("1/b"))
    assert not (tmp_path / "1").exists()


@pytest.mark.parametrize(
    ("value", "root"),
    [
        (None, "job/files"),
        ("", "job/files"),
        ("place", "place"),
        ("file:///place", "/place"),
        ("s3://bucket", None),
    ],
)
def test_files_store_names_a_directory_or_another_place(tmp_path, value, root):
    found = local_root(Settings({"FILES_STORE": value}), tmp_path / "job")
    assert (found and found.as_posix()) == (
        root and root.replace("job/", f"{tmp_path}/job/")
    )


def test_a_store_whose_library_is_missing_is_refused_with_it(tmp_path):
    with pytest.raises(ConfigurationError, match="pip install google-cloud-storage"):
        open_store(Settings({"FILES_STORE": "gs://bucket/x"}), tmp_path, "ab12")
