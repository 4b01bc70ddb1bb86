"""How far a run is, in a line: what matters stands first and is never cut."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from gorgias_crawler.api.budget import Budget
from gorgias_crawler.archive import Archive
from gorgias_crawler.extensions import progress as extension
from gorgias_crawler.extensions.progress import ProgressLine
from gorgias_crawler.job.progress import Progress, measure

NOW = Progress(
    phase="fetching messages per ticket",
    tickets_complete=53_412,
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
        dict.fromkeys(
            ["tickets_complete", "tickets", "messages", "total", "rows"], COUNT
        )
    ),
    left_s=st.floats(0, 3_000_000),
    columns=st.integers(20, 200),
)
def test_a_line_fits_and_tells_the_time_left(counts, left_s, columns):
    now = Progress(**{**vars(NOW), **counts, "left_s": left_s})
    assert len(now.line(columns)) <= columns
    if columns >= 65:
        assert " left" in now.line(columns)


@pytest.fixture
def moments(monkeypatch):
    """Tell when how far the run is is counted, on a clock that stands in between."""
    now_s = 0.0

    async def sleep(pause_s):
        nonlocal now_s
        now_s += pause_s

    clock = SimpleNamespace(monotonic=lambda: now_s)
    monkeypatch.setattr(extension, "time", clock)
    monkeypatch.setattr(extension, "asyncio", SimpleNamespace(sleep=sleep))

    def at(count, took_s, every_s, first_s):
        telling = ProgressLine.__new__(ProgressLine)
        counted_s = []

        def counting():
            nonlocal now_s
            counted_s.append(now_s)
            now_s += took_s
            return NOW

        async def counts():
            async for _ in telling._moments_each(every_s, first_s):
                if len(counted_s) == count:
                    return

        telling._now = counting  # type: ignore[method-assign]
        asyncio.run(counts())
        return counted_s

    return at


def test_counting_takes_less_than_5_percent_of_the_time(moments):
    """A count that blocks the crawl for long is made less often."""
    first, _, last = moments(3, took_s=10, every_s=0.001, first_s=0.001)
    assert 0.05 * (last - first) > 2 * 10


def test_the_first_line_comes_soon_and_the_others_at_their_interval(moments):
    assert moments(4, took_s=0, every_s=60, first_s=10) == [10, 70, 130, 190]


@pytest.mark.parametrize(
    ("interval", "first_s"), [("60", 10), ("3600", 10), ("2", 2), ("0", None)]
)
def test_a_log_is_told_after_ten_seconds_or_sooner_where_that_is_asked_for(
    monkeypatch, interval, first_s
):
    assert telling_of(monkeypatch, LOGSTATS_INTERVAL=interval)["log"] == first_s


@pytest.mark.parametrize(
    ("is_terminal", "log_file", "ways"),
    [
        (False, None, {"log"}),
        (True, None, {"line"}),
        (True, "crawl.log", {"line", "log"}),
        (False, "crawl.log", {"log"}),
    ],
)
def test_a_log_file_is_told_also_while_a_terminal_shows_the_line(
    monkeypatch, is_terminal, log_file, ways
):
    told = telling_of(monkeypatch, is_terminal=is_terminal, LOG_FILE=log_file)
    assert {way for way, first_s in told.items() if first_s is not None} == ways


def telling_of(monkeypatch, *, is_terminal=False, **given):
    """Return when each way of telling says something first, None where it does not."""
    settings = Settings()
    settings.setdict({name: value for name, value in given.items() if value})
    first_s: dict[str, float | None] = {"line": None, "log": None}
    telling = ProgressLine.__new__(ProgressLine)
    telling.crawler = SimpleNamespace(settings=settings)  # type: ignore[assignment]
    telling._telling = []

    async def moments_each(every_s, first):
        yield first

    async def told(way, moments):
        async for first in moments:
            first_s[way] = first

    stderr = SimpleNamespace(isatty=lambda: is_terminal)
    monkeypatch.setattr(extension, "sys", SimpleNamespace(stderr=stderr))
    monkeypatch.setattr(telling, "_moments_each", moments_each)
    monkeypatch.setattr(telling, "_draw", lambda: told("line", moments_each(1, 1)))
    monkeypatch.setattr(
        extension.logger,
        "info",
        lambda _, first: first_s.update(log=first),
    )

    async def begin():
        telling._begin()
        await asyncio.gather(*telling._telling)

    asyncio.run(begin())
    return first_s


def test_while_tickets_are_listed_nothing_is_said_of_how_many_there_are(tmp_path):
    flow = SimpleNamespace(phase="listing tickets")
    agenda: Any = SimpleNamespace(flow=flow, finished=False)
    with contextlib.closing(Archive.open(tmp_path / "archive.sqlite")) as archive:
        now = measure(archive, Budget(0.8), agenda, 0, 1.0, None)
    assert str(now) == "listing tickets: 0 known so far, 1.0 calls/s, budget unknown"


def test_while_files_are_fetched_their_bytes_and_the_time_left_are_said():
    files = {
        "phase": "fetching files",
        "there": "12 of 30 files, 1.5 MB",
        "left_s": 9.0,
    }
    text = str(Progress(**{**vars(NOW), **files}))
    assert text.startswith("fetching files: 12 of 30 files, 1.5 MB, about 9 s left, ")
    assert "tickets" not in text
    assert len(Progress(**{**vars(NOW), **files}).line(40)) == 40
