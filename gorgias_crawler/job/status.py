"""How far a job is, in words, read from its archive while a crawl may be at work."""

from collections.abc import Iterator, Mapping
from typing import Any

from gorgias_crawler.archive import Archive, counts, walks
from gorgias_crawler.job import files
from gorgias_crawler.job.manifest import left_out
from gorgias_crawler.wording import many

_NAMED = 20  # failures shown; run.json has all


def lines(archive: Archive, *, is_running: bool) -> Iterator[str]:
    """Yield what a person wants to know of a job."""
    account = archive.facts.domain or archive.facts.host or "not known yet"
    at_work = "a crawl is at work on it now" if is_running else "no crawl is at work"
    yield f"Account {account}: {at_work}."
    yield _phase(archive)
    totals = counts.totals(archive)
    yield (
        f"Tickets: {totals.tickets:,} listed, {totals.tickets - totals.due:,} complete, "
        f"{totals.due:,} still to fetch, {totals.gone:,} deleted."
    )
    yield (
        f"Messages: {totals.messages:,} archived of {totals.expected:,} that the "
        "tickets count."
    )
    yield from files.status_lines(archive)
    yield from _failures(archive)
    manifest = archive.last_manifest()
    yield from _last_run(manifest)
    yield from _killed_runs(archive, manifest, is_running=is_running)


def _phase(archive: Archive) -> str:
    if not counts.is_listed(archive):
        return "Phase: listing tickets."
    if counts.is_complete(archive):
        return "Phase: complete; the next run asks for what changed since."
    if walks.get(archive, walks.NEWEST_MESSAGES):
        return "Phase: fetching messages in bulk."
    return "Phase: fetching messages ticket by ticket."


def _failures(archive: Archive) -> Iterator[str]:
    failures = counts.failures(archive)
    if not failures:
        return
    yield f"Failures: {many(len(failures), 'ticket')}; the next run tries them again:"
    for ticket_id, reason in failures[:_NAMED]:
        yield f"  {ticket_id}  {reason}"
    if len(failures) > _NAMED:
        yield f"  and {len(failures) - _NAMED:,} more"


def _last_run(manifest: Mapping[str, Any] | None) -> Iterator[str]:
    if manifest is None:
        yield "Last run: none has come to its end."
        return
    kind = "estimate only, " if manifest.get("estimate") else ""
    yield (
        f"Last run: {kind}ended {manifest['ended']} with exit status "
        f"{manifest['exit_status']} after {many(manifest['calls']['made'], 'call')}."
    )
    given = manifest.get("filters")
    filtered = f", filtered by {given}" if given else ""
    for feed in manifest["feeds"]:
        yield f"  {feed['uri']}: {many(feed['rows'], 'row')}{filtered}"
    yield from _objects(manifest.get("objects", {}))
    if missing := left_out(manifest):
        yield f"  left out: {', '.join(missing)}"
    if manifest["ended_by"]:
        yield f"  {manifest['ended_by']}"


def _objects(kinds: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the last run came to for each kind beside tickets and messages."""
    for name, kind in kinds.items():
        if kind["not_permitted"]:
            yield f"  {name}: not permitted ({kind['not_permitted']})"
            continue
        yield (
            f"  {name}: {kind['listed']:,} listed, {kind['archived']:,} archived, "
            f"{kind['new']:,} new, {kind['changed']:,} changed, {kind['deleted']:,} "
            "deleted"
        )
        if kind["incomplete"]:
            yield f"    {kind['incomplete']}"


def _killed_runs(
    archive: Archive, manifest: Mapping[str, Any] | None, *, is_running: bool
) -> Iterator[str]:
    known = manifest["run"] if manifest else 0
    if killed := archive.last_run() - known - is_running:
        were = "was" if killed == 1 else "were"
        yield f"Since then: {many(killed, 'run')} {were} killed before the end."
