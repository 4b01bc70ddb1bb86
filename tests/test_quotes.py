"""GORGIAS_BODY_WITHOUT_QUOTES: what a message itself says, and never nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from gorgias_crawler.emit.bodies import BODY_FIELDS
from gorgias_crawler.emit.html_text import html_to_text
from gorgias_crawler.items import Message
from gorgias_crawler.pipelines import BodySelectionPipeline

pytest.importorskip("quotequail")

from gorgias_crawler.emit.quotes import quote_remover

ENGLISH = "On Mon, Mar 3, 2025 at 9:01 AM Shop <help@shop.example> wrote:"
OUTLOOK = (
    "See below.\n\n-----Original Message-----\nFrom: Ana\nSent: Monday\nTo: Shop\n"
    "Subject: x\n\nWhere is it?"
)
FRENCH = "Oui.\n\nLe lun. 3 mars 2025 à 09:01, Shop <a@b.example> a écrit :\n\n> ?"
MAILS = {
    "reply": (f"Yes please.\nAna\n\n{ENGLISH}\n\n> Dear Ana,\n> ?", "Yes please.\nAna"),
    "German": ("Ja.\n\nAm 03.03.2025 um 09:01 schrieb Shop <a@b.example>:\n> ?", "Ja."),
    "French": (
        "Oui.\n\nLe lun. 3 mars 2025 à 09:01, Shop <a@b.example> a écrit :\n\n> ?",
        "Oui.",
    ),
    "Outlook": (OUTLOOK, "See below."),
    "below": (f"{ENGLISH}\n> a\n> b\n\nMy answer.", "My answer."),
    "signature": ("Done.\n\n-- \nAna Roe\n+49 123", "Done."),
    "trimmed signature": ("Done.\n--\nAna Roe", "Done."),
    "plain": ("On Monday I wrote to you.\nFrom: here on it is worse", None),
    "list": ("- one\n-- two\n--- three", None),
    "only a quote": (f"{ENGLISH}\n> all of it", None),
    "only a signature": ("-- \nAna Roe", None),
    "blank": ("  \n", None),
}


@pytest.mark.parametrize("name", MAILS)
def test_quotes_and_signatures_are_left_out_and_all_else_stays(name):
    text, own = MAILS[name]
    assert quote_remover()(text, None) == (text if own is None else own)


def test_a_signature_that_gorgias_knows_is_left_out():
    assert quote_remover()("Thanks!\n\nAna\nACME\n", "Ana\nACME") == "Thanks!"
    assert quote_remover()("Ana\nACME", "Ana\nACME") == "Ana\nACME"


PARTS = ["> ", "-- ", "\n", "On x wrote:", "From: a", "word", ENGLISH]


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_no_text_with_words_becomes_blank(text):
    assert bool(quote_remover()(text, None).strip()) == bool(text.strip())


@pytest.mark.parametrize("line", ["\n", "On ", "> ", "> a\n", "From: a\n", "_", "a\n"])
def test_its_time_grows_with_the_length_alone(line):
    """A hundred thousand characters: what is quadratic does not come back."""
    assert quote_remover()(line * (100_000 // len(line)), None)


HTML = (
    "<div>Yes please</div><div class='gmail_quote'><div>"
    "On Mon, Mar 3, 2025 at 9:01 AM Shop &lt;a@b.example&gt; wrote:</div>"
    "<blockquote>Dear Ana, do you?</blockquote></div>"
)


@pytest.mark.parametrize(
    ("bodies", "body"),
    [
        ({"body_text": MAILS["reply"][0]}, "Yes please.\nAna"),
        ({"body_text": "all", "stripped_text": "Gorgias's own"}, "Gorgias's own"),
        ({"body_text": MAILS["German"][0], "stripped_text": " "}, "Ja."),
        ({"stripped_text": MAILS["reply"][0]}, "Yes please.\nAna"),
        ({"body_text": "all", "stripped_html": "<p>own</p>"}, "own"),
        ({"body_text": "a\nAna", "stripped_signature": "Ana"}, "a"),
        ({"body_html": HTML}, "Yes please"),
        ({"body_html": "<blockquote>words</blockquote>"}, "words"),
        ({}, ""),
    ],
)
def test_the_body_is_gorgiass_own_first_and_never_without_the_words(bodies, body):
    asked = {"GORGIAS_BODY_FIELDS": BODY_FIELDS, "GORGIAS_BODY_WITHOUT_QUOTES": True}
    pipeline = BodySelectionPipeline(Settings(asked))
    message = Message(ticket_id=1, message_id=2, **bodies)
    assert pipeline.process_item(message).body.strip() == body


def test_a_crawl_writes_what_messages_themselves_say(open_shop):
    shop = open_shop(tickets=30)
    option = ("-s", "GORGIAS_BODY_WITHOUT_QUOTES=True")
    fields = ("-s", "FEED_EXPORT_FIELDS=ticket_id,body,body_text,body_html")
    ended = shop.crawl(*option, *fields)
    assert ended.status == 0, ended.log
    rows = shop.rows()
    assert any(row["body"] not in (row["body_text"], row["body_html"]) for row in rows)
    for row in rows:
        whole = row["body_text"] or html_to_text(row["body_html"])
        assert bool(row["body"].strip()) >= bool(whole.strip())
    assert shop.run("verify", "job").status == 0
