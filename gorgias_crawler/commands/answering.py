"""Commands that answer at once, and import nothing of what a run needs."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from gorgias_crawler.archive import Archive
from gorgias_crawler.commands.refusing import CheckedCommand
from gorgias_crawler.durable import drop_output
from gorgias_crawler.errors import EXIT_INCOMPLETE, ConfigurationError, GorgiasError
from gorgias_crawler.job.directory import archive_to_read


class QuietCommand(CheckedCommand):
    """A command that runs no spider and writes no log: its answer is what it prints."""

    not_read = ("*",)
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_ENABLED": False}


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print, and end in silence where nobody reads it any more (``| head``).

    Raises `ConfigurationError` where it cannot be written.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output(sys.stdout)
    except OSError as error:
        drop_output(sys.stdout)
        raise ConfigurationError(
            f"The answer cannot be written ({error.strerror}): write it to another place."
        ) from None


class ArchiveCommand(CheckedCommand):
    """A command that answers from the archive of the job that it is given; a mixin.

    ``unread`` is its exit status where nobody reads the answer to its end.
    """

    operands = range(1, 2)
    unread = EXIT_INCOMPLETE

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Answer; say in one line why there is no answer."""
        self.exitcode = self.unread
        try:
            archive = archive_to_read(Path(args[0]))
            with contextlib.closing(archive), reader_may_leave():
                self.exitcode = self.answer(archive, args, opts)
        except GorgiasError as error:
            self.tell_refusal(error)
            self.exitcode = error.exit_status

    def answer(
        self, archive: Archive, args: list[str], opts: argparse.Namespace
    ) -> int:
        """Print the answer; return the exit status. Raises `GorgiasError`."""
        raise NotImplementedError
