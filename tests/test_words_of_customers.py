"""What customers write is in no log."""

import json
import re

import pytest

from gorgias_crawler.sandbox import Answer
from tests.expected import expected_rows
from tests.hostile import HIT, ONCE, Plain, answer_tickets_with, configure

WORDS = "Zebra-words of a customer"


def written(world):
    """Return all that customers and agents wrote, and their names and addresses."""
    words = {WORDS}
    for row in expected_rows(world):
        words |= {row["subject"], row["sender"], row["receiver"]}
        words |= {line.strip() for line in row["body"].splitlines()}
    return {word for word in words if len(word) > 6}


def assert_no_words(shop, ended):
    report = shop.jobdir / "run.json"
    said = ended.log + (report.read_text() if report.exists() else "")
    for word in written(shop.world):
        assert word not in said


RAISE = "raise ValueError(f'cannot do {item}') from KeyError(item.body)"
WORDY = {
    "a plain run": ("Path('hit').touch()\n", 0),
    "dropped items": (
        (
            "from scrapy.exceptions import DropItem\n"
            "class Broken:\n"
            "    def process_item(self, item):\n"
            "        Path('hit').touch()\n"
            "        raise DropItem(f'no {item}')\n"
            "ITEM_PIPELINES = {**ITEM_PIPELINES, Broken: 200}\n"
        ),
        3,
    ),
    "a pipeline that raises": (
        (
            "class Broken:\n"
            "    def process_item(self, item):\n"
            "        Path('hit').touch()\n"
            f"        {RAISE}\n"
            "ITEM_PIPELINES = {**ITEM_PIPELINES, Broken: 200}\n"
        ),
        3,
    ),
    "a callback that raises": (
        "from gorgias_crawler.fetch.answers import Answers\nAnswers.store = broken\n",
        3,
    ),
    "rows that cannot be made": (
        "from gorgias_crawler.emit import rows\nrows._or_empty = lambda _: broken\n",
        3,
    ),
    "a parser that raises": (
        (
            "from gorgias_crawler.fetch.calls import TicketPage\n"
            "assert TicketPage.parse\nTicketPage.parse = staticmethod(broken)\n"
        ),
        3,
    ),
    "a signal handler that raises": (
        (
            "from scrapy import signals\n"
            "class Broken:\n"
            "    def __init__(self, crawler):\n"
            "        crawler.signals.connect(self.scraped, signals.item_scraped)\n"
            "    @classmethod\n"
            "    def from_crawler(cls, crawler): return cls(crawler)\n"
            "    def scraped(self, item): broken(item)\n"
            "EXTENSIONS = {**EXTENSIONS, Broken: 1}\n"
        ),
        0,
    ),
}


@pytest.mark.parametrize("fault", WORDY)
def test_customers_words_are_in_no_log_whatever_fails(open_shop, fault):
    shop = open_shop(tickets=25)
    code, status = WORDY[fault]
    configure(shop, HIT + code)
    ended = shop.crawl("-a", "fetch=per-ticket", "-L", "DEBUG")
    assert ended.status == status, ended.log
    assert (shop.path / "hit").exists()
    assert_no_words(shop, ended)


UNUSABLE = {
    "not JSON": Answer(200, f"<p>{WORDS}".encode(), content_type="text/html"),
    "a JSON text": Answer(200, json.dumps(WORDS).encode()),
    "half a page": Answer(200, f'{{"data": [{{"subject": "{WORDS}"'.encode()),
    "rows without ids": Answer(
        200, json.dumps({"data": [{"subject": WORDS}], "meta": {}}).encode()
    ),
    "bytes that are no text": Answer(200, f"{{'{WORDS}\xff".encode("latin-1")),
    "an error object": Answer(500, json.dumps({"error": {"msg": WORDS}}).encode()),
    "a refusal": Answer(400, json.dumps({"error": {"msg": WORDS}}).encode()),
    "a strange status": Answer(299, WORDS.encode()),
    "not compressed": Answer(200, WORDS.encode(), {"Content-Encoding": "gzip"}),
    "compressed otherwise": Answer(200, WORDS.encode(), {"Content-Encoding": "br"}),
    "unknown compression": Answer(200, WORDS.encode(), {"Content-Encoding": "lzma"}),
}


def test_unusable_answers_are_logged_without_their_words(open_shop):
    shop = open_shop(tickets=20)
    shop.sandbox._server.RequestHandlerClass = Plain
    victims = answer_tickets_with(shop, UNUSABLE.values())
    ended = shop.crawl("-a", "fetch=per-ticket", "-L", "DEBUG", *ONCE)
    assert ended.status == 3
    for victim in victims:
        assert f"Ticket {victim} cannot be fetched" in ended.log
        facts = rf"ticket_id={victim}&.* bytes of .*, request id sandbox-\d+"
        assert re.search(facts, ended.log)
    assert_no_words(shop, ended)
