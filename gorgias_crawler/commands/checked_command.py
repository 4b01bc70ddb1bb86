"""A start that is refused: one line on standard error and in the log, then the end."""

import argparse
import contextlib
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings, Settings
from scrapy.utils.conf import arglist_to_dict
from scrapy.utils.log import get_scrapy_root_handler
from scrapy.utils.python import without_none_values

from gorgias_crawler.arguments import check_names
from gorgias_crawler.command_line import typed
from gorgias_crawler.emit import filters
from gorgias_crawler.errors import CommandLineError, ConfigurationError, GorgiasError
from gorgias_crawler.feeds import targets
from gorgias_crawler.refusals import check_log, check_settings

if TYPE_CHECKING:
    from scrapy.commands import ScrapyCommand as _Base
else:
    # Scrapy lists every subclass of its commands that it finds here as a command.
    _Base = object

for _name in ("stdout", "stderr"):
    _stream = getattr(sys, _name)
    if _stream is None:  # closed by whoever started this: 2>&-
        setattr(sys, _name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    # A name that the terminal's encoding lacks is no reason to fail: it is escaped.
    elif hasattr(_stream, "reconfigure"):
        _stream.reconfigure(errors="backslashreplace")


class CheckedCommand(_Base):
    """A command that takes nothing which it would ignore; a mixin.

    ``operands`` is how many there may be, beside options; ``arguments`` are those of
    ``-a``; ``example`` is a right command line, from the command's name on;
    ``not_read`` are patterns of settings that are of no use to it. ``usage`` and
    ``summary`` are what the help says of a command of ours; Scrapy's say their own.
    """

    operands: range = range(1)
    arguments: Mapping[str, str] = {}
    example: str
    not_read: tuple[str, ...] = ()
    usage: str = ""
    summary: str = ""
    settings: Settings  # set by Scrapy before it asks for anything
    _parser: argparse.ArgumentParser

    def syntax(self) -> str:
        """Return what follows the command's name."""
        return self.usage or super().syntax()

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return self.summary or super().short_desc()

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add Scrapy's options; remember them all."""
        super().add_options(parser)
        parser.allow_abbrev = False  # an option that is cut short is misspelt
        parser.error = self._refuse_usage  # type: ignore[method-assign]
        self._parser = parser
        usage = f"{typed(self.example.split()[0])} {self.syntax()}"
        parser.usage = usage.replace("%", "%%")

    @property
    def shown_example(self) -> str:
        """Return the example, ready for a shell."""
        return typed(*self.example.split())

    @staticmethod
    def add_arguments_option(parser: argparse.ArgumentParser, meaning: str) -> None:
        """Add ``-a NAME=VALUE``, of which the help says *meaning*."""
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=meaning,
        )

    def process_options(self, args: list[str], opts: Any) -> None:
        """Check all that is given: what is wrong ends here, in one line."""
        try:
            _take_settings(self.settings, opts)
            self._check_operands(args)
            spargs = self.read_arguments(getattr(opts, "spargs", []))
            check_settings(self.settings, not_read=self.not_read)
            for option in ("pidfile", "profile"):
                _make_way_for(f"--{option}", getattr(opts, option))
            self.prepare(opts)
            super().process_options(args, opts)
            if spargs is not None:
                opts.spargs = spargs
            self.check(args, opts)
            _make_way_for("LOG_FILE", self.settings["LOG_FILE"])
        except UsageError as error:
            self._refuse(CommandLineError(_plain(str(error), self.settings)))
        except GorgiasError as error:
            self._refuse(error)

    def _refuse_usage(self, message: str) -> NoReturn:
        """Refuse what argparse cannot read, but look for what says where the log is."""
        # One of them may be what is wrong; then a settings module may still say it.
        with contextlib.suppress(GorgiasError):
            _take_settings(self.settings, given())
        self._refuse(
            CommandLineError(f"{message.removeprefix('argument ')}. {self._see_help()}")
        )

    def read_arguments(self, given: list[str]) -> dict[str, str] | None:
        """Read ``-a``, with days in place of relative dates; None leaves it to Scrapy.

        Raises `GorgiasError`.
        """
        read: dict[str, str] = {}
        for text in given:
            name, is_pair, value = text.partition("=")
            if not is_pair:
                raise CommandLineError(
                    f"-a {text}: write -a NAME=VALUE, for example -a since=2025-01-01."
                )
            if name in read:
                raise CommandLineError(
                    f"-a {name} is given more than once, and all but the last would be "
                    f"ignored: give it once. {self._see_help()}"
                )
            read[name] = value
        check_names(read, self.arguments)
        return filters.resolved(read, datetime.now(UTC).date())

    def prepare(self, opts: Any) -> None:
        """Change *opts* before Scrapy reads them. Raises what `check` raises."""

    def check(self, args: list[str], opts: Any) -> None:
        """Raise the `GorgiasError` that keeps the command from starting."""

    def tell_refusal(self, error: GorgiasError) -> None:
        """Say why nothing was started, on standard error and in ``LOG_FILE``.

        Whoever reads the last line of the log must not find that of the run before.
        """
        say(error)
        if self.requires_crawler_process:  # others write no log
            _log_refusal(error, self.settings)

    def _refuse(self, error: GorgiasError) -> NoReturn:
        self.tell_refusal(error)
        sys.exit(error.exit_status)

    def _check_operands(self, args: list[str]) -> None:
        """Scrapy hands over as operands what no option takes."""
        known = re.findall(r"(?<![\w-])--?\w[\w-]*", self._parser.format_help())
        for arg in args:
            if arg.startswith("-") and arg != "-":
                name = arg.split("=")[0]
                if name.lstrip("-") in self.arguments:
                    nearest = [f"-a {name.lstrip('-')}=..."]
                else:
                    nearest = get_close_matches(name, known, 1)
                meant = f"; do you mean {nearest[0]}?" if nearest else "."
                raise CommandLineError(
                    f"{name}: there is no such option{meant} {self._see_help()}"
                )
        if len(args) not in self.operands:
            raise CommandLineError(
                f"{' '.join(args) or 'nothing'} is given: `{self.shown_example}`. "
                f"{self._see_help()}"
            )

    def _see_help(self) -> str:
        name = self.example.split()[0]
        return f"`{typed(name, '-h')}` lists what there is."


def given() -> argparse.Namespace:
    """Return what says where the log is and whose account it is.

    Whatever else is wrong on the command line, or cut short.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-s", "--set", action="append", nargs="?", default=[])
    parser.add_argument("-a", dest="spargs", action="append", nargs="?", default=[])
    parser.add_argument("--logfile", nargs="?")
    parser.add_argument("--env-file", nargs="?")
    found = parser.parse_known_args(sys.argv[1:])[0]
    found.set = list(filter(None, found.set))
    found.spargs = dict(text.partition("=")[::2] for text in found.spargs if text)
    return found


def _take_settings(settings: BaseSettings, opts: Any) -> None:
    """Take ``-s``, ``-L`` and ``--logfile`` as Scrapy does, but name what is wrong."""
    if opts.logfile:
        settings.set("LOG_FILE", opts.logfile, priority="cmdline")
    if getattr(opts, "loglevel", None):
        settings.set("LOG_LEVEL", opts.loglevel, priority="cmdline")
    for text in opts.set:
        try:
            settings.setdict(arglist_to_dict([text]), priority="cmdline")
        except (ValueError, TypeError):
            name, is_pair, value = text.partition("=")
            if not is_pair:
                raise CommandLineError(f"-s {text}: write -s NAME=VALUE.") from None
            raise ConfigurationError(
                f"{name}={value}: give a JSON object, for example -s "
                f"""'{name}={{"name": "value"}}'."""
            ) from None


def _plain(words: str, settings: BaseSettings) -> str:
    """Say what Scrapy says of a command line in words without Python in them."""
    if match := re.match(r"Unrecognized output format '(.*?)'", words):
        formats = without_none_values(settings.getwithbase("FEED_EXPORTERS"))
        return (
            f"There is no format {match[1]!r} for a file: give one of "
            f"{targets.names_of(formats)} as the name's ending or after a colon, for "
            "example -O tickets.csv or -O tickets.txt:csv."
        )
    return words


def _log_refusal(error: GorgiasError, settings: BaseSettings) -> None:
    log_file = settings["LOG_FILE"]
    if not log_file:
        return
    with contextlib.suppress(OSError, ConfigurationError):
        check_log(settings)
        _make_way_for("LOG_FILE", log_file)
        # Scrapy has begun the file anew already, where its log is at work.
        is_begun = get_scrapy_root_handler() is not None
        mode = "a" if is_begun or settings.getbool("LOG_FILE_APPEND") else "w"
        handler = logging.FileHandler(log_file, mode, settings["LOG_ENCODING"])
        formats = settings["LOG_FORMAT"], settings["LOG_DATEFORMAT"]
        handler.setFormatter(logging.Formatter(*formats))
        where = ("gorgias_crawler", logging.ERROR, __file__, 0)
        line = logging.LogRecord(*where, f"Cannot start: {error}", None, None)
        handler.handle(line)
        handler.close()


def say(error: GorgiasError | str) -> None:
    """Print the one line that a user sees of an error."""
    print(f"gorgias_crawler: {error}", file=sys.stderr)


def _make_way_for(name: str, file: str | None) -> None:
    """Make the directory of a *file*, which may be that of a job not yet begun.

    Raises `ConfigurationError`, which says that *name* asked for it.
    """
    if not file:
        return
    path = Path(file)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise ConfigurationError(
            f"{name}={file}: it cannot be written ({error.strerror}); name another file."
        ) from None
