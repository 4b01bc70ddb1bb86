"""How far a run is, in a line: what matters stands first and is never cut."""

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.extensions import progress as extension
from gorgias_crawler.extensions.progress import ProgressLine
from gorgias_crawler.job.progress import Progress

NOW = Progress(
    phase="fetching messages per ticket",
    tickets_whole=53_412,
    tickets=101_234,
    messages=137_412,
    total=263_111,
    rows=0,
    calls_per_s=1.96,
    budget="32/40",
    left_s=49_600,
)
COUNT = st.integers(0, 99_000_000)


def test_all_of_it_is_said_where_there_is_room():
    assert NOW.line(140) == str(NOW) == (
        "fetching messages per ticket: 53,412 of 101,234 tickets, "
        "137,412 of 263,111 messages, about 13 h 47 min left, 2.0 calls/s, budget 32/40"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "left_out"),
    [(79, ""), (77, ", budget 32/40"), (60, ", 2.0/s, budget 32/40")],
)
def test_80_columns_hold_all_facts_and_the_last_ones_go_first(columns, left_out):
    line = (
        "fetching: 53k/101k tickets, 137k/263k messages, 14 h left, 2.0/s, budget 32/40"
    )
    assert NOW.line(columns) == line.removesuffix(left_out)


def test_rows_take_the_place_of_messages_when_they_are_written():
    writing = {**vars(NOW), "phase": "writing rows", "rows": 9_949, "left_s": 30}
    assert ", 9,949 rows, about 30 s left, " in str(Progress(**writing))
    assert Progress(**writing).line(60) == (
        "writing: 53k/101k tickets, 9.9k/263k rows, 30 s left, 2.0/s"
    )


@given(
    counts=st.fixed_dictionaries(
        dict.fromkeys(["tickets_whole", "tickets", "messages", "total", "rows"], COUNT)
    ),
    left_s=st.floats(0, 3_000_000),
    columns=st.integers(20, 200),
)
def test_a_line_fits_and_tells_the_time_left(counts, left_s, columns):
    now = Progress(**{**vars(NOW), **counts, "left_s": left_s})
    assert len(now.line(columns)) <= columns
    assert 0 <= now.share <= 1
    if columns >= 65:
        assert " left" in now.line(columns)


def test_counting_takes_less_than_5_percent_of_the_time(monkeypatch):
    """A count that blocks the crawl for long is made less often."""
    telling = ProgressLine.__new__(ProgressLine)
    now_s = 0.0
    counted_s = []

    async def sleep(pause_s):
        nonlocal now_s
        now_s += pause_s

    def count():
        nonlocal now_s
        now_s += 10
        counted_s.append(10)
        return NOW

    clock = SimpleNamespace(monotonic=lambda: now_s)
    monkeypatch.setattr(extension, "time", clock)
    monkeypatch.setattr(extension, "asyncio", SimpleNamespace(sleep=sleep))

    async def three_counts():
        async for _ in telling._moments_each(0.001):
            if len(counted_s) == 3:
                return

    telling._now = count  # type: ignore[method-assign]
    asyncio.run(three_counts())
    assert sum(counted_s[:2]) < 0.05 * now_s


def test_while_files_are_fetched_their_bytes_and_the_time_left_are_said():
    files = {
        "phase": "fetching files",
        "files": "12 of 30 files, 1.5 MB",
        "left_s": 9.0,
    }
    text = str(Progress(**{**vars(NOW), **files}))
    assert text.startswith("fetching files: 12 of 30 files, 1.5 MB, about 9 s left, ")
    assert "tickets" not in text
    assert len(Progress(**{**vars(NOW), **files}).line(40)) == 40
