"""status, verify, export, the help and the progress line, as a user meets them."""

import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from gorgias_crawler import arguments, config
from gorgias_crawler.feeds.conversations import CONVERSATION_COLUMNS
from gorgias_crawler.sandbox import Answer
from tests.crawling import SCRAPY, drawn_on_a_terminal, unfinished, wait

# status


def test_status_tells_how_far_a_finished_job_is(finished):
    ended = finished.run("status", "job")
    assert ended.status == 0
    assert "Account sandbox-50-tickets-seed-1: no crawl is at work" in ended.log
    assert "Phase: complete" in ended.log
    assert "Tickets: 50 listed, 50 complete" in ended.log
    rows = len(finished.expected())
    assert f"Messages: {rows:,} archived of {rows:,}" in ended.log
    assert f"{finished.file}: {rows:,} rows" in ended.log


def test_status_works_while_a_crawl_is_at_work_and_does_not_disturb_it(open_shop):
    told = threading.Event()
    shop = open_shop(forks=False)
    shop.sandbox.on_request = lambda call: (
        None if call.number < 6 else told.wait() and None
    )
    process = shop.start("-a", "fetch=per-ticket", "-s", "CONCURRENT_REQUESTS=2")
    while len(shop.sandbox.calls) < 6:
        time.sleep(0.02)
    ended = shop.run("status", "job")
    told.set()
    assert "a crawl is at work on it now" in ended.log
    assert "Phase: fetching messages ticket by ticket" in ended.log
    assert wait(process).status == 0
    assert shop.rows() == shop.expected()


def test_status_names_failures_with_their_reasons(open_shop):
    shop = open_shop(tickets=10)
    victim = shop.expected()[0]["ticket_id"]
    shop.sandbox.on_request = lambda call: (
        Answer(500, b"") if call.query.get("ticket_id") == [victim] else None
    )
    shop.crawl("-a", "fetch=per-ticket", "-s", "RETRY_TIMES=0")
    ended = shop.run("status", "job")
    assert f"{victim}  500 Internal Server Error" in ended.log
    assert "exit status 3" in ended.log


@pytest.mark.parametrize("command", ["status", "verify", "export"])
def test_what_is_no_job_directory_is_told_so(finished, command):
    options = ["-O", "x.csv"] if command == "export" else []
    ended = finished.run(command, "nowhere", *options)
    assert ended.status == 1
    assert "nowhere is not a job directory" in ended.log
    assert "Traceback" not in ended.log
    assert not (finished.path / "nowhere").exists()


# export


def test_export_writes_the_crawls_file_without_a_call(finished):
    calls = len(finished.sandbox.calls)
    ended = finished.run("export", "job", "-O", "again.csv")
    assert ended.status == 0, ended.log
    assert (finished.path / "again.csv").read_bytes() == finished.file.read_bytes()
    assert len(finished.sandbox.calls) == calls


def test_export_of_an_unfinished_job_holds_whole_tickets_and_says_how_many_are_not(
    open_shop,
):
    shop = open_shop(forks=False)
    unfinished(shop)
    ended = shop.run("export", "job", "-O", "part.csv")
    assert ended.status == 0, ended.log
    assert "Not complete yet and left out: " in ended.log
    rows = shop.rows("part.csv")
    ids = {row["ticket_id"] for row in rows}
    assert 0 < len(ids) < 46
    assert rows == [row for row in shop.expected() if row["ticket_id"] in ids]
    assert shop.crawl().status == 0
    assert shop.rows() == shop.expected()


def test_export_refuses_a_file_of_others_and_a_missing_job(finished):
    (finished.path / "other.csv").write_text("mine")
    ended = finished.run("export", "job", "-o", "other.csv")
    assert ended.status == 1
    assert "use -O to replace it" in ended.log
    assert finished.run("export").status == 2
    assert (finished.path / "other.csv").read_text() == "mine"


def test_export_names_an_argument_that_is_not_there(finished):
    ended = finished.run("export", "job", "-O", "x.csv", "-a", "jobdir=x")
    assert ended.status == 2
    assert "-a jobdir=x: there is no such argument" in ended.log
    assert "Traceback" not in ended.log


def test_filters_leave_rows_out_and_nothing_else(finished):
    options = ["-a", "status=closed", "-a", "channel=email,chat"]
    ended = finished.run("export", "job", "-O", "closed.csv", *options)
    assert ended.status == 0, ended.log
    assert finished.rows("closed.csv") == [
        row
        for row in finished.expected()
        if row["status"] == "closed" and row["channel"] in {"email", "chat"}
    ]
    ended = finished.run("verify", "job", "closed.csv", *options)
    assert ended.status == 0, ended.log


def test_filters_that_match_nothing_write_a_header_and_say_so(finished):
    options = ["-a", "channel=whatsapp", "-a", "until=9999-12-31"]
    ended = finished.run("export", "job", "-O", "none.csv", *options)
    assert ended.status == 0, ended.log
    filtered = "filtered by -a until=9999-12-31 -a channel=whatsapp"
    path = finished.path / "none.csv"
    assert f"Exported 0 rows to {path}, {filtered}." in ended.last_lines
    assert finished.rows("none.csv") == []


@pytest.mark.parametrize("word", ["channel=emial", "tag=vpi", "customer=no@body.ex"])
def test_a_filter_for_what_no_ticket_has_replaces_no_file(open_shop, word):
    shop = open_shop(tickets=5)
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    for ended in (
        shop.crawl("-a", word),
        shop.run("export", "job", "-O", shop.file.name, "-a", word),
    ):
        assert ended.status == 1
        assert f"-a {word}: no archived ticket has this" in ended.last_lines
        assert "Traceback" not in ended.log
        assert shop.file.read_bytes() == before


def test_a_crawl_with_filters_archives_all_and_its_file_verifies(open_shop):
    shop = open_shop()
    ended = shop.crawl("-a", "status=open", "-a", "notes=false")
    assert ended.status == 0
    filtered = "rows), filtered by -a status=open -a notes=false."
    assert filtered in ended.last_lines
    assert "the file holds what the filters let through" in ended.last_lines
    assert shop.manifest()["filters"] == "-a status=open -a notes=false"
    assert {row["status"] for row in shop.rows()} == {"open"}
    assert shop.run("verify", "job").status == 0
    shop.run("export", "job", "-O", "all.csv")
    assert shop.rows("all.csv") == shop.expected()


# formats


def test_conversations_are_one_ticket_a_line_with_its_messages_in_order(finished):
    ended = finished.run("export", "job", "-O", "all.jsonl:conversations")
    assert ended.status == 0, ended.log
    lines = (finished.path / "all.jsonl").read_text("utf-8").split("\n")
    tickets = [json.loads(line) for line in lines if line]
    bodies = [m["body"] for ticket in tickets for m in ticket["messages"]]
    assert bodies == [row["body"] for row in finished.expected()]
    ids = [ticket["ticket_id"] for ticket in tickets]
    assert ids == sorted(set(ids))
    assert any(not m["public"] for ticket in tickets for m in ticket["messages"])
    assert {type(ticket["custom_fields"]) for ticket in tickets} == {dict, type(None)}
    assert set(tickets[0]) | set(tickets[0]["messages"][0]) == {
        *CONVERSATION_COLUMNS,
        "messages",
    }
    assert finished.run("verify", "job", "all.jsonl").status == 0


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json"])
def test_json_holds_the_same_rows(finished, name):
    assert finished.run("export", "job", "-O", name).status == 0
    text = (finished.path / name).read_text("utf-8")
    rows = (
        json.loads(text)
        if name.endswith("json")
        else [json.loads(line) for line in text.split("\n") if line]
    )
    flat = [
        {key: "" if value is None else str(value) for key, value in row.items()}
        for row in rows
    ]
    assert flat == finished.expected()
    assert finished.run("verify", "job", name).status == 0


def test_a_gzipped_feed_holds_the_same_file(finished):
    plugin = "scrapy.extensions.postprocessing.GzipPlugin"
    feeds = {"rows.csv.gz": {"format": "csv", "postprocessing": [plugin]}}
    options = ["-s", f"FEEDS={json.dumps(feeds)}"]
    path = finished.path / "rows.csv.gz"
    ended = finished.run("export", "job", *options)
    assert ended.status == 0, ended.log
    assert gzip.decompress(path.read_bytes()) == finished.file.read_bytes()
    assert finished.run("verify", "job", "rows.csv.gz").status == 0


# bodies


def test_the_order_of_body_candidates_can_be_chosen(finished):
    fields = "ticket_id,body,body_html,stripped_text"
    ended = finished.run(
        "export", "job", "-O", "html.csv",
        *("-s", "GORGIAS_BODY_FIELDS=stripped_text,body_html"),
        *("-s", f"FEED_EXPORT_FIELDS={fields}"),
    )  # fmt: skip
    assert ended.status == 0, ended.log
    for row in finished.rows("html.csv"):
        candidates = [row["stripped_text"], row["body_html"]]
        assert row["body"] == next((c for c in candidates if c.strip()), "")


def test_an_unknown_body_candidate_is_an_error(finished):
    option = "GORGIAS_BODY_FIELDS=body_txt"
    ended = finished.run("export", "job", "-O", "x.csv", "-s", option)
    assert ended.status == 1
    assert "GORGIAS_BODY_FIELDS=body_txt" in ended.log
    assert "Traceback" not in ended.log


def test_html_becomes_text_with_links_and_paragraphs(open_shop):
    shop = open_shop(tickets=1, seed=2)

    def answer(call):
        good = shop.sandbox.answer(call)
        if call.path != "/api/messages":
            return good
        page = json.loads(good.body)
        for message in page["data"]:
            message["body_text"] = None
            message["body_html"] = (
                "<style>p {}</style><p>Hello &amp; welcome</p>"
                '<p>See <a href="https://shop.example/1">your order</a></p>'
            )
        page["data"][-1]["body_html"] = "<img src=x>"
        page["data"][-1]["stripped_text"] = "stripped"
        return Answer(200, json.dumps(page).encode())

    shop.sandbox.on_request = answer
    options = ["-s", "GORGIAS_BODY_AS_TEXT=True", "-a", "fetch=per-ticket"]
    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    first, *_, last = [row["body"] for row in shop.rows()]
    assert "Hello & welcome\n" in first
    assert "[your order](https://shop.example/1)" in first
    assert "<" not in first
    assert last == "stripped"


# help


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        ("crawl", [arguments.MEANINGS, config.SETTINGS, config.VARIABLES]),
        ("export", [arguments.OF_ROWS]),
    ],
)
def test_the_help_says_what_each_argument_means_and_what_is_true_of_files(
    finished, command, tables
):
    ended = finished.run(command, "--help")
    assert ended.status == 0
    for name, meaning in (pair for table in tables for pair in table.items()):
        assert f"{name} {words(meaning)}" in words(ended.log)
    assert "append" not in ended.log.replace("LOG_FILE_APPEND", "")
    assert "only while it holds what a crawl of this job wrote" in words(ended.log)
    assert "replaced in one step" in words(ended.log)


def test_the_help_names_every_argument_setting_and_variable(finished):
    ended = finished.run("crawl", "--help")
    assert ended.status == 0
    for name in [*arguments.MEANINGS, *config.SETTINGS, *config.VARIABLES]:
        assert name in ended.log


def test_scrapys_own_commands_work_and_send_no_key(open_shop):
    shop = open_shop(tickets=3)
    url = shop.sandbox.url + "/account"
    for command, options in {"fetch": [], "shell": ["-c", "response.status"]}.items():
        ended = shop.run(command, url, *options)
        assert ended.status == 0, ended.log
        assert "Traceback" not in ended.log
        assert "ERROR" not in ended.log
    assert [call.status for call in shop.sandbox.calls] == [401, 401]
    assert not any("Authorization" in call.headers for call in shop.sandbox.calls)
    assert sorted(os.listdir(shop.path)) == ["scrapy.cfg"]


# log


def test_the_log_may_be_kept_beside_the_archive_from_the_start(open_shop):
    shop = open_shop(tickets=3)
    assert shop.crawl("-s", "LOG_FILE=job/crawl.log").status == 0
    log = shop.jobdir / "crawl.log"
    assert "Complete: every listed ticket" in log.read_text()
    assert stat.S_IMODE(shop.jobdir.stat().st_mode) == 0o700
    assert shop.crawl("-s", "LOG_FILE=job/crawl.log").status == 0


# demo


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_demo_ends_its_crawl_too(open_shop, signal_):
    shop = open_shop(tickets=1)
    process = shop.start(command="demo")
    while not (shop.path / "demo" / "job" / "archive.sqlite").exists():
        time.sleep(0.02)
    process.send_signal(signal_)
    ended = wait(process)  # the crawl would hold the pipe open
    assert ended.status == 3, ended.log
    assert f"Received {signal_.name}" in ended.log
    assert "INCOMPLETE: stopped" in ended.log
    assert "Traceback" not in ended.log


def test_the_demo_says_where_it_cannot_write(open_shop):
    shop = open_shop(tickets=1)
    (shop.path / "demo").write_text("a file")
    ended = shop.run("demo")
    assert ended.status == 1
    assert "demo cannot be made here (File exists)" in ended.log
    assert len(ended.log.strip().splitlines()) == 1


# progress


def in_a_terminal(shop, *options):
    """Run a crawl whose standard error is a terminal; return all it drew."""
    command = [*SCRAPY, "crawl", "gorgias", "-s", "JOBDIR=job", *options]
    return drawn_on_a_terminal(command, shop.path, shop.environment())


def test_a_terminal_shows_one_live_line_that_log_lines_pass(open_shop):
    shop = open_shop(latency_s=0.3)
    status, drawn = in_a_terminal(shop, "-a", "fetch=per-ticket")
    assert status == 0
    facts = (
        r"fetching messages ticket by ticket: \d+ of 50 tickets, \d+ of 616 messages, "
        r"about \d+ s left, \d+\.\d calls/s, budget \d+/\d+"
    )
    assert re.search(facts, drawn)
    for line in drawn.replace("\r", "\n").split("\n"):
        assert "calls/s" not in line or "INFO" not in line


def test_without_a_terminal_the_log_says_it_as_often_as_is_asked(open_shop):
    shop = open_shop(latency_s=0.3)
    every = ("-s", "LOGSTATS_INTERVAL=0.3")
    log = shop.crawl("-a", "fetch=per-ticket", *every).log
    assert re.search(r"INFO: .* of 50 tickets, .* calls/s, budget", log)
    assert "\r" not in log


@pytest.mark.parametrize(
    "options", [["-s", "LOGSTATS_INTERVAL=0"], ["--nolog", "-s", "LOGSTATS_INTERVAL=1"]]
)
def test_a_log_that_shall_not_tell_of_progress_does_not(open_shop, options):
    shop = open_shop(latency_s=0.3, tickets=20)
    log = shop.crawl("-a", "fetch=per-ticket", *options).log
    assert "calls/s" not in log


def test_on_a_terminal_a_run_speaks_as_a_tool(open_shop):
    shop = open_shop(tickets=5)
    status, drawn = in_a_terminal(shop)
    assert status == 0
    lines = [
        line.rsplit("\r", 1)[-1] for line in drawn.replace("\r\n", "\n").split("\n")
    ]
    assert lines[0].startswith("Fetching all tickets of 127.0.0.1, then writing ")
    assert lines[-2] == "Complete: every listed ticket is there with all its messages."
    for line in lines:
        assert not re.search(r"scrapy|INFO|\d\d:\d\d:\d\d|\[", line), line


@pytest.mark.parametrize(
    "options", [["-L", "DEBUG"], ["-s", "LOG_FORMAT=x%(message)s"]]
)
def test_whoever_asks_for_a_log_on_a_terminal_gets_it(open_shop, options):
    shop = open_shop(tickets=1)
    _, drawn = in_a_terminal(shop, *options)
    assert "Spider opened" in drawn


# S3


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A server of Amazon's storage protocol on loopback, with one bucket."""
    boto3 = pytest.importorskip("boto3")
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", "from moto.server import main; main(['-p', '0'])"],
        stderr=subprocess.PIPE,
        stdout=log,
        text=True,
    )
    assert process.stderr is not None
    lines = (line for line in process.stderr if "Running on http" in line)
    endpoint = next(lines).split()[-1]
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="s3cr3t-of-s3",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="exports")
    yield endpoint, client
    process.kill()
    process.wait()
    process.stderr.close()
    log.close()


def test_s3_gets_the_whole_object_or_keeps_that_of_the_night_before(open_shop, s3):
    endpoint, client = s3
    shop = open_shop(latency_s=0.01)
    shop.environ = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-s3",
    }
    options = ["-s", f"AWS_ENDPOINT_URL={endpoint}", "-s", "AWS_REGION_NAME=us-east-1"]
    options += ["-s", "AWS_ACCESS_KEY_ID=test", "-O", "s3://exports/tickets.csv"]
    options += ["-s", "AWS_SECRET_ACCESS_KEY=s3cr3t-of-s3"]
    before = b"of the night before"
    client.put_object(Bucket="exports", Key="tickets.csv", Body=before)

    def stop(call):
        if call.path == "/api/messages" and not stopped:
            stopped.append(call)
            process.send_signal(signal.SIGINT)

    stopped: list[object] = []
    shop.sandbox.on_request = stop
    process = shop.start("-a", "fetch=per-ticket", *options)
    assert wait(process).status == 3
    stored = client.get_object(Bucket="exports", Key="tickets.csv")["Body"].read()
    assert stored == before

    ended = shop.crawl(*options)
    assert ended.status == 0, ended.log
    stored = client.get_object(Bucket="exports", Key="tickets.csv")["Body"].read()
    shop.run("export", "job", "-O", "local.csv")
    assert stored == (shop.path / "local.csv").read_bytes()
    assert "s3cr3t" not in ended.log + json.dumps(shop.manifest())
