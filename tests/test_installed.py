"""The wheel, in an environment of its own and outside of a checkout."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email import message_from_bytes

import pytest

from gorgias_crawler import __version__
from gorgias_crawler.sandbox import API_KEY, API_USER
from tests.crawling import Ended


@pytest.fixture(scope="session")
def wheel(tmp_path_factory, project):
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run([*command, "-d", directory], cwd=project, check=True)
    (path,) = directory.iterdir()
    return path


@pytest.fixture(scope="session")
def programs(tmp_path_factory, wheel):
    """The directory of programs where the wheel is installed, and what it needs.

    What it needs is that of these tests: a `.pth` file names a place, of which no
    other such file is read, so that the checkout is not found through it.
    """
    path = tmp_path_factory.mktemp("environment")
    venv.create(path, symlinks=sys.platform != "win32")
    bin_ = path / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(bin_ / "python"), "install"]
    subprocess.run([*pip, "-q", "--no-index", "--no-deps", wheel], check=True)
    (site,) = path.rglob("site-packages")
    (site / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return bin_


class Directory:
    """A directory to work in, with an account in the environment."""

    def __init__(self, path, programs, sandbox=None):
        self.path = path
        self.programs = programs
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GORGIAS_", "SCRAPY_", "PYTHON", "UV"))
        }
        self.environ["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
        if sandbox is not None:
            self.environ["GORGIAS_API_URL"] = sandbox.url
            self.environ |= {"GORGIAS_API_USER": API_USER, "GORGIAS_API_KEY": API_KEY}

    def run(self, *command, **environ) -> Ended:
        name, *options = command
        ended = subprocess.run(
            [self.programs / name, *options],
            cwd=self.path,
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout)


@pytest.fixture
def customer(open_shop, tmp_path, programs):
    """An empty directory, and the account of a sandbox in the environment."""
    shop = open_shop(tickets=5)
    (tmp_path / "scrapy.cfg").unlink()
    return Directory(tmp_path, programs, shop.sandbox)


def test_the_wheel_holds_the_package_alone_and_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as opened:
        tops = {name.split("/")[0] for name in opened.namelist()}
        names = opened.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        said = message_from_bytes(opened.read(metadata))
    assert tops == {"gorgias_crawler", f"gorgias_crawler-{__version__}.dist-info"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert said["Name"] == "gorgias-crawler"
    assert said["Version"] == __version__
    assert said["License-Expression"] == "MIT"
    assert said["Requires-Python"] == ">=3.11"
    assert said["Description-Content-Type"] == "text/markdown"
    assert "Framework :: Scrapy" in said.get_all("Classifier", [])


def test_what_the_readme_says_of_it_works_in_an_empty_directory(customer, project):
    readme = (project / "README.md").read_text("utf-8")
    demo, crawl = re.findall(r"^gorgias-crawler .*", readme, re.MULTILINE)
    shown = customer.run(*demo.split())
    assert shown.status == 0, shown.log
    assert "\n$ gorgias-crawler crawl gorgias -s JOBDIR=demo/job -O " in shown.log
    assert "616 rows for the account's 616 messages" in shown.log
    status, export, verify = (
        f"gorgias-crawler {name} crawls/run1" for name in ("status", "export", "verify")
    )
    for command in (crawl, status, f"{export} -O all.csv", f"{verify} all.csv"):
        ended = customer.run(*command.split())
        assert ended.status == 0, ended.log
    found = {path.name for path in customer.path.iterdir()}
    assert found == {"all.csv", "crawls", "demo", "gorgias_tickets.csv"}


@pytest.mark.parametrize(
    ("beginning", "environ"),
    [
        ("python -m gorgias_crawler", {}),
        ("python -m scrapy", {"SCRAPY_SETTINGS_MODULE": "gorgias_crawler.settings"}),
    ],
)
def test_each_way_to_begin_is_the_project_and_its_hints_begin_so(
    customer, beginning, environ
):
    command = beginning.split()
    ended = customer.run(*command, "crawl", "gorgias", "-s", "JOBDIR=job", **environ)
    assert ended.status == 0, ended.log
    refused = customer.run(*command, "status", **environ)
    assert refused.status == 2
    assert f": `{beginning} status crawls/run1`. `{beginning} status -h`" in refused.log
