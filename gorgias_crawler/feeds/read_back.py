"""Whether a file that is written with a feed's options can be read as it was written.

Options that lose something are found by trying them: a few made-up rows are written to
memory and read by the reader of the format.
"""

import io
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, cast

from scrapy.extensions.postprocessing import PostProcessingManager
from scrapy.utils.misc import build_from_crawler, load_object
from scrapy.utils.python import global_object_name

from gorgias_crawler.emit.cells import json_text
from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds.compressed import PLUGINS
from gorgias_crawler.feeds.recorded import FeedFile
from gorgias_crawler.items import Type, types
from gorgias_crawler.job import readers
from gorgias_crawler.job.readers import Layout, Row

Options = Mapping[str, Any]

# What mails hold: signs that a format may take for its own, each alone, because one may
# have another quoted, and all together.
_TEXTS = [
    *("", " a ", 'a"b', "a'b", "a;b", "a,b", "a\tb", "a\nb", "a\r\nb", "a\rb", "a|b"),
    *("aé\U0001f600b", "a\\b", "\\", "a\u2028b\x85", "<x>&amp;]]>", "=1", "#", "0"),
]
# XML cannot hold these at all, and its exporter refuses them.
_CONTROLS = ["a\0b", "\x1a", "\x0c"]
_VALUES: dict[Type, Any] = {
    Type.INTEGER: 7,
    Type.NUMBER: 0.5,
    Type.BOOLEAN: False,
    Type.INSTANT: "2025-03-01T10:00:00.000001+00:00",
    Type.INTEGERS: [1, 2],
    Type.JSON: {"880": {"value": " é\r\n"}},
}
_DEFAULTS: dict[str, Any] = {
    "encoding": "utf-8",
    "indent": 0,
    "fields": None,
    "item_export_kwargs": {},
    "postprocessing": [],
}
"""The options that shape a file, with values that can be read back for sure."""

_NAMES = {"encoding": "FEED_EXPORT_ENCODING", "fields": "FEED_EXPORT_FIELDS"}


def layout_of(options: Options) -> Layout:
    """Return how a feed with these *options* is written, for its reader."""
    fields = options.get("fields") or options.get("columns") or ()
    endings = {path: ending for ending, path in PLUGINS.items()}
    plugins = [global_object_name(load_object(p)) for p in _plugins(options)]
    encoding = options.get("encoding") or "utf-8"
    if options["format"] == "csv" and encoding == "utf-8":
        encoding = "utf-8-sig"  # a file for spreadsheets has a byte order mark
    return Layout(
        options["format"],
        encoding,
        list(fields.values() if isinstance(fields, Mapping) else fields),
        options.get("item_export_kwargs") or {},
        [endings.get(path, path) for path in plugins],
    )


def refuse_unreadable(slot: Any, shown: str) -> None:
    """Raise `FeedError` where a file of *slot* could not be read as it was written.

    *shown* begins the sentence. Formats without a reader are not judged.
    """
    options = slot.feed_options
    names = layout_of(options).columns
    if twice := [name for name in names if list(names).count(name) > 1]:
        raise FeedError(
            f"{shown} has two columns {twice[0]!r} (FEED_EXPORT_FIELDS): give each "
            "another name."
        )
    if slot.format in readers.TYPED or not readers.can_read(layout_of(options)):
        return
    why = _trouble(slot, options)
    if why is None:
        return
    set_ = {n: options[n] for n in _DEFAULTS if options.get(n) not in _USUAL}
    guilty = {
        name: value
        for name, value in set_.items()
        if _trouble(slot, {**options, name: _DEFAULTS[name]}) is None
    }
    named = ", ".join(
        f"{_NAMES.get(name, name)}={value}" for name, value in (guilty or set_).items()
    )
    raise FeedError(
        f"{shown} could not be read again as it was written ({why}): leave out or "
        f"change {named}."
    )


_USUAL: tuple[Any, ...] = (None, 0, "utf-8", {}, [])


def _trouble(slot: Any, options: Options) -> str | None:
    """Return what goes wrong with made-up rows; None where they come back."""
    try:
        data, written = _written(slot, options)
        found = list(readers.read(io.BytesIO(data), layout_of(options)))
    except Exception as error:  # noqa: BLE001 - a codec, an exporter, a reader
        return f"{type(error).__name__}: {error}"
    return None if found == written else "values differ"


def _written(slot: Any, options: Options) -> tuple[bytes, list[Row]]:
    memory = io.BytesIO()
    file: Any = FeedFile(memory)  # an encoder looks whether it can seek
    if plugins := _plugins(options):
        file = PostProcessingManager(plugins, file, dict(options))
    exporter: Any = build_from_crawler(
        slot.exporters[options["format"]],
        slot.crawler,
        file,
        fields_to_export=options["fields"],
        encoding=options["encoding"],
        indent=options["indent"],
        **options["item_export_kwargs"],
    )
    exporter.start_exporting()
    rows = []
    for item in _items(slot, options["format"]):
        exporter.export_item(item)
        rows.append(_as_read(exporter, options["format"], item))
    exporter.finish_exporting()
    if isinstance(file, PostProcessingManager):
        file.close()
    return memory.getvalue(), rows


def _items(slot: Any, format_: str) -> Iterator[Any]:
    texts = [*_TEXTS, *([] if format_ == "xml" else _CONTROLS)]
    kinds = slot.spider.kinds
    for row, text in product(kinds.values(), [*texts, "".join(texts)]):
        values = {Type.TEXT: text, Type.TEXTS: [text, "b"], **_VALUES}
        full = row(**{name: values[type_] for name, type_ in types(row).items()})
        if slot.filter.takes(row):
            yield full
            yield row(**{name: 8 for name in types(row) if name == "ticket_id"})


def _as_read(exporter: Any, format_: str, item: Any) -> Row:
    """Return the row that a reader finds of *item* if nothing is lost."""
    if format_ == "conversations":
        return cast("Row", exporter.row(item))
    if format_.startswith("j"):
        return dict(exporter.get_serialized_fields(item))
    fields = exporter.get_serialized_fields(item, default_value="", include_empty=True)
    return {name: _as_text(format_, value) for name, value in fields}


def _as_text(format_: str, value: Any) -> str | list[str]:
    if format_ == "xml" and isinstance(value, list) and isinstance(value[0], str):
        return value  # made up: of this kind there are no others
    if isinstance(value, list | dict):
        return json_text(value)
    return "" if value is None else str(value)


def _plugins(options: Options) -> list[Any]:
    return list(options.get("postprocessing") or ())
