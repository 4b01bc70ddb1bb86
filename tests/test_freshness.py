"""What a monitor is told: how old what a job holds is, and what has happened since."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.archive import Archive, walks
from gorgias_crawler.errors import CommandLineError, JobError
from gorgias_crawler.job import directory, status
from gorgias_crawler.job.directory import Job, note_refusal

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def began(hours):
    return (NOW - timedelta(hours=hours)).isoformat(timespec="seconds")


@pytest.fixture
def job(tmp_path):
    """A job at which no crawl is at work."""
    with_lock = Job(tmp_path / "job")
    with_lock.close()
    return with_lock.path


@pytest.fixture
def write(job):
    """Let a run begin so many hours ago; it ends after half an hour or is killed."""
    archive = Archive.open(job / "archive.sqlite")

    def run(hours, exit_status, **facts):
        number = archive.begin_run()
        if exit_status is None:
            return
        told = {
            "run": number,
            "started": began(hours),
            "ended": began(hours - 0.5),
            "exit_status": exit_status,
            "ended_by": None,
            "calls": {"made": 3, "bucket_limit": 40},
            "feeds": [],
            **facts,
        }
        archive.end_run(number, told)
        (job / "run.json").write_text(json.dumps(told))

    yield run
    archive.close()


def told(job):
    archive = Archive.open_to_read(job / "archive.sqlite")
    said = status.told(archive, job, NOW)
    archive.close()
    return said


def answer(job, max_age):
    said, seconds = told(job), status.max_age_s(max_age)
    return status.is_fresh(said, seconds), status.sentence(said, seconds, max_age)


# The age that is asked for.


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5_400), ("26h", 93_600), ("2d", 172_800), ("1m", 60), (" 3h ", 10_800)],
)
def test_an_age_is_minutes_hours_or_days(text, seconds):
    assert status.max_age_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "26", "26 h", "0h", "-1h", "1.5h", "2w", "h", "٣h"]
)
def test_any_other_age_is_refused_with_those_that_there_are(text):
    with pytest.raises(CommandLineError, match="90m, 26h or 2d"):
        status.max_age_s(text)


# How old it is.


@given(age_s=st.integers(-(10**6), 10**6), max_age_s=st.integers(60, 10**6))
def test_it_is_fresh_from_the_start_of_the_last_complete_run_to_the_age(
    age_s, max_age_s
):
    said = {"last_complete_run": {"age_s": age_s}}
    assert status.is_fresh(said, max_age_s) is (0 <= age_s <= max_age_s)


def test_the_age_counts_from_the_start_of_the_run(job, write):
    write(26, 0)
    assert answer(job, "26h") == (True, f"Current as of {began(26)}, 26 h ago.")
    assert not answer(job, "1559m")[0]


def test_a_job_without_a_complete_run_is_too_old(job, write):
    assert answer(job, "26h") == (
        False,
        "No run of this job has been complete yet. No run has begun since.",
    )
    write(2, 3, ended_by="stopped")
    is_fresh, sentence = answer(job, "26h")
    assert not is_fresh
    assert sentence == (
        "No run of this job has been complete yet. The last run ended "
        f"{began(1.5)} with exit status 3: stopped"
    )


MISSING = "status says what is missing."
SINCE = {
    "nothing": (lambda write, job: None, "No run has begun since."),
    "a run that failed": (
        lambda write, job: write(3, 1, ended_by="The key is wrong."),
        f"The last run ended {began(2.5)} with exit status 1: The key is wrong.",
    ),
    "a run that is incomplete": (
        lambda write, job: write(3, 3),
        f"The last run ended {began(2.5)} with exit status 3: {MISSING}",
    ),
    "a run that was killed": (
        lambda write, job: write(3, None),
        "Since then 1 run was killed before the end.",
    ),
    "runs that were killed": (
        lambda write, job: [write(3, None), write(2, None)],
        "Since then 2 runs were killed before the end.",
    ),
    "an estimate": (
        lambda write, job: write(3, 0, estimate=True),
        f"The last run, {began(2.5)}, was an estimate only.",
    ),
}


@pytest.mark.parametrize("what", SINCE)
def test_later_runs_make_nothing_younger_and_are_named_where_it_is_too_old(
    job, write, what
):
    write(30, 0)
    happen, words = SINCE[what]
    happen(write, job)
    assert answer(job, "30h") == (True, f"Current as of {began(30)}, 30 h ago.")
    is_fresh, sentence = answer(job, "26h")
    assert not is_fresh
    assert sentence == (
        f"Too old: the last complete run began {began(30)}, 30 h ago, and "
        f"--max-age is 26h. {words}"
    )


def test_a_refused_start_is_named_until_a_run_has_ended(job, write):
    write(30, 0)
    note_refusal(job, JobError("LOG_FILE=/x: it cannot be written."))
    assert answer(job, "26h")[1].endswith(": LOG_FILE=/x: it cannot be written.")
    refused = told(job)["refused_start"]
    assert (refused["exit_status"], told(job)["killed_runs"]) == (1, 0)
    assert refused["reason"] == "LOG_FILE=/x: it cannot be written."
    write(1, 3)
    assert told(job)["refused_start"] is None


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"ended": 1, "ended_by": 2}']
)
def test_whatever_stands_in_run_json_is_no_refused_start(job, write, text):
    write(30, 0)
    (job / "run.json").write_text(text)
    assert told(job)["refused_start"] is None


def test_a_run_that_began_in_the_future_proves_nothing(job, write):
    write(-1, 0)
    is_fresh, sentence = answer(job, "2d")
    assert not is_fresh
    assert "ahead of this machine's clock" in sentence


# A crawl at work.


def test_a_run_at_work_was_not_killed_and_is_named(job, write):
    write(30, 0)
    write(1, None)
    assert told(job)["killed_runs"] == 1
    at_work = Job(job)
    said = told(job)
    assert (said["is_running"], said["killed_runs"]) == (True, 0)
    assert answer(job, "26h")[1].endswith("A crawl is at work on it now.")
    at_work.close()


@pytest.mark.parametrize("which", [0, 1])
def test_a_run_that_begins_or_ends_while_it_is_read_was_not_killed(
    job, write, which, monkeypatch
):
    write(1, None)
    looks = iter([which == 0, which == 1])
    monkeypatch.setattr(directory, "is_in_use", lambda path: next(looks))
    assert told(job)["killed_runs"] == 0


def with_tickets(archive, count):
    """Let *archive* know of tickets with a message each that is not fetched."""
    with archive.transaction() as db:
        walks.put_at_head(archive, walks.LISTING, 1)
        db.execute("UPDATE walk SET done = 1")
        db.executemany(
            "INSERT INTO ticket (id, updated_us, messages_count, due, listed, raw) "
            "VALUES (?, 1, 1, 1, 1, x'')",
            [(id_,) for id_ in range(1, count + 1)],
        )


@pytest.mark.parametrize(
    ("bucket", "is_walking", "seconds"),
    [
        (None, False, 150),  # 300 calls, 2 a second: the slowest documented budget
        (80, False, 75),  # of which 4 a second leak
        (None, True, 2),  # 3 calls for 100 messages each
    ],
)
def test_the_time_left_is_that_of_the_calls_at_the_budget_that_is_known(
    job, write, bucket, is_walking, seconds
):
    if bucket:
        write(30, 0, calls={"made": 3, "bucket_limit": bucket})
    at_work = Job(job)
    with_tickets(at_work.archive, 300)
    if is_walking:
        with at_work.archive.transaction():
            walks.put_at_head(at_work.archive, walks.NEWEST_MESSAGES, 1)
    assert told(job)["seconds_left"] == seconds
    at_work.close()
    assert told(job)["seconds_left"] is None
