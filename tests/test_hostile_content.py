"""No content breaks a row, fills the memory or holds up a run."""

import contextlib
import csv
import gzip
import json
import re
import threading
import time
from typing import ClassVar

import pytest

from gorgias_crawler.sandbox import Answer
from tests.crawling import HANG_S, linux_only
from tests.hostile import ONCE, Plain, answer_tickets_with, configure

BODIES = [
    "\0NUL at the start and the end\0",
    "half a smile \ud83d and the other \ude00",
    "returns \r and \r\n and \n\r in \r",
    "separators \u2028 \u2029 \x85 \x0b \x0c \x1c",
    'quotes " "" """, commas ,,, and ;',
    "\ufeffmarks \ufffe \uffff \u202e \x1a \x1b[31m",
    "\U0001f468\u200d\U0001f469 \U0010ffff",
]
# What `resource` tells begins with the peak of the parent process.
REPORT_MEMORY = (
    "import atexit\n"
    "from pathlib import Path\n"
    "def peak_kb():\n"
    "    status = Path('/proc/self/status').read_text()\n"
    "    return status.split('VmHWM:')[1].split()[0]\n"
    "atexit.register(lambda: Path('memory').write_text(peak_kb()))\n"
)


measures_memory = linux_only("memory is read in /proc")


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


@measures_memory
def test_a_body_of_20_mb_breaks_neither_the_row_nor_the_run(open_shop):
    shop = open_shop(tickets=5, forks=False)
    size = 20 * 2**20
    largest = shop.world.in_order("messages")[0].id
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


@measures_memory
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


@measures_memory
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


@measures_memory
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
            together.wait(HANG_S)
        page = json.loads(shop.sandbox.answer(call).body)
        page["data"][0]["padding"] = "x" * 20_000_000
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = pad
    configure(shop, REPORT_MEMORY)
    ended = shop.crawl("-a", "fetch=per-ticket", "-s", "DOWNLOAD_MAXSIZE=30000000")
    assert ended.status == 0, ended.log
    assert shop.rows() == shop.expected()
    assert memory_mb(shop) < 320  # 100 of them before any answer; all pages have 160
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
