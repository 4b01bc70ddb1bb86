"""Which files there are, which are to be fetched, and what an answer means for one."""

import logging
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from gorgias_crawler.api.files import file_path
from gorgias_crawler.api.kinds import KINDS
from gorgias_crawler.archive import files
from gorgias_crawler.archive.files import Reference, Stored
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.fetch.file_names import file_name, stored_as
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.plans import Relist
from gorgias_crawler.items import decoded

PHASE = "fetching files"
"""What a run does then, in words."""

_RECORDINGS = "voice_call_recordings"

_BATCH = 100  # files read at once: one query each 100 calls

_GIVE_UP = 20
"""So many files in a row that could not be fetched: their host does not answer, or the
key may not read files, and the others would fare alike (chosen)."""

# Possessive, so that it reads no character twice; a ">" within quotes ends no tag.
_IMAGE = re.compile(
    r"""<img\b((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)""",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"""(?<![^\s"'/])src\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""",
    re.IGNORECASE,
)
# Most messages have neither an attachment nor an image at Gorgias: a look at their JSON
# as text is ten times faster than to read it.
_MAY_REFER = re.compile(rb'gorgias\.(?:io|com)/|"attachments":\s*\[\s*\{')

logger = logging.getLogger(__name__)


def attached(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the attachments of a message that have an address."""
    attachments = message.get("attachments")
    if not attachments or not isinstance(attachments, list):
        return []
    return [each for each in attachments if isinstance(each, dict) and each.get("url")]


def attachment_path(attachment: Mapping[str, Any]) -> str:
    """Return what an attachment is known by: a path, or an address elsewhere."""
    address = str(attachment["url"])
    # What begins as a path does is asked for: no other address may.
    return file_path(address) or address.partition("?")[0].lstrip("/")


def inline_paths(html: object) -> Iterator[str]:
    """Yield the paths of the images in *html* that Gorgias keeps."""
    if not isinstance(html, str):
        return
    for image in _IMAGE.finditer(html):
        for source in _SOURCE.finditer(image[1]):
            if path := file_path(unescape("".join(filter(None, source.groups())))):
                yield path


def references(ticket_id: int, id_: int, raw: bytes) -> list[Reference]:
    """Return the files that the message *raw* refers to, each once, in their order."""
    if not _MAY_REFER.search(raw):
        return []
    message = decoded(raw)
    named: dict[str, object] = {}
    for attachment in attached(message):
        path = attachment_path(attachment)
        named.setdefault(path, attachment.get("name") or file_name(path))
    for path in inline_paths(message.get("body_html")):
        named.setdefault(path, file_name(path))
    return [
        Reference(path, stored_as(str(ticket_id), id_, name, path))
        for path, name in named.items()
    ]


def recording(raw: bytes) -> tuple[int, list[Reference]]:
    """Return the id of the recording of a call *raw*, and its file, if it has one."""
    value = decoded(raw)
    id_, path = value["id"], file_path(value.get("url"))
    if path is None:
        return id_, []
    return id_, [Reference(path, stored_as("calls", id_, file_name(path), path))]


class FilesToFetch:
    """The files of one run, from the addresses in messages to the last answer.

    ``fetched`` and ``fetched_bytes`` count what this run stored, ``deleted`` what it
    deleted. ``gave_up`` turns true where too many failed in a row.
    """

    def __init__(self, memory: RunMemory) -> None:
        self.memory = memory
        self.archive = memory.archive
        self.fetched = self.fetched_bytes = self.deleted = 0
        self.gave_up = False
        self._failed_in_a_row = 0
        self._due = files.due(memory.archive, memory.run)

    def read_addresses(self) -> Iterator[None]:
        """Read the addresses in all that has changed, a batch of tickets at a time.

        They stand in messages and, where those are archived, in recordings of calls.
        """
        facts = self.archive.facts
        since_run = facts.files_read_run or 0
        for messages in files.unread(self.archive, since_run):
            found = [
                (id_, references(ticket, id_, raw)) for ticket, id_, raw in messages
            ]
            files.refer(self.archive, "messages", found)
            yield
        calls = Objects(self.archive, KINDS[_RECORDINGS]).in_order(since_run)
        files.refer(self.archive, _RECORDINGS, [recording(raw) for raw, *_ in calls])
        with self.archive.transaction():
            # Nothing more comes in this run: messages are done before files.
            facts.files_read_run = self.memory.run + 1

    def place_before(self, root: str) -> str | None:
        """Return where files were stored before, None where that is *root*, too."""
        before = self.archive.facts.files_root
        return None if before == root else before

    def begin(self, root: str) -> None:
        """Begin to fetch into *root*. Another store than before holds no file yet.

        A directory may have been moved. With ``relist=full`` it also asks for what
        Gorgias did not have.
        """
        facts = self.archive.facts
        before = self.place_before(root)
        if before and "://" in before + root:
            for batch in files.stored(self.archive):
                files.ask_again(self.archive, [path for path, *_ in batch])
        with self.archive.transaction():
            facts.files_root = root
        if self.memory.options.relist is Relist.FULL:
            files.ask_again(self.archive, files.missing(self.archive))

    def take(self) -> Reference | None:
        """Return the next file to fetch, None where there is none."""
        return None if self.gave_up else next(self._due, None)

    def store(self, file: Reference, stored: Stored) -> None:
        """Note that *file* stands where it belongs."""
        files.note_stored(self.archive, file.path, stored, self.memory.run)
        self.fetched += 1
        self.fetched_bytes += stored.size
        self._failed_in_a_row = 0

    def miss(self, file: Reference, reason: str) -> None:
        """Note that Gorgias says that it does not have *file*."""
        run = self.memory.run
        misses = files.note_missing(self.archive, file.path, reason, run)
        known = misses >= files.MISSES
        logger.warning(
            "A file %s is not at Gorgias (%s). %s",
            files.whose(self.archive, file.path),
            reason,
            "Two runs were told so: it is not asked for any more."
            if known
            else "The next run asks once more.",
        )
        self._failed_in_a_row = 0  # an answer, and it costs one call alone

    def fail(self, file: Reference, reason: str) -> None:
        """Note why *file* could not be fetched; the next run tries again."""
        files.note_failed(self.archive, file.path, reason, self.memory.run)
        logger.warning(
            "A file %s could not be fetched: %s. The next run tries again.",
            files.whose(self.archive, file.path),
            reason,
        )
        self._failed_in_a_row += 1
        if self._failed_in_a_row == _GIVE_UP:
            self.gave_up = True
            logger.warning(
                "%d files in a row could not be fetched: the others are left to the "
                "next run.",
                _GIVE_UP,
            )

    def to_delete(self) -> Iterator[list[Reference]]:
        """Yield files that nothing refers to any more, in batches; then forget them."""
        files.forget_references(self.archive)
        while batch := files.unreferenced(self.archive, _BATCH):
            yield batch
            paths = [file.path for file in batch]
            self.deleted += files.forget(self.archive, paths)
