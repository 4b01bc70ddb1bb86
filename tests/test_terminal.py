"""The live line and what a terminal shows."""

import re

import pytest

from tests.crawling import SCRAPY, drawn_on_a_terminal, linux_only

on_linux = linux_only("a terminal of its own is made with pty")


def in_a_terminal(shop, *options):
    """Run a crawl whose standard error is a terminal; return all it drew."""
    command = [*SCRAPY, "crawl", "gorgias", "-s", "JOBDIR=job", *options]
    return drawn_on_a_terminal(command, shop.path, shop.environment())


@on_linux
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


@on_linux
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


@on_linux
@pytest.mark.parametrize(
    "options", [["-L", "DEBUG"], ["-s", "LOG_FORMAT=x%(message)s"]]
)
def test_whoever_asks_for_a_log_on_a_terminal_gets_it(open_shop, options):
    shop = open_shop(tickets=1)
    _, drawn = in_a_terminal(shop, *options)
    assert "Spider opened" in drawn
