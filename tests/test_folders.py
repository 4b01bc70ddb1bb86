"""A folder holds one file a kind, each whole or not at all, and its manifest last."""

import csv
import hashlib
import json
import re
from contextlib import nullcontext

import pytest
from scrapy.extensions.feedexport import ItemFilter
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.feed_rows import FeedRows
from gorgias_crawler.feeds.kinds import Kinds, _distributed
from gorgias_crawler.feeds.recorded import shaping
from gorgias_crawler.feeds.targets import refuse_idle_settings
from gorgias_crawler.items import DEFAULT_COLUMNS, Message, Ticket, types
from gorgias_crawler.items.customer import Customer
from tests.test_feeds import CSV, crawl, troubles

ROWS = {"messages": Message, "tickets": Ticket}
ITEMS = [["messages", {"ticket_id": 1, "message_id": 2}]]
EACH = ["messages", "tickets"]
OVERWRITE = {"overwrite": True}


def distributed(uri, kind="messages", asked=None, **options):
    return dict(Kinds(ROWS, kind, asked).distributed(uri, options))


def rows_of(options):
    own = load_object(options.get("item_filter", ItemFilter))(options)
    return FeedRows(options, own, ROWS, has_pipelines=False)


def header(path):
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_a_folder_has_a_file_for_each_kind_and_a_manifest_after_them(format_):
    feeds = distributed("out/", format=format_, **OVERWRITE)
    *files, manifest = feeds
    assert files == [f"out/{kind}.{format_}" for kind in EACH]
    assert manifest == "out/manifest.json"
    assert all(options["overwrite"] for options in feeds.values())


def test_a_kinds_file_takes_its_rows_and_what_a_pipeline_made_of_them():
    feeds = distributed("out/", format="csv")
    tickets = rows_of(dict(feeds["out/tickets.csv"]))
    messages = rows_of(dict(feeds["out/messages.csv"]))
    assert tickets.accepts(Ticket(id=1))
    assert not tickets.accepts(Message(ticket_id=1, message_id=2))
    assert not messages.accepts(Ticket(id=1))
    assert messages.accepts({"own": 1})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "csv", "kind": "ticket"}, "has the kind 'ticket', and there are"),
        ({"format": "csv", "item_classes": [Customer]}, "item_classes names Customer"),
        ({"format": "csv", "item_classes": ["no.Such"]}, "No module named 'no'"),
        ({"format": "csv", "item_classes": [dict]}, "(TypeError: "),
        ({"format": "csv", "item_filter": "no.Such"}, "No module named 'no'"),
        ({"format": "conversations", "item_classes": [Ticket]}, "is made of messages"),
        ({"format": "sqlite", "fields": ["id"]}, "name one kind in item_classes"),
    ],
)
def test_rows_that_there_are_not_are_refused_in_a_sentence(options, said):
    with pytest.raises(FeedError, match=re.escape(said)):
        _distributed(Kinds(ROWS, "messages", None), "x", options)


def test_a_database_of_one_kind_may_have_some_of_its_columns():
    options = {"format": "sqlite", "fields": ["id"], "item_classes": [Ticket]}
    assert distributed("x.sqlite", **options)["x.sqlite"]["fields"] == ["id"]


SAFE = ("GORGIAS_SPREADSHEET_SAFE", "True", "CSV files")
LATIN = ("FEED_EXPORT_ENCODING", "latin-1", "files of text")


@pytest.mark.parametrize(
    ("setting", "format_", "priority", "is_refused"),
    [
        (SAFE, "jsonl", "cmdline", True),
        (SAFE, "jsonl", "project", False),  # for all commands
        (SAFE, "csv", "cmdline", False),
        (SAFE, "mine", "cmdline", False),
        (LATIN, "parquet", "cmdline", True),
        (LATIN, "conversations", "cmdline", False),
        (("FEED_EXPORT_ENCODING", "utf-8", ""), "sqlite", "cmdline", False),
    ],
)
def test_a_setting_of_this_command_that_no_file_reads_is_refused(
    setting, format_, priority, is_refused
):
    name, value, files = setting
    asked = Settings()
    asked.set(name, value, priority)
    said = f"{name}={value} is for {files}, and none is named"
    with pytest.raises(FeedError, match=said) if is_refused else nullcontext():
        refuse_idle_settings(asked, {"x": {"format": format_}})


class OfEmail:
    """A filter of a user's, who thinks of messages alone."""

    def __init__(self, feed_options):
        pass

    def accepts(self, item):
        return item.channel.startswith("email")


@pytest.mark.parametrize("classes", [{}, {"item_classes": [Message]}])
def test_a_filter_of_ones_own_is_asked_for_rows_of_the_feeds_kinds_alone(classes):
    feed = distributed("x.csv", format="csv", item_filter=OfEmail, **classes)["x.csv"]
    chosen = rows_of(dict(feed))
    assert chosen.takes(Message)
    assert not chosen.takes(Ticket)
    assert chosen.accepts(Message(channel="email"))
    assert not chosen.accepts(Message(channel="chat"))
    assert not chosen.accepts(Ticket(channel="email"))


def test_a_filter_of_ones_own_is_recorded_with_its_feed():
    feed = distributed("x.csv", format="csv", item_filter=OfEmail)["x.csv"]
    assert shaping(feed)["item_filter"] == f"{__name__}.OfEmail"
    assert "item_filter" not in shaping(distributed("x.csv", format="csv")["x.csv"])


@pytest.mark.parametrize(
    ("uri", "options", "columns"),
    [
        ("x.csv", {"format": "csv"}, DEFAULT_COLUMNS),
        ("x.jsonl", {"format": "jsonl"}, DEFAULT_COLUMNS),
        ("x.csv", {"format": "csv", "fields": ["body"]}, ["body"]),
        ("x.csv", {"format": "csv", "item_classes": [Ticket]}, list(types(Ticket))),
        ("x.csv", {"format": "csv", "item_classes": [Message]}, DEFAULT_COLUMNS),
    ],
)
def test_nine_columns_are_those_of_a_text_file_of_messages_alone(uri, options, columns):
    assert distributed(uri, **options)[uri]["fields"] == columns


def test_folders_and_other_kinds_carry_all_columns_unless_told_otherwise():
    feeds = distributed("out/", format="csv")
    assert feeds["out/messages.csv"]["fields"] == list(types(Message))
    assert feeds["out/tickets.csv"]["fields"] == list(types(Ticket))
    other = distributed("x.csv", kind="tickets", format="csv")["x.csv"]
    assert other["fields"] == list(types(Ticket))
    told = distributed("out/", asked=["subject"], format="csv")
    assert told["out/tickets.csv"]["fields"] == ["subject"]
    assert "fields" not in distributed("x.parquet", format="parquet")["x.parquet"]


@pytest.mark.parametrize(
    ("uri", "format_", "said"),
    [
        ("out/", "sqlite", "the format sqlite is not made for"),
        ("out/", "conversations", "the format conversations is not made for"),
        ("out-%(time)s/", "csv", "$(date +%F)"),
    ],
)
def test_a_folder_that_cannot_be_meant_is_refused(uri, format_, said):
    with pytest.raises(FeedError) as refused:
        distributed(uri, format=format_)
    assert said in str(refused.value)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """Five crawls in one process, each in a folder of its own."""
    work = tmp_path_factory.mktemp("folders") / "work"
    (work / "kept").mkdir(parents=True)
    (work / "kept" / "messages.csv").write_text("somebody else's")
    (work / "full").mkdir()
    (work / "full" / "tickets.csv").mkdir()
    feeds = [
        {"whole/": CSV, "whole.csv": CSV},
        {"kept/": CSV},
        {"full/": CSV | OVERWRITE},
        {"twice/": CSV, "twice/messages.csv": CSV},
        {"failed/": CSV},
        {"alone/": {}},
    ]
    specs = [{"feeds": one, "items": ITEMS} for one in feeds]
    specs[4]["fields"] = ["subject", "nothing"]
    results = crawl(work, *specs)
    return work, results


def test_each_file_is_there_also_an_empty_one_and_the_manifest_names_it(crawled):
    work, (result, *_) = crawled
    assert troubles(result) == []
    names = sorted(path.name for path in (work / "whole").iterdir())
    assert names == ["manifest.json", "messages.csv", "tickets.csv"]
    assert header(work / "whole" / "tickets.csv") == list(types(Ticket))
    told = json.loads((work / "whole" / "manifest.json").read_text())
    assert told["account"] == "acme"
    assert [file["rows"] for file in told["files"].values()] == [1, 0]
    for kind, file in told["files"].items():
        data = (work / "whole" / file["file"]).read_bytes()
        assert file["file"] == f"{kind}.csv"
        assert file["bytes"] == len(data)
        assert file["sha256"] == hashlib.sha256(data).hexdigest()


def test_the_manifest_is_stored_last(crawled):
    _, (result, *_) = crawled
    stored = [record["uri"].rpartition("/")[2] for record in result.stored]
    assert stored == ["messages.csv", "tickets.csv", "manifest.json", "whole.csv"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "use -O to replace it"),
        (2, "tickets.csv (FEEDS, -o or -O) is a directory"),
        (3, "same target as another feed: twice/messages.csv"),
        (4, "there is no column 'nothing'; known are"),
        (5, "alone/ (FEEDS, -o or -O) is a folder: say in which format"),
    ],
)
def test_a_folder_of_which_one_file_cannot_be_written_is_refused(crawled, number, said):
    work, results = crawled
    assert said in results[number].error
    assert "Spider opened" not in results[number].log
    assert (work / "kept" / "messages.csv").read_text() == "somebody else's"
    assert not (work / "twice" / "tickets.csv").exists()


def test_a_manifest_is_not_written_where_a_file_of_its_folder_failed(work):
    spec = {"feeds": {"fake://denied/": CSV, "fake://fine/": CSV}, "items": ITEMS}
    (result,) = crawl(work, spec)
    assert len(result.failed) == 3  # both files, and then the manifest
    assert "manifest.json was not written" in result.failed[2]
    assert [record["uri"] for record in result.stored] == [
        f"fake://fine/{name}" for name in ("messages.csv", "tickets.csv")
    ] + ["fake://fine/manifest.json"]
