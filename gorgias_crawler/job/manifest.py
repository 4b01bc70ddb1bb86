"""The truth at the end of a run: manifest, exit status, and what a person reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.archive.tickets import Changes
from gorgias_crawler.command_line import typed
from gorgias_crawler.errors import (
    EXIT_CANNOT_START,
    EXIT_COMPLETE,
    EXIT_INCOMPLETE,
    GorgiasError,
)
from gorgias_crawler.job import files
from gorgias_crawler.job.files import FilesOfRun
from gorgias_crawler.wording import duration, many

_MOST_FILES = 3  # of one folder are named one by one; a line has room for as many
_NAMED = 5  # failed tickets named in the closing lines; run.json has all


@dataclass(frozen=True)
class Ending:
    """How a run ended, as far as the archive cannot tell.

    ``error`` ended it early. ``is_at_end`` is true where all rows were emitted,
    ``is_estimate`` where an estimate was asked for and given. ``rows`` came out of the
    archive, ``dropped`` of them by each pipeline; ``feeds`` and ``failed_feeds``
    describe each feed. ``objects`` says what is known of each other kind that was
    asked for, ``troubles`` what keeps those incomplete, ``files`` what the run did
    about attachments and images.
    """

    error: GorgiasError | None
    is_at_end: bool
    is_estimate: bool
    rows: int
    dropped: dict[str, int]
    feeds: list[dict[str, Any]]
    failed_feeds: list[str]
    objects: dict[str, Any] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    files: FilesOfRun = field(default_factory=FilesOfRun)


def _exit_status(archive: Archive, ending: Ending, told: Mapping[str, Any]) -> int:
    """Return 0 only where completion is proven; *told* is what is said of files."""
    if ending.error is not None:
        return ending.error.exit_status
    if ending.is_estimate:
        return EXIT_COMPLETE
    whole = ending.is_at_end and counts.is_complete(archive)
    whole = whole and not files.is_to_mend(told)
    if whole and not ending.failed_feeds and not ending.troubles:
        return EXIT_COMPLETE
    return EXIT_INCOMPLETE


def manifest(
    archive: Archive,
    ending: Ending,
    changes: Changes,
    notes: list[str],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what ``run.json`` says; *facts* are what the archive does not know."""
    totals, told = counts.totals(archive), files.told(archive, ending.files)
    is_filtered = ending.is_at_end and bool(facts.get("filters"))
    return {
        **facts,
        "account": archive.facts.domain or archive.facts.host,
        "exit_status": _exit_status(archive, ending, told),
        "estimate": ending.is_estimate,
        "reached_end": ending.is_at_end,
        "ended_by": str(ending.error) if ending.error else None,
        "listing_complete": counts.is_listed(archive),
        "tickets": {
            "listed": totals.tickets,
            "archived": totals.tickets - totals.due,
            "due": totals.due,
            "new": changes.new,
            "changed": changes.changed,
            "unchanged": max(0, totals.tickets - changes.new - changes.changed),
            "gone": totals.gone,
            "vanished": changes.vanished,
        },
        "messages": {
            "listed": totals.expected,
            "archived": totals.messages,
            # what stands in the file; of several, which may differ, in the longest
            "exported": max((feed["rows"] for feed in ending.feeds), default=0),
            "erased": changes.erased_messages,
        },
        "objects": ending.objects,
        "incomplete_objects": ending.troubles,
        "files": told,
        "failed": [
            {"ticket_id": ticket_id, "reason": reason}
            for ticket_id, reason in counts.failures(archive)
        ],
        "differing_counts": [
            {"ticket_id": ticket_id, "listed": listed, "archived": answered}
            for ticket_id, listed, answered in counts.noted(archive)
        ],
        "notes": notes,
        "dropped": ending.dropped,
        "filtered_rows": max(0, totals.messages - ending.rows) if is_filtered else 0,
        "orphan_messages": archive.facts.orphan_messages or 0,
        "feeds": ending.feeds,
        "failed_feeds": ending.failed_feeds,
    }


def opening_line(manifest: Mapping[str, Any], account: str, target: str) -> str:
    """Return what a run of *account* says that it will do; *target* names its files."""
    tickets, messages = manifest["tickets"]["listed"], manifest["messages"]["archived"]
    what = f"all tickets of {account}"
    if tickets:
        what = (
            f"what {account} has new since the last run ({many(tickets, 'ticket')} and "
            f"{many(messages, 'message')} are here)"
        )
    if manifest["arguments"].get("estimate"):
        return f"Estimate: listing the tickets of {account}; no message is fetched."
    return f"Fetching {what}, then writing {target or 'no file'}."


def closing_lines(manifest: Mapping[str, Any], jobdir: str) -> list[str]:
    """Return the last lines of a run: what is there, what it took, what to do."""
    last = _last_line(manifest, jobdir)
    if manifest["exit_status"] == EXIT_CANNOT_START:
        return [last]
    lines = [_archive_line(manifest, jobdir), *_object_lines(manifest)]
    lines += files.lines(manifest["files"])
    lines.append(_calls_line(manifest))
    if not manifest["estimate"]:
        lines.append(_feeds_line(manifest))
    return [*lines, last]


def left_out(manifest: Mapping[str, Any]) -> list[str]:
    """Return what the files of a run do not hold, though it is or was in the archive.

    An older manifest does not tell.
    """
    said = []
    if filtered := manifest.get("filtered_rows"):
        said.append(f"{many(filtered, 'row')} by {manifest['filters']}")
    for pipeline, count in manifest.get("dropped", {}).items():
        said.append(f"{many(count, 'row')} dropped by {pipeline}")
    if orphans := manifest.get("orphan_messages"):
        said.append(f"{many(orphans, 'message')} of tickets that Gorgias does not list")
    return said


def _archive_line(manifest: Mapping[str, Any], jobdir: str) -> str:
    tickets, messages = manifest["tickets"], manifest["messages"]
    unfinished = "" if manifest["listing_complete"] else " (not all are listed yet)"
    return (
        f"Archive {jobdir}: {tickets['archived']:,} of "
        f"{many(tickets['listed'], 'ticket')} complete{unfinished}, "
        f"{many(messages['archived'], 'message')}; "
        f"{many(tickets['new'], 'ticket')} new, {tickets['changed']:,} changed, "
        f"{tickets['gone'] + tickets['vanished']:,} deleted."
    )


def _object_lines(manifest: Mapping[str, Any]) -> list[str]:
    said = [
        f"{name} left out ({kind['not_permitted']})"
        if kind["not_permitted"]
        else f"{name} {kind['archived']:,}"
        for name, kind in manifest["objects"].items()
    ]
    return [f"Other objects: {', '.join(said)}."] if said else []


def _calls_line(manifest: Mapping[str, Any]) -> str:
    calls = manifest["calls"]
    outages = ""
    if calls["outages"]:
        longest = duration(calls["longest_outage_s"])
        outages = f", {many(calls['outages'], 'outage')} of up to {longest}"
    return (
        f"API: {many(calls['made'], 'call')} in {duration(manifest['seconds'])}, "
        f"{calls['refused']:,} refused because the budget was used up (429), "
        f"{calls['retried']:,} repeated; waited "
        f"{duration(calls['waited_s'] + calls['paused_s'])} for the budget{outages}."
    )


def files_said(feeds: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say each file with its rows; of a folder with many, how many those are."""
    said = []
    for folder, group in groupby(
        feeds, lambda feed: str(feed["uri"]).rpartition("/")[0]
    ):
        files = list(group)
        rows = many(sum(feed["rows"] for feed in files), "row")
        if len(files) > _MOST_FILES:
            said.append(f"{len(files)} files in {folder} ({rows})")
            continue
        said += [
            f"{feed['uri']} ({many(feed['rows'], 'row')}"
            f"{', unchanged' if feed['unchanged'] else ''})"
            for feed in files
        ]
    return said


def _feeds_line(manifest: Mapping[str, Any]) -> str:
    stored = files_said(manifest["feeds"])
    said = list(stored) or ["no file written"]
    if stored and manifest["filters"]:
        said.append(f"filtered by {manifest['filters']}")
    if manifest["failed_feeds"]:
        failed = many(len(manifest["failed_feeds"]), "file")
        said.append(f"{failed} NOT stored (see above)")
    untouched = "" if stored else "; what was there before is untouched"
    return f"Export: {', '.join(said)}{untouched}."


def _last_line(manifest: Mapping[str, Any], jobdir: str) -> str:
    if manifest["exit_status"] == EXIT_CANNOT_START:
        return f"Cannot start: {manifest['ended_by']}"
    if manifest["estimate"]:
        return (
            "Estimate only: no message was fetched and no file written; what each way "
            "would take is said above."
        )
    if manifest["exit_status"] == EXIT_COMPLETE:
        return _complete(manifest)
    return f"INCOMPLETE: {_incomplete(manifest, jobdir)}"


def _complete(manifest: Mapping[str, Any]) -> str:
    missing = left_out(manifest)
    without = f"; left out: {', '.join(missing)}" if missing else ""
    if manifest["filters"]:
        rows = many(manifest["messages"]["exported"], "row")
        return (
            "Complete: every listed ticket is archived with all its messages; the "
            f"file holds what the filters let through, {rows}{without}."
        )
    return f"Complete: every listed ticket is there with all its messages{without}."


def _by_what(reason: str) -> str:
    """Say which setting of Scrapy's closed a run, else what a component gave for it."""
    if reason.startswith("closespider_"):
        return f"by {reason.upper()}"
    return "by MEMUSAGE_LIMIT_MB" if reason == "memusage_exceeded" else f"({reason})"


def _incomplete(manifest: Mapping[str, Any], jobdir: str) -> str:
    failed = manifest["failed"]
    if manifest["ended_by"]:
        return str(manifest["ended_by"])
    if manifest["reached_end"] and failed:
        ids = ", ".join(str(failure["ticket_id"]) for failure in failed[:_NAMED])
        more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
        return (
            f"{many(len(failed), 'ticket')} could not be fetched ({ids}{more}; reasons "
            "in run.json); the same command tries again."
        )
    if manifest["reached_end"] and manifest["incomplete_objects"]:
        return " ".join(manifest["incomplete_objects"])
    if manifest["reached_end"] and files.is_to_mend(manifest["files"]):
        return files.to_mend(manifest["files"])
    reason = manifest["close_reason"]
    why = "stopped"
    if reason not in (None, "shutdown"):
        why = f"the run was closed {_by_what(reason)}"
    export = typed("export", jobdir, "-O", "partial.csv")
    return (
        f"{why}; the same command goes on from here. For a file of what is there now: "
        f"{export}"
    )
