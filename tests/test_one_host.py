"""One host is asked, and no other hears of it."""

import json
import socket

import pytest

from gorgias_crawler.redact import host_of
from gorgias_crawler.sandbox import Answer
from tests.hostile import ONCE, Listener


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
        "http://s3cret@evil.example/?s3cret",
        "https://evil.example/\x1b]0;s3cret\x07",
    ],
)
def test_a_host_is_named_without_user_and_password(target):
    assert host_of(target) == "evil.example"


def test_a_redirect_is_named_without_its_user_and_password(open_shop):
    redirect = Answer(302, b"", {"Location": "//ann:s3cret@evil.example/\x1b]0;x\x07"})
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
