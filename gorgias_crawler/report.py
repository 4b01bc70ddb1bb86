"""The truth at the end of a run: manifest, exit status, and what a person reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gorgias_crawler.archive import Archive, reckoning
from gorgias_crawler.archive.rows import Changes
from gorgias_crawler.errors import EXIT_COMPLETE, EXIT_INCOMPLETE, GorgiasError
from gorgias_crawler.plans import duration

_NAMED = 5  # failed tickets named in the closing lines; run.json has all


@dataclass(frozen=True)
class Ending:
    """How a run ended, as far as the archive cannot tell.

    ``error`` ended it early. ``is_asked_for`` marks a run that had nothing more to do
    than what it did (an estimate). ``rows`` were emitted; ``feeds`` and
    ``failed_feeds`` describe each feed.
    """

    error: GorgiasError | None
    is_at_end: bool
    is_estimate: bool
    rows: int
    feeds: list[dict[str, Any]]
    failed_feeds: list[str]


def exit_status(archive: Archive, ending: Ending) -> int:
    """Return 0 only where completion is proven; see `errors` for the others."""
    if ending.error is not None:
        return ending.error.exit_status
    if ending.is_estimate and ending.is_at_end:
        return EXIT_COMPLETE
    whole = ending.is_at_end and reckoning.is_complete(archive)
    if whole and not ending.failed_feeds:
        return EXIT_COMPLETE
    return EXIT_INCOMPLETE


def manifest(
    archive: Archive,
    ending: Ending,
    changes: Changes,
    notes: list[str],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what ``run.json`` says; *facts* are times, versions and counts of calls."""
    totals = reckoning.totals(archive)
    return {
        **facts,
        "account": archive.fact("domain") or archive.fact("host"),
        "exit_status": exit_status(archive, ending),
        "reached_end": ending.is_at_end,
        "ended_by": str(ending.error) if ending.error else None,
        "listing_complete": reckoning.is_listed(archive),
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
            "exported": ending.rows if ending.is_at_end else 0,
            "erased": changes.erased_messages,
        },
        "failed": [
            {"ticket_id": ticket_id, "reason": reason}
            for ticket_id, reason in reckoning.failures(archive)
        ],
        "differing_counts": [
            {"ticket_id": ticket_id, "listed": listed, "archived": answered}
            for ticket_id, listed, answered in reckoning.noted(archive)
        ],
        "notes": notes,
        "feeds": ending.feeds,
        "failed_feeds": ending.failed_feeds,
    }


def closing_lines(manifest: Mapping[str, Any], jobdir: str) -> list[str]:
    """Return the last lines of a run: what is there, what it took, what to do."""
    return [
        _archive_line(manifest, jobdir),
        _calls_line(manifest),
        _feeds_line(manifest),
        _last_line(manifest),
    ]


def _archive_line(manifest: Mapping[str, Any], jobdir: str) -> str:
    tickets, messages = manifest["tickets"], manifest["messages"]
    unfinished = "" if manifest["listing_complete"] else " (listing not finished)"
    return (
        f"Archive {jobdir}: {tickets['archived']:,} of {tickets['listed']:,} tickets "
        f"whole{unfinished}, {messages['archived']:,} messages; {tickets['new']:,} "
        f"tickets new, {tickets['changed']:,} changed, "
        f"{tickets['gone'] + tickets['vanished']:,} gone."
    )


def _calls_line(manifest: Mapping[str, Any]) -> str:
    calls = manifest["calls"]
    return (
        f"API: {calls['made']:,} calls in {duration(manifest['seconds'])}, "
        f"{calls['refused']:,} refused (429), {calls['retried']:,} retried; waited "
        f"{duration(calls['waited_s'])} for the budget."
    )


def _feeds_line(manifest: Mapping[str, Any]) -> str:
    stored = [
        f"{feed['uri']} ({feed['rows']:,} rows)" for feed in manifest["feeds"]
    ] or ["no file written; what was there before is untouched"]
    failed = [f"NOT stored: {uri}" for uri in manifest["failed_feeds"]]
    return f"Export: {', '.join(stored + failed)}."


def _last_line(manifest: Mapping[str, Any]) -> str:
    failed = manifest["failed"]
    again = "the same command goes on from here"
    if manifest["exit_status"] == EXIT_COMPLETE:
        return "Complete: every listed ticket is there with all its messages."
    if manifest["ended_by"]:
        return f"INCOMPLETE: {manifest['ended_by']}"
    if manifest["failed_feeds"]:
        return f"INCOMPLETE: a feed could not be stored (see above); {again}."
    if failed:
        ids = ", ".join(str(failure["ticket_id"]) for failure in failed[:_NAMED])
        more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
        return (
            f"INCOMPLETE: {len(failed):,} tickets could not be fetched ({ids}{more}; "
            "reasons in run.json); the same command tries them again."
        )
    return (
        f"INCOMPLETE: stopped; {again}. For a file of what is there now: "
        "scrapy export JOBDIR -o FILE."
    )
