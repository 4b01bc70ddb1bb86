"""`scrapy report`: from a job to a page, or one line that says what is wrong."""

import importlib.util
import os
import re
import stat
from datetime import date, timedelta

import pytest

from gorgias_crawler.emit import filters
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.job import directory
from gorgias_crawler.report import page
from gorgias_crawler.report.figures import BEFORE, period
from gorgias_crawler.sandbox import World
from tests.browser import browser
from tests.crawling import opened_shop, unfinished

PAGE = "report.html"


@pytest.fixture(scope="module")
def shop(tmp_path_factory, may_fork):
    """A job that is complete; no test changes it."""
    path = tmp_path_factory.mktemp("shop")
    with opened_shop(path, World(tickets=50), forks=may_fork) as opened:
        assert opened.crawl().status == 0
        yield opened


@pytest.fixture(scope="module")
def whole(tmp_path_factory, may_fork):
    """As `shop`, with every kind that figures need."""
    path = tmp_path_factory.mktemp("whole")
    kinds = "users,account,events,custom_fields,satisfaction_surveys"
    with opened_shop(path, World(tickets=80), forks=may_fork) as opened:
        ended = opened.crawl("-a", f"objects={kinds}")
        assert ended.status == 0, ended.log
        yield opened


def text(shop):
    return (shop.path / PAGE).read_text("utf-8")


def tickets(shop):
    (found,) = re.findall(r"<dt>tickets?</dt><dd>([\d,]+)</dd>", text(shop))
    return int(found.replace(",", ""))


def test_a_job_becomes_a_page_without_a_call(shop, tmp_path):
    calls = len(shop.sandbox.calls)
    ended = shop.run("report", "job", "-O", PAGE)
    assert ended.status == 0
    assert len(shop.sandbox.calls) == calls
    listed = shop.world.totals()["tickets"]
    (left_out,) = re.findall(r"<p>Left out: (.*)\.</p>", text(shop))
    assert tickets(shop) + sum(map(int, re.findall(r"\d+", left_out))) == listed
    assert f"It rests on all tickets asked for: {listed}." in text(shop)
    assert "Every listed ticket is archived with all its messages." in text(shop)
    assert ended.log.startswith(f"{PAGE}: {tickets(shop)} tickets, ")
    with browser(tmp_path) as tab:
        tab.open(shop.path / PAGE, 1280)
        assert tab.evaluate("document.querySelectorAll('.chart svg').length") > 4
        assert (tab.console, len(tab.requests)) == ([], 1)
    assert stat.S_IMODE((shop.path / PAGE).stat().st_mode) == 0o600


def test_with_every_kind_no_figure_is_unknown(whole, tmp_path):
    assert whole.run("report", "job", "-O", PAGE).status == 0
    found = text(whole)
    assert "Not known" not in found
    assert "the clock of Europe/Paris" in found
    for kind in ("users", "account", "events", "custom_fields"):
        assert re.search(rf'<th scope="row">{kind}</th><td>yes</td>', found), kind
    with browser(tmp_path) as tab:
        tab.open(whole.path / PAGE, 390)
        drawn = tab.evaluate("document.querySelectorAll('.chart.narrow svg').length")
        assert drawn == len(re.findall("<section ", found)) - 1 == 11
        assert (tab.console, len(tab.requests)) == ([], 1)


def test_no_word_of_a_person_is_on_the_page_and_agents_names_only_if_asked_for(whole):
    names = {user["name"] for user in whole.world.objects("users")}
    assert len(names) > 2
    whole.run("report", "job", "-O", PAGE)
    found = text(whole)
    assert not [name for name in names if name in found]
    assert "Agent 1" in found
    for row in whole.expected():
        words = [row[name] for name in ("sender", "receiver", "subject", "body")]
        for said in filter(None, words):
            assert said not in found
    whole.run("report", "job", "-O", PAGE, "--with-names")
    assert [name for name in names if name in text(whole)]
    assert "Agent 1" not in text(whole)


def test_exported_metrics_know_people_and_business_hours(whole):
    ended = whole.run(
        "export", "job", "-O", "metrics.csv", "-a", "object=ticket_metrics"
    )
    assert ended.status == 0, ended.log
    found = whole.rows("metrics.csv")
    for name in (
        "agent_messages",
        "bot_messages",
        "first_human_response_business_seconds",
        "resolution_business_seconds",
        "reopens",
        "one_touch",
        "satisfaction_score",
    ):
        assert any(row[name] for row in found), name


def test_the_backlog_begins_with_what_was_open_before(whole):
    archive = directory.archive_to_read(whole.jobdir)
    beside = Beside.read(archive)

    def open_on(day, **given):
        found = page.figures_of(archive, filters.parse(given), beside)
        until = period(found, "", range(min(found.days), day))
        return found.entered[BEFORE] + until.entered - until.resolved

    since = date(2025, 7, 1)  # half of the account's tickets are older
    for day in (since + timedelta(days=90), date(2027, 1, 1)):
        of_all = open_on(day.toordinal())
        assert of_all > 0
        assert open_on(day.toordinal(), since=since.isoformat()) == of_all
    archive.close()


def test_filters_choose_the_tickets(shop):
    whole = shop.world.totals()["tickets"]
    ended = shop.run(
        "report", "job", "-O", PAGE, "-a", "channel=email", "-a", "spam=true"
    )
    assert ended.status == 0
    assert 0 < tickets(shop) < whole
    assert "filtered by -a channel=email -a spam=true" in text(shop)


def test_a_customer_who_is_asked_for_stands_on_the_page_with_names_alone(shop):
    (customer, *_) = (row["sender"] for row in shop.expected() if "@" in row["sender"])
    of_2099 = (
        "-a",
        f"customer={customer}",
        "-a",
        "since=2099-01-01",
        "-a",
        "spam=false",
    )
    shop.run("report", "job", "-O", PAGE, *of_2099)
    assert customer not in text(shop)
    assert "-a customer=\N{HORIZONTAL ELLIPSIS} -a spam=false" in text(shop)
    shop.run("report", "job", "-O", PAGE, *of_2099, "--with-names")
    assert f"-a customer={customer} -a spam=false" in text(shop)


def test_a_period_without_tickets_says_so(shop):
    ended = shop.run("report", "job", "-O", PAGE, "-a", "since=2099-01-01")
    assert ended.status == 0
    assert tickets(shop) == 0
    assert "<svg" not in text(shop)
    assert "No tickets, filtered by -a since=2099-01-01." in text(shop)


def test_an_unfinished_job_says_what_share_it_rests_on(open_shop):
    shop = open_shop()
    unfinished(shop)
    ended = shop.run("report", "job", "-O", PAGE)
    assert ended.status == 0
    share = re.search(r"It rests on (\d+) of 50 tickets .* \((\d+)%\)", ended.log)
    assert share is not None
    assert int(share[1]) < 50
    assert share[0] in text(shop)
    assert "Still to fetch, and not on this page: " in text(shop)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ((), 2, "scrapy report crawls/run1 -O report.html"),
        (("job",), 2, "scrapy report crawls/run1 -O report.html"),
        (("-O", PAGE), 2, "scrapy report crawls/run1 -O report.html"),
        (("job", "-O", PAGE, "-O", "b.html"), 2, "-O report.html -O b.html: "),
        (("job", "-O", "report.pdf"), 2, "-O report.pdf: the page is HTML"),
        (("job", "-O", PAGE, "-a", "since"), 2, "-a since=2025-01-01"),
        (
            ("job", "-O", PAGE, "-a", "since=30d", "-a", "by=message"),
            2,
            "-a by=message: ",
        ),
        (("job", "-O", PAGE, "-a", "since=soon"), 1, "-a since=soon: "),
        # notes are never a ticket's: what would be ignored is refused
        (("job", "-O", PAGE, "-a", "notes=true"), 2, "-a notes=true: "),
        # a misspelt word would make an empty page
        (("job", "-O", PAGE, "-a", "channel=emial"), 1, "emial"),
        (("nowhere", "-O", PAGE), 1, "nowhere is not a job directory"),
        (("job", "-O", "missing/report.html"), 1, "-O missing/report.html: "),
        (("job", "-O", "job/run.json"), 2, "-O job/run.json: "),
        (("job", "-O", "job"), 2, "-O job: "),
    ],
)
def test_what_cannot_be_made_is_said_in_a_line_and_leaves_the_old_page(
    shop, options, status, said
):
    (shop.path / PAGE).write_text("old")
    manifest = (shop.jobdir / "run.json").read_bytes()
    ended = shop.run("report", *options)
    assert ended.status == status
    assert said in ended.log
    assert "Traceback" not in ended.log
    assert text(shop) == "old"
    assert (shop.jobdir / "run.json").read_bytes() == manifest
    assert not [name for name in os.listdir(shop.path) if name.endswith(".part")]


def test_a_missing_library_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jinja2" else object()
    )
    with pytest.raises(ConfigurationError, match=r"needs jinja2: .*\[report\]"):
        page.check_libraries()
