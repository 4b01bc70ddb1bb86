"""Nobody gets in, nothing leaks: docs/security.md says which test holds what."""

import base64
import contextlib
import csv
import gzip
import ipaddress
import itertools
import json
import os
import re
import socket
import sqlite3
import ssl
import stat
import subprocess
import threading
import time
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from packaging.requirements import Requirement

from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.job.directory import Job
from gorgias_crawler.sandbox import ACCESS_TOKEN, API_KEY, API_USER, Answer
from gorgias_crawler.sandbox.server import _Handler
from tests.crawling import SCRAPY, wait

BASIC = base64.b64encode(f"{API_USER}:{API_KEY}".encode()).decode()
SECRETS = [API_KEY, BASIC, ACCESS_TOKEN]
ONCE = ("-s", "RETRY_TIMES=0")  # a fault that stays would be waited for


# Servers that only listen.


class Listener:
    """A server that says nothing and keeps every byte of the application's."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.received = b""
        self.connections = 0
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(5)
                    self._listen(connection)

    def _listen(self, connection: socket.socket) -> None:
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            while data := connection.recv(65536):
                self.received += data
                if b"\r\n\r\n" in self.received:
                    return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listen():
    opened = []

    def listen_(context=None):
        opened.append(Listener(context))
        return opened[-1]

    yield listen_
    for listener in opened:
        listener.close()


class Plain(_Handler):
    """The sandbox, but it packs no answer: tests say how theirs are packed."""

    def _send(self, answer: Answer) -> None:
        del self.headers["Accept-Encoding"]
        super()._send(answer)

    def finish(self) -> None:
        with contextlib.suppress(OSError):  # the crawl has hung up
            super().finish()


# Certificates.


def certificate(path, *, names, issuer=None, days=(-1, 1), is_ca=False):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, path.stem)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return SimpleNamespace(path=path, subject=name, key=key)


HERE = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
]
ELSEWHERE = [
    x509.DNSName("evil.example"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.9")),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Contexts of servers by what is wrong with them, and the CA's file."""
    path = tmp_path_factory.mktemp("certificates")
    ca = certificate(path / "ca.pem", names=[], is_ca=True)
    made = {
        "good": certificate(path / "good.pem", names=HERE, issuer=ca),
        "self-signed": certificate(path / "self.pem", names=HERE),
        "expired": certificate(
            path / "expired.pem", names=HERE, issuer=ca, days=(-3, -1)
        ),
        "not yet valid": certificate(
            path / "early.pem", names=HERE, issuer=ca, days=(1, 3)
        ),
        "wrong host": certificate(path / "wrong.pem", names=ELSEWHERE, issuer=ca),
        "no host": certificate(path / "none.pem", names=[], issuer=ca),
    }
    contexts = {}
    for fault, one in made.items():
        contexts[fault] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[fault].load_cert_chain(one.path)
    return SimpleNamespace(contexts=contexts, ca=ca.path)


# 1. TLS.

DISTRUSTED = [
    ("self-signed", "localhost", "certificate verify failed"),
    ("expired", "127.0.0.1", "certificate verify failed"),
    ("not yet valid", "localhost", "certificate verify failed"),
    ("wrong host", "localhost", "its certificate is for another host"),
    ("wrong host", "127.0.0.1", "its certificate is for another host"),
]


@pytest.mark.parametrize(("fault", "host", "why"), DISTRUSTED)
def test_a_server_that_cannot_prove_its_name_gets_no_byte(
    open_shop, listen, certificates, fault, host, why
):
    shop = open_shop(tickets=1, forks=False)
    listener = listen(certificates.contexts[fault])
    shop.environ |= {
        "GORGIAS_API_URL": f"https://{host}:{listener.port}/api",
        "SSL_CERT_FILE": str(certificates.ca),
    }
    began_s = time.monotonic()
    ended = shop.crawl()
    assert time.monotonic() - began_s < 10  # the retries alone would take 31 s
    assert ended.status == 1
    assert (
        f"{host}:{listener.port} cannot prove that it is Gorgias ({why})" in ended.log
    )
    assert "SSL_CERT_FILE" in ended.last_lines
    assert "Traceback" not in ended.log
    assert "Unhandled" not in ended.log
    assert listener.connections == 1
    assert listener.received == b""
    assert not shop.file.exists()


def test_without_verification_the_listener_would_have_seen_the_key(
    open_shop, listen, certificates
):
    shop = open_shop(tickets=1)
    listener = listen(certificates.contexts["self-signed"])
    shop.environ["GORGIAS_API_URL"] = f"https://localhost:{listener.port}/api"
    shop.crawl(*ONCE, "-s", "DOWNLOAD_VERIFY_CERTIFICATES=False")
    assert BASIC.encode() in listener.received


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_companys_certificates_are_named_by_ssl_cert_file(
    open_shop, certificates, host
):
    shop = open_shop(tickets=3, ssl_context=certificates.contexts["good"])
    shop.environ["GORGIAS_API_URL"] = f"https://{host}:{shop.sandbox.port}/api"
    assert shop.crawl("-s", "JOBDIR=other").status == 1
    assert shop.sandbox.calls == []
    shop.environ["SSL_CERT_FILE"] = str(certificates.ca)
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()


def test_a_server_that_turns_untrusted_midway_ends_the_run_without_retries(
    open_shop, listen, certificates
):
    shop = open_shop(tickets=3, ssl_context=certificates.contexts["good"])
    shop.environ["SSL_CERT_FILE"] = str(certificates.ca)

    def change(call):
        if call.number == 2:
            server = shop.sandbox._server
            server.socket.context.load_cert_chain(certificates.ca.parent / "wrong.pem")
            answer = shop.sandbox.answer(call)
            return Answer(answer.status, answer.body, {"Connection": "close"})
        return None

    shop.sandbox.on_request = change
    began_s = time.monotonic()
    ended = shop.crawl()
    assert time.monotonic() - began_s < 10
    assert ended.status == 3
    assert "cannot prove that it is Gorgias" in ended.last_lines
    assert len(shop.sandbox.calls) == 2


# 2. One host only.


@pytest.mark.parametrize("status", [302, 308])
def test_a_redirect_is_an_error_that_names_its_target(open_shop, listen, status):
    elsewhere = listen()
    target = f"http://localhost:{elsewhere.port}/api/account"
    redirect = Answer(status, b"", {"Location": target, "Refresh": f"0; {target}"})
    shop = open_shop(tickets=3, on_request=lambda call: redirect)
    ended = shop.crawl()
    assert ended.status == 1
    assert f"redirect ({status}) to localhost:{elsewhere.port}" in ended.last_lines
    assert "Traceback" not in ended.log
    assert len(shop.sandbox.calls) == 1
    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "target",
    [
        "https://ann:s3cret@evil.example/x",
        "//ann:s3cret@evil.example",
        "http://s3cret@evil.example:8443/?s3cret",
        "https://evil.example/\x1b]0;s3cret\x07",
    ],
)
def test_a_redirect_is_named_without_its_user_and_password(open_shop, target):
    redirect = Answer(302, b"", {"Location": target})
    shop = open_shop(tickets=3, on_request=lambda call: redirect)
    ended = shop.crawl("-L", "DEBUG")
    assert ended.status == 1
    assert "redirect (302) to evil.example" in ended.last_lines
    assert "s3cret" not in ended.log


@pytest.mark.parametrize("path", ["/api/tickets", "/api/messages"])
def test_a_redirect_midway_ends_the_run(open_shop, listen, path):
    elsewhere = listen()
    redirect = Answer(302, b"", {"Location": f"//127.0.0.1:{elsewhere.port}/x"})
    shop = open_shop(
        tickets=3, on_request=lambda call: redirect if call.path == path else None
    )
    ended = shop.crawl()
    assert ended.status == 3
    assert f"to 127.0.0.1:{elsewhere.port}, which is not followed" in ended.last_lines
    assert elsewhere.connections == 0


def test_nothing_in_an_answer_leads_to_another_host(open_shop, listen):
    elsewhere = listen()
    url = f"http://127.0.0.1:{elsewhere.port}/api/tickets"
    html = f'<meta http-equiv="refresh" content="0; url={url}">'.encode()
    shop = open_shop(tickets=3)

    def mislead(call):
        page = json.loads(shop.sandbox.answer(call).body)
        if call.path == "/api/account":
            page |= {"domain": f"127.0.0.1:{elsewhere.port}/", "uri": url}
        elif "cursor" in call.query:
            return Answer(200, html, content_type="text/html")
        else:
            page |= {"uri": url, "meta": {"next_cursor": url, "next_items": url}}
        headers = {"Link": f'<{url}>; rel="next"', "Content-Location": url}
        return Answer(200, json.dumps(page).encode(), headers)

    shop.sandbox.on_request = mislead
    assert shop.crawl(*ONCE).status == 3
    assert any("cursor" in call.query for call in shop.sandbox.calls)
    assert elsewhere.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_sees_the_key_of_a_server_on_this_machine(open_shop, listen, host):
    proxy = listen()
    shop = open_shop(tickets=3)
    shop.environ["GORGIAS_API_URL"] = f"http://{host}:{shop.sandbox.port}/api"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        shop.environ[name] = f"http://127.0.0.1:{proxy.port}"
    shop.environ |= {"no_proxy": "", "NO_PROXY": ""}
    assert shop.crawl().status == 0
    assert proxy.connections == 0


def test_no_proxy_sees_the_key_of_a_server_at_the_ipv6_loopback(open_shop, listen):
    proxy = listen()
    shop = open_shop(tickets=3)
    shop.environ |= {
        "GORGIAS_API_URL": "http://[::1]:9/api",
        "http_proxy": f"http://127.0.0.1:{proxy.port}",
        "no_proxy": "",
    }
    shop.crawl(*ONCE)
    assert proxy.received == b""


class Refusing(Listener):
    """A proxy that asks for a password before it connects anybody, or never does."""

    def __init__(
        self, answer: bytes = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    ) -> None:
        self._answer = answer
        super().__init__()

    def _listen(self, connection: socket.socket) -> None:
        self.received += connection.recv(65536)
        connection.sendall(self._answer)


def behind(shop, proxy):
    """Let *shop* be an account on the network, behind *proxy*."""
    shop.environ |= {
        "GORGIAS_API_URL": "",
        "GORGIAS_SUBDOMAIN": "acme",
        "https_proxy": proxy,
        "no_proxy": "",
        "NO_PROXY": "",
    }


def test_a_proxy_that_wants_a_password_is_told_as_the_proxys(open_shop):
    shop = open_shop(tickets=1)
    proxy = Refusing()
    behind(shop, f"http://127.0.0.1:{proxy.port}")
    ended = shop.crawl()
    proxy.close()
    assert ended.status == 1
    assert f"The proxy http://127.0.0.1:{proxy.port} asks for" in ended.last_lines
    assert "GORGIAS_SUBDOMAIN" not in ended.log
    assert proxy.connections == 1
    assert b"Authorization: Basic" not in proxy.received


def test_a_proxy_that_lets_nothing_through_is_told_at_once(open_shop):
    shop = open_shop(tickets=1)
    proxy = Refusing(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    behind(shop, f"http://ann:s3cret@127.0.0.1:{proxy.port}")
    ended = shop.crawl()
    proxy.close()
    assert ended.status == 1
    assert f"proxy http://127.0.0.1:{proxy.port} does not let" in ended.last_lines
    assert "GORGIAS_SUBDOMAIN" not in ended.log
    assert "s3cret" not in ended.log
    assert proxy.connections == 1


def test_a_proxy_without_a_scheme_is_refused_before_any_call(open_shop, listen):
    shop = open_shop(tickets=1)
    proxy = listen()
    behind(shop, f"127.0.0.1:{proxy.port}")
    ended = shop.crawl()
    assert ended.status == 1
    (line,) = ended.log.splitlines()
    assert "https_proxy" in line
    assert proxy.connections == 0


# 3. The key is nowhere else.


def left_behind(shop, ended):
    """Yield the name and the bytes of everything that a run leaves."""
    yield "log", ended.log.encode()
    for path in shop.path.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
        if path.name == "archive.sqlite":
            yield from archived(path)


def archived(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'"):
            for row in db.execute(f"SELECT * FROM {table}"):
                for value in row:
                    is_packed = isinstance(value, bytes)
                    text = (
                        unpacked(value) if value and is_packed else str(value).encode()
                    )
                    yield table, text


def assert_no_secret(shop, ended):
    searched = 0
    for name, data in left_behind(shop, ended):
        searched += 1
        for secret in SECRETS:
            for form in (secret, secret[:-2], secret.encode().hex()):
                assert form.encode() not in data, f"{secret} in {name}"
    return searched


def configure(shop, code):
    """Crawl *shop* with the settings of the project and *code* after them."""
    (shop.path / "trial.py").write_text(
        f"from gorgias_crawler.settings import *\n{code}"
    )
    path = os.pathsep.join([str(shop.path), os.environ.get("PYTHONPATH", "")])
    shop.environ |= {"SCRAPY_SETTINGS_MODULE": "trial", "PYTHONPATH": path}


CREDENTIALS = {
    "key": {},
    "auth string": {"GORGIAS_AUTH_STRING": BASIC},
    "token": {
        "GORGIAS_API_USER": "",
        "GORGIAS_API_KEY": "",
        "GORGIAS_ACCESS_TOKEN": ACCESS_TOKEN,
    },
}
# Whatever anybody may print of a request, an answer or a failure.
DUMPS = """
from scrapy import signals
from pathlib import Path
def dump(request, *things):
    with open("dumps.txt", "a") as file:
        for thing in (request, *things):
            parts = ("url", "headers", "body", "meta", "cb_kwargs", "flags", "cookies")
            print(repr(thing), [getattr(thing, n, None) for n in parts], file=file)
class Dumping:
    def __init__(self, crawler):
        self.crawler = crawler
        on = crawler.signals.connect
        on(self.response_received, signals.response_received)
        on(self.closed, signals.spider_closed)
    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)
    def response_received(self, response, request):
        dump(request, response)
    def closed(self, spider):
        Path("spider.txt").write_text(
            f"{spider!r} {vars(spider)!r} {self.crawler.stats.get_stats()} "
            f"{self.crawler.settings.copy_to_dict()!r}")
class Outermost:
    def process_request(self, request):
        dump(request)
    def process_response(self, request, response):
        dump(request, response)
        return response
    def process_exception(self, request, exception):
        dump(request)
EXTENSIONS = {**EXTENSIONS, Dumping: 1}
DOWNLOADER_MIDDLEWARES = {**DOWNLOADER_MIDDLEWARES, Outermost: 944}
STATS_DUMP = True
LOG_LEVEL = "DEBUG"
"""


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_the_key_is_in_nothing_that_a_run_leaves(open_shop, kind):
    shop = open_shop(tickets=20, forks=False)
    shop.environ |= CREDENTIALS[kind]
    configure(shop, DUMPS)
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    assert (shop.path / "dumps.txt").exists()
    assert assert_no_secret(shop, ended) > 100


# What is broken on purpose says that it was reached: else a test would hold nothing.
HIT = (
    "from pathlib import Path\n"
    "def broken(*args, **named):\n"
    "    Path('hit').touch()\n"
    "    raise ValueError(args, named)\n"
)
FAILURES = {
    "a callback that raises": (
        "from gorgias_crawler.fetch.answers import Answers\nAnswers.store = broken\n"
    ),
    "an errback that raises": (
        "from gorgias_crawler.fetch.answers import Answers\nAnswers.fail = broken\n"
    ),
    "a pipeline that raises": (
        "class Broken:\n"
        "    def process_item(self, item): broken(item)\n"
        "ITEM_PIPELINES = {**ITEM_PIPELINES, Broken: 200}\n"
    ),
    "a middleware that raises": (
        "class Broken:\n"
        "    def process_response(self, request, response):\n"
        "        broken(request.headers, request.meta)\n"
        "DOWNLOADER_MIDDLEWARES = {**DOWNLOADER_MIDDLEWARES, Broken: 944}\n"
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_key_is_in_no_trace_of_a_failure(open_shop, failure):
    shop = open_shop(tickets=15)
    if failure == "an errback that raises":
        shop.sandbox.on_request = lambda call: (
            Answer(500, b"") if call.path == "/api/messages" else None
        )
    configure(shop, DUMPS + HIT + FAILURES[failure])
    ended = shop.crawl("-a", "fetch=per-ticket", *ONCE)
    assert ended.status == 3, ended.log
    assert (shop.path / "hit").exists()
    assert_no_secret(shop, ended)


def test_the_key_is_in_no_trace_of_failed_calls(open_shop):
    shop = open_shop(tickets=15)
    kinds = itertools.cycle(("500", "reset", "cut", "half", "html", None))
    shop.sandbox.fault_kinds = ("500", "reset", "cut", "half", "html")

    def spoil(call):
        shop.sandbox.faults = float(call.path == "/api/messages" and bool(next(kinds)))

    shop.sandbox.on_request = spoil
    configure(shop, DUMPS)
    ended = shop.crawl("-a", "fetch=per-ticket", *ONCE)
    assert ended.status == 3, ended.log
    assert shop.manifest()["failed"]
    assert_no_secret(shop, ended)


@pytest.mark.parametrize("status", [401, 302])
def test_a_refused_key_is_not_shown(open_shop, status):
    answer = Answer(status, b"{}", {"Location": "/login"})
    shop = open_shop(tickets=3, on_request=lambda call: answer)
    configure(shop, DUMPS)
    ended = shop.crawl(*ONCE)
    assert ended.status == 1
    assert (shop.path / "dumps.txt").exists()
    assert_no_secret(shop, ended)


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("place", ["domain", "cursor"])
def test_a_key_that_the_server_repeats_is_not_stored(open_shop, kind, place):
    shop = open_shop(tickets=150)
    shop.environ |= CREDENTIALS[kind]

    def repeat(call):
        secret = ACCESS_TOKEN if kind == "token" else [API_KEY, BASIC][call.number % 2]
        page = json.loads(shop.sandbox.answer(call).body)
        if place == "domain" and call.path == "/api/account":
            page["domain"] = f"acme-{secret}"
        elif place == "cursor" and call.path == "/api/tickets":
            page["meta"]["next_cursor"] = f"at {secret.upper()}"
        headers = {"Content-Type": f"text/{secret}", "X-Request-Id": secret}
        return Answer(200, json.dumps(page).encode(), headers)

    shop.sandbox.on_request = repeat
    ended = shop.crawl(*ONCE, "-L", "DEBUG")
    assert ended.status == 3, ended.log
    assert "an answer that repeats the key" in ended.log
    assert "request id ***" in ended.log
    assert_no_secret(shop, ended)


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\nb", "a\ud83d", "\0", "c" * 9000])
@pytest.mark.parametrize("place", ["domain", "cursor"])
def test_what_cannot_be_printed_is_no_domain_and_no_cursor(open_shop, place, text):
    shop = open_shop(tickets=150)

    def mislead(call):
        page = json.loads(shop.sandbox.answer(call).body)
        if place == "domain" and call.path == "/api/account":
            page["domain"] = text
        elif place == "cursor" and call.path == "/api/tickets":
            page["meta"]["next_cursor"] = text
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = mislead
    ended = shop.crawl(*ONCE, "-L", "DEBUG")
    assert ended.status == 3, ended.log
    why = "is too long" if len(text) > 100 else "has unprintable characters"
    assert f"{'next_' * (place == 'cursor')}{place} {why}" in ended.log
    assert "Traceback" not in ended.log
    assert "\x1b" not in ended.log


def test_headers_are_logged_in_one_short_line_without_escape_sequences(open_shop):
    headers = {"X-Request-Id": f"a\x1b[31m{'b' * 500}", "Content-Type": "\x9b1mtext"}
    shop = open_shop(tickets=3, on_request=lambda call: Answer(500, b"", headers))
    ended = shop.crawl(*ONCE, "-L", "DEBUG")
    assert f"bytes of ?1mtext, request id a?[31m{'b' * 94}...)" in ended.log
    assert "\x1b" not in ended.log
    assert "\x9b" not in ended.log


def test_the_key_is_on_the_wire(open_shop):
    shop = open_shop(tickets=1)
    shop.crawl()
    sent = {call.headers["Authorization"] for call in shop.sandbox.calls}
    assert sent == {f"Basic {BASIC}"}


def test_the_process_list_and_the_settings_hold_no_key(open_shop):
    shop = open_shop(tickets=30, latency_s=0.2, forks=False)
    process = shop.start()
    while not shop.sandbox.calls:
        time.sleep(0.02)
    command_line = Path(f"/proc/{process.pid}/cmdline").read_text()
    process.terminate()
    wait(process)
    code = (
        "from scrapy.utils.project import get_project_settings as get\n"
        "print(get().copy_to_dict(), get())"
    )
    settings = subprocess.run(
        [SCRAPY[0], "-c", code],
        cwd=shop.path,
        env=shop.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    got = shop.run("settings", "--get", "GORGIAS_API_KEY")
    assert "crawl" in command_line
    assert "GORGIAS_BUDGET_SHARE" in settings
    assert got.log.strip() == "None"
    for secret in SECRETS:
        assert secret not in command_line + settings


# 4. Customers' words.

WORDS = "Zebra-words of a customer"


def written(world):
    """Return all that customers and agents wrote, and their names and addresses."""
    words = {WORDS}
    for row in world.expected_rows():
        words |= {row["subject"], row["sender"], row["receiver"]}
        words |= {line.strip() for line in row["body"].splitlines()}
    return {word for word in words if len(word) > 6}


def assert_no_words(shop, ended):
    report = shop.jobdir / "run.json"
    said = ended.log + (report.read_text() if report.exists() else "")
    for word in written(shop.world):
        assert word not in said


RAISE = "raise ValueError(f'cannot do {item}') from KeyError(item.body)"
WORDY = {
    "a plain run": ("Path('hit').touch()\n", 0),
    "dropped items": (
        (
            "from scrapy.exceptions import DropItem\n"
            "class Broken:\n"
            "    def process_item(self, item):\n"
            "        Path('hit').touch()\n"
            "        raise DropItem(f'no {item}')\n"
            "ITEM_PIPELINES = {**ITEM_PIPELINES, Broken: 200}\n"
        ),
        3,
    ),
    "a pipeline that raises": (
        (
            "class Broken:\n"
            "    def process_item(self, item):\n"
            "        Path('hit').touch()\n"
            f"        {RAISE}\n"
            "ITEM_PIPELINES = {**ITEM_PIPELINES, Broken: 200}\n"
        ),
        3,
    ),
    "a callback that raises": (
        "from gorgias_crawler.fetch.answers import Answers\nAnswers.store = broken\n",
        3,
    ),
    "rows that cannot be made": (
        "from gorgias_crawler.emit import rows\nrows.message_row = broken\n",
        3,
    ),
    "a parser that raises": (
        "from gorgias_crawler import api\napi.parse_messages = broken\n",
        3,
    ),
    "a signal handler that raises": (
        (
            "from scrapy import signals\n"
            "class Broken:\n"
            "    def __init__(self, crawler):\n"
            "        crawler.signals.connect(self.scraped, signals.item_scraped)\n"
            "    @classmethod\n"
            "    def from_crawler(cls, crawler): return cls(crawler)\n"
            "    def scraped(self, item): broken(item)\n"
            "EXTENSIONS = {**EXTENSIONS, Broken: 1}\n"
        ),
        0,
    ),
}


@pytest.mark.parametrize("fault", WORDY)
def test_customers_words_are_in_no_log_whatever_fails(open_shop, fault):
    shop = open_shop(tickets=25)
    code, status = WORDY[fault]
    configure(shop, HIT + code)
    ended = shop.crawl("-a", "fetch=per-ticket", "-L", "DEBUG")
    assert ended.status == status, ended.log
    assert (shop.path / "hit").exists()
    assert_no_words(shop, ended)


UNUSABLE = {
    "not JSON": Answer(200, f"<p>{WORDS}".encode(), content_type="text/html"),
    "a JSON text": Answer(200, json.dumps(WORDS).encode()),
    "half a page": Answer(200, f'{{"data": [{{"subject": "{WORDS}"'.encode()),
    "rows without ids": Answer(
        200, json.dumps({"data": [{"subject": WORDS}], "meta": {}}).encode()
    ),
    "bytes that are no text": Answer(200, f"{{'{WORDS}\xff".encode("latin-1")),
    "an error object": Answer(500, json.dumps({"error": {"msg": WORDS}}).encode()),
    "a refusal": Answer(400, json.dumps({"error": {"msg": WORDS}}).encode()),
    "a strange status": Answer(299, WORDS.encode()),
    "not compressed": Answer(200, WORDS.encode(), {"Content-Encoding": "gzip"}),
    "compressed otherwise": Answer(200, WORDS.encode(), {"Content-Encoding": "br"}),
    "unknown compression": Answer(200, WORDS.encode(), {"Content-Encoding": "lzma"}),
}


def answer_tickets_with(shop, answers):
    """Let the messages of the first tickets be answered so; return their ids."""
    ticket_ids = sorted({row["ticket_id"] for row in shop.expected()}, key=int)
    bad = dict(zip(ticket_ids, answers, strict=False))
    assert len(bad) == len(answers)
    shop.sandbox.on_request = lambda call: bad.get(call.query.get("ticket_id", [""])[0])
    return list(bad)


def test_unusable_answers_are_logged_without_their_words(open_shop):
    shop = open_shop(tickets=20)
    shop.sandbox._server.RequestHandlerClass = Plain
    victims = answer_tickets_with(shop, UNUSABLE.values())
    ended = shop.crawl("-a", "fetch=per-ticket", "-L", "DEBUG", *ONCE)
    assert ended.status == 3
    for victim in victims:
        assert f"Ticket {victim} cannot be fetched" in ended.log
        facts = rf"ticket_id={victim}&.* bytes of .*, request id sandbox-\d+"
        assert re.search(facts, ended.log)
    assert_no_words(shop, ended)


# 5. Files.


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


# 7. Hostile content.

BODIES = [
    "\0NUL at the start and the end\0",
    "half a smile \ud83d and the other \ude00",
    "returns \r and \r\n and \n\r in \r",
    "separators \u2028 \u2029 \x85 \x0b \x0c \x1c",
    'quotes " "" """, commas ,,, and ;',
    "\ufeffmarks \ufffe \uffff \u202e \x1a \x1b[31m",
    "\U0001f468\u200d\U0001f469 \U0010ffff",
]
# Linux only, because what `resource` tells begins with the peak of the parent process.
REPORT_MEMORY = (
    "import atexit\n"
    "from pathlib import Path\n"
    "def peak_kb():\n"
    "    status = Path('/proc/self/status').read_text()\n"
    "    return status.split('VmHWM:')[1].split()[0]\n"
    "atexit.register(lambda: Path('memory').write_text(peak_kb()))\n"
)


def memory_mb(shop):
    """Return the most memory that the crawl had, in MB."""
    return int((shop.path / "memory").read_text()) / 1024


def rewrite(shop, change):
    """Let *change* work on every message of *shop* on its way to the crawl."""

    def rewritten(call):
        if call.path != "/api/messages":
            return None
        answer = shop.sandbox.answer(call)
        page = json.loads(answer.body)
        for row in page["data"]:
            change(row)
        return Answer(answer.status, json.dumps(page).encode())

    shop.sandbox.on_request = rewritten


@pytest.mark.parametrize("fetch", ["bulk", "per-ticket"])
def test_hostile_bodies_break_no_row(open_shop, fetch):
    shop = open_shop(tickets=12)

    def body(message_id):
        return BODIES[int(message_id) % len(BODIES)]

    rewrite(shop, lambda row: row.update(body_text=body(row["id"])))
    ended = shop.crawl(
        *("-a", f"fetch={fetch}", "-s", "FEED_EXPORT_FIELDS=message_id,body,ticket_id")
    )
    assert ended.status == 0, ended.log
    rows = shop.rows()
    assert len(rows) == len(shop.expected())
    for row in rows:
        expected = re.sub("[\ud800-\udfff]", "\ufffd", body(row["message_id"]))
        assert row["body"] == expected
        assert row["ticket_id"].isdecimal()


def test_a_body_of_20_mb_breaks_neither_the_row_nor_the_run(open_shop):
    shop = open_shop(tickets=5, forks=False)
    size = 20 * 2**20
    largest = shop.world.by_created("messages")[0].id
    body = ("x" * 1022 + "é\0") * (size // 1024)
    rewrite(shop, lambda row: row["id"] == largest and row.update(body_text=body))
    configure(shop, REPORT_MEMORY)
    ended = shop.crawl()
    assert ended.status == 0, ended.log
    csv.field_size_limit(size + 1)
    rows = shop.rows()
    assert len(rows) == len(shop.expected())
    assert sum(row["body"] == body for row in rows) == 1
    assert memory_mb(shop) < 1024


def nested(depth):
    return b'{"data": ' + b"[" * depth + b"]" * depth + b', "meta": {}}'


def nested_row(row_id, depth):
    row = f'{{"id": {row_id}, "meta": '.encode()
    return b'{"data": [' + row + b"[" * depth + b"]" * depth + b'}], "meta": {}}'


# 300 MB of blanks in a few kilobytes, because they are packed twice.
BOMB = gzip.compress(gzip.compress(b" " * 300_000_000, 1), 1)
BOMBS = {
    "deep JSON": (Answer(200, nested(2_000_000)), "nested too deeply"),
    "a row that is too deep": (Answer(200, nested_row(1, 101)), "nested too deeply"),
    "a huge number": (Answer(200, b'{"data": ' + b"9" * 10**6 + b"}"), "not JSON"),
    "a huge answer": (Answer(200, b" " * 6_000_000), "too large"),
    "too large when unpacked": (
        Answer(200, BOMB, {"Content-Encoding": "gzip, gzip"}),
        "too large",
    ),
}


class Endless(Plain):
    """The sandbox, but the bodies of some tickets never end."""

    pauses_s: ClassVar[dict[str, float]] = {}

    def do_GET(self) -> None:  # noqa: N802
        ticket_id = re.search(r"ticket_id=(\d+)", self.path)
        if ticket_id is None or ticket_id[1] not in self.pauses_s:
            super().do_GET()
            return
        pause_s = self.pauses_s[ticket_id[1]]
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b" " * (1 if pause_s else 65536))
                self.wfile.flush()
                time.sleep(pause_s)


def assert_only_they_are_missing(shop, ended, reasons):
    """Check that *reasons* by ticket are recorded and all other rows are there."""
    assert ended.status == 3, ended.log
    assert "Traceback" not in ended.log
    recorded = {str(f["ticket_id"]): f["reason"] for f in shop.manifest()["failed"]}
    assert recorded.keys() == reasons.keys()
    for ticket_id, words in reasons.items():
        assert words in recorded[ticket_id]
    assert shop.rows() == [
        row for row in shop.expected() if row["ticket_id"] not in reasons
    ]


SMALL = ("-a", "fetch=per-ticket", *ONCE, "-s", "DOWNLOAD_MAXSIZE=5000000")


def test_bombs_are_bounded_and_recorded_failures_of_their_tickets(open_shop):
    shop = open_shop(tickets=12, forks=False)
    shop.sandbox._server.RequestHandlerClass = Plain
    victims = answer_tickets_with(shop, [answer for answer, _ in BOMBS.values()])
    configure(shop, REPORT_MEMORY)
    ended = shop.crawl(*SMALL)
    reasons = (why for _, why in BOMBS.values())
    assert_only_they_are_missing(shop, ended, dict(zip(victims, reasons, strict=True)))
    assert memory_mb(shop) < 400
    shop.sandbox.on_request = None
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_endless_bodies_are_cut_off_and_recorded(open_shop):
    shop = open_shop(tickets=8, forks=False)
    flood, drip = sorted({row["ticket_id"] for row in shop.expected()}, key=int)[:2]
    endless = type("_", (Endless,), {"pauses_s": {flood: 0.0, drip: 0.1}})
    shop.sandbox._server.RequestHandlerClass = endless
    configure(shop, REPORT_MEMORY)
    ended = shop.crawl(*SMALL, "-s", "DOWNLOAD_TIMEOUT=2")
    reasons = {flood: "too large", drip: "timeout"}
    assert_only_they_are_missing(shop, ended, reasons)
    assert memory_mb(shop) < 400


def test_answers_that_are_too_large_together_arrive_one_after_another(open_shop):
    shop = open_shop(tickets=12, forks=False)
    shop.sandbox._server.RequestHandlerClass = Plain
    firsts = {row["ticket_id"]: 0 for row in shop.expected()}
    together = threading.Barrier(8)

    def pad(call):
        ticket_id = call.query.get("ticket_id", [""])[0]
        if ticket_id not in list(firsts)[:8] or "cursor" in call.query:
            return None
        firsts[ticket_id] += 1
        if firsts[ticket_id] == 1:
            together.wait(20)
        return Answer(200, shop.sandbox.answer(call).body + b" " * 20_000_000)

    shop.sandbox.on_request = pad
    configure(shop, REPORT_MEMORY)
    ended = shop.crawl("-a", "fetch=per-ticket", "-s", "DOWNLOAD_MAXSIZE=30000000")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert memory_mb(shop) < 280  # 100 of them before any answer
    assert 8 < sum(firsts.values()) <= 16  # each is hung up once at most


@pytest.mark.parametrize(
    ("path", "bomb"),
    [
        ("/api/tickets", "deep JSON"),
        ("/api/tickets", "a huge answer"),
        ("/api/messages", "too large when unpacked"),
    ],
)
def test_a_list_page_is_tried_with_smaller_limits(open_shop, path, bomb):
    shop = open_shop(tickets=60)
    shop.sandbox._server.RequestHandlerClass = Plain
    answer, _ = BOMBS[bomb]
    shop.sandbox.on_request = lambda call: (
        answer
        if call.path == path and int(call.query.get("limit", ["0"])[0]) > 25
        else None
    )
    ended = shop.crawl("-a", "fetch=bulk", *ONCE, "-s", "DOWNLOAD_MAXSIZE=5000000")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    limits = [int(c.query["limit"][0]) for c in shop.sandbox.calls if c.path == path]
    assert max(limits) == 100
    assert min(limits) <= 25


# 8. Supply chain.


def locked(project):
    """Return the locked versions and the hashes of each."""
    text = (project / "requirements.lock").read_text()
    entries = re.split(r"^(?=[a-z])", text.replace("\\\n", ""), flags=re.MULTILINE)[1:]
    pinned = [
        re.match(r"([a-z0-9-]+)==(\S+)(?: ;[^#]*?)?\s+--hash", e) for e in entries
    ]
    assert all(pinned), entries
    return {
        match[1]: (match[2], re.findall(r"--hash=sha256:[0-9a-f]{64}\b", match.string))
        for match in pinned
        if match
    }


def test_the_lock_fits_the_project_and_every_file_has_a_hash(project):
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    versions = locked(project)
    assert all(hashes_ for _, hashes_ in versions.values())
    for text in metadata["project"]["dependencies"]:
        needed = Requirement(text)
        assert needed.specifier.contains(versions[needed.name.lower()][0])


def test_the_lock_names_no_place_to_install_from(project):
    text = (project / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|^--", text, re.MULTILINE)


def test_the_crawler_depends_on_little(project):
    metadata = tomllib.loads((project / "pyproject.toml").read_text())
    needed = map(Requirement, metadata["project"]["dependencies"])
    everywhere = {need.name for need in needed if need.marker is None}
    assert everywhere == {"scrapy", "python-dotenv", "itemadapter"}


def test_every_test_that_the_table_names_exists(project):
    table = (project / "docs" / "security.md").read_text()
    tests = "".join(p.read_text() for p in (project / "tests").glob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", table):
        assert f"def {name}(" in tests, name
