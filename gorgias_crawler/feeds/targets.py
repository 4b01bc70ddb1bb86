"""What the name of a target says about its format, where nothing else does."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds import compressed
from gorgias_crawler.feeds.reasons import feed_named
from gorgias_crawler.redact import public_uri

_WHOLE = {"parquet", "sqlite"}
"""Formats that are compressed within, or are read in place."""

_OF_FOLDERS = "manifest"
"""What tells of a folder's files, and holds no rows."""

_SPREADSHEETS = {"xlsx", "xls", "ods"}


def names_of(formats: Iterable[str]) -> str:
    """Return the names of *formats* of rows for a message."""
    return ", ".join(sorted(set(formats) - {_OF_FOLDERS}))


def with_format(target: str, formats: Collection[str]) -> str:
    """Return *target*, as it is given to ``-o`` or ``-O``, with its format.

    What Scrapy reads rightly comes back as it is. Raises `FeedError` where
    the name says no format that can be written.
    """
    name, _, asked = target.rpartition(":")
    if name and asked in formats:
        return target
    if target.endswith("/"):
        raise _no_format(target)
    plain = target.removesuffix(PurePosixPath(target).suffix)
    if not compressed.ending(target):
        _refuse_spreadsheet(target)
        return target
    format_ = _suffix(plain)
    if format_ not in formats:
        raise FeedError(
            f"{feed_named(target)} has a name that says how it is compressed, but not its "
            f"format: use for example "
            f"-O {public_uri(plain)}.csv{compressed.ending(target)}."
        )
    return f"{target}:{format_}"


def completed(uri: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the *options* of the feed *uri* with all that its name says.

    Raises `FeedError` where the two contradict each other.
    """
    _refuse_spreadsheet(uri)
    ending = compressed.ending(uri)
    plain = uri[: len(uri) - len(ending)]
    full = {"format": _suffix(plain), **compressed.with_compression(uri, options)}
    if uri.endswith("/") and not full["format"]:
        raise _no_format(uri)
    if full["format"] == _OF_FOLDERS:
        raise FeedError(
            f"{feed_named(uri)} has the format {_OF_FOLDERS}, which only a folder has "
            "beside its files: name a format of rows, for example -O tickets.csv."
        )
    if full["format"] in _WHOLE and full.get("postprocessing"):
        raise FeedError(
            f"{feed_named(uri)} has the format {full['format']}, which is compressed "
            f"within, or read in place: leave {ending or 'postprocessing'} out."
        )
    return full


def _no_format(folder: str) -> FeedError:
    return FeedError(
        f"{feed_named(folder)} is a folder: say in which format each file in it shall be, "
        f"for example -O {public_uri(folder)}:csv."
    )


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.removeprefix(".")


def _refuse_spreadsheet(target: str) -> None:
    if _suffix(target).lower() in _SPREADSHEETS:
        # https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
        raise FeedError(
            f"{feed_named(target)}: such a file holds 1,048,576 rows of cells up to 32,767 "
            "characters, which a help desk outgrows, so none is written: use "
            "-O tickets.csv -s GORGIAS_SPREADSHEET_SAFE=True, and open that."
        )
