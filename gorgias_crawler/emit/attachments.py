"""The columns of a message's files, one entry for each address."""

import re
from typing import Any

from gorgias_crawler.archive import Archive, files
from gorgias_crawler.fetch.files import attached, attachment_path
from gorgias_crawler.items.columns import Json, Reader

_DIGITS = re.compile(r"[0-9]{1,18}")  # more would be no number that a file holds


def readers(archive: Archive) -> dict[str, Reader]:
    """Return what gives the columns of a message's attachments, and of its images.

    The lists of attachments have an entry for each address in ``attachments``: ``""``
    for a name, type or file that there is not, None for a size.
    """

    def stored(message: Json) -> dict[str, str]:
        return dict(files.of_message(archive, message["id"])) if are_known else {}

    def attachment_files(message: Json) -> list[str]:
        attachments = attached(message)
        found = stored(message) if attachments else {}
        if not found:
            return [""] * len(attachments)
        return [found.get(attachment_path(each), "") for each in attachments]

    def inline_files(message: Json) -> list[str]:
        found = stored(message)
        if not found:
            return []
        for attachment in attached(message):
            found.pop(attachment_path(attachment), None)
        return list(found.values())

    are_known = files.are_known(archive)
    return {
        "attachment_names": lambda message: _texts(message, "name"),
        "attachment_types": lambda message: _texts(message, "content_type"),
        "attachment_sizes": lambda message: [
            _size(each.get("size")) for each in attached(message)
        ],
        "attachment_files": attachment_files,
        "inline_files": inline_files,
    }


def _texts(message: Json, key: str) -> list[str]:
    values = (attachment.get(key) for attachment in attached(message))
    return [value if isinstance(value, str) else "" for value in values]


def _size(value: Any) -> int | None:
    """Return a size, which Gorgias also gives as text."""
    if type(value) is int:
        return value
    is_number = isinstance(value, str) and _DIGITS.fullmatch(value)
    return int(value) if is_number else None
