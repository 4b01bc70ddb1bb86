"""Settings are checked first: what is wrong with one, and how to write it."""

import logging
import math
from collections.abc import Callable, Mapping

from scrapy.settings import BaseSettings, default_settings

from gorgias_crawler import config, settings
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.pipelines import BodySelectionPipeline
from gorgias_crawler.redact import public_uri

_DEFAULTS = {
    name: value
    for name, value in (vars(default_settings) | vars(settings)).items()
    if name.isupper()
}
_AT_LEAST = {
    "CONCURRENT_REQUESTS": 1,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "RETRY_TIMES": 0,
}


def check_settings(given: BaseSettings) -> None:
    """Raise `ConfigurationError` for the first value that cannot be meant.

    Every setting that is a truth or a number by default is read as one; Scrapy reads
    most of them when the crawl has begun.
    """
    config.share_setting("GORGIAS_BUDGET_SHARE", given["GORGIAS_BUDGET_SHARE"])
    config.seconds_setting("GORGIAS_MAX_OUTAGE", given["GORGIAS_MAX_OUTAGE"])
    for name, default in _DEFAULTS.items():
        if isinstance(default, bool | int | float) and given[name] is not None:
            _check_kind(given, name, default)
    BodySelectionPipeline.asked_for(given)
    _check_feeds(given)
    level = given["LOG_LEVEL"]
    if not isinstance(level, int) and level not in logging.getLevelNamesMapping():
        raise _wrong("LOG_LEVEL", level, "DEBUG, INFO, WARNING or ERROR", "INFO")
    if given.getbool("HTTPCACHE_ENABLED"):
        raise ConfigurationError(
            "HTTPCACHE_ENABLED=True: leave it out. It would keep customers' mail in files "
            "that are not the owner's alone; the job directory holds what was fetched."
        )


def _check_kind(given: BaseSettings, name: str, default: float) -> None:
    read: Callable[[str], float] = given.getfloat
    kind, least = "a number", -math.inf
    if isinstance(default, bool):
        read, kind = given.getbool, "True or False"
    elif name in _AT_LEAST:
        least = _AT_LEAST[name]
        read, kind = given.getint, f"a whole number, {least} or more"
    try:
        is_right = read(name) >= least
    except (ValueError, TypeError):
        is_right = False
    if not is_right:
        raise _wrong(name, given[name], kind, default)


def _check_feeds(given: BaseSettings) -> None:
    for uri, options in given.getdict("FEEDS").items():
        if not isinstance(options, Mapping):
            raise ConfigurationError(
                f"FEEDS: {public_uri(str(uri))!r} has {options!r} for its options: give "
                """an object, for example -s 'FEEDS={"rows.csv": {"format": "csv"}}'."""
            )


def _wrong(name: str, value: object, kind: str, example: object) -> ConfigurationError:
    return ConfigurationError(
        f"{name}={value}: give {kind}, for example -s {name}={example}."
    )
