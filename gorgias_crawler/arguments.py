"""The spider's arguments (``-a name=value``), parsed once and typed."""

from collections.abc import Mapping
from dataclasses import dataclass

from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.plans import Fetch

MEANINGS = {
    "fetch": "auto, bulk or per-ticket: how to fetch messages (default auto)",
    "relist": "true lists all tickets again and drops what vanished (default false)",
    "estimate": "true says what a run would take, and ends (default false)",
}
"""Every argument with its meaning, for the help and the README."""

_FROM_SCRAPYD = "_job"  # scrapyd passes its job's id to every spider
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Options:
    """What a run was asked for."""

    fetch: Fetch = Fetch.AUTO
    relist: bool = False
    estimate: bool = False


def parse(values: Mapping[str, str]) -> Options:
    """Return the options that *values* ask for. Raises `ConfigurationError`."""
    for name in values:
        if name not in MEANINGS and name != _FROM_SCRAPYD:
            raise ConfigurationError(
                f"-a {name}={values[name]}: there is no such argument; known are "
                f"{', '.join(MEANINGS)}."
            )
    return Options(
        fetch=Fetch.parse(values.get("fetch", "auto")),
        relist=_truth(values, "relist"),
        estimate=_truth(values, "estimate"),
    )


def _truth(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name, "false")
    if value.lower() not in _TRUTH:
        raise ConfigurationError(
            f"-a {name}={value}: say true or false, for example -a {name}=true."
        )
    return _TRUTH[value.lower()]
