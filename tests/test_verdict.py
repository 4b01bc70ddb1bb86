"""What an answer that is no page means: asked again, waited for, or final."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.api import verdict
from gorgias_crawler.errors import (
    MisdirectedError,
    NotFoundError,
    RefusedError,
    UnansweredError,
    UnauthorizedError,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
API_ERROR = b'{"error": {"msg": "Gone."}}'
CODES = {408, *range(500, 600)}


@pytest.mark.parametrize(
    ("status", "kind", "retries"),
    [
        (301, MisdirectedError, 0),
        (400, RefusedError, 1),
        (401, UnauthorizedError, 0),
        (403, RefusedError, 1),
        (404, NotFoundError, 0),
        (408, UnansweredError, 5),
        (410, NotFoundError, 0),
        (418, UnansweredError, 0),
        (422, RefusedError, 0),
        (429, RefusedError, 0),
        (500, UnansweredError, 5),
        (503, UnansweredError, 5),
        (524, UnansweredError, 5),
    ],
)
def test_each_status_means_one_thing(status, kind, retries):
    failed = verdict.judge(status, API_ERROR, "https://x.example/", 5, CODES)
    assert failed is not None
    assert type(failed.error) is kind
    assert failed.retries == retries


def test_a_good_status_is_no_failure():
    assert verdict.judge(200, b"", "", 5, CODES) is None


def test_without_retries_nothing_is_asked_twice():
    for status in range(300, 600):
        failed = verdict.judge(status, b"", "", 0, CODES)
        assert failed is not None
        assert failed.retries == 0


def test_a_redirect_names_the_host_it_leads_to():
    failed = verdict.judge(302, b"", "https://evil.example/x?y", 5, CODES)
    assert failed is not None
    assert "evil.example" in str(failed.error)


def test_an_error_of_the_api_is_told_from_a_web_page():
    for body, of_the_api in [(API_ERROR, True), (b"<html>", False), (b"", False)]:
        failed = verdict.judge(404, body, "", 5, CODES)
        assert failed is not None
        assert isinstance(failed.error, NotFoundError)
        assert failed.error.of_the_api is of_the_api


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_waits_grow_and_are_bounded(attempt, seed):
    wait = verdict.backoff_s(attempt, random.Random(seed))
    middle = min(2.0 ** (attempt - 1), verdict.LONGEST_WAIT_S) if attempt < 20 else 60
    assert 0.5 * middle <= wait <= 1.5 * middle


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.25", 0.25),
        ("", None),
        ("0", None),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("3600", 3600.0),
        (format_datetime(NOW + timedelta(seconds=12), usegmt=True), 12.0),
        (format_datetime(NOW - timedelta(seconds=12), usegmt=True), None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(header, seconds):
    asked_s = verdict.asked_pause_s(header, NOW)
    assert asked_s == (seconds and pytest.approx(seconds))
