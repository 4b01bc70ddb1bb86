"""By what lists are ordered, and how fields of objects are read for it."""

from collections.abc import Callable
from typing import Any

from gorgias_crawler.sandbox import history
from gorgias_crawler.sandbox.kinds import CREATED, UPDATED, Of
from gorgias_crawler.sandbox.records import Account, Json

Key = tuple[Any, ...]


def reader(account: Account, name: str, record: Any) -> Of:
    """Return what reads a field of an object, and makes it only where it must."""
    made: list[Json] = []

    def of(field: str) -> Any:
        if hasattr(record, field):
            return getattr(record, field)
        if not made:
            made.append(history.make(account, name, record))
        value: Any = made[0]
        for part in field.split("."):
            value = value.get(part)
        return value

    return of


def sort_key(account: Account, name: str, fields: str) -> Callable[[Any], Key]:
    """Return what orders objects by *fields*, then id; what is null comes first.

    Dates are microseconds since 1970, -1 for none.
    """
    if fields == CREATED:
        return lambda record: (record.created_us, record.id)
    if fields == UPDATED:
        return lambda record: (
            -1 if record.updated_us is None else record.updated_us,
            record.id,
        )

    def key(record: Any) -> Key:
        of = reader(account, name, record)
        values = (of(field) for field in fields.split(","))
        return (*("" if value is None else value for value in values), record.id)

    return key
