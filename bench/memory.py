"""The most memory that a crawl takes when its pages are huge (Linux: VmHWM).

    python bench/memory.py            # plain, packed, and of many small values

Sixteen tickets are asked for at once; each page has so many MB. The sandbox sends the
same block again and again, so that it needs no memory itself.
"""

import argparse
import contextlib
import gzip
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World
from gorgias_crawler.sandbox.server import _Handler

BLOCK = b"x" * 2**20
CRAWL = [sys.executable, "-m", "scrapy", "crawl", "gorgias", "-s", "JOBDIR=job"]
REPORT = (
    "from gorgias_crawler.settings import *\n"
    "import atexit\n"
    "from pathlib import Path\n"
    "def peak():\n"
    "    status = Path('/proc/self/status').read_text()\n"
    "    Path('memory').write_text(status.split('VmHWM:')[1].split()[0])\n"
    "atexit.register(peak)\n"
)


def handler(kind: str, size_mb: int, world: World) -> type[_Handler]:
    messages: dict[str, int] = {}
    for row in world.in_order("messages"):
        messages.setdefault(str(row.ticket.id), row.id)

    def page(ticket: str) -> tuple[bytes, int, bytes]:
        head = f'{{"data": [{{"id": {messages[ticket]}, "ticket_id": {ticket}, '
        if kind == "values":
            return f'{head}"meta": ['.encode(), size_mb, b'0]}], "meta": {}}'
        return f'{head}"body_text": "'.encode(), size_mb, b'"}], "meta": {}}'

    block = b"[]," * (2**20 // 3) if kind == "values" else BLOCK

    class Huge(_Handler):
        def do_GET(self) -> None:  # noqa: N802
            ticket = re.search(r"ticket_id=(\d+)", self.path)
            if ticket is None:
                super().do_GET()
                return
            head, blocks, tail = page(ticket[1])
            self.send_response_only(200)
            self.send_header("Content-Type", "application/json")
            parts = [head, *[block] * blocks, tail]
            if kind != "plain":
                self.send_header("Content-Encoding", "gzip")
                # members of a gzip file may follow one another
                packed = gzip.compress(block, 6)
                ends = (gzip.compress(head), gzip.compress(tail))
                parts = [ends[0], *[packed] * blocks, ends[1]]
            self.send_header("Content-Length", str(sum(map(len, parts))))
            self.end_headers()
            with contextlib.suppress(OSError):
                for part in parts:
                    self.wfile.write(part)

    return Huge


def measure(kind: str, size_mb: int) -> tuple[int, float, int]:
    world = World(tickets=16, messages_per_ticket=1)
    sandbox = Sandbox(world, rate=None)
    sandbox._server.RequestHandlerClass = handler(kind, size_mb, world)  # noqa: SLF001
    sandbox.start()
    with tempfile.TemporaryDirectory() as place:
        Path(place, "scrapy.cfg").write_text("[settings]\ndefault = trial\n")
        Path(place, "trial.py").write_text(REPORT)
        account = {"GORGIAS_API_USER": API_USER, "GORGIAS_API_KEY": API_KEY}
        ended = subprocess.run(
            [*CRAWL, "-a", "fetch=per-ticket", "-s", "RETRY_TIMES=0"],
            cwd=place,
            env=os.environ
            | account
            | {"GORGIAS_API_URL": sandbox.url, "PYTHONPATH": place},
            capture_output=True,
            text=True,
            check=False,
        )
        peak_mb = int(Path(place, "memory").read_text()) / 1024
        print(ended.stderr[-600:], file=sys.stderr)
    sandbox.close()
    return ended.returncode, peak_mb, len(sandbox.calls)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--only", choices=["plain", "packed", "values"])
    asked = parser.parse_args()
    for name in [asked.only] if asked.only else ["plain", "packed", "values"]:
        status, peak_mb, _ = measure(name, asked.mb)
        print(f"{name:7} 16 pages of {asked.mb} MB: exit {status}, {peak_mb:,.0f} MB")
