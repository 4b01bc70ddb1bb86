"""The spider's arguments (``-a name=value``), parsed once and typed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.emit import filters
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import CommandLineError, ConfigurationError
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.plans import Fetch, Relist

OF_ROWS = {
    "object": "the kind of rows in a file that names none: `messages` (default), "
    "`tickets`, `ticket_metrics`, `deleted`, or one of the objects",
    **filters.MEANINGS,
}
"""The arguments that say which rows a file holds, with their meanings."""

ACCOUNT = {
    "account": "which of several accounts: its credentials are read from "
    "`accounts/NAME.env` alone, and the default file and job directory have its name",
}
"""The argument that says whose help desk is asked, of every command that calls it."""

MEANINGS = {
    **ACCOUNT,
    "fetch": "`auto` (default) takes whichever way needs fewer calls; `bulk` reads all "
    "messages of the account, 100 a call; `per-ticket` asks for each ticket's messages",
    "relist": "`true` lists all tickets again, removes those deleted in Gorgias and "
    "fetches those whose number of messages differs; `full` also asks for all messages "
    "anew, so that edited texts and single deleted messages are seen",
    "files": "`true` also fetches the attachments and images of messages, one call each, "
    "into `files` in the job directory or where `FILES_STORE` says",
    "allow_deletions": "`true` believes that more than 5 % of the tickets or of a kind of "
    "objects (and more than 20), or all, were deleted since the last run, which is "
    "refused otherwise",
    "objects": "what to fetch beside tickets and messages: kinds such as "
    "`tags,customers`, or `all`",
    "estimate": "`true` only lists the tickets and says how many calls and how much "
    "time each way to fetch the messages takes, and how many files they have",
    **OF_ROWS,
}
"""Every argument with its meaning, for the help and the README."""

_ALL = "all"
_ALWAYS = ("messages", "tickets")
# Scrapyd passes its job's id to every spider, and the egg's version where one was asked
# for (https://scrapyd.readthedocs.io/en/stable/api.html#schedule-json).
_FROM_SCRAPYD = ("_job", "_version")


@dataclass(frozen=True)
class Options(plans.Options):
    """What a run was asked for."""

    filters: Filters = field(default_factory=Filters)
    kind: str = _ALWAYS[0]


def parse(values: Mapping[str, str]) -> Options:
    """Return the options that *values* ask for.

    Raises `CommandLineError` for a name, `ConfigurationError` for a value.
    """
    check_names(values, MEANINGS)
    fetched = _objects(values.get("objects", ""))
    return Options(
        fetch=Fetch.parse(values.get("fetch", "auto")),
        relist=_relist(values.get("relist", "false")),
        allow_deletions=filters.truth(
            "allow_deletions", values.get("allow_deletions", "false")
        ),
        files=filters.truth("files", values.get("files", "false")),
        estimate=filters.truth("estimate", values.get("estimate", "false")),
        objects=fetched,
        kind=kind_of_rows(values, fetched),
        all_objects=_ALL in _words(values.get("objects", "")),
        filters=filters.parse(values),
    )


def _words(value: str) -> list[str]:
    return [
        word for word in (part.strip() for part in value.lower().split(",")) if word
    ]


def _objects(value: str) -> tuple[str, ...]:
    asked = _words(value)
    for name in asked:
        if name not in {*KINDS, _ALL, *_ALWAYS}:
            raise ConfigurationError(
                f"-a objects={value}: there is no kind {name!r}; name some of "
                f"{', '.join(KINDS)}, or all. {' and '.join(_ALWAYS).capitalize()} are "
                "always fetched."
            )
    return tuple(name for name in KINDS if name in asked or _ALL in asked)


def kind_of_rows(values: Mapping[str, str], fetched: Collection[str]) -> str:
    """Return the kind that *values* ask for, one of those *fetched*, or messages.

    Raises `ConfigurationError`.
    """
    kind = values.get("object", _ALWAYS[0])
    known = [*_ALWAYS, "ticket_metrics", *fetched, "deleted"]
    of_messages = ["notes"] * ("notes" in values)
    of_messages += ["by"] * (values.get("by") == "message")
    if kind != "messages" and of_messages:
        name = of_messages[0]
        raise ConfigurationError(
            f"-a {name}={values[name]} -a object={kind}: {name} says which messages "
            f"become rows, and those of {kind} are no messages; leave it out."
        )
    if kind not in known:
        raise _no_such_rows(kind, known)
    of_tickets = [name for name in filters.MEANINGS if name in values]
    of_tickets = [name for name in of_tickets if name != "changed_since"]
    if kind not in (*_ALWAYS, "ticket_metrics") and of_tickets:
        name = of_tickets[0]
        raise ConfigurationError(
            f"-a {name}={values[name]} -a object={kind}: {name} says which tickets "
            f"become rows, and those of {kind} are no tickets; leave it out."
        )
    return kind


def _no_such_rows(kind: str, known: Collection[str]) -> ConfigurationError:
    way_out = f" Fetch them first: -a objects={kind}." if kind in KINDS else ""
    return ConfigurationError(
        f"-a object={kind}: there are no such rows here; there are {', '.join(known)}."
        f"{way_out}"
    )


def _relist(value: str) -> Relist:
    if value.lower() == Relist.FULL.value:
        return Relist.FULL
    if value.lower() not in filters.TRUTH:
        raise ConfigurationError(
            f"-a relist={value}: say true, full or false, for example -a relist=true."
        )
    return Relist.TICKETS if filters.TRUTH[value.lower()] else Relist.NOTHING


def check_names(values: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Raise `CommandLineError` where *values* has a name that is not *known*."""
    for name in values:
        if name in known or name in _FROM_SCRAPYD:
            continue
        nearest = get_close_matches(name.lower(), known, 1)
        meant = f"do you mean -a {nearest[0]}=...? Known" if nearest else "known"
        raise CommandLineError(
            f"-a {name}={values[name]}: there is no such argument; {meant} are "
            f"{', '.join(known)}."
        )
