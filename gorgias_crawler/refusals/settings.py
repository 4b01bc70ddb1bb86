"""Every setting that is given is honoured, or refused with a word on what to do.

One pass over what stands above Scrapy's defaults and ours: the command line, a
settings module of the user's, a spider's own settings, an add-on.
"""

import codecs
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NoReturn

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, default_settings

from gorgias_crawler import config, settings
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.feeds.targets import MONTH
from gorgias_crawler.pipelines import BodySelectionPipeline
from gorgias_crawler.redact import is_secret, public_uri
from gorgias_crawler.refusals.components import (
    are_of_the_user,
    check_components,
    check_paths,
    is_made_of,
)
from gorgias_crawler.refusals.rules import (
    AT_LEAST,
    FEED_OPTIONS,
    LOADED,
    MAY_BE_NEGATIVE,
    RANGES,
    REFUSED,
    SUBCLASSES,
)

_PROJECT = SETTINGS_PRIORITIES["project"]
_ADDON = SETTINGS_PRIORITIES["addon"]
_KNOWN = {
    name: value
    for name, value in (vars(default_settings) | vars(settings)).items()
    if name.isupper()
}


def check_settings(given: BaseSettings, *, not_read: tuple[str, ...] = ()) -> None:
    """Raise `ConfigurationError` for the first setting that cannot be meant.

    *not_read* are patterns of settings that the command does not read: they are refused
    on its command line, while a settings module serves all commands.
    """
    if "GORGIAS_BUDGET_SHARE" not in given:
        raise ConfigurationError(
            "The settings of gorgias_crawler are not there: begin your settings module "
            "with `from gorgias_crawler.settings import *`, and give a script's process "
            "get_project_settings()."
        )
    check_each(given, not_read)
    BodySelectionPipeline(given)
    by = given["GORGIAS_PARTITION_BY"]
    if by not in (None, "", MONTH):
        raise _wrong(
            "GORGIAS_PARTITION_BY", by, f"{MONTH}, which is all there is", MONTH
        )
    _check_feeds(given)
    _check_jobdir(given["JOBDIR"])
    level = given["LOG_LEVEL"]
    if not isinstance(level, int) and level not in logging.getLevelNamesMapping():
        raise _wrong("LOG_LEVEL", level, "DEBUG, INFO, WARNING or ERROR", "INFO")
    check_log(given)


def check_each(given: BaseSettings, not_read: tuple[str, ...] = ()) -> None:
    """Raise `ConfigurationError` for the first setting that is refused by itself."""
    for name in _given(given):
        _check_name(given, name)
        if _is_above_project(given, name) and _matches(name, not_read):
            raise _refusal(name, given, "this command does not read it: leave it out")
        _check_kind(given, name)
        _check_list(given, name)
        _check_rule(given, name)
    check_components(given)


def check_log(given: BaseSettings) -> None:
    """Raise `ConfigurationError` where a line of the log cannot be written so."""
    name = "LOG_FORMAT"
    try:
        line = logging.Formatter(given[name], given["LOG_DATEFORMAT"])
        line.format(logging.makeLogRecord({}))
        name = "LOG_ENCODING"
        codecs.lookup(given[name])
    except (LookupError, ValueError, TypeError):
        known = "one that Python knows"
        raise _wrong(name, given[name], known, f"'{_KNOWN[name]}'") from None


def _given(all_: BaseSettings) -> Iterator[str]:
    for name in all_:
        priority = all_.getpriority(name) or 0
        is_changed = priority >= _ADDON and all_[name] != _KNOWN.get(name)
        if priority > _PROJECT or is_changed:
            yield name


def _is_above_project(given: BaseSettings, name: str) -> bool:
    return (given.getpriority(name) or 0) > _PROJECT


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check_name(given: BaseSettings, name: str) -> None:
    if name in _KNOWN:
        return
    if name in config.VARIABLES:
        refuse_variable(name)
    if nearest := get_close_matches(name.upper(), _KNOWN, 1, cutoff=0.8):
        raise _refusal(
            name, given, f"there is no such setting; do you mean {nearest[0]}?"
        )
    is_ours = name.upper().startswith("GORGIAS_")
    is_of_nobody = _is_above_project(given, name) and not are_of_the_user(given)
    if is_ours or is_of_nobody:
        ours = ", ".join(config.SETTINGS)
        raise _refusal(name, given, f"nothing reads such a setting; ours are {ours}")


def refuse_variable(name: str) -> NoReturn:
    """Raise `ConfigurationError`, because *name* is of the environment."""
    raise ConfigurationError(
        f"{name} is no setting, because Scrapy prints settings: write it into .env "
        "or the environment."
    )


def _check_kind(given: BaseSettings, name: str) -> None:
    """Read a truth or a number as Scrapy will, when the crawl has begun."""
    default = _KNOWN.get(name)
    is_unset = given[name] is None and name not in RANGES
    if is_unset or not isinstance(default, bool | int | float):
        return
    read, kind, least, most = _kind(given, name, default)
    try:
        is_right = least <= read(name) <= most
    except (ValueError, TypeError):
        is_right = False
    if not is_right:
        raise _wrong(name, given[name], kind, default)


def _kind(
    given: BaseSettings, name: str, default: float
) -> tuple[Callable[[str], float], str, float, float]:
    """Return how a number or a truth is read, its kind, and between what it may be."""
    if isinstance(default, bool):
        return given.getbool, "True or False", False, True
    if name in AT_LEAST:
        least = AT_LEAST[name]
        return given.getint, f"a whole number, {least} or more", least, math.inf
    if name in RANGES:
        return given.getfloat, *RANGES[name]
    if default < 0 or name in MAY_BE_NEGATIVE:
        return given.getfloat, "a number", -math.inf, math.inf
    return given.getfloat, "a number, 0 or more", 0, math.inf


def _check_list(given: BaseSettings, name: str) -> None:
    """Read a list of classes or statuses as Scrapy will."""
    if name in LOADED:
        check_paths(name, given.getlist(name))
    if name != "RETRY_HTTP_CODES":
        return
    try:
        set(map(int, given.getlist(name)))
    except (ValueError, TypeError):
        kind = "statuses of HTTP, separated by commas"
        raise _wrong(name, given[name], kind, "502,503") from None


def _check_rule(given: BaseSettings, name: str) -> None:
    pattern = next((p for p in REFUSED if fnmatchcase(name, p)), None)
    if pattern is None or _is_as_ours(given, name):
        return
    if name in SUBCLASSES and is_made_of(given[name], _KNOWN[name]):
        return
    raise _refusal(name, given, REFUSED[pattern])


def _is_as_ours(given: BaseSettings, name: str) -> bool:
    """Tell whether what is given says what holds anyhow, in whatever spelling."""
    ours = _KNOWN.get(name)
    if isinstance(ours, bool):
        return given.getbool(name) is ours
    if isinstance(ours, int | float):
        return given.getfloat(name) == ours
    return bool(given[name] == ours)


def _check_feeds(given: BaseSettings) -> None:
    for uri, options in given.getdict("FEEDS").items():
        shown = public_uri(str(uri))
        if not isinstance(options, Mapping):
            raise ConfigurationError(
                f"FEEDS: {shown!r} has {options!r} for its options: give "
                """an object, for example -s 'FEEDS={"rows.csv": {"format": "csv"}}'."""
            )
        _check_options(given, shown, options)
        check_paths(f"FEEDS: {shown!r}", filter(None, [options.get("item_filter")]))
        check_paths(f"FEEDS: {shown!r}", options.get("item_classes"))
        if not isinstance(overwrite := options.get("overwrite", True), bool):
            raise ConfigurationError(
                f"FEEDS: {shown!r} has overwrite={overwrite!r}: give true or false."
            )
        if not options.get("store_empty", True):
            raise ConfigurationError(
                f"FEEDS: {shown!r} has store_empty=False: {REFUSED['FEED_STORE_EMPTY']}."
            )


def _check_options(
    given: BaseSettings, shown: str, options: Mapping[str, object]
) -> None:
    for name in set(options) - FEED_OPTIONS:
        nearest = get_close_matches(str(name), FEED_OPTIONS, 1)
        # A component of the user's, which may be named here, may read its own.
        if nearest or not (options.keys() & _NAMING or are_of_the_user(given)):
            meant = f"do you mean {nearest[0]}?" if nearest else "leave it out."
            raise ConfigurationError(
                f"FEEDS: {shown!r} has an option {name!r}, which nothing reads: {meant}"
            )


_NAMING = {"item_filter", "postprocessing", "uri_params"}


def _check_jobdir(value: object) -> None:
    path = str(value or "")  # empty is as if it was not given
    if path.startswith("~") or "://" in path or "\0" in path:
        raise ConfigurationError(
            f"JOBDIR={path!r} is not the path of a directory on this machine: write it "
            "out, for example -s JOBDIR=crawls/run1."
        )


def _refusal(name: str, given: BaseSettings, why: str) -> ConfigurationError:
    shown = "" if is_secret(name) else f"={given[name]}"
    return ConfigurationError(f"{name}{shown}: {why}.".replace("?.", "?"))


def _wrong(name: str, value: object, kind: str, example: object) -> ConfigurationError:
    return ConfigurationError(
        f"{name}={value}: give {kind}, for example -s {name}={example}."
    )
