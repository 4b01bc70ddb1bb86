"""Fixtures and profiles for all tests."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gorgias_crawler.sandbox import Sandbox, World
from tests import forking
from tests.crawling import SCRAPY_CFG, Shop, opened_shop
from tests.hostile import Listener

if hasattr(signal, "SIGHUP"):
    # Crawls inherit it: under nohup they would not mind a hangup, as they shall.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# derandomised in CI, so that a red build means a change, not bad luck
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
settings.register_profile(
    "night",
    max_examples=5_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser):
    parser.addoption(
        "--no-forks",
        action="store_true",
        help="run each command in an interpreter of its own, as a user does",
    )


def pytest_xdist_auto_num_workers(config):
    """Half as many again as cores: some tests wait, for a budget or a second answer."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


def pytest_configure(config):
    forking.is_on &= not config.getoption("no_forks")


@pytest.fixture(scope="session")
def may_fork():
    """Whether commands may be forked from one process that has imported Scrapy."""
    yield forking.is_on
    forking.close()


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the project."""
    return Path(__file__).parent.parent


@pytest.fixture
def open_shop(tmp_path, may_fork):
    """Open a shop: a sandbox and a directory that can crawl it."""
    opened = []

    def open_(tickets=50, seed=1, world=None, forks=True, **sandbox) -> Shop:
        world = world or World(tickets=tickets, seed=seed)
        server = Sandbox(world, **{"rate": None, **sandbox})
        server.start()
        opened.append(server)
        (tmp_path / "scrapy.cfg").write_text(SCRAPY_CFG)
        return Shop(tmp_path, server, world, forks=forks and may_fork)

    yield open_
    for server in opened:
        server.close()


@pytest.fixture
def work(tmp_path, may_fork):
    """The working directory of crawls that only write feeds (``feed_crawl.py``)."""
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory, may_fork):
    """A shop whose crawl is complete; its tests change nothing of it."""
    path = tmp_path_factory.mktemp("shop")
    with opened_shop(path, World(tickets=50), forks=may_fork) as shop:
        ended = shop.crawl()
        assert ended.status == 0, ended.log
        yield shop


@pytest.fixture
def listen():
    opened = []

    def listen_(context=None):
        opened.append(Listener(context))
        return opened[-1]

    yield listen_
    for listener in opened:
        listener.close()
