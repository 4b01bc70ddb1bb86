"""A monitor is told when a run begins and how it ends, and can harm none."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gorgias_crawler.config.accounts import find_ping_url
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.job.directory import Job
from gorgias_crawler.job.ping import Monitor
from gorgias_crawler.sandbox import Answer
from tests.crawling import At, wait
from tests.hostile import SECRETS

PATH = "/ping/5ecre7-uu1d"
START, SUCCESS, FAIL = f"POST {PATH}/start", f"POST {PATH}", f"POST {PATH}/fail"


class Checks:
    """A monitor on this machine that keeps what it is told.

    It answers with *status*; *status* None is never answered.
    """

    def __init__(self, status: int | None = 200) -> None:
        self.status = status
        self.pings: list[str] = []
        self.bodies: list[str] = []
        self.headers = ""
        self.is_asked, self.is_over = threading.Event(), threading.Event()
        checks = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                checks.pings.append(f"{self.command} {self.path}")
                checks.bodies.append(body.decode())
                checks.headers += str(self.headers)
                checks.is_asked.set()
                if checks.status is None:
                    checks.is_over.wait()
                    return
                self.send_response(checks.status)
                self.send_header("Location", f"{checks.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = _any  # noqa: N815

            def log_message(self, *args) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"
        # It looks that often whether it is closed; 0.5 s by itself, for each test.
        serve = partial(self._server.serve_forever, poll_interval=0.01)
        self._thread = threading.Thread(target=serve)
        self._thread.start()

    def told(self, index: int = -1) -> dict[str, int]:
        """Return a body, which has names with whole numbers and nothing else."""
        body = self.bodies[index]
        assert re.fullmatch(r"([a-z_]+=\d+\n)*", body), body
        pairs = (line.split("=") for line in body.splitlines())
        return {name: int(number) for name, number in pairs}

    def close(self) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def checks() -> Iterator[Checks]:
    """A monitor on this machine."""
    checks = Checks()
    yield checks
    checks.close()


@pytest.fixture
def shop(open_shop, checks):
    shop = open_shop(tickets=5)
    shop.environ["GORGIAS_PING_URL"] = checks.url
    return shop


def test_start_and_success_are_told_with_counts_and_nothing_else(shop, checks):
    ended = shop.crawl("-L", "DEBUG")
    assert ended.status == 0
    assert checks.pings == [START, SUCCESS]
    assert checks.told(0) == {}
    told = checks.told()
    rows = len(shop.expected())
    assert (told["exit_status"], told["incomplete"], told["failures"]) == (0, 0, 0)
    assert (told["tickets"], told["messages"], told["rows"]) == (5, rows, rows)
    everything = "".join([*checks.bodies, checks.headers])
    assert not [secret for secret in SECRETS if secret in everything]
    assert "ping" not in "".join(call.path for call in shop.sandbox.calls)
    assert "5ecre7" not in ended.log + (shop.jobdir / "run.json").read_text()


def test_a_run_that_is_not_complete_is_told_as_a_failure(shop, checks):
    victim = shop.expected()[0]["ticket_id"]
    shop.sandbox.on_request = lambda call: (
        Answer(500, b"") if call.query.get("ticket_id") == [victim] else None
    )
    ended = shop.crawl("-a", "fetch=per-ticket", "-s", "RETRY_TIMES=0")
    assert ended.status == 3
    assert checks.pings == [START, FAIL]
    told = checks.told()
    assert (told["exit_status"], told["incomplete"], told["failures"]) == (3, 1, 1)


REFUSED = {
    "an unknown setting": (["-s", "GORGIAS_COLOUR=red"], {}, 1),
    "an option without its value": (["-L"], {}, 2),
    "no key": ([], {"GORGIAS_API_KEY": ""}, 1),
    "no spider": (["-s", "SPIDER_MODULES=none"], {}, 1),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_start_that_is_refused_is_told_as_a_failure(shop, checks, why):
    options, environ, status = REFUSED[why]
    shop.environ |= environ
    assert shop.crawl(*options).status == status
    assert checks.pings == [FAIL]
    assert checks.told() == {"exit_status": status}


def test_a_start_that_is_refused_by_the_lock_or_the_key_is_told_once(shop, checks):
    job = Job(shop.jobdir)
    assert shop.crawl().status == 1
    job.close()
    assert checks.pings == [START, FAIL]
    shop.environ["GORGIAS_API_KEY"] = "another-key"
    assert shop.crawl().status == 1
    assert checks.pings[2:] == [START, FAIL]
    assert checks.told()["exit_status"] == 1


def test_a_run_that_is_killed_has_begun_and_not_ended(shop, checks):

    def kill_when_it_has_been_told(at, call):
        # The crawl does not wait for its monitor, so the first call may be faster.
        checks.is_asked.wait()
        at.process.kill()

    at_first = At(lambda call: True, kill_when_it_has_been_told)
    shop.sandbox.on_request = at_first
    at_first.process = shop.start()
    assert wait(at_first.process).status == -9
    assert checks.pings == [START]


def test_nobody_is_told_of_an_estimate_or_of_another_command(shop, checks):
    assert shop.crawl("-a", "estimate=true").status == 0
    assert shop.crawl("-a", "estimate=true", "-s", "GORGIAS_COLOUR=red").status == 1
    assert shop.run("export", "job", "-O", "x.csv", "--foo").status == 2
    assert shop.run("export", "job", "-O", "x.csv").status == 0
    assert shop.run("status", "job", "--foo").status == 2
    assert checks.pings == []


def test_the_monitor_of_an_account_is_in_its_file(shop, checks):
    names = ("GORGIAS_API_URL", "GORGIAS_API_USER", "GORGIAS_API_KEY")
    values = shop.environment()
    lines = "".join(f"{name}={values[name]}\n" for name in names)
    (shop.path / "accounts").mkdir()
    file = shop.path / "accounts" / "acme.env"
    file.write_text(f"{lines}GORGIAS_PING_URL={checks.url}\n")
    file.chmod(0o600)
    shop.environ |= dict.fromkeys([*names, "GORGIAS_PING_URL"], "")
    assert shop.crawl("-a", "account=acme").status == 0
    assert checks.pings == [START, SUCCESS]
    assert shop.crawl("-a", "account=acme", "-a", "since_=30d").status == 2
    assert checks.pings[2:] == [FAIL]
    assert find_ping_url({}, name="nobody") is None


# A monitor that cannot be told.


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "404 Not Found"), (302, "302 Found"), (520, "520")],
)
def test_a_monitor_that_refuses_changes_nothing_and_is_named_once(
    shop, checks, status, reason
):
    checks.status = status
    ended = shop.crawl("-s", "LOG_FILE=crawl.log")
    assert ended.status == 0
    (line,) = ended.log.splitlines()
    host = checks.url.split("/")[2]
    assert line == (
        f"gorgias_crawler: GORGIAS_PING_URL: {host} could not be told that the run "
        f"begins ({reason})."
    )
    assert checks.pings == [START, START, SUCCESS, SUCCESS]  # each is tried again
    assert shop.rows() == shop.expected()
    log = (shop.path / "crawl.log").read_text()
    assert "Complete" in log.splitlines()[-1]
    assert "PING" not in log


def test_a_monitor_that_is_not_there_changes_nothing(shop, checks):
    shop.environ["GORGIAS_PING_URL"] = "http://127.0.0.1:9/5ecre7"  # nobody listens
    ended = shop.crawl()
    assert ended.status == 0
    assert "127.0.0.1:9 could not be told that the run begins" in ended.log
    assert "(Connection refused)" in ended.log
    assert "5ecre7" not in ended.log


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "no-such-host.invalid"])
def test_a_name_that_nobody_has_changes_nothing(host):
    told = Monitor(f"https://{host}/5ecre7").ended(0, {})
    assert told is not None
    assert told.startswith(f"GORGIAS_PING_URL: {host} could not be told that the run")
    assert "5ecre7" not in told


@pytest.fixture
def silent() -> Iterator[Checks]:
    """A monitor that never answers."""
    checks = Checks(status=None)
    yield checks
    checks.close()


def test_a_monitor_that_never_answers_is_waited_for_no_longer_than_the_limit(silent):
    monitor = Monitor(silent.url, limit_s=0.05)
    monitor.began()
    silent.is_asked.wait()
    told = monitor.ended(0, {})
    assert told is not None
    assert told.startswith("GORGIAS_PING_URL: 127.0.0.1:")
    assert "5ecre7" not in told
    assert START in silent.pings


def test_no_proxy_hears_of_a_monitor_on_this_machine(checks, listen, monkeypatch):
    proxy = listen()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    assert Monitor(checks.url).ended(0, {}) is None
    assert (checks.pings, proxy.connections) == ([SUCCESS], 0)


@pytest.mark.parametrize(
    ("query", "pings"),
    [
        ("", [START, SUCCESS]),
        ("?create=1", [f"{START}?create=1", f"{SUCCESS}?create=1"]),
        ("/", [START, f"{SUCCESS}/"]),
    ],
)
def test_what_happens_stands_behind_the_path(checks, query, pings):
    monitor = Monitor(checks.url + query)
    monitor.began()
    assert monitor.ended(0, {}) is None
    assert checks.pings == pings


WRONG = [
    "hc-ping.com/s3cret",
    "ftp://hc-ping.com/s3cret",
    "file:///etc/s3cret",
    "https:///s3cret",
    "https://me:s3cret@hc-ping.com/uuid",
    "https://hc-ping.com/s3cret uuid",
    "https://hc-ping.com:port/s3cret",
    "https://hc-ping.com/s3crét",
]


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_url_of_a_check_is_refused_and_not_shown(url):
    with pytest.raises(ConfigurationError, match="GORGIAS_PING_URL") as raised:
        find_ping_url({"GORGIAS_PING_URL": url})
    assert "s3cr" not in str(raised.value)


def test_a_wrong_url_is_refused_before_the_first_call(shop):
    shop.environ["GORGIAS_PING_URL"] = WRONG[0]
    ended = shop.crawl()
    assert ended.status == 1
    (line,) = ended.log.splitlines()
    assert "GORGIAS_PING_URL (its value is not shown here)" in line
    assert shop.sandbox.calls == []
