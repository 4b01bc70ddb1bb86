"""scrapy export, as a user meets it: filters, formats, bodies."""

import json

import pytest

from gorgias_crawler.feeds.conversations import CONVERSATION_COLUMNS
from gorgias_crawler.sandbox import Answer
from tests.crawling import unfinished


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
    assert f"Exported {path} (0 rows), {filtered}." in ended.last_lines
    assert finished.rows("none.csv") == []


@pytest.mark.parametrize("target", ["two/:csv", "x.sqlite", "x.jsonl:conversations"])
def test_a_kind_of_rows_that_no_file_takes_is_refused(finished, target):
    ended = finished.run("export", "job", "-O", target, "-a", "object=tickets")
    assert ended.status == 1
    assert "-a object=tickets is for files that name no kind" in ended.last_lines
    assert not (finished.path / target.partition(":")[0]).exists()


def test_a_filter_for_what_no_ticket_has_replaces_no_file(open_shop):
    shop = open_shop(tickets=5)
    assert shop.crawl().status == 0
    before = shop.file.read_bytes()
    export = ("export", "job", "-O", shop.file.name)
    for word, ended in (
        ("channel=emial", shop.crawl("-a", "channel=emial")),
        ("tag=vpi", shop.run(*export, "-a", "tag=vpi")),
        ("customer=no@body.ex", shop.run(*export, "-a", "customer=no@body.ex")),
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
