"""What the name of a target says about its format, and what would change no file."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds import compressed
from gorgias_crawler.feeds.reasons import feed_named
from gorgias_crawler.redact import public_uri

Options = Mapping[str, Any]
"""What ``FEEDS`` says of one feed."""

PARTITION = "GORGIAS_PARTITION_BY"

TYPED = {"parquet", "sqlite"}
"""Formats with types. They are compressed within, or are read in place."""

_OF_FOLDERS = "manifest"
"""What tells of a folder's files, and holds no rows."""

_SPREADSHEETS = {"xlsx", "xls", "ods"}

MONTH = "month"
"""The one thing by which rows can be parted, and the column that engines make of it."""


def names_of(formats: Iterable[str]) -> str:
    """Return the names of *formats* of rows for a message."""
    return ", ".join(sorted(set(formats) - {_OF_FOLDERS}))


def with_format(target: str, formats: Collection[str]) -> str:
    """Return *target*, as it is given to ``-o`` or ``-O``, with its format.

    What Scrapy reads rightly comes back as it is. Raises `FeedError` where
    the name says no format that can be written.
    """
    name, _, asked = target.rpartition(":")
    if name and asked.lower() in formats:
        return f"{name}:{asked.lower()}"
    if target.endswith("/") or name.endswith("/"):
        raise _no_format(name if name.endswith("/") else target)
    plain = target.removesuffix(PurePosixPath(target).suffix)
    if not compressed.ending(target):
        _refuse_spreadsheet(target)
        # Scrapy takes capitals for another format.
        format_, given = _suffix(target).lower(), _suffix(target)
        return f"{target}:{format_}" if given != format_ in formats else target
    format_ = _suffix(plain).lower()
    if format_ not in formats:
        raise FeedError(
            f"{feed_named(target)} has a name that says how it is compressed, but not its "
            f"format: use for example "
            f"-O {public_uri(plain)}.csv{compressed.ending(target)}."
        )
    return f"{target}:{format_}"


def refuse_twice(named: Iterable[str], formats: Collection[str]) -> None:
    """Refuse two formats of one name, of which Scrapy would take the last.

    *named* have their formats. Raises `FeedError`.
    """
    first: dict[str, str] = {}
    for target in named:
        name, _, format_ = target.rpartition(":")
        uri = name if name and format_ in formats else target
        if first.setdefault(uri, target) != target:
            raise FeedError(
                f"{feed_named(uri)} is named twice: give each format a name of its own."
            )


def completed(uri: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the *options* of the feed *uri* with all that its name says.

    Raises `FeedError` where the two contradict each other.
    """
    _refuse_spreadsheet(uri)
    _refuse_host(uri)
    ending = compressed.ending(uri)
    plain = uri[: len(uri) - len(ending)]
    full = {
        "format": _suffix(plain).lower(),
        **compressed.with_compression(uri, options),
    }
    if uri.endswith("/") and not full["format"]:
        raise _no_format(uri)
    if full["format"] == _OF_FOLDERS:
        raise FeedError(
            f"{feed_named(uri)} has the format {_OF_FOLDERS}, which only a folder has "
            "beside its files: name a format of rows, for example -O tickets.csv."
        )
    if full["format"] in TYPED and full.get("postprocessing"):
        raise FeedError(
            f"{feed_named(uri)} has the format {full['format']}, which is compressed "
            f"within, or read in place: leave {ending or 'postprocessing'} out."
        )
    if idle := _idle(full):
        raise FeedError(
            f"{feed_named(uri)} has the option {idle}={full[idle]!r}, which would change "
            "nothing in such a file: leave it out."
        )
    return full


_BINARY = {*TYPED, "marshal", "pickle", _OF_FOLDERS}
_NOT_OF_SPREADSHEETS = {
    *(*_BINARY, "json", "jsonl", "jsonlines", "jl", "xml", "conversations"),
}


def is_partitioned(options: Options) -> bool:
    """Tell whether a feed with these *options* is a directory of months."""
    return bool(options.get("item_export_kwargs", {}).get("month_of"))


def _may_be_for_spreadsheets(options: Options) -> bool:
    return options["format"] not in _NOT_OF_SPREADSHEETS  # a user's may be made of CSV


def _is_text(options: Options) -> bool:
    return options["format"] not in _BINARY


def is_indented(options: Options) -> bool:
    """Tell whether a feed with these *options* may have indents."""
    return options["format"] in {"json", "xml"}


_READ_BY: dict[str, tuple[Callable[[Options], bool], str, str]] = {
    PARTITION: (is_partitioned, "folders of Parquet files", "lake/:parquet"),
    "GORGIAS_SPREADSHEET_SAFE": (_may_be_for_spreadsheets, "CSV files", "tickets.csv"),
    "FEED_EXPORT_ENCODING": (_is_text, "files of text", "tickets.csv"),
    "FEED_EXPORT_INDENT": (is_indented, "JSON and XML files", "tickets.json"),
}


def refuse_idle_settings(settings: BaseSettings, feeds: Mapping[str, Options]) -> None:
    """Raise `FeedError` for a setting on the command line that none of *feeds* reads.

    In a settings module or a spider it is for all commands.
    """
    for name, (reads, files, example) in _READ_BY.items():
        is_of_command = settings.getpriority(name) == SETTINGS_PRIORITIES["cmdline"]
        is_off = str(settings[name]) in ("", "0", "False", "false", "None", "utf-8")
        if is_of_command and not is_off and not any(map(reads, feeds.values())):
            raise FeedError(
                f"{name}={settings[name]} is for {files}, and none is named: use for "
                f"example -O {example}, or leave it out."
            )


def _idle(options: Mapping[str, Any]) -> str | None:
    """Return the first of *options* that nothing would read, if there is one."""
    if options["format"] in TYPED:
        if options.get("item_export_kwargs"):
            return "item_export_kwargs"
        if options.get("encoding") not in (None, "utf-8"):
            return "encoding"
    if options.get("indent") and not is_indented(options):
        return "indent"
    return compressed.idle_option(options)


def _refuse_host(uri: str) -> None:
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise FeedError(
            f"{feed_named(uri)} names another machine, {parts.netloc}: write three "
            "slashes before a path of this one, file:///..., or the path alone."
        )


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
