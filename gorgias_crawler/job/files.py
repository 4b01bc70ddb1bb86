"""The files of a job, counted and in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from gorgias_crawler.archive import Archive, files
from gorgias_crawler.archive.files import NotStored
from gorgias_crawler.durable import file_sha256
from gorgias_crawler.wording import many, size

_LISTED = 1_000  # files that run.json lists; more would be no help


@dataclass(frozen=True)
class FilesOfRun:
    """What a run did about files, and whether they were asked for.

    ``trouble`` says why the place of files cannot be written, None where it can.
    """

    were_wanted: bool = False
    fetched: int = 0
    fetched_bytes: int = 0
    deleted: int = 0
    trouble: str | None = None


def told(archive: Archive, run: FilesOfRun) -> dict[str, Any]:
    """Return what ``run.json`` says of files."""
    totals = files.totals(archive)
    refused = files.not_stored(archive, _LISTED)
    return {
        "wanted": run.were_wanted,
        "known": totals.known,
        "stored": totals.stored,
        "bytes": totals.bytes,
        "fetched": run.fetched,
        "fetched_bytes": run.fetched_bytes,
        "deleted": run.deleted,
        "trouble": run.trouble,
        "to_fetch": totals.to_fetch,
        "missing": totals.missing,
        "missing_once": totals.missed,
        "elsewhere": totals.elsewhere,
        "failed": [_named(file) for file in refused if not file.misses],
        "not_at_gorgias": [_named(file) for file in refused if file.misses],
    }


def _named(file: NotStored) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "id": file.id,
        "ticket_id": file.ticket_id,
        "reason": file.reason,
    }


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the end of a run says of files; nothing where there are none."""
    if not told["wanted"] and not told["stored"]:
        return
    parts = [f"{told['stored']:,} of {many(told['known'], 'file')} stored"]
    parts[0] += f" ({size(told['bytes'])}; {told['fetched']:,} new"
    parts[0] += f", {told['deleted']:,} deleted)" if told["deleted"] else ")"
    absent = told["missing"] + told["missing_once"]
    counted = {
        "still to fetch": told["to_fetch"] if told["wanted"] else 0,
        "not at Gorgias (run.json names their messages)": absent,
        "at other places than Gorgias, not fetched": told["elsewhere"],
    }
    parts += [f"{number:,} {what}" for what, number in counted.items() if number]
    yield f"Files: {', '.join(parts)}."


def is_to_mend(told: Mapping[str, Any]) -> bool:
    """Tell whether files are still to fetch that were asked for, or to delete."""
    return bool(told["trouble"] or (told["wanted"] and told["to_fetch"]))


def to_mend(told: Mapping[str, Any]) -> str:
    """Return what is missing of files and what to do about it."""
    if told["trouble"]:
        return str(told["trouble"])
    ids = ", ".join(str(file["id"]) for file in told["failed"][:5])  # to look at some
    of = f" (of messages {ids}; reasons in run.json)" if ids else ""
    return (
        f"{many(told['to_fetch'], 'file')} could not be fetched{of}; the same command "
        "tries again."
    )


def damages(archive: Archive, root: Path) -> Iterator[str]:
    """Yield a sentence for each stored file that is not below *root* as it was."""
    for path, place, _, sha256 in chain.from_iterable(files.stored(archive)):
        what = f"{place}, a file {files.whose(archive, path)}"
        try:
            if file_sha256(root / place) != sha256:
                yield f"{what}: its bytes have changed"
        except FileNotFoundError:
            yield f"{what}: it is not there; a crawl with -a files=true fetches it"
        except OSError as error:
            yield f"{what}: it cannot be read ({error.strerror})"
