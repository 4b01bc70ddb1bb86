"""Which kinds of objects stand in which feed: one, each in a file, or all in one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from scrapy.crawler import Crawler
from scrapy.utils.misc import load_object

from gorgias_crawler.api.kinds import KINDS, Refresh
from gorgias_crawler.errors import FeedError
from gorgias_crawler.feeds import folder, targets
from gorgias_crawler.feeds.conversations import OWN_COLUMNS
from gorgias_crawler.feeds.reasons import explained, feed_named
from gorgias_crawler.feeds.targets import (
    MONTH,
    PARTITION,
    TYPED,
    Options,
    refuse_idle_settings,
)
from gorgias_crawler.items import COLUMNS, DEFAULT_COLUMNS, Message, types
from gorgias_crawler.redact import public_uri

_OURS = "gorgias_crawler.items."
_SMALL = {Refresh.WHOLE, Refresh.SINGLE}
_CREATED = ("message_created_datetime", "created_datetime")  # a message has both


@dataclass(frozen=True)
class Kinds:
    """The kinds of rows that a run has.

    ``rows`` are their classes by their names, ``of_a_file`` is the kind of a file that
    names none, ``fields`` is ``FEED_EXPORT_FIELDS``, if somebody has set it.
    ``by_month`` says whether a folder has a directory with a file for each month of
    each kind that grows without end, where its format is made for that.
    """

    rows: Mapping[str, type]
    of_a_file: str
    fields: Collection[str] | None
    by_month: bool = False

    def distributed(self, uri: str, options: Options) -> Iterator[tuple[str, Options]]:
        """Yield the feed *uri* with its kinds, or one feed for each kind of a folder.

        Raises `FeedError`.
        """
        format_ = options.get("format")
        if uri.endswith("/"):
            yield from self._folder(uri, options)
        elif format_ == "sqlite":
            rows = options.get("item_classes") or self.rows
            if (options.get("fields") or self.fields) and len(rows) > 1:
                raise FeedError(
                    f"{feed_named(uri)} holds every kind with all its columns: leave "
                    "FEED_EXPORT_FIELDS (fields) out, or name one kind in item_classes."
                )
            yield uri, self._of_classes(dict(self.rows), options)
        elif options.get("item_classes"):
            named = self._of_classes({}, options)
            if format_ == "parquet" and len(named["item_classes"]) > 1:
                raise FeedError(
                    f"{feed_named(uri)} names several item_classes, and a table of the "
                    f"format {format_} holds one kind: give each its own, or name a "
                    f"folder, for example -O lake/:{format_}."
                )
            is_of_others = not all(
                issubclass(r, Message) for r in named["item_classes"]
            )
            if format_ == "conversations" and is_of_others:
                raise FeedError(
                    f"{feed_named(uri)} has the format {format_}, which is made of "
                    "messages: leave item_classes out."
                )
            yield uri, named
        else:
            kind = "messages" if format_ == "conversations" else self.of_a_file
            kind = options.get("kind", kind)  # of a file of a folder, written again
            if kind not in self.rows:
                known = ", ".join(self.rows)
                raise FeedError(
                    f"{feed_named(uri)} has the kind {kind!r}, and there are {known}."
                )
            yield uri, self._of_kind(kind, options)

    def _folder(self, uri: str, options: Options) -> Iterator[tuple[str, Options]]:
        format_ = options.get("format")
        if format_ in {"sqlite", "conversations"}:
            raise FeedError(
                f"{feed_named(uri)} is a folder with a file for each kind, which the format "
                f"{format_} is not made for: use for example -O {public_uri(uri)}:csv."
            )
        if "%" in uri:
            # Each file would be named by the second in which it is begun.
            raise FeedError(
                f"{feed_named(uri)} is a folder, whose name takes no placeholders: let the "
                'shell name it, for example -O "backup-$(date +%F)/:csv".'
            )
        files = {}
        for kind, row in self.rows.items():
            full = {
                "fields": self.fields or list(types(row)),
                "takes_more": not self.fields,
                **options,
            }
            files[kind] = f"{kind}.{format_}"
            if month_of := self._month_of(kind, format_):
                files[kind] = kind
                kwargs = options.get("item_export_kwargs", {})
                full["item_export_kwargs"] = {**kwargs, "month_of": month_of}
                _refuse_month(uri, full["fields"])
            yield f"{uri}{files[kind]}", self._of_kind(kind, full)
        # It comes after the files that it tells of, and no row is for it.
        of_manifest = {
            "format": "manifest",
            "store_empty": True,
            "item_classes": [folder.ManifestExporter],
            "item_export_kwargs": {"folder": uri, "files": files},
            **{name: options[name] for name in ("overwrite",) if name in options},
        }
        yield f"{uri}{folder.MANIFEST}", of_manifest

    def _month_of(self, kind: str, format_: Any) -> str | None:
        """Return the column by whose months rows are partitioned, None if they are not.

        A small list stays one file, and so does a kind that nobody creates.
        """
        known = KINDS.get(kind)
        is_small = known is not None and known.refresh in _SMALL
        if not self.by_month or format_ != "parquet" or is_small:
            return None
        return next((name for name in _CREATED if name in types(self.rows[kind])), None)

    def _of_classes(self, rows: dict[str, type], options: Options) -> Options:
        kinds = {row: kind for kind, row in self.rows.items()}
        named = [load_object(name) for name in options.get("item_classes") or ()]
        for row in named:
            self._check_is_there(row)
        found = {kinds.get(row, row.__name__): row for row in named} or rows
        classes = {"item_classes": list(found.values())}
        return {**self._with_columns(found, options), **classes}

    def _check_is_there(self, row: type) -> None:
        """Refuse a class of ours without rows here: its file would be empty."""
        is_there = any(issubclass(known, row) for known in self.rows.values())
        if row.__module__.startswith(_OURS) and not is_there:
            raise FeedError(
                f"item_classes names {row.__name__}, and there are no such rows here: "
                "fetch them first, for example with -a objects=all, or leave it out."
            )

    def _of_kind(self, kind: str, options: Options) -> Options:
        return self._with_columns({kind: self.rows[kind]}, {"kind": kind, **options})

    def _with_columns(self, rows: dict[str, type], options: Options) -> Options:
        if own := options.get("item_filter"):
            load_object(own)  # where it cannot be, that is told as of the feed
        format_ = options.get("format")
        columns = [name for row in rows.values() for name in types(row)]
        if format_ == "conversations":
            columns += OWN_COLUMNS
        full = {"columns": list(dict.fromkeys(columns)), **options}
        if format_ in TYPED:
            kwargs = options.get("item_export_kwargs", {})
            return {**full, "item_export_kwargs": {"rows": rows, **kwargs}}
        if format_ == "conversations" or self.fields:
            return full
        fields = full["columns"]
        if len(rows) == 1 and all(issubclass(row, Message) for row in rows.values()):
            own = [name for name in fields if name not in COLUMNS]
            fields = [*DEFAULT_COLUMNS, *own]
        return {"fields": fields, "takes_more": "fields" not in options, **full}


def complete_feeds(crawler: Crawler) -> None:
    """Put what names and kinds say into ``FEEDS``, which Scrapy reads next.

    Raises `FeedError`.
    """
    settings, spider = crawler.settings, cast("Any", crawler.spider)
    fields = settings.getdictorlist("FEED_EXPORT_FIELDS")
    kinds = Kinds(spider.kinds, spider.kind, fields, bool(settings[PARTITION]))
    completed: dict[str, Options] = {}
    for uri, options in settings.getdict("FEEDS").items():
        name = str(uri.absolute()) if isinstance(uri, Path) else str(uri)
        full = targets.completed(name, options)
        for one, its in _distributed(kinds, name, full):
            if one in completed:
                raise same_target(one, one)
            completed[one] = its
    refuse_idle_settings(settings, completed)
    asked = [completed.get(str(uri), {}) for uri in settings.getdict("FEEDS")]
    # A folder's files have other names than the folder; `verify` may write again some
    # of a run's files alone.
    if spider.has_settings_of_user:
        _refuse_idle_kind(kinds.of_a_file, asked)
    settings.set("FEEDS", completed, priority=settings.getpriority("FEEDS") or 0)


def _distributed(
    kinds: Kinds, name: str, options: Options
) -> list[tuple[str, Options]]:
    """Return what `Kinds.distributed` yields."""
    try:
        return list(kinds.distributed(name, options))
    except FeedError:
        raise
    except Exception as error:  # noqa: BLE001 - of a class that the user has named
        raise FeedError(
            f"{feed_named(name)} cannot be set up ({explained(error, name)}): mend what "
            "FEEDS says of it."
        ) from None


def _refuse_idle_kind(kind: str, feeds: list[Options]) -> None:
    """Refuse ``-a object=`` where each of *feeds* says itself which rows it has."""
    if kind != "messages" and feeds and all(its.get("kind") != kind for its in feeds):
        raise FeedError(
            f"-a object={kind} is for files that name no kind of rows, and there is none: "
            f"leave it out, or use for example -O {kind}.csv."
        )


def _refuse_month(uri: str, fields: Mapping[str, str] | Collection[str]) -> None:
    """Refuse a column that would have the name of the one that engines make."""
    if MONTH in (fields.values() if isinstance(fields, Mapping) else fields):
        raise FeedError(
            f"{feed_named(uri)} has a column {MONTH!r} (FEED_EXPORT_FIELDS), as engines "
            f"call what {PARTITION} makes: give it another name."
        )


def same_target(uri: str, name: str) -> FeedError:
    """Return what refuses the feed *uri*, whose target *name* another one has."""
    return FeedError(
        f"{feed_named(uri)} has the same target as another feed: {public_uri(name)}."
    )
