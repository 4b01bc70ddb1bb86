"""Accounts in one directory, as crawls meet them: nothing of one reaches another."""

import base64
import json
import os
import subprocess
import sys
from contextlib import closing

import pytest

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.job.directory import ARCHIVE
from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World
from tests.crawling import PROJECT
from tests.daemons import blocks
from tests.expected import expected_rows
from tests.test_accounts import write


@pytest.fixture
def agency(open_shop):
    """A shop whose accounts, acme and beta, have files; and their sandboxes."""
    shop = open_shop(tickets=5)
    acme, shop.sandbox = shop.sandbox, None
    shop.environ = {"GORGIAS_API_USER": "", "GORGIAS_API_KEY": ""}
    (shop.path / "accounts").mkdir()
    with Sandbox(World(tickets=4, seed=2), rate=None) as beta:
        add_account(shop, "acme", acme)
        add_account(shop, "beta", beta)
        yield shop, acme, beta


def add_account(shop, name, sandbox, key=API_KEY):
    write(
        shop.path / "accounts" / f"{name}.env",
        f"GORGIAS_API_URL={sandbox.url}\nGORGIAS_API_USER={API_USER}\n"
        f"GORGIAS_API_KEY={key}\n",
    )


def crawl(shop, account, *options):
    """Crawl *account* into its default file and job directory."""
    return shop.crawl("-s", "JOBDIR=", "-a", f"account={account}", *options)


def refused(shop, ended, words, status=1):
    assert ended.status == status, ended.log
    assert words in ended.log
    assert len(ended.log.strip().splitlines()) == 1
    assert API_KEY not in ended.log
    assert not (shop.path / "crawls").exists()


def test_each_account_has_its_own_file_and_job(agency):
    shop, acme, beta = agency
    for name, sandbox in (("acme", acme), ("beta", beta)):
        ended = crawl(shop, name)
        assert ended.status == 0, ended.log
        assert f"Fetching all tickets of {name}, then writing " in ended.log
        assert shop.rows(f"{name}_tickets.csv") == expected_rows(sandbox.world)
    assert "Fetching what acme has new since" in crawl(shop, "acme").log
    assert shop.rows("acme_tickets.csv") == expected_rows(acme.world)
    assert sorted(os.listdir(shop.path / "crawls")) == ["acme", "beta"]
    assert not shop.file.exists()


def test_credentials_in_the_environment_are_refused_before_the_first_call(agency):
    shop, acme, _ = agency
    shop.environ["GORGIAS_API_KEY"] = API_KEY
    refused(shop, crawl(shop, "acme"), "GORGIAS_API_KEY in the environment would be")
    assert not acme.calls


def test_those_in_the_default_file_are_not_read(agency):
    shop, _, beta = agency
    (shop.path / ".env").write_text((shop.path / "accounts/acme.env").read_text())
    ended = crawl(shop, "beta")
    assert ended.status == 0, ended.log
    assert shop.rows("beta_tickets.csv") == expected_rows(beta.world)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../x", "-a account=../x: give the name of a file in accounts"),
        ("", "-a account=: give the name"),
        ("gamma", "accounts/gamma.env: write GORGIAS_SUBDOMAIN, GORGIAS_API_USER and"),
    ],
)
def test_an_account_that_there_is_not_is_one_line(agency, name, words):
    shop = agency[0]
    refused(shop, crawl(shop, name), words)


def test_a_refused_key_is_told_with_the_file_that_holds_it(agency):
    shop, acme, _ = agency
    add_account(shop, "acme", acme, key="wr0ng-key")
    ended = crawl(shop, "acme")
    assert ended.status == 1
    assert "GORGIAS_ACCESS_TOKEN) in accounts/acme.env." in ended.last_lines
    assert "wr0ng" not in ended.log


def test_no_account_reaches_the_job_of_another(agency):
    shop, acme, beta = agency
    assert crawl(shop, "acme").status == 0
    ended = crawl(shop, "beta", "-s", "JOBDIR=crawls/acme")
    assert ended.status == 1
    for world in (acme.world, beta.world):
        assert repr(world.account.domain) in ended.last_lines
    assert not (shop.path / "beta_tickets.csv").exists()
    with closing(Archive.open_to_read(shop.path / "crawls/acme" / ARCHIVE)) as archive:
        assert counts.totals(archive).tickets == 5


def test_no_account_reaches_the_file_of_another(agency):
    shop, _, beta = agency
    assert crawl(shop, "acme").status == 0
    before = (shop.path / "acme_tickets.csv").read_bytes()
    add_account(shop, "acme", beta)
    ended = crawl(shop, "acme", "-s", "JOBDIR=other")
    assert ended.status == 1, ended.log
    assert "0 are of this account: move it away" in ended.last_lines
    assert (shop.path / "acme_tickets.csv").read_bytes() == before


def test_a_named_file_takes_the_place_of_the_default_one(agency):
    shop, acme, _ = agency
    ended = crawl(shop, "acme", "-O", "rows.csv")
    assert ended.status == 0, ended.log
    assert shop.rows("rows.csv") == expected_rows(acme.world)
    assert not (shop.path / "acme_tickets.csv").exists()


def test_another_file_of_credentials_may_be_named(agency):
    shop, acme, _ = agency
    (shop.path / "accounts/acme.env").rename(shop.path / "secret")
    ended = shop.crawl("-s", "JOBDIR=", "--env-file", "secret")
    assert ended.status == 0, ended.log
    assert shop.rows("127.0.0.1_tickets.csv") == expected_rows(acme.world)
    ended = shop.crawl("--env-file", "gone")
    assert ended.status == 1
    assert ended.log.startswith("gorgias_crawler: --env-file gone: there is no file")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs rights of POSIX")
def test_a_file_that_others_may_read_is_told_in_a_line(agency):
    shop = agency[0]
    words = "accounts/acme.env holds your key, and other users of this machine may read"
    assert words not in crawl(shop, "acme").log
    (shop.path / "accounts/acme.env").chmod(0o644)
    assert words in crawl(shop, "acme").log


def test_verify_asks_the_account_that_is_named(agency):
    shop = agency[0]
    assert crawl(shop, "acme").status == 0
    for options in (
        ["-a", "account=acme"],
        ["--env-file", "accounts/acme.env"],
    ):
        ended = shop.run("verify", "crawls/acme", "--online", *options)
        assert ended.status == 0, ended.log
        assert "Gorgias: 5 tickets listed now: all holds." in ended.log
        assert "File " in ended.log
        ended = shop.run("verify", "crawls/acme", *options)
        assert ended.status == 2
        assert "only --online asks it" in ended.log
    ended = shop.run("verify", "crawls/acme", "--online", "-a", "account=gamma")
    assert ended.status == 1
    assert len(ended.log.strip().splitlines()) == 1


(OF_THE_PAGE,) = blocks("python")
SCRIPT = f"""
{OF_THE_PAGE.replace("process.start()", "ran = list(process.crawlers)")}
process.start()
for crawler in ran:
    print(crawler.stats.get_stats(), crawler.settings.copy_to_dict())
import json
import os
print(dict(os.environ))
"""


def test_a_script_may_crawl_two_accounts_in_one_process(agency):
    shop, acme, beta = agency
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=shop.path,
        env=shop.environment() | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    for name, sandbox in {"acme": acme, "beta": beta}.items():
        assert shop.rows(f"{name}_tickets.csv") == expected_rows(sandbox.world)
    pair = base64.b64encode(f"{API_USER}:{API_KEY}".encode()).decode()
    assert "GORGIAS_BUDGET_SHARE" in ran.stdout
    assert API_KEY not in ran.stdout + ran.stderr
    assert pair not in ran.stdout + ran.stderr


def test_no_request_chooses_a_file_of_credentials(agency):
    shop = agency[0]
    ended = shop.crawl("-a", "env_file=accounts/acme.env")
    refused(shop, ended, "-a env_file=accounts/acme.env: there is no", status=2)


def test_what_scrapyd_passes_is_no_argument_of_ours(agency):
    shop = agency[0]
    ended = crawl(shop, "acme", "-a", "_job=5ad", "-a", "_version=1")
    assert ended.status == 0, ended.log


@pytest.mark.parametrize(
    ("wrong", "status"),
    [(["-a", "fetch=no"], 1), (["--no-such"], 2), (["-L"], 2)],
)
def test_a_refused_start_stands_in_the_job_of_its_account_alone(agency, wrong, status):
    shop = agency[0]
    for name in ("acme", "beta"):
        assert crawl(shop, name).status == 0
    beta = (shop.path / "crawls/beta/run.json").read_bytes()
    ended = crawl(shop, "acme", *wrong)
    assert ended.status == status
    told = json.loads((shop.path / "crawls/acme/run.json").read_text())
    assert told["exit_status"] == status
    assert (shop.path / "crawls/beta/run.json").read_bytes() == beta
