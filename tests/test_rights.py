"""What a run writes is its owner's alone."""

import re
import stat

import pytest

from gorgias_crawler.job.directory import Job
from tests.hostile import configure


def test_files_are_the_owners_alone_while_they_are_written(open_shop):
    shop = open_shop(tickets=10, forks=False)
    configure(
        shop,
        "import os, stat\n"
        "from pathlib import Path\n"
        "os.umask(0)\n"
        "class Looking:\n"
        "    def process_item(self, item):\n"
        "        for path in (*Path('job').iterdir(), *Path().glob('.*.part')):\n"
        "            mode = oct(stat.S_IMODE(path.stat().st_mode))\n"
        "            print('SEEN', path.name, mode, flush=True)\n"
        "        return item\n"
        "ITEM_PIPELINES = {**ITEM_PIPELINES, Looking: 900}\n",
    )
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    seen = dict(re.findall(r"^SEEN (\S+) (\S+)$", ended.log, re.MULTILINE))
    assert {"archive.sqlite", "archive.sqlite-wal", "lock"} <= seen.keys()
    assert any(name.endswith(".part") for name in seen)
    assert set(seen.values()) == {"0o600"}
    assert stat.S_IMODE(shop.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["archive.sqlite-wal", "archive.sqlite-shm"])
def test_links_in_place_of_sqlites_files_are_refused(open_shop, name):
    shop = open_shop(tickets=3)
    assert shop.crawl().status == 0
    victim = shop.path / "victim"
    victim.write_text("precious")
    (shop.jobdir / name).symlink_to(victim)
    ended = shop.crawl()
    assert ended.status == 1
    assert f"{name} is a symbolic link" in ended.log
    assert victim.read_text() == "precious"


def test_a_link_in_place_of_the_csvs_temporary_file_is_not_followed(open_shop):
    shop = open_shop(tickets=3)
    job = Job(shop.jobdir)
    job.close()
    victim = shop.path / "victim"
    victim.write_text("precious")
    (shop.path / f".{shop.file.name}.{job.id}.part").symlink_to(victim)
    ended = shop.crawl()
    assert ended.status == 1
    assert "File exists" in ended.log
    assert victim.read_text() == "precious"
    assert shop.sandbox.calls == []
