"""The columns of a message's files, which every row of a message has."""

from dataclasses import dataclass

from gorgias_crawler.items.columns import Type, column


@dataclass(slots=True)
class Attachments:
    """What is attached to a message, and what was fetched of it.

    The lists have an entry for each address in ``attachments``, but for
    ``inline_files``.
    """

    attachments: list[str] | None = column(
        "addresses of the attached files, which open with the API's key alone",
        "message.attachments[].url",
        Type.TEXTS,
    )
    attachment_names: list[str] | None = column(
        "what the attached files are called", "message.attachments[].name", Type.TEXTS
    )
    attachment_types: list[str] | None = column(
        "their types, such as image/png",
        "message.attachments[].content_type",
        Type.TEXTS,
    )
    attachment_sizes: list[int] | None = column(
        "their sizes in bytes, as far as Gorgias tells",
        "message.attachments[].size",
        Type.INTEGERS,
    )
    attachment_files: list[str] | None = column(
        "where they are below the directory of files, after a crawl with files=true",
        "archive.file.stored_as",
        Type.TEXTS,
    )
    inline_files: list[str] | None = column(
        "the same for images that are in the text of a mail alone",
        "archive.file.stored_as",
        Type.TEXTS,
    )
