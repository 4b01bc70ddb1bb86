"""``scrapy sandbox``: a pretend Gorgias to try a crawl against."""

import argparse
import signal
import threading
from argparse import ArgumentTypeError
from collections.abc import Callable

from scrapy.commands import ScrapyCommand

from gorgias_crawler.commands.answering import AnsweringCommand
from gorgias_crawler.errors import EXIT_COMPLETE, CommandLineError
from gorgias_crawler.sandbox import API_KEY, API_USER, Sandbox, World


class Command(AnsweringCommand, ScrapyCommand):
    """Serves a sandbox account on loopback until it is stopped."""

    example = "sandbox --tickets 50"
    usage = "[options]"
    summary = "Serve a pretend Gorgias account on this machine"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this command."""
        super().add_options(parser)
        own = parser.add_argument_group(title="Sandbox")
        for name, kind, default, meaning in (
            ("port", _up_to(int, 65535), 0, "default: a free one"),
            ("tickets", _up_to(int, 10**7), 50, "default: 50"),
            ("seed", int, 1, "same seed, same account"),
            ("rate", str, "40/20", "API budget as calls/seconds (40/20)"),
            ("latency", _up_to(float, 3600), 0.2, "seconds an answer takes (0.2)"),
            ("faults", _up_to(float, 1), 0.0, "share of calls that fail (0)"),
        ):
            own.add_argument(f"--{name}", type=kind, default=default, help=meaning)

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Serve until Ctrl-C or SIGTERM."""
        try:
            sandbox = Sandbox(
                World(tickets=opts.tickets, seed=opts.seed),
                rate=opts.rate,
                latency_s=opts.latency,
                faults=opts.faults,
                seed=opts.seed,
                port=opts.port,
            )
        except ValueError:
            raise CommandLineError(
                f"--rate {opts.rate}: give calls/seconds, as 40/20"
            ) from None
        except OSError as error:
            raise CommandLineError(f"--port {opts.port}: {error.strerror}") from None
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with sandbox:
            totals = sandbox.world.totals()
            print(
                f"A pretend Gorgias with {totals['tickets']:,} tickets and "
                f"{totals['messages']:,} messages. Crawl it with this in .env:\n\n"
                f"GORGIAS_API_URL={sandbox.url}\n"
                f"GORGIAS_API_USER={API_USER}\n"
                f"GORGIAS_API_KEY={API_KEY}\n\n"
                "Ctrl-C ends it.",
                flush=True,
            )
            stop.wait()
        return EXIT_COMPLETE


def _up_to(kind: Callable[[str], float], most: int) -> Callable[[str], float]:
    """Return what reads a number of *kind* from 0 to *most*."""

    def number(text: str) -> float:
        value = kind(text)
        if not 0 <= value <= most:
            raise ArgumentTypeError(f"{text}: give a number from 0 to {most}")
        return value

    return number
