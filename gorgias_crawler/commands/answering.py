"""Commands that answer at once, and import nothing of what a run needs."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import ClassVar

from gorgias_crawler.commands.checked_command import CheckedCommand
from gorgias_crawler.durable import drop_output
from gorgias_crawler.errors import EXIT_INCOMPLETE, ConfigurationError, GorgiasError


class AnsweringCommand(CheckedCommand):
    """A command whose answer is what it prints: it writes no log; a mixin.

    ``unread`` is its exit status where nobody reads the answer to its end. Where there
    is none it is ``unanswered``, or else what the error says.
    """

    not_read: tuple[str, ...] = ("*",)
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_ENABLED": False}
    unread = EXIT_INCOMPLETE
    unanswered: int | None = None

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Answer; say in one line why there is no answer."""
        self.exitcode = self.unread
        try:
            with reader_may_leave():
                self.exitcode = self.answer(args, opts)
        except GorgiasError as error:
            self.tell_refusal(error)
            self.exitcode = self.unanswered or error.exit_status

    def answer(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print the answer; return the exit status. Raises `GorgiasError`."""
        raise NotImplementedError


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print, and end in silence where nobody reads it any more (``| head``).

    Raises `ConfigurationError` where it cannot be written.
    """
    end: SystemExit | None = None
    try:
        try:
            yield
        except SystemExit as error:  # as Scrapy ends what has shown its help
            end = error
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output(sys.stdout)
    except OSError as error:
        drop_output(sys.stdout)
        raise ConfigurationError(
            f"The answer cannot be written ({error.strerror}): write it to another place."
        ) from None
    if end is not None:
        raise end
