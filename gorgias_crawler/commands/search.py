"""``scrapy search``: messages by their words, in a file that ``export`` has written."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from scrapy.commands import ScrapyCommand

from gorgias_crawler.command_line import typed
from gorgias_crawler.commands.answering import AnsweringCommand
from gorgias_crawler.errors import EXIT_COMPLETE, EXIT_WRONG_USAGE, CommandLineError
from gorgias_crawler.feeds.search import LANGUAGE, MARKS, Found, search
from gorgias_crawler.redact import printable
from gorgias_crawler.wording import many

_EXIT_NOTHING_FOUND = 1  # as grep ends

# Two lines each and one at the end fit on a terminal's 24.
_LIMIT = 10

# Characters of each text, four lines: a word may be as long as an attached file.
_LONGEST = 320

_BOLD = ("\x1b[1m", "\x1b[0m")
_BRACKETS = ("[", "]")


class Command(AnsweringCommand, ScrapyCommand):
    """Finds messages by their words, best first."""

    operands = range(2, 3)
    unread = EXIT_COMPLETE
    unanswered = EXIT_WRONG_USAGE  # as grep ends, whose 1 is that nothing was found
    example = "search acme.sqlite refund"
    usage = "[options] FILE WORDS"
    summary = "Search subjects and bodies of messages in an SQLite file of export"

    def long_desc(self) -> str:
        """Return the explanation in the help."""
        export = typed("export", "crawls/run1", "-O", "acme.sqlite")
        return (
            f"{self.short_desc()}: `{export}`. WORDS, in quotes where they are several: "
            f"{LANGUAGE}. Accents and capitals of a word make no difference. Exit "
            "status 0 says that something was found, 1 that nothing was, 2 that it "
            "could not be searched."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        super().add_options(parser)
        parser.add_argument(
            "--limit",
            type=int,
            default=_LIMIT,
            metavar="N",
            help=f"show the N best messages; default: {_LIMIT}",
        )

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the number. Raises `CommandLineError`."""
        # SQLite takes a negative one for no limit, and none of more than 64 bits.
        if not 0 < opts.limit < 2**63:
            raise CommandLineError(
                f"--limit={opts.limit}: give how many messages to show, for example "
                "--limit 100."
            )

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print the messages that have the words of *args*."""
        found, number = search(Path(args[0]), args[1], opts.limit)
        marks = _BOLD if sys.stdout.isatty() else _BRACKETS
        for message in found:
            for line in _lines(message, marks):
                print(line)
        print(_how_many(number, len(found)))
        return EXIT_COMPLETE if found else _EXIT_NOTHING_FOUND


def _lines(found: Found, marks: tuple[str, str]) -> Iterator[str]:
    date = found.date[:16] if found.date else None  # without seconds
    parts = (date, found.ticket_id, found.channel, found.sender, found.subject)
    yield "  ".join(_plain(str(part), marks) for part in parts if part)
    if found.snippet:
        yield f"    {_plain(found.snippet, marks)}"


def _plain(text: str, marks: tuple[str, str]) -> str:
    """Return *text* with *marks*, in one line that a terminal does not obey."""
    line = printable(text)
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]}…"
    # The end of a mark may be cut off, and a mark may be a customer's.
    end = marks[1] * max(0, line.count(MARKS[0]) - line.count(MARKS[1]))
    for found, mark in zip(MARKS, marks, strict=True):
        line = line.replace(found, mark)
    return line + end


def _how_many(number: int, shown: int) -> str:
    if number == shown:
        return f"{many(number, 'message')} found."
    return (
        f"{many(number, 'message')} found, the best {shown:,} shown: --limit N shows N."
    )
