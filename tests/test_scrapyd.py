"""Many accounts under Scrapyd: the commands of the page, and what comes of them."""

import json
import shutil
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from gorgias_crawler.sandbox import API_KEY, Sandbox, World
from tests.crawling import HANG_S, Shop, linux_only
from tests.daemons import Daemon, blocks, clone, run

pytestmark = [
    pytest.mark.skipif(
        find_spec("scrapyd") is None or find_spec("scrapyd_client") is None,
        reason="needs Scrapyd and its client",
    ),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl"),
    linux_only("the process list is read in /proc"),
]
COMMANDS = [line for block in blocks("console") for line in block.splitlines()]


def command(words):
    (found,) = (line for line in COMMANDS if words in line)
    return found


def last_line(log):
    return log.strip().splitlines()[-1].partition("] ")[2]


def left_behind(daemon):
    for path in daemon.path.rglob("*"):
        if path.is_file() and path.parent.name != "accounts":
            yield path, path.read_bytes()


@pytest.mark.timeout(240)  # each process imports Scrapy
def test_accounts_are_deployed_scheduled_and_refused_as_the_page_says(tmp_path):
    began = threading.Event()
    go_on = threading.Event()

    def hold(_call):
        began.set()
        go_on.wait(HANG_S)

    daemon = Daemon(tmp_path / "one")
    acme = Sandbox(World(tickets=5), rate=None, on_request=hold)
    beta = Sandbox(World(tickets=4, seed=2), rate=None)
    with acme, beta, daemon:
        daemon.add_account("acme", acme.url, API_KEY)
        daemon.add_account("beta", beta.url, "wr0ng-key")
        project = clone(tmp_path / "clone", {"one": daemon.port})
        deployed = json.loads(run(command("scrapyd-deploy"), project, daemon.port))
        assert deployed.get("spiders") == 1, deployed

        told = run(command("for file in"), daemon.path, daemon.port)
        first, wrong = (json.loads(line)["jobid"] for line in told.splitlines())
        assert began.wait(HANG_S)
        # while the first is at work: into a job directory and a folder of its own
        other = command("scrapyd-client").replace("s3://help-desk/", "lake/")
        run(other, project, daemon.port)
        twice = daemon.schedule("acme")
        statuses = daemon.wait_for(2)
        assert statuses == {wrong: "1", twice: "1"}
        assert last_line(daemon.log_of(wrong)).endswith("in accounts/beta.env.")
        assert "in use by another crawl" in last_line(daemon.log_of(twice))
        running = run(command("listjobs"), daemon.path, daemon.port)
        processes = {job["id"]: job["pid"] for job in json.loads(running)["running"]}
        assert len(processes) == 2
        listed = Path(f"/proc/{processes[first]}/cmdline").read_text()
        assert "account=acme" in listed
        go_on.set()

        statuses = daemon.wait_for(4)
    assert sorted(statuses.values()) == ["0", "0", "1", "1"]
    assert "Complete: " in last_line(daemon.log_of(first))
    shop = Shop(daemon.path, None, acme.world)
    assert shop.rows("acme_tickets.csv") == shop.expected()
    assert not (daemon.path / "beta_tickets.csv").exists()
    lake = daemon.path / "lake" / "account=acme"
    assert (lake / "messages.parquet").exists()
    assert (lake / "tags.parquet").exists()
    assert (daemon.path / "crawls" / "acme-tags" / "run.json").exists()
    names = {path.name for path, _ in left_behind(daemon)}
    assert {"scrapyd.log", "gorgias.db", "archive.sqlite", f"{first}.log"} <= names
    for path, data in left_behind(daemon):
        for secret in (API_KEY, "wr0ng-key"):
            assert secret.encode() not in data, path
    for secret in (API_KEY, "wr0ng-key"):
        assert secret not in told + running + listed


@pytest.mark.timeout(240)  # each process imports Scrapy
def test_what_is_installed_needs_no_deployment(tmp_path):
    daemon = Daemon(tmp_path / "one", is_installed=True)
    with Sandbox(World(tickets=5), rate=None) as acme, daemon:
        daemon.add_account("acme", acme.url, API_KEY)
        told = run(command("for file in"), daemon.path, daemon.port)
        job = json.loads(told)["jobid"]
        assert daemon.wait_for(1) == {job: "0"}
    shop = Shop(daemon.path, None, acme.world)
    assert shop.rows("acme_tickets.csv") == shop.expected()
    run(command("status"), daemon.path, daemon.port)
