"""Whether a filter asks for what a ticket can have: else it would empty a full file."""

from collections.abc import Iterable
from difflib import get_close_matches

from gorgias_crawler.archive import Archive, order
from gorgias_crawler.emit.filters import Filters, Json, channels, customers, tags
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.items import decoded

CHANNELS = frozenset((
    "aircall", "api", "chat", "contact_form", "custom-chat", "email", "facebook",
    "facebook-mention", "facebook-messenger", "facebook-recommendations",
    "google-business-messages", "help-center", "instagram-ad-comment",
    "instagram-comment", "instagram-direct-message", "instagram-mention",
    "internal-note", "phone", "sms", "tiktok-shop", "twitter", "twitter-direct-message",
    "whatsapp", "yotpo-review",
))  # fmt: skip
"""Channels that Gorgias documents; an account may have others
(https://developers.gorgias.com/reference/the-ticket-object)."""

_LISTED = 20  # words that exist, shown where one does not


def checked(wanted: Filters, archive: Archive) -> Filters:
    """Return the filters with the number of a run in place of a date.

    Raises `ConfigurationError` for a run that has not begun yet, and for a word that no
    ticket of *archive* can have.
    """
    wanted = wanted.with_run(archive.last_run_before)
    last, run = archive.last_run(), wanted.changed_since
    if run is not None and run > last:
        raise ConfigurationError(
            f"-a changed_since={run}: there was no such run, the last one was {last}; "
            "give `run` of the run.json of your last export. No file was written."
        )
    check_words(wanted, map(decoded, order.tickets(archive)))
    return wanted


def check_words(wanted: Filters, tickets: Iterable[Json]) -> None:
    """Raise `ConfigurationError` for a word that no ticket can have.

    Such are channels, tags and customers that Gorgias does not document and none of
    *tickets* has: a misspelt one would replace a full file by a header. It reads only
    as many tickets as it needs.
    """
    missing = {
        "channel": set(wanted.channel - CHANNELS),
        "tag": set(wanted.tag),
        "customer": set(wanted.customer),
    }
    seen: dict[str, set[str]] = {name: set() for name in missing}
    readers = {"channel": channels, "tag": tags, "customer": customers}
    for ticket in tickets:
        if not any(missing.values()):
            return
        for name in filter(missing.get, missing):
            words = readers[name](ticket)
            missing[name] -= words
            if name != "customer":  # who they are is for no log
                seen[name] |= words
    for name, words in missing.items():
        if words:
            raise _unknown(name, words, seen[name])


def _unknown(name: str, words: set[str], seen: set[str]) -> ConfigurationError:
    asked = ",".join(map(_as_given, sorted(words)))
    nearest = get_close_matches(
        min(words), seen | CHANNELS if name == "channel" else seen
    )
    known = [*map(_as_given, [*nearest, *sorted(seen - set(nearest))][:_LISTED])]
    more = " and more" if len(seen) > _LISTED else ""
    there_are = f"; there are {', '.join(known)}{more}" if known else ""
    return ConfigurationError(
        f"-a {name}={asked}: no archived ticket has this {name}{there_are}. No file was "
        "written."
    )


def _as_given(word: str) -> str:
    """Return *word* as an argument names it, in quotes where it has a comma or some."""
    quoted = word.replace('"', '""')
    return f'"{quoted}"' if "," in word or quoted != word else word
