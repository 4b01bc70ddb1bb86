"""The page of `scrapy report`: its figures are the tickets', and it stands alone."""

import base64
import hashlib
import html
import random
import re
import sqlite3
import statistics
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_crawler.archive import Archive
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.emit.metrics import measured
from gorgias_crawler.report import page, sections, trust
from gorgias_crawler.report.figures import Figures, periods, quantile
from gorgias_crawler.report.words import NO_VALUE, Section
from gorgias_crawler.wording import duration
from tests.browser import browser
from tests.help_desk import BOTS, REASON_FIELD, help_desk
from tests.test_business_hours import hours
from tests.test_metrics import JSON, history

ZONES = ["Europe/Paris", "America/New_York"]
FIELDS = frozenset({REASON_FIELD})


def beside_of(cases, zone):
    return Beside(
        bots=BOTS,
        hours=hours(zone),
        reason_fields=FIELDS,
        scores={c.ticket["id"]: c.survey["score"] for c in cases if c.survey},
        histories={c.ticket["id"]: history(c.events) for c in cases},
    )


def measure(cases, zone="Europe/Paris"):
    cases = list(cases)
    beside = beside_of(cases, zone)
    return [measured(case.ticket, case.messages, beside) for case in cases]


def added_up(found, zone="Europe/Paris", **given):
    figures = Figures(beside_of((), zone), **given)
    for ticket in found:
        figures.add(ticket)
    return figures


def shown(figures):
    return {section.id: section for section in sections.sections(figures)}


def column(section, name):
    place = section.head.index(name)
    return [row[place] for row in section.rows]


def numbers(section, name):
    return [int(cell.replace(",", "")) for cell in column(section, name)]


def page_of(figures):
    trust = [Section("runs", "Runs", "The newest first.", ["run"], [["1"]])]
    return page.html("acme", ["It rests on everything."], figures, trust)


# The figures.


def test_the_order_of_tickets_does_not_matter():
    found = measure(help_desk(150))
    shuffled = random.Random(1).sample(found, len(found))
    assert list(shown(added_up(found)).values()) == list(
        shown(added_up(shuffled)).values()
    )


def test_every_ticket_stands_in_each_table_once():
    figures = added_up(measure(help_desk(400)))
    found = shown(figures)
    assert sum(numbers(found["volume"], "all")) == figures.tickets
    assert figures.tickets + figures.left_out.total() == 400
    for id_, name in [("volume", "all"), ("resolution", "tickets")]:
        whole = found[id_].whole[found[id_].head.index(name)]
        assert f"{sum(numbers(found[id_], name)):,}" == whole != "0"


def test_the_backlog_ends_with_what_is_open():
    cases = list(help_desk(300))
    kept = [
        c for c in cases if not c.ticket["spam"] and not c.ticket["trashed_datetime"]
    ]
    last = max(case.ticket["created_datetime"] for case in kept)
    # what was closed after the last ticket came was still open when it came
    expected = sum(
        case.ticket["closed_datetime"] is None
        or case.ticket["snooze_datetime"] is not None
        or case.ticket["closed_datetime"][:10] > last[:10]
        for case in kept
    )
    found = shown(added_up(measure(cases, "UTC"), "UTC"))
    assert numbers(found["backlog"], "open at the end")[-1] == expected


def test_spam_and_trash_are_left_out_unless_they_are_asked_for():
    found = measure(help_desk(120))
    spam = sum(bool(ticket.ticket["spam"]) for ticket in found)
    trashed = sum(bool(ticket.ticket["trashed_datetime"]) for ticket in found)
    assert spam > 0 < trashed
    figures = added_up(found)
    assert figures.left_out == Counter(spam=spam, trashed=trashed)
    assert figures.tickets == 120 - spam - trashed
    asked = added_up(found, keeps=frozenset({"spam", "trashed"}))
    assert asked.tickets == 120


@given(
    st.dictionaries(
        st.sampled_from(sorted(next(help_desk(1)).ticket)),
        JSON | st.sampled_from(["9999-12-31T23:59:59+00:00", "0001-01-01", "closed"]),
    )
)
def test_no_shape_of_a_ticket_breaks_the_figures(ticket):
    of = {**ticket, "id": 7}
    beside = Beside(reason_fields=FIELDS)
    figures = Figures(beside, keeps=frozenset({"spam", "trashed"}))
    figures.add(measured(of, [], beside))
    assert figures.tickets == 1
    assert len(list(sections.sections(figures))) == 11


@given(st.lists(st.integers(0, 10**7), min_size=2), st.integers(1, 99))
def test_a_quantile_is_that_of_the_standard_library(values, percent):
    expected = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    found = quantile(sorted(values), percent / 100)
    assert found == pytest.approx(expected)


def test_of_nothing_there_is_no_quantile():
    assert quantile([], 0.5) is None
    assert quantile([7], 0.9) == 7


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [(30, "2025-01-01", "2025-01-30"), (365, "2024-12-30", "2025-12-29"),
     (1_500, "2025-01", "2029-02"), (4_000, "2025", "2035")],
)  # fmt: skip
def test_every_day_is_in_one_period(days, first, last):
    begin = date(2025, 1, 1).toordinal()
    figures = Figures()
    for day in (begin, begin + days - 1):
        figures.days[day].channels["email"] += 1
    spans = periods(figures)
    assert (spans[0].label, spans[-1].label) == (first, last)
    assert [day for span in spans for day in span.days] == list(
        range(begin, begin + days)
    )
    assert len(spans) <= 60


def test_change_compares_the_halves_of_the_days():
    figures = Figures()
    begin = date(2025, 1, 1).toordinal()
    for day, count in [(0, 2), (2, 5), (4, 3)]:  # the day in the middle is in neither
        figures.days[begin + day].channels["email"] += count
        figures.tags["vip"][begin + day] += count
    figures.tags["late"][begin + 4] += 1
    rows = shown(figures)["tags"].rows
    assert rows == [["vip", "10", "2", "3", "+50%"], ["late", "1", "0", "1", "new"]]


# Recomputed by SQL.


def seconds(text):
    return datetime.fromisoformat(text).timestamp() if text else None


def is_lost(message):
    failed = message["failed_datetime"] and not message["sent_datetime"]
    return bool(message["deleted_datetime"] or failed)


def loaded(project, cases, zone):
    """Return a database of what the API gave, and of when the shop was open."""
    db = sqlite3.connect(":memory:")
    for table in (
        "ticket (id, status, created, closed, snoozed, spam, trashed)",
        "message (id, ticket, public, from_agent, sender, rule, at, imported, lost)",
        "event (ticket, type, at)",
        "bot (id)",
        "opening (opens, closes)",
    ):
        db.execute(f"CREATE TABLE {table}")
    for case in cases:
        t = case.ticket
        put(db, "ticket", [(
            t["id"], t["status"], seconds(t["created_datetime"]),
            seconds(t["closed_datetime"]), seconds(t["snooze_datetime"]), t["spam"],
            t["trashed_datetime"] is not None,
        )])  # fmt: skip
        put(db, "message", (
            (m["id"], t["id"], m["public"], m["from_agent"], m["sender"]["id"], m["rule_id"],
             seconds(m["created_datetime"]), bool(m["imported"]), is_lost(m))
            for m in case.messages
        ))  # fmt: skip
        put(db, "event", (
            (t["id"], e["type"], seconds(e["created_datetime"])) for e in case.events
        ))  # fmt: skip
    put(db, "bot", ((id_,) for id_ in BOTS))
    put(db, "opening", openings(zone))
    db.executescript((project / "bench" / "metrics.sql").read_text("utf-8"))
    return db


def put(db, table, rows):
    for row in rows:
        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def openings(zone):
    """Yield when the shop of `hours` opened and closed, in seconds since 1970."""
    for number in range(date(2024, 12, 30).toordinal(), date(2026, 12, 30).toordinal()):
        day = date.fromordinal(number)
        if day.weekday() < 5:
            yield [
                datetime(
                    day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)
                ).timestamp()
                for hour in (9, 17)
            ]


def by_sql(db, metric, kind, share):
    """Return a quantile as SQL's `quantile_cont` does."""
    values = [
        value
        for (value,) in db.execute(
            f"SELECT {kind} FROM length WHERE metric = ? ORDER BY 1", (metric,)
        )
    ]
    place = (len(values) - 1) * share
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


METRICS = ["first_response", "first_human_response", "resolution"]


@pytest.mark.parametrize("zone", ZONES)
def test_the_pages_times_are_those_of_sql(project, zone):
    cases = list(help_desk(600, seed=3))
    db = loaded(project, cases, zone)
    found = shown(added_up(measure(cases, zone), zone))
    for metric in METRICS:
        (count,) = db.execute(
            "SELECT count(*) FROM length WHERE metric = ?", (metric,)
        ).fetchone()
        expected = [
            duration(by_sql(db, metric, kind, share))
            for kind in ("seconds", "business")
            for share in (0.5, 0.9)
        ]
        row = found[metric.replace("_", "-")].whole
        assert list(row) == ["all", f"{count:,}", *expected]


@pytest.mark.parametrize("zone", ZONES)
def test_each_tickets_seconds_are_those_of_sql(project, zone):
    cases = list(help_desk(600, seed=4))
    db = loaded(project, cases, zone)
    found = {
        (metric, ticket.metrics.ticket_id): (
            getattr(ticket.metrics, f"{metric}_seconds"),
            getattr(ticket.metrics, f"{metric}_business_seconds"),
        )
        for ticket in measure(cases, zone)
        for metric in METRICS
        if not ticket.ticket["spam"] and not ticket.ticket["trashed_datetime"]
    }
    known = {key: value for key, value in found.items() if value[0] is not None}
    assert known == {
        (metric, ticket): (whole, business)
        for metric, ticket, whole, business in db.execute("SELECT * FROM length")
    }


# The page.

HOSTILE = ["<script>alert(1)</script>", "</svg><img src=x onerror=alert(1)>"]
# too wide for any screen; and Vega fails where it cuts one in half
WIDE = ["W" * 10_000, "\N{SHOPPING BAGS}" * 40]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A page of a year, with what people may write into tags."""
    figures = added_up(measure(help_desk(800)))
    for tag in [*HOSTILE, *WIDE]:
        figures.tags[tag][min(figures.days)] += 1_000
        figures.days[min(figures.days)].channels[tag] += 1_000
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_of(figures), "utf-8")
    return path


def test_what_is_not_archived_is_said_and_not_guessed():
    cases = list(help_desk(60))
    figures = Figures()
    for case in cases:
        figures.add(measured(case.ticket, case.messages, Beside()))
    found = shown(figures)
    for id_, needs in [
        ("first-human-response", "-a objects=users"),
        ("next-response", "-a objects=users"),
        ("agents", "-a objects=users"),
        ("reasons", "-a objects=custom_fields"),
        ("satisfaction", "-a objects=satisfaction_surveys"),
    ]:
        assert found[id_].chart is None
        assert needs in found[id_].empty
    assert "business" not in " ".join(found["first-response"].head)
    assert "-a objects=account" in found["first-response"].definition
    told = {what: value for value, what in sections.tiles(figures)}
    assert told["of the closed had a single answer"] == NO_VALUE


def test_a_page_of_nothing_says_so():
    text = page_of(Figures())
    assert "<svg" not in text
    assert text.count('class="empty"') == len(shown(Figures()))


def test_agents_are_named_only_where_they_shall_be():
    figures = added_up(measure(help_desk(60)))
    names = {id_: f"Name {id_}" for id_ in figures.agents}
    hidden = column(shown(figures)["agents"], "agent")
    assert set(hidden) == {f"Agent {place}" for place in range(1, len(hidden) + 1)}
    figures.beside = replace(figures.beside, names=names)
    assert set(column(shown(figures)["agents"], "agent")) == set(names.values())
    assert not figures.agents.keys() & BOTS


def test_agents_of_one_name_are_told_apart():
    figures = Figures(Beside(bots=BOTS, names={1: "Kim", 2: "Sam", 3: "Kim"}))
    for id_ in (1, 2, 3, 4):
        figures.agents[id_].answers = 10 - id_
    found = column(shown(figures)["agents"], "agent")
    assert found == ["Kim (1)", "Sam", "Kim (3)", "User (4)"]


def test_a_channel_called_other_is_counted_with_the_others():
    figures = Figures()
    for count, channel in enumerate(["a", "b", "c", "d", "e", "other", "f", "g"], 1):
        figures.days[1].channels[channel] += count
    section = shown(figures)["volume"]
    assert section.parts == ["g", "f", "other", "e", "d", "c"]
    assert numbers(section, "all") == [36]
    assert numbers(section, "other") == [6 + 1 + 2]


def test_the_page_asks_for_nothing_and_leads_nowhere(written):
    text = written.read_text("utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert html.unescape(policy[1]) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert not re.search(r"url\(|@import", style)
    parts = Parts()
    parts.feed(text)
    may_stand = {"html", "head", "meta", "title", "style", "body", "header", "main",
                 "nav", "section", "h1", "h2", "h3", "p", "a", "ul", "li", "dl", "dt",
                 "dd", "div", "details", "summary", "figure", "table", "thead", "tbody",
                 "tfoot", "tr", "th", "td", "svg", "g", "path", "line", "text", "rect"}  # fmt: skip
    assert parts.elements <= may_stand
    for name, value in parts.attributes:
        assert name != "style", value
        assert not name.startswith("on"), value
        assert not re.search(r"//|url\(|javascript:|data:", value or ""), (name, value)
        if name in {"href", "xlink:href", "src"}:
            assert value.startswith("#")


class Parts(HTMLParser):
    """What a page is made of."""

    def __init__(self):
        super().__init__()
        self.elements, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes.update(attrs)


def test_what_people_wrote_stays_text(written):
    text = written.read_text("utf-8")
    for tag in HOSTILE:
        assert tag not in text
        assert html.escape(tag) in text


def test_a_list_that_is_not_finished_is_never_taken_for_all(tmp_path):
    archive = Archive.open(tmp_path / "archive.sqlite")
    made = page.report(archive, Filters(), with_names=False)
    archive.close()
    (said,) = made.warnings
    assert said.startswith("It rests on 0 of 0 tickets asked for and listed so far.")
    assert said in made.html


def test_the_page_says_what_was_not_permitted_and_what_each_run_took(tmp_path):
    archive = Archive.open(tmp_path / "archive.sqlite")
    kind = {"new": 1_200, "changed": 3, "deleted": 2, "incomplete": None}
    manifest = {
        "run": 1,
        "ended": "2025-03-01T03:15:00+00:00",
        "exit_status": 0,
        "seconds": 90.0,
        "calls": {"made": 64, "refused": 0, "highest_level": 31.2, "bucket_limit": 40},
        "objects": {
            "users": {**kind, "not_permitted": None},
            "events": {**kind, "not_permitted": "403, scope events:read"},
        },
    }
    archive.end_run(archive.begin_run(), manifest)
    archive.begin_run()  # one that did not come to its end
    found = {section.id: section for section in trust.sections(archive, Beside())}
    archive.close()
    assert found["runs"].rows == [
        ["1", "2025-03-01 03:15 UTC", "complete", "64", "90 s", "0", "31 of 40"]
    ]
    told = dict(zip(column(found["kinds"], "kind"),
                    column(found["kinds"], "in the last run"), strict=True))  # fmt: skip
    assert told["users"] == "1,200 new, 3 changed, 2 deleted"
    assert told["events"] == "not permitted: 403, scope events:read"
    assert told["account"] == "not asked for"
    assert set(column(found["kinds"], "archived")) == {"no"}


# In a browser.

_SMALLEST_PX = 12
_TEXTS = """
[...document.querySelectorAll('body *')].filter(e => e.getClientRects().length
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => {
    const svg = e.closest('svg');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    return [parseFloat(getComputedStyle(e).fontSize) * scale, e.textContent.trim()];
  })
"""
_CHARTS = """
[...document.querySelectorAll('main section[id]:not(#trust)')].map(s => [s.id,
  [...s.querySelectorAll('.chart svg')].filter(e => e.getClientRects().length)
    .map(e => [e.getBoundingClientRect().width, e.querySelectorAll('path, text').length])
])
"""
_FADED = """
[...document.querySelectorAll('h1, h2, p, td, th, dt, dd, summary, svg text')].filter(e =>
  e.getClientRects().length).map(e => {
    const style = getComputedStyle(e);
    return [e.tagName === 'text' ? style.fill : style.color];
  }).map(([c]) => c)
"""


@pytest.fixture
def tab(tmp_path):
    with browser(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_draws_every_chart_and_asks_for_nothing(tab, written, width, dark):
    tab.open(written, width, dark=dark)
    assert tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is dark
    for id_, drawn in tab.evaluate(_CHARTS):
        assert len(drawn) == 1, id_  # the drawing for this width, and no other
        ((drawn_px, parts),) = drawn
        assert 300 < drawn_px <= width, id_
        assert parts > 5, id_
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    small = [text for size, text in tab.evaluate(_TEXTS) if size < _SMALLEST_PX]
    assert not small
    assert tab.console == []
    assert tab.requests == [written.resolve().as_uri()]


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_the_page(tab, written, dark):
    tab.open(written, 1280, dark=dark)
    background = lightness(
        tab.evaluate(
            "getComputedStyle(document.querySelector('section')).backgroundColor"
        )
    )
    colours = set(tab.evaluate(_FADED))
    assert colours
    for colour in colours:
        pair = sorted([background, lightness(colour)], reverse=True)
        # https://www.w3.org/TR/WCAG22/#contrast-minimum
        assert (pair[0] + 0.05) / (pair[1] + 0.05) >= 4.5, colour


def lightness(colour):
    """Return the relative luminance of ``rgb(1, 2, 3)``, as WCAG defines it."""
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares
    ]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


_FOCUSED = """
document.activeElement.tagName + ' ' + (document.activeElement.closest('section')?.id ?? '')
"""


def test_the_page_works_by_keyboard(tab, written):
    tab.open(written, 1280)
    reached: list[str] = []
    while "DIV satisfaction" not in reached and len(reached) < 100:
        tab.press("Tab", 9)
        reached.append(tab.evaluate(_FOCUSED))
        if reached[-1].startswith("SUMMARY"):
            tab.press("Enter", 13)
    ids = tab.evaluate("[...document.querySelectorAll('main section')].map(s => s.id)")
    ids.remove("trust")
    # what the tiles count, links, then in each section its definition and its table
    assert [name for name in reached if name != "A "] == [
        "SUMMARY ",
        *(f"{what} {id_}" for id_ in ids for what in ("SUMMARY", "DIV")),
    ]
    opened = "[...document.querySelectorAll('details[open] p')].length"
    assert tab.evaluate(opened) == len(ids) + 1
