"""What this command asks of files and would change none of them is refused."""

from collections.abc import Callable, Mapping
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from gorgias_crawler.errors import FeedError

Options = Mapping[str, Any]
"""What ``FEEDS`` says of one feed."""

PARTITION = "GORGIAS_PARTITION_BY"

_NOT_OF_SPREADSHEETS = {
    *("json", "jsonl", "jsonlines", "jl", "xml", "conversations", "parquet", "sqlite"),
    *("marshal", "pickle", "manifest"),
}


def is_partitioned(options: Options) -> bool:
    """Tell whether a feed with these *options* is a directory of months."""
    return bool(options.get("item_export_kwargs", {}).get("month_of"))


def _may_be_for_spreadsheets(options: Options) -> bool:
    return options["format"] not in _NOT_OF_SPREADSHEETS  # a user's may be made of CSV


def _is_text(options: Options) -> bool:
    return options["format"] not in {
        "parquet",
        "sqlite",
        "marshal",
        "pickle",
        "manifest",
    }


_READ_BY: dict[str, tuple[Callable[[Options], bool], str, str]] = {
    PARTITION: (is_partitioned, "folders of Parquet files", "lake/:parquet"),
    "GORGIAS_SPREADSHEET_SAFE": (_may_be_for_spreadsheets, "CSV files", "tickets.csv"),
    "FEED_EXPORT_ENCODING": (_is_text, "files of text", "tickets.csv"),
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
