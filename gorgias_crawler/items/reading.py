"""A message's columns, taken out of the objects that hold them."""

from collections.abc import Callable, Iterable

from gorgias_crawler.items import columns
from gorgias_crawler.items.columns import Json, Reader
from gorgias_crawler.items.lazy import LazyColumns, Readers
from gorgias_crawler.items.message import Message


def message_readers(row: type[Message]) -> dict[str, Reader]:
    """Return what takes a message's own columns of *row* out of it, by their names.

    ``body`` is none of them: settings and a pipeline say what it is.
    """
    readers = columns.readers(row, "message")
    return readers | {name: _or_empty(readers[name]) for name in ("sender", "receiver")}


def _or_empty(read: Reader) -> Reader:
    return lambda message: read(message) or ""


class RowMaker:
    """Makes the *row* of each message; its columns are read when they are looked at.

    Those of *looked_at*, which all will be, are read at once: that takes half of the
    time. *more* are readers of columns that are not in what Gorgias gave.
    """

    def __init__(
        self,
        row: type[Message] = Message,
        looked_at: Iterable[str] = (),
        more: Readers | None = None,
    ) -> None:
        names = list(looked_at)
        self._row = row
        self._of_message: Readers = {**message_readers(row), **(more or {})}
        self._of_ticket: Readers = columns.readers(row, "ticket")
        self._own = [(n, self._of_message[n]) for n in names if n in self._of_message]
        self._shared = [(n, self._of_ticket[n]) for n in names if n in self._of_ticket]

    def of_ticket(self, ticket: Json) -> Callable[[Json], Message]:
        """Return what makes rows of messages of *ticket*; ``body`` is still None."""
        others = LazyColumns(ticket, self._of_ticket)
        shared = [(name, read(ticket)) for name, read in self._shared]

        def made(message: Json) -> Message:
            row = self._row.of(message, self._of_message, others)
            for name, value in shared:
                setattr(row, name, value)
            for name, read in self._own:
                setattr(row, name, read(message))
            return row

        return made
