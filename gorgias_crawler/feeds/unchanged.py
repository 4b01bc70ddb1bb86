"""Feeds that a run need not write: their files hold what it would write already."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scrapy.extensions.feedexport import FeedSlot
from scrapy.settings import BaseSettings

from gorgias_crawler import __version__
from gorgias_crawler.durable import content_sha256
from gorgias_crawler.feeds.recorded import row_settings, shaping

_READER_DEPENDENT = "is_unread"  # may differ though nothing has changed


def unchanged(
    slots: Iterable[FeedSlot],
    last: Mapping[str, Any],
    settings: BaseSettings,
    filtered_by: str,
) -> list[dict[str, Any]] | None:
    """Return what the *last* manifest says of the files of *slots*, if all are as then.

    The same version wrote them, by the same settings, filters and options, and each has
    its recorded SHA-256. None where one would be written otherwise, or cannot be told.
    """
    wrote = (last.get("gorgias_crawler"), last.get("filters"), last.get("settings"))
    if wrote != (__version__, filtered_by, row_settings(settings)):
        return None
    recorded = {feed["uri"]: feed for feed in last.get("feeds", [])}
    found = []
    for slot in slots:
        feed = recorded.get(getattr(slot.storage, "name", ""))
        if feed is None or not _is_as_recorded(slot, feed):
            return None
        found.append(feed)
    return found if len(found) == len(recorded) else None


def _is_as_recorded(slot: FeedSlot, feed: Mapping[str, Any]) -> bool:
    names = slot.feed_options["fields"]
    if names is None or _READER_DEPENDENT in names:
        return False
    if feed.get("options") != shaping(slot.feed_options) or not feed["sha256"]:
        return False
    path = Path(feed["uri"])
    return path.exists() and content_sha256(path) == feed["sha256"]
