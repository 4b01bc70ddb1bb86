"""What reading an archive costs per ticket, as an export does, at several sizes.

    python bench/reading.py --tickets 20000 160000 1000000

The archives are made directly, with two short messages a ticket.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from crawling import table

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.archive.compression import packed

_MESSAGES = 2  # a ticket; Gorgias has 2.6 on average


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, nargs="+", default=[20_000, 160_000])
    rows = []
    for tickets in parser.parse_args().tickets:
        with tempfile.TemporaryDirectory() as name:
            archive = Archive.open(Path(name) / "archive.sqlite")
            fill(archive, tickets)
            began_s = time.process_time()
            found = order.in_order(archive, only_complete=True)
            messages = sum(1 for _, theirs in found for _ in theirs)
            took_s = time.process_time() - began_s
            assert messages == _MESSAGES * tickets
            archive.close()
        per_ticket = f"{took_s / tickets * 1e6:.1f} us"
        rows.append((f"{tickets:,}", f"{took_s:.1f} s", per_ticket))
    print(table(("tickets", "CPU", "CPU per ticket"), rows))


def fill(archive: Archive, tickets: int) -> None:
    raw = packed(json.dumps({"id": 1, "subject": "Parcel late"}).encode())
    ids = range(1, tickets + 1)
    with archive.transaction() as db:
        db.executemany(
            "INSERT INTO ticket (id, updated_us, messages_count, due, listed, raw) "
            f"VALUES (?, 1, {_MESSAGES}, 0, 1, ?)",
            ((id_, raw) for id_ in ids),
        )
        db.executemany(
            "INSERT INTO message (id, ticket_id, created_us, unsent, raw) "
            "VALUES (?, ?, ?, 0, ?)",
            (
                (id_ * _MESSAGES + number, id_, number, raw)
                for id_ in ids
                for number in range(_MESSAGES)
            ),
        )


if __name__ == "__main__":
    main()
