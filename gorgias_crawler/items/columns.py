"""How a column of a row is declared."""

from dataclasses import field
from typing import Any


def column(meaning: str, source: str) -> Any:
    """Return a dataclass field, None by default, that says what it is.

    *meaning* is for the tables of columns, *source* where the value comes from.
    """
    return field(default=None, metadata={"meaning": meaning, "source": source})
