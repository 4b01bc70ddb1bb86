"""Settings of ours that are numbers, each with the range that it may have."""

import math
from collections.abc import Mapping
from typing import Any

from gorgias_crawler.errors import ConfigurationError

Settings = Mapping[Any, Any]


def budget_share(settings: Settings) -> float:
    """Return ``GORGIAS_BUDGET_SHARE``. Raises `ConfigurationError`."""
    name = "GORGIAS_BUDGET_SHARE"
    share = _number(settings[name])
    if not 0 < share <= 1:
        raise _wrong(settings, name, "a share above 0 and up to 1", "0.8")
    return share


def max_outage_s(settings: Settings) -> float:
    """Return ``GORGIAS_MAX_OUTAGE``. Raises `ConfigurationError`."""
    name = "GORGIAS_MAX_OUTAGE"
    seconds = _number(settings[name])
    if not 0 <= seconds < math.inf:
        raise _wrong(settings, name, "a number of seconds", "3600")
    return seconds


def file_maxsize(settings: Settings) -> int:
    """Return ``GORGIAS_FILE_MAXSIZE``, in bytes. Raises `ConfigurationError`."""
    name = "GORGIAS_FILE_MAXSIZE"
    size = _number(settings[name])
    if not 1 <= size < math.inf:
        raise _wrong(settings, name, "a number of bytes", "104857600 for 100 MiB")
    return int(size)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return math.nan


def _wrong(
    settings: Settings, name: str, kind: str, example: str
) -> ConfigurationError:
    return ConfigurationError(
        f"{name}={settings[name]}: give {kind}, for example -s {name}={example}."
    )
