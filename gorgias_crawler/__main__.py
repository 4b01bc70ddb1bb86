"""The command ``gorgias-crawler``: Scrapy's command line on this project, anywhere.

``gorgias-crawler WORDS`` is ``scrapy WORDS`` inside the project. As there, the settings
may be a user's own which are made of ours, named by SCRAPY_SETTINGS_MODULE or by a
scrapy.cfg; the scrapy.cfg of another project is passed by.
"""

import os
import sys
import textwrap
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import scrapy
from scrapy import cmdline
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings
from scrapy.utils.project import ENVVAR, get_project_settings

from gorgias_crawler import __version__
from gorgias_crawler.command_line import NAME, typed
from gorgias_crawler.commands.refusing import say
from gorgias_crawler.commands.running import reader_may_leave
from gorgias_crawler.errors import CommandLineError, ConfigurationError, GorgiasError

_SETTINGS = "gorgias_crawler.settings"
_COMMANDS = "gorgias_crawler.commands"

_HELP = """\
{name} {version}: keeps a complete copy of a Gorgias help desk, and makes files of it.

Usage: {typed} COMMAND [options]

{ours}

See it work, without an account:
  {typed} demo

With your account, first write three lines into a file .env in this directory, the key
from Gorgias, Settings > REST API:
  GORGIAS_SUBDOMAIN=acme
  GORGIAS_API_USER=you@example.com
  GORGIAS_API_KEY=...
  {typed} crawl gorgias -s JOBDIR=crawls/run1

`{typed} COMMAND -h` says what a command takes.
Those of Scrapy are there, too:
{others}"""


def main() -> None:
    """Run the command that is named, as ``scrapy`` does, and exit with its status."""
    try:
        settings = _project_settings()
        # Scrapy's own list, with what a user's package adds; it has no public name.
        commands = cmdline._get_commands_dict(settings, inproject=True)  # noqa: SLF001
        if text := _answer(sys.argv[1:], commands):
            with reader_may_leave():
                print(text)
            return
    except GorgiasError as error:
        say(error)
        sys.exit(error.exit_status)
    cmdline.execute()


def _project_settings() -> Settings:
    """Return the settings of the project, and leave their name to whoever reads them.

    Raises `ConfigurationError` where those that are named cannot be used.
    """
    named = os.environ.get(ENVVAR)
    try:
        here = str(Path.cwd())
    except FileNotFoundError:
        raise ConfigurationError(
            "The directory that this was started in was removed: go to another one."
        ) from None
    if named:
        sys.path.append(here)  # a module of the user's, as `python -m` finds it
    try:
        settings = get_project_settings()
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        tried = os.environ.get(ENVVAR)  # by now also that of a scrapy.cfg
        what = f"{ENVVAR}={tried}" if tried else "What a scrapy.cfg says"
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigurationError(
            f"{what} cannot be loaded ({why}): mend that, or give {ENVVAR}={_SETTINGS}."
        ) from None
    if settings["COMMANDS_MODULE"] == _COMMANDS:
        return settings
    if named:
        raise ConfigurationError(
            f"{ENVVAR}={named}: these are settings of another project. Leave the "
            f"variable out, or begin the module with `from {_SETTINGS} import *`."
        )
    os.environ[ENVVAR] = _SETTINGS
    return get_project_settings()


def _answer(words: list[str], commands: Mapping[str, ScrapyCommand]) -> str | None:
    """Return what is said where *words* name no command, None where they do.

    Raises `CommandLineError` for a command that there is not.
    """
    # Scrapy takes the first that is no option for the command.
    name = next((word for word in words if not word.startswith("-")), None)
    if name in commands:
        return None
    if not words or not {"-h", "--help", "help"}.isdisjoint(words):
        return _help(commands)
    if name is None and "--version" in words:
        return f"{NAME} {__version__} (Scrapy {scrapy.__version__})"
    see = f"`{typed('-h')}` lists them."
    if words[0].startswith("-"):
        raise CommandLineError(f"{words[0]}: name a command before its options. {see}")
    nearest = get_close_matches(words[0], commands, 1)
    meant = f"; do you mean `{typed(*nearest)}`?" if nearest else "."
    raise CommandLineError(f"{words[0]}: there is no such command{meant} {see}")


def _help(commands: Mapping[str, ScrapyCommand]) -> str:
    ours: list[str] = []
    others: list[str] = []
    for name, command in sorted(commands.items()):
        is_ours = type(command).__module__ == f"{_COMMANDS}.{name}"
        (ours if is_ours else others).append(name)
    width = max(map(len, ours))
    return _HELP.format(
        name=NAME,
        version=__version__,
        typed=typed(),
        ours="\n".join(f"  {n:{width}}  {commands[n].short_desc()}" for n in ours),
        others=textwrap.fill(f"{', '.join(others)}.", 88),
    )


if __name__ == "__main__":
    main()
