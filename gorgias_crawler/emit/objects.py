"""Archived objects of every kind to rows, ordered by id."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from gorgias_crawler.api.dates import utc_text
from gorgias_crawler.api.kinds import KINDS, Kind, Refresh
from gorgias_crawler.archive import Archive, changes, order
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.emit import measured, rows
from gorgias_crawler.emit.filter_words import checked
from gorgias_crawler.emit.filters import Filters
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.items import (
    Deleted,
    Message,
    Ticket,
    TicketMetrics,
    columns,
    decoded,
)

_LISTED = "is_listed"


_OF_ALL = {"messages": Message, "tickets": Ticket}
"""The rows that every job has and that are read out of what Gorgias gave."""


def row_classes(
    kinds: Iterable[str], own: Mapping[str, Any] | None = None
) -> dict[str, type]:
    """Return the class of every row that there is beside those of *kinds*, by names.

    *own* are classes of the user's in the place of ours. Raises `ConfigurationError`
    where one of them cannot be that.
    """
    own = own or {}
    for name, row in own.items():
        _check_own(name, row)
    named = {name: KINDS[name].row for name in kinds}
    ours = {**_OF_ALL, "ticket_metrics": TicketMetrics, **named, "deleted": Deleted}
    return {name: own.get(name, row) for name, row in ours.items()}


def _check_own(name: str, row: Any) -> None:
    ours = _OF_ALL.get(name) or (KINDS[name].row if name in KINDS else None)
    if ours is None:
        raise ConfigurationError(
            f"row_classes: there is no kind {name!r} whose rows may have a class of "
            f"your own; there are {', '.join([*_OF_ALL, *KINDS])}."
        )
    # Without slots of its own a new column would always be its default, None.
    is_ours = isinstance(row, type) and issubclass(row, ours)
    if not is_ours or "__slots__" not in vars(row):
        raise ConfigurationError(
            f"row_classes: {getattr(row, '__name__', row)} cannot stand for rows of "
            f"{name}: make it with @dataclass(slots=True) from {ours.__name__}, as "
            "docs/extending.md shows."
        )
    for column in columns.columns(row).values():
        if not {"meaning", "source", "type"} <= column.metadata.keys():
            raise ConfigurationError(
                f"row_classes: {row.__name__}.{column.name} has no type: declare it as "
                "column(meaning, source, type), as docs/extending.md shows."
            )


def archived_kinds(archive: Archive) -> list[str]:
    """Return the names of the kinds that were ever read to their end."""
    return [name for name, kind in KINDS.items() if Objects(archive, kind).are_known]


def of_kind(
    archive: Archive,
    name: str,
    filters: Filters,
    *,
    only_complete: bool = False,
    looked_at: Collection[str] | None = None,
    row: type | None = None,
) -> Iterator[Any]:
    """Yield the rows of the kind *name*, of the class *row* where one is given.

    *filters* leave out messages and tickets, *only_complete* those that are not;
    columns of messages that are not *looked_at*, where those are given, stay None.
    ``changed_since`` holds for every kind. Raises `RunEndError` where the archive is
    damaged, and before the first row `ConfigurationError` where a filter asks for what
    no ticket can have, or for a run that was not.
    """
    if name == "messages":
        yield from rows.messages(
            archive,
            filters,
            only_complete=only_complete,
            looked_at=looked_at,
            row=row or Message,
        )
        return
    if name == "ticket_metrics":
        yield from measured.ticket_metrics(
            archive, filters, only_complete=only_complete
        )
        return
    with archive.reading():
        filters = checked(filters, archive)
        since = filters.first_run
        if name == "tickets":
            yield from _tickets(archive, filters, row or Ticket)
        elif name == "deleted":
            yield from _deleted(archive, since)
        else:
            yield from _objects(archive, KINDS[name], since, row or KINDS[name].row)


def _tickets(archive: Archive, filters: Filters, row: type) -> Iterator[Any]:
    read = columns.reader(row, "ticket")
    for raw in order.tickets(archive, filters.first_run):
        ticket = decoded(raw)
        if filters.accept_ticket(ticket):
            yield row(**read(ticket))


def _deleted(archive: Archive, since: int) -> Iterator[Deleted]:
    for kind, id_, run, began_us in changes.deleted(archive, since):
        yield Deleted(kind, id_, run, utc_text(began_us) if began_us else None)


def _objects(archive: Archive, kind: Kind, since: int, class_: type) -> Iterator[Any]:
    read = columns.reader(class_, columns.source_of(kind.row))
    objects = Objects(archive, kind)
    is_marked = _LISTED in columns.types(kind.row)
    last_listing, oldest_us = objects.last_listing(), objects.progress.oldest_us or 0
    for raw, created_us, listed in objects.in_order(since):
        row = class_(**read(decoded(raw)))
        if is_marked and kind.refresh is Refresh.SINCE:
            row.is_listed = created_us >= oldest_us
        elif is_marked:
            row.is_listed = listed == last_listing
        yield row
