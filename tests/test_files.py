"""Addresses, names, and what is known of files."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.api.files import file_path
from gorgias_crawler.archive import Archive, files
from gorgias_crawler.archive.files import Reference, Stored
from gorgias_crawler.emit import attachments
from gorgias_crawler.fetch.file_names import file_name, stored_as
from gorgias_crawler.fetch.files import FilesToFetch, inline_paths, references
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.plans import Options, Relist
from gorgias_crawler.sandbox.files import NAMES

HOST = "https://uploads.gorgias.io"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (f"{HOST}/abc/p.png", "/abc/p.png"),
        (f"{HOST}/abc/p.png?format=120x80", "/abc/p.png"),
        (f" {HOST}/abc/p.png#top\n", "/abc/p.png"),
        (f"{HOST}/abc/a%2Fb%20c.png", "/abc/a%2Fb%20c.png"),
        (f"{HOST}/abc/März 1.pdf", "/abc/M%C3%A4rz%201.pdf"),
        (f"{HOST}/abc/%zz%.pdf", "/abc/%zz%.pdf"),
        ("//uploads.gorgias.io/abc/p.png", "/abc/p.png"),
        ("https://public-uploads.gorgias.io/abc/p.png", "/abc/p.png"),
        ("https://acme.gorgias.com/api/attachment/download/abc/p.png", "/abc/p.png"),
    ],
)
def test_a_file_is_asked_for_by_the_path_of_its_address_byte_for_byte(address, path):
    assert file_path(address) == path


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        "",
        "uploads.gorgias.io/abc/p.png",
        "/uploads.gorgias.io/abc/p.png",
        "ftp://uploads.gorgias.io/abc/p.png",
        "javascript:alert(1)",
        "https://cdn.shop.example/abc/p.png",
        "https://uploads.gorgias.io.evil.example/abc/p.png",
        "https://eviluploads-gorgias.io/abc/p.png",
        "https://evil.example/?https://uploads.gorgias.io/abc/p.png",
        "https://uploads.gorgias.io@evil.example/abc/p.png",
        "https://acme.gorgias.com/api/tickets/1",
        "https://acme.gorgias.com/x/attachment/download/abc/p.png",
        f"{HOST}/p.png",
        f"{HOST}/",
        f"{HOST}/abc/",
        f"{HOST}//p.png",
        f"{HOST}/abc/../../tickets/1",
        f"{HOST}/abc/%2e%2E/p.png",
        f"{HOST}/./p.png",
        f"{HOST}/abc/{'long' * 2000}",
        "https://[::1/abc/p.png",
    ],
)
def test_no_address_leads_a_call_to_anything_but_a_file(address):
    assert file_path(address) is None


@given(st.text())
def test_a_path_never_leaves_its_place(text):
    path = file_path(f"{HOST}/{text}")
    if path is not None:
        assert path.isascii()
        assert path.isprintable()
        assert " " not in path
        assert not {"", ".", ".."} & set(path.split("/")[1:])


RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def is_safe(name: str) -> bool:
    """Whether Windows, macOS and Linux take *name* for a file, as it is."""
    return (
        0 < len(name.encode()) < 143
        and not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
        and not name.startswith((".", "-", "~"))
        and not name.endswith((".", " "))
        and not RESERVED.fullmatch(name)
    )


HOSTILE: list[object] = [
    *(name for name, _ in NAMES),
    "CON", "aux.c", "COM1.txt", "..", ".", "", " ", "...", "~", "-rf", "a\x00b",
    "C:\\Windows\\system32\\x.dll", "/etc/passwd", "file:///etc/passwd", "a\nb",
    "x" * 5000, "é" * 300, "😀" * 200 + ".png", "a.tar.gz", "\ud83d.png", "name.",
    "photo.png ", "desktop.ini", "Thumbs.db", "$MFT", "a;rm -rf.sh", "\u202egnp.exe",
    "K\u0301.txt", "ﬁ.txt", "a.\u0627\u0628", "x.php%00.png", "a.b c", None, 7, [],
]  # fmt: skip


def test_a_name_is_safe_on_every_file_system():
    for name in HOSTILE:
        folder, _, stored = stored_as("12", 34, name, "/abc/x").partition("/")
        assert folder == "12", name
        assert is_safe(stored), name
        assert stored.startswith("34-"), name


@given(st.text(st.characters()), st.text())
def test_any_name_is_safe_and_its_file_has_one_place(name, path):
    place = stored_as("12", 34, name, f"/{path}")
    assert is_safe(place.removeprefix("12/"))
    assert place == stored_as("12", 34, name, f"/{path}")
    # Also where letters' case tells no names apart.
    other = stored_as("12", 34, name, f"/{path}x")
    assert place.casefold() != other.casefold()


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("invoice March.pdf", "34-invoice March-HASH.pdf"),
        ("Rechnung März.PDF", "34-Rechnung März-HASH.pdf"),
        ("写真.jpg", "34-写真-HASH.jpg"),
        ("../../etc/passwd", "34-etc passwd-HASH"),
        ("..%2F..%2Fup.txt", "34-%2F..%2Fup-HASH.txt"),
        (".htaccess", "34-htaccess-HASH"),
        ("right\u202egpj.exe", "34-right gpj-HASH.exe"),
        ("nul", "34-nul-HASH"),
        ("a\u0308.txt", "34-ä-HASH.txt"),
        ("", "34-file-HASH"),
    ],
)
def test_a_name_stays_readable(name, stored):
    place = stored_as("12", 34, name, "/abc/x")
    assert re.sub("-[0-9a-f]{12}", "-HASH", place) == f"12/{stored}"


def test_what_makes_an_address_unique_is_no_part_of_a_name():
    uuid = "00000008-0001-4001-8000-000000000000"
    assert file_name(f"/abc/photo%20of%20mug-{uuid}.jpeg") == "photo of mug.jpeg"
    assert file_name(f"/abc/nul-{uuid}") == "nul"
    assert file_name("/abc/2024-01-01-photo.png") == "2024-01-01-photo.png"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (f'<p><img src="{HOST}/a/b.png"></p>', ["/a/b.png"]),
        (f"<IMG width=1 SRC = '{HOST}/a/b.png' />", ["/a/b.png"]),
        (f"<img src={HOST}/a/b.png>", ["/a/b.png"]),
        (f'<img alt="a > b" src="{HOST}/a/b.png?x=1&amp;y=2">', ["/a/b.png"]),
        (f'<img\nsrc="{HOST}/a/&auml;.png"', ["/a/%C3%A4.png"]),
        (f'<img data-src="{HOST}/a/b.png">', []),
        (f'<a href="{HOST}/a/b.png">', []),
        (f'<imgx src="{HOST}/a/b.png">', []),
        ('<img src="cid:x"><img src="data:image/png;base64,AA"><img>', []),
        (
            f'<img src="{HOST}/a/1.png"><img src="{HOST}/a/2.png">',
            ["/a/1.png", "/a/2.png"],
        ),
        (None, []),
        ({"a": 1}, []),
    ],
)
def test_images_in_the_text_of_a_mail_are_found(html, found):
    assert list(inline_paths(html)) == found


def test_a_megabyte_of_broken_html_takes_no_longer_than_its_length():
    for piece in (
        "<img ",
        "<img '",
        '<img "',
        "<img src=",
        "<img src='",
        "<img a='\" ",
    ):
        assert list(inline_paths(piece * 200_000)) == []


def message(**values):
    return json.dumps(values).encode()


def test_a_message_refers_to_each_of_its_files_once():
    raw = message(
        attachments=[
            {"url": f"{HOST}/a/1.png", "name": "one.png"},
            {"url": f"{HOST}/a/1.png?format=1x1", "name": "thumb.png"},
            {"url": "https://cdn.example/x.png?token=secret", "name": "x.png"},
            {"url": "/../../account", "name": "path.png"},
            {"url": None},
            "nonsense",
        ],
        body_html=f'<img src="{HOST}/a/1.png"><img src="{HOST}/a/2.png">',
    )
    found = references(5, 6, raw)
    assert [r.path for r in found] == [
        "/a/1.png", "https://cdn.example/x.png", "../../account", "/a/2.png",
    ]  # fmt: skip
    assert found[0].stored_as.startswith("5/6-one-")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["attachments", "body_html", "gorgias.io/"]), JSON)
    | st.fixed_dictionaries(
        {"attachments": st.lists(st.dictionaries(st.just("url"), JSON))}
    )
)
def test_no_shape_of_a_message_breaks_the_search_for_files(shape):
    for reference in references(1, 2, json.dumps(shape).encode()):
        assert is_safe(reference.stored_as.removeprefix("1/"))


@pytest.fixture
def archive(tmp_path):
    opened = Archive.open(tmp_path / "archive.sqlite")
    yield opened
    opened.close()


def put(archive, ticket_id, *messages, run=1):
    """Archive a ticket with messages, each (id, paths of its files)."""
    from gorgias_crawler.archive.compression import packed  # noqa: PLC0415

    with archive.transaction() as db:
        db.execute(
            "INSERT OR REPLACE INTO ticket (id, updated_us, due, listed, raw, "
            "changed_run) VALUES (?, 0, 0, 1, ?, ?)",
            (ticket_id, packed(b"{}"), run),
        )
        for id_, paths in messages:
            its = [{"url": HOST + path, "name": "f.png"} for path in paths]
            db.execute(
                "INSERT OR REPLACE INTO message (id, ticket_id, created_us, unsent, raw)"
                " VALUES (?, ?, 0, 0, ?)",
                (id_, ticket_id, packed(message(id=id_, attachments=its))),
            )


def begun(archive, run, **options):
    """The files of a run, from the addresses that it has read."""
    todo = FilesToFetch(RunMemory(archive, run, Options(files=True, **options)))
    for _ in todo.read_addresses():
        pass
    todo.begin("files")
    return todo


def taken(todo):
    return [file.path for file in iter(todo.take, None)]


BYTES = Stored(3, "ab" * 32, "image/png")


def test_only_tickets_that_changed_are_read_for_addresses(archive):
    put(archive, 1, (11, ["/a/1"]))
    put(archive, 2, (21, ["/a/2"]))
    assert taken(begun(archive, 1)) == ["/a/1", "/a/2"]
    assert list(files.unread(archive, archive.facts.files_read_run)) == []
    put(archive, 2, (22, ["/a/3"]), run=2)
    (unread,) = files.unread(archive, archive.facts.files_read_run)
    assert [ids for *ids, _ in unread] == [[2, 21], [2, 22]]
    assert taken(begun(archive, 2)) == ["/a/1", "/a/2", "/a/3"]


def test_a_run_that_ends_while_it_reads_addresses_is_followed_by_one_that_reads_all(
    archive,
):
    put(archive, 1, (11, ["/a/1"]))
    next(FilesToFetch(RunMemory(archive, 1, Options())).read_addresses())
    assert archive.facts.files_read_run is None


def test_a_file_that_is_stored_is_not_fetched_again(archive):
    put(archive, 1, (11, ["/a/1", "/a/2"]), (12, ["/a/1"]))
    todo = begun(archive, 1)
    first, second = todo.take(), todo.take()
    todo.store(first, BYTES)
    assert todo.take() is None
    assert taken(begun(archive, 1)) == [second.path]
    assert files.totals(archive).stored == 1


def test_a_file_that_failed_waits_for_the_next_run(archive):
    put(archive, 1, (11, ["/a/1"]))
    todo = begun(archive, 1)
    todo.fail(todo.take(), "500")
    assert taken(begun(archive, 1)) == []
    assert files.totals(archive).to_fetch == 1
    assert taken(begun(archive, 2)) == ["/a/1"]


def test_what_two_runs_in_a_row_are_told_is_missing_is_not_asked_for_again(archive):
    put(archive, 1, (11, ["/a/1"]))
    for run, (to_fetch, missed, missing) in enumerate([(0, 1, 0), (0, 0, 1)], 1):
        todo = begun(archive, run)
        todo.miss(todo.take(), "404 Not Found")
        totals = files.totals(archive)
        found = totals.to_fetch, totals.missed, totals.missing
        assert found == (to_fetch, missed, missing)
    assert taken(begun(archive, 3)) == []
    assert taken(begun(archive, 3, relist=Relist.FULL)) == ["/a/1"]
    (named,) = files.not_stored(archive, 10)
    assert (named.kind, named.id, named.ticket_id) == ("messages", 11, 1)


def test_a_failure_between_two_misses_begins_their_count_again(archive):
    put(archive, 1, (11, ["/a/1"]))
    for run in range(1, 4):
        todo = begun(archive, run)
        file = todo.take()
        if run == 2:
            todo.fail(file, "500")
        else:
            todo.miss(file, "404")
    assert files.totals(archive).missed == 1


def test_a_host_that_answers_nothing_is_given_up(archive):
    put(archive, 1, (11, [f"/a/{n:02}" for n in range(30)]))
    todo = begun(archive, 1)
    for _ in range(20):
        todo.fail(todo.take(), "stalled")
    assert todo.gave_up
    assert todo.take() is None
    assert files.totals(archive).to_fetch == 30


def test_files_go_with_the_last_message_that_refers_to_them(archive):
    put(archive, 1, (11, ["/a/1", "/a/2"]))
    put(archive, 2, (21, ["/a/2"]))
    todo = begun(archive, 1)
    for file in iter(todo.take, None):
        todo.store(file, BYTES)
    with archive.transaction() as db:
        db.execute("DELETE FROM message WHERE id = 11")
    assert [[f.path for f in batch] for batch in todo.to_delete()] == [["/a/1"]]
    assert files.totals(archive).known == 1
    assert todo.deleted == 1


def test_a_deletion_that_was_cut_short_is_done_by_the_next_run(archive):
    put(archive, 1, (11, ["/a/1"]))
    todo = begun(archive, 1)
    todo.store(todo.take(), BYTES)
    with archive.transaction() as db:
        db.execute("DELETE FROM message WHERE id = 11")
    next(todo.to_delete())  # killed after the file was deleted
    assert [[f.path for f in batch] for batch in todo.to_delete()] == [["/a/1"]]


def test_another_store_has_none_of_the_files(archive):
    put(archive, 1, (11, ["/a/1"]))
    todo = begun(archive, 1)
    todo.store(todo.take(), BYTES)
    todo.begin("/mnt/moved")  # what is lost there, is found by a look
    assert files.totals(archive).stored == 1
    todo.begin("s3://bucket/")
    assert files.totals(archive).stored == 0


def test_a_file_at_another_host_is_counted_and_not_asked_for(archive):
    files.refer(archive, "messages", [(1, [Reference("https://x.example/a", "1/a")])])
    assert taken(begun(archive, 1)) == []
    totals = files.totals(archive)
    assert (totals.known, totals.elsewhere) == (0, 1)


def test_lists_of_a_message_have_an_entry_for_each_address(archive):
    put(archive, 1, (11, ["/a/1", "/a/2"]))
    todo = begun(archive, 1)
    todo.store(todo.take(), BYTES)
    its = list(files.due(archive, 2))
    inline = Reference("/a/3", "1/inline")
    stored = Reference("/a/1", "")
    files.refer(archive, "messages", [(11, [stored, *its, inline])])
    files.note_stored(archive, "/a/3", BYTES, 1)
    row = {
        "id": 11,
        "attachments": [
            {"url": f"{HOST}/a/1", "name": "a", "content_type": None, "size": "12"},
            {"url": ""},
            {"url": f"{HOST}/a/2", "name": None, "size": 7},
            {"url": f"{HOST}/a/4", "size": "9" * 30},
        ],
    }
    columns = {name: read(row) for name, read in attachments.readers(archive).items()}
    assert columns["attachment_names"] == ["a", "", ""]
    assert columns["attachment_types"] == ["", "", ""]
    assert columns["attachment_sizes"] == [12, 7, None]
    first, *others = columns["attachment_files"]
    assert first.startswith("1/11-f-")
    assert others == ["", ""]
    assert columns["inline_files"] == ["1/inline"]
