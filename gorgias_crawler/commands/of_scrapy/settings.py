"""``scrapy settings``, which prints no secret."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from scrapy.commands import settings
from scrapy.settings import BaseSettings, default_settings

from gorgias_crawler import config
from gorgias_crawler.commands.of_scrapy import Verb
from gorgias_crawler.errors import CommandLineError, ConfigurationError
from gorgias_crawler.redact import is_secret, public_uri
from gorgias_crawler.refusals import refuse_variable

_READERS = ("get", "getbool", "getint", "getfloat", "getlist")


class Command(Verb, settings.Command):
    """Prints the value of a setting."""

    example = "settings --get LOG_LEVEL"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check that one setting is named, and no secret. Raises `GorgiasError`."""
        asked = {how: name for how in _READERS if (name := getattr(opts, how))}
        if len(asked) != 1:
            raise CommandLineError(f"Name one setting: `{self.shown_example}`.")
        ((how, name),) = asked.items()
        if name in config.VARIABLES:
            refuse_variable(name)
        value = self.settings[name]
        if is_secret(name) and value != getattr(default_settings, name, None):
            raise ConfigurationError(
                f"{name} is set, and it is a secret: it is printed nowhere."
            )
        try:
            getattr(self.settings, how)(name)
        except (ValueError, TypeError):
            raise ConfigurationError(
                f"{name}={_shown(value)} cannot be read with --{how}: use --get."
            ) from None

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print it: a dictionary as JSON, and addresses without user and password."""
        if not opts.get:
            super().run(args, opts)
            return
        value = _shown(self.settings[opts.get])
        print(json.dumps(value) if isinstance(value, dict) else value)


def _shown(value: Any) -> Any:
    if isinstance(value, str) and "://" in value:
        return public_uri(value)
    if isinstance(value, BaseSettings):
        value = value.copy_to_dict()
    if isinstance(value, Mapping):
        return {
            _shown(key): "***"
            if is_secret(str(key)) and isinstance(entry, str)  # no order of a component
            else _shown(entry)
            for key, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return [_shown(entry) for entry in value]
    return value
