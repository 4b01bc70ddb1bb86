"""Why a feed failed, in words that hold neither secrets nor customers' words."""

import sqlite3

from scrapy.exceptions import NotConfigured

from gorgias_crawler.command_line import to_install
from gorgias_crawler.errors import FeedError
from gorgias_crawler.redact import public_uri, scrubbed


def feed_named(uri: str) -> str:
    """Begin a sentence about a feed: which it is, and what names it."""
    return f"The feed {public_uri(uri)} (FEEDS, -o or -O)"


def not_of_this_job(name: str) -> FeedError:
    """Return what refuses to replace the feed *name*, which is there already."""
    return FeedError(
        f"The feed {name} (-o) exists, and no crawl of this job wrote what is in it: use "
        "-O to replace it, or choose another name."
    )


def reason(error: Exception) -> str:
    """Return why writing failed, but no text that may hold a customer's words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # What SQLite says names no values.
    return str(error) if isinstance(error, sqlite3.Error) else type(error).__name__


def explained(error: Exception, uri: str) -> str:
    """Return why a storage failed, without the secrets of its *uri*."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {scrubbed(str(error), uri)}"


def next_step(error: Exception, scheme: str) -> str:
    """Return what to do where a feed of *scheme* cannot be set up."""
    package = {"s3": "boto3", "gs": "google-cloud-storage"}.get(scheme)
    if package and isinstance(error, (NotConfigured, ImportError)):
        return to_install(package)
    return "mend that or name another place."
