"""Scrapy's command line on this project, in any directory.

``gorgias-crawler WORDS`` is ``scrapy WORDS`` inside the project. As there, the settings
may be a user's own which are made of ours, named by SCRAPY_SETTINGS_MODULE or by a
scrapy.cfg; the scrapy.cfg of another project is passed by.
"""

import os
import sys
import textwrap
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import scrapy
from scrapy import cmdline
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings
from scrapy.utils.project import ENVVAR, get_project_settings

from gorgias_crawler import __version__, commands
from gorgias_crawler.command_line import NAME, typed
from gorgias_crawler.commands.answering import reader_may_leave
from gorgias_crawler.commands.checked_command import say
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


def run() -> None:
    """Run the command that is named, as ``scrapy`` does, and exit with its status."""
    # Scrapy takes the first that is no option for the command.
    name = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    alone = None
    try:
        settings = _project_settings()
        if _is_ours(name):
            # Scrapy would import all of them to list them, with the sandbox, charts and
            # what calls the API: a third of the start of one that needs none of it.
            settings.set("COMMANDS_MODULE", f"{_COMMANDS}.{name}", priority="project")
            alone = settings
        with reader_may_leave():
            if alone or (text := _answer(name, settings)) is None:
                cmdline.execute(settings=alone)
            else:
                print(text)
    except GorgiasError as error:
        say(error)
        sys.exit(error.exit_status)


def _is_ours(name: str | None) -> bool:
    """Tell whether *name* is a command of this project; others are not imported."""
    modules = {module.name for module in iter_modules(commands.__path__)}
    return name in modules and hasattr(import_module(f"{_COMMANDS}.{name}"), "Command")


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


def _answer(name: str | None, settings: Settings) -> str | None:
    """Return what is said where *name* is no command, None where it is one.

    Raises `CommandLineError` for a command that there is not.
    """
    words = sys.argv[1:]
    # Scrapy's own list, with what a user's package adds; it has no public name.
    known = cmdline._get_commands_dict(settings, inproject=True)  # noqa: SLF001
    if name in known:
        return None
    if not words or not {"-h", "--help", "help"}.isdisjoint(words):
        return _help(known)
    if name is None and "--version" in words:
        return f"{NAME} {__version__} (Scrapy {scrapy.__version__})"
    see = f"`{typed('-h')}` lists them."
    if words[0].startswith("-"):
        raise CommandLineError(f"{words[0]}: name a command before its options. {see}")
    nearest = get_close_matches(words[0], known, 1)
    meant = f"; do you mean `{typed(*nearest)}`?" if nearest else "."
    raise CommandLineError(f"{words[0]}: there is no such command{meant} {see}")


def _help(known: Mapping[str, ScrapyCommand]) -> str:
    ours: list[str] = []
    others: list[str] = []
    for name, command in sorted(known.items()):
        is_ours = type(command).__module__ == f"{_COMMANDS}.{name}"
        (ours if is_ours else others).append(name)
    width = max(map(len, ours))
    return _HELP.format(
        name=NAME,
        version=__version__,
        typed=typed(),
        ours="\n".join(f"  {n:{width}}  {known[n].short_desc()}" for n in ours),
        others=textwrap.fill(f"{', '.join(others)}.", 88),
    )
