"""Settings of ours that are numbers, each with the range that it may have."""

import math

from gorgias_crawler.errors import ConfigurationError


def share_setting(name: str, value: object) -> float:
    """Return a share, above 0 and at most 1. Raises `ConfigurationError`."""
    share = _number(value)
    if not 0 < share <= 1:
        raise ConfigurationError(
            f"{name}={value}: give a share above 0 and up to 1, for example "
            f"-s {name}=0.8."
        )
    return share


def seconds_setting(name: str, value: object) -> float:
    """Return a number of seconds, 0 or more. Raises `ConfigurationError`."""
    seconds = _number(value)
    if not 0 <= seconds < math.inf:
        raise ConfigurationError(
            f"{name}={value}: give a number of seconds, for example -s {name}=3600."
        )
    return seconds


def bytes_setting(name: str, value: object) -> int:
    """Return a number of bytes, 1 or more. Raises `ConfigurationError`."""
    size = _number(value)
    if not 1 <= size < math.inf:
        raise ConfigurationError(
            f"{name}={value}: give a number of bytes, for example -s {name}=104857600 "
            "for 100 MiB."
        )
    return int(size)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return math.nan
