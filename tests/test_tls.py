"""Whoever cannot prove that it is Gorgias gets no byte."""

import asyncio
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gorgias_crawler.errors import MisdirectedError
from gorgias_crawler.feeds.download import Download
from gorgias_crawler.job.ping import Monitor
from gorgias_crawler.sandbox import Answer, Sandbox, World
from gorgias_crawler.sandbox.files import asked_as
from tests.expected import expected_files
from tests.hostile import BASIC, ONCE

_SIGNS = x509.KeyUsage(
    **dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment"),
            *("data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
        ),
        False,
    ),
    key_cert_sign=True,
    crl_sign=True,
)


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
    # Python 3.13 verifies strictly: https://docs.python.org/3.13/library/ssl.html
    public = (issuer.key if issuer else key).public_key()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    builder = builder.add_extension(identifier, critical=False)
    if is_ca:
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(own, critical=False)
        builder = builder.add_extension(_SIGNS, critical=True)
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
    ended = shop.crawl()
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
    ended = shop.crawl("-L", "DEBUG")
    assert ended.status == 3
    assert "cannot prove that it is Gorgias" in ended.last_lines
    assert "Retrying" not in ended.log
    assert len(shop.sandbox.calls) == 2


@pytest.mark.parametrize("fault", ["self-signed", "expired", "wrong host"])
def test_a_monitor_that_cannot_prove_its_name_is_told_nothing(
    listen, certificates, monkeypatch, fault
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    listener = listen(certificates.contexts[fault])
    told = Monitor(f"https://localhost:{listener.port}/5ecre7").ended(0, {})
    assert told is not None
    assert "(its certificate: " in told
    assert "5ecre7" not in told
    assert listener.received == b""


@pytest.mark.parametrize("fault", ["self-signed", "expired", "wrong host"])
def test_no_file_is_fetched_from_a_host_that_cannot_prove_its_name(
    tmp_path, certificates, monkeypatch, fault
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    world = World(tickets=20)
    file = expected_files(world)[0]

    async def fetch(served):
        address = served.file_host.signed(asked_as(file.path), 60)
        async with Download(
            is_on_this_machine=True, timeout_s=5, most_bytes=10**6, user_agent="test"
        ) as download:
            return await download.fetch(address, tmp_path / fault)

    good = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    good.load_cert_chain(certificates.ca.parent / "good.pem")
    with Sandbox(world, rate=None, ssl_context=good) as served:
        assert asyncio.run(fetch(served)).sha256 == file.sha256()
    context = certificates.contexts[fault]
    with Sandbox(world, rate=None, ssl_context=context) as served:
        with pytest.raises(MisdirectedError, match="cannot prove its name"):
            asyncio.run(fetch(served))
        assert served.file_host.calls == []
