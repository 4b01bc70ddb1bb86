"""The signed hop alone: what it follows, believes and writes."""

import asyncio
import socket

import pytest

from gorgias_crawler.errors import (
    AnswerError,
    MisdirectedError,
    NotFoundError,
    RefusedError,
    UnansweredError,
)
from gorgias_crawler.feeds.download import Download
from gorgias_crawler.sandbox import Answer, Sandbox, World
from gorgias_crawler.sandbox.files import asked_as
from tests.expected import expected_files
from tests.faulty_files import FaultyFiles


@pytest.fixture
def sandbox():
    with Sandbox(World(tickets=20, file_bytes=(200_000, 300_000)), rate=None) as served:
        yield served


@pytest.fixture
def host(sandbox):
    return sandbox.file_host


def fetched(address, part, *, on_this_machine=True, most_bytes=10**9):
    async def fetch():
        download = Download(
            is_on_this_machine=on_this_machine,
            timeout_s=1.0,
            most_bytes=most_bytes,
            user_agent="test",
        )
        async with download:
            return await download.fetch(address, part)

    return asyncio.run(fetch())


def signed(host, file):
    return host.signed(asked_as(file.path), 60)


def test_each_file_is_written_as_it_is_whatever_its_address(host, tmp_path):
    for index, file in enumerate(expected_files(host.world)):
        part = tmp_path / str(index)
        stored = fetched(signed(host, file), part)
        assert (stored.size, stored.sha256) == (file.size, file.sha256())
        assert stored.content_type == file.content_type
        assert part.stat().st_size == file.size
    assert {call.status for call in host.calls} == {200}


@pytest.mark.parametrize(
    ("fault", "error"),
    [("500", UnansweredError), ("short", UnansweredError), ("stall", UnansweredError)],
)
def test_what_does_not_arrive_whole_is_no_file(sandbox, host, tmp_path, fault, error):
    FaultyFiles(sandbox, **{"*": fault})
    with pytest.raises(error):
        fetched(signed(host, expected_files(host.world)[0]), tmp_path / "part")


def test_what_the_host_does_not_open_is_told_apart(host, tmp_path):
    path = asked_as(expected_files(host.world)[0].path)
    with pytest.raises(RefusedError):
        fetched(host.signed(path, -5), tmp_path / "part")
    with pytest.raises(NotFoundError):
        fetched(host.signed("/a/b", 5), tmp_path / "part")


@pytest.mark.parametrize(
    "address",
    [
        "http://elsewhere.invalid/a/b",
        "ftp://127.0.0.1/a/b",
        "file:///etc/passwd",
        "http://name:word@127.0.0.1/a/b",
        "//127.0.0.1/a/b",
        "http://[::bad/a/b",
        "http://127.0.0.1:port/a/b",
        "http://127.0.0.1:99999/a/b",
        "",
    ],
)
def test_no_other_place_is_asked(tmp_path, address):
    with pytest.raises(MisdirectedError):
        fetched(address, tmp_path / "part")


def test_plain_http_is_for_an_api_on_this_machine_alone(host, tmp_path):
    address = signed(host, expected_files(host.world)[0])
    with pytest.raises(MisdirectedError):
        fetched(address, tmp_path / "part", on_this_machine=False)
    assert host.calls == []


def test_two_hops_are_followed_and_no_more(host, tmp_path):
    file = expected_files(host.world)[0]
    target = signed(host, file)

    def lead(call):
        left = int(call.query.get("hops", ["0"])[0])
        if not left:
            return None
        to = f"{host.own_url}/x?hops={left - 1}" if left > 1 else target
        return Answer(302, b"", headers={"Location": to})

    host.on_request = lead
    assert fetched(f"{host.own_url}/x?hops=1", tmp_path / "a").sha256 == file.sha256()
    with pytest.raises(MisdirectedError):
        fetched(f"{host.own_url}/x?hops=2", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_redirect_to_plain_http_elsewhere_is_not_followed(host, tmp_path):
    headers = {"Location": "http://elsewhere.invalid/a"}
    host.on_request = lambda call: Answer(302, b"", headers=headers)
    with pytest.raises(MisdirectedError, match=r"elsewhere\.invalid"):
        fetched(f"{host.own_url}/x", tmp_path / "part")


def test_credentials_of_other_programs_are_not_sent(host, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    fetched(signed(host, expected_files(host.world)[0]), tmp_path / "part")
    assert "Authorization" not in host.calls[0].headers
    assert "Cookie" not in host.calls[0].headers


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_is_cut_off_at_the_largest_size(tmp_path, tells_length):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                head = "Content-Length: 900000" if tells_length else "X: y"
                connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
                for _ in range(9):
                    connection.sendall(b"x" * 100_000)

        async def both():
            serving = asyncio.create_task(asyncio.to_thread(serve))
            download = Download(
                is_on_this_machine=True, timeout_s=5, most_bytes=1000, user_agent="t"
            )
            address = f"http://127.0.0.1:{server.getsockname()[1]}/a/b"
            async with download:
                try:
                    await download.fetch(address, tmp_path / "part")
                finally:
                    await asyncio.wait([serving], timeout=5)

        with pytest.raises(AnswerError, match="larger than GORGIAS_FILE_MAXSIZE"):
            asyncio.run(both())
    part = tmp_path / "part"
    assert part.exists() is not tells_length  # told before, it is not even begun
    assert tells_length or part.stat().st_size <= 1000
