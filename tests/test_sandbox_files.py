"""The sandbox's files are had as Gorgias's: by the key, then by a signed address."""

import hashlib
import html
import http.client
import re
import urllib.parse

import pytest

from gorgias_crawler.sandbox import ACCESS_TOKEN, Answer, Sandbox, World
from gorgias_crawler.sandbox.files import INLINE, NAMES, RECORDING, asked_as
from tests.expected import expected_files

KEY = {"Authorization": f"Bearer {ACCESS_TOKEN}"}


@pytest.fixture
def sandbox():
    with Sandbox(World(tickets=60), rate=None) as served:
        yield served


def get(url, headers=KEY):
    """Return status, headers and body; no redirect is followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    try:
        body = answer.read()
    except http.client.IncompleteRead as error:
        body = error.partial
    connection.close()
    return answer.status, answer.headers, body


def download_url(sandbox, file):
    return f"{sandbox.url}/attachment/download{asked_as(file.path)}"


def signed_url(sandbox, file):
    status, headers, _ = get(download_url(sandbox, file))
    assert status == 307
    return headers["Location"]


def fetch(sandbox, file):
    return get(signed_url(sandbox, file), headers={})


def test_each_file_is_had_with_its_own_bytes(sandbox):
    files = expected_files(sandbox.world)
    assert {file.kind for file in files} == {0, INLINE, RECORDING}
    for file in files:
        status, headers, body = fetch(sandbox, file)
        assert status == 200
        assert headers["Content-Type"] == file.content_type
        assert int(headers["Content-Length"]) == len(body) == file.size
        assert hashlib.sha256(body).hexdigest() == file.sha256()
    assert len({file.sha256() for file in files}) == len(files)
    assert [call.sent_bytes for call in sandbox.file_host.calls] == [
        f.size for f in files
    ]
    again = expected_files(World(tickets=60))
    assert [(f.url, f.sha256()) for f in again] == [(f.url, f.sha256()) for f in files]


def test_messages_name_their_files(sandbox):
    messages = sandbox.world.objects("messages")
    attachments = [a for m in messages for a in m["attachments"] or []]
    ours = {file.url for file in expected_files(sandbox.world)}
    attached = {a["url"] for a in attachments}
    images = {
        html.unescape(source).partition("?")[0]
        for message in messages
        for source in re.findall('<img [^>]*src="([^"]*)"', message["body_html"] or "")
    }
    recorded = {r["url"] for r in sandbox.world.objects("voice_call_recordings")}
    assert not attached & images
    assert ours == {
        url
        for url in attached | images | (recorded - {None})
        if url.startswith("https://uploads.gorgias.io/")
    }
    elsewhere = (attached | images) - ours
    assert {url.partition(":")[0] for url in elsewhere} == {"https", "cid"}
    sizes = {type(a["size"]) for a in attachments}
    assert sizes == {int, str, type(None)}
    assert {a["public"] for a in attachments} == {True, False}
    assert {a["name"] for a in attachments} == {name for name, _ in NAMES} | {None}
    assert {m["attachments"] is None for m in messages} == {True, False}


def test_names_are_those_that_break_careless_file_systems():
    files = expected_files(World(tickets=60))
    resources = [file.resource for file in files]
    assert len(set(resources)) == len(resources)
    assert any(not resource.isascii() for resource in resources)
    assert any("%2F" in resource for resource in resources)
    assert any("%252F" in resource for resource in resources)
    assert any("%0A" in resource for resource in resources)
    assert any(len(resource) > 255 for resource in resources)
    assert all("/" not in resource for resource in resources)


def test_the_download_call_needs_the_key_and_costs_budget():
    world = World(tickets=60)
    with Sandbox(world, rate="40/20") as sandbox:
        url = download_url(sandbox, expected_files(world)[0])
        assert get(url, headers={})[0] == 401
        status, headers, _ = get(url)
        assert status == 307
        assert headers["X-Gorgias-Account-Api-Call-Limit"] == "2/40"
        assert headers["Location"].startswith(sandbox.files_url)
        assert not sandbox.files_url.startswith(sandbox.url.removesuffix("/api"))


def test_the_signed_host_refuses_a_key_and_what_is_not_signed(sandbox):
    url = signed_url(sandbox, expected_files(sandbox.world)[0])
    assert get(url, headers=KEY)[0] == 400
    assert get(url.partition("?")[0], headers={})[0] == 403
    assert get(url[:-1] + ("0" if url[-1] != "0" else "1"), headers={})[0] == 403
    later = re.sub(r"X-Expires=(\d)", r"X-Expires=9\1", url)
    assert get(later, headers={})[0] == 403
    assert get(url, headers={})[0] == 200


def test_a_signature_ends(sandbox):
    path = asked_as(expected_files(sandbox.world)[0].path)
    assert get(sandbox.file_host.signed(path, -1), headers={})[0] == 403


def test_an_address_that_was_written_otherwise_is_not_found(sandbox):
    file = next(f for f in expected_files(sandbox.world) if "%2F" in f.resource)
    decoded = download_url(sandbox, file).replace("%2F", "/")
    assert get(decoded)[0] == 404
    assert get(sandbox.url + "/attachment/download/x/none.png")[0] == 404


def test_files_of_a_deleted_ticket_are_gone(sandbox):
    message = next(m for m in sandbox.world.messages.values() if m.number % 16 == 8)
    files = [f for f in expected_files(sandbox.world) if f.number == message.number]
    sandbox.world.delete_ticket(message.ticket.id)
    assert get(download_url(sandbox, files[0]))[0] == 404


def test_a_hook_may_answer_for_the_files_host(sandbox):
    sandbox.file_host.on_request = lambda call: (
        Answer(418, b"") if call.number else None
    )
    assert fetch(sandbox, expected_files(sandbox.world)[0])[0] == 418
    assert [call.status for call in sandbox.file_host.calls] == [418]


def test_number_and_size_of_files_are_asked_for():
    world = World(tickets=100, files_per_message=1.5, file_bytes=(1_024, 2_000_000))
    files = [
        file for file in expected_files(world) if file.kind not in {INLINE, RECORDING}
    ]
    assert abs(len(files) / len(world.messages) - 1.5) < 0.15
    sizes = sorted(file.size for file in files)
    assert 1_024 <= sizes[0] < 2_000
    assert 1_000_000 < sizes[-1] <= 2_000_000
    assert expected_files(World(tickets=100, files_per_message=0.0)) != files
