"""The columns of a message's files, which every row of a message has."""

from gorgias_crawler.items import value
from gorgias_crawler.items.columns import column, row_of


@row_of("message")
class Attachments:
    """What is attached to a message, and what was fetched of it.

    The lists have an entry for each address in ``attachments``, but for
    ``inline_files``.
    """

    attachments: value.Texts = column(
        "addresses of the attached files, which open with the API's key alone",
        "message.attachments[].url",
    )
    attachment_names: value.Texts = column(
        "what the attached files are called", "message.attachments[].name"
    )
    attachment_types: value.Texts = column(
        "their types, such as image/png", "message.attachments[].content_type"
    )
    attachment_sizes: value.Integers = column(
        "their sizes in bytes, as far as Gorgias tells", "message.attachments[].size"
    )
    attachment_files: value.Texts = column(
        "where they are below the directory of files, after a crawl with files=true",
        "archive.file.stored_as",
    )
    inline_files: value.Texts = column(
        "the same for images that are in the text of a mail alone",
        "archive.file.stored_as",
    )
