"""How far a job is, read from its archive while a crawl may be at work."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gorgias_crawler.api.budget import RATE_WITHOUT_HEADER, SLOWEST_LEAK_S
from gorgias_crawler.archive import Archive, counts, walks
from gorgias_crawler.archive.files import totals as file_totals
from gorgias_crawler.errors import EXIT_COMPLETE, CommandLineError
from gorgias_crawler.fetch.plans import Fetch
from gorgias_crawler.job import directory
from gorgias_crawler.job.manifest import left_out
from gorgias_crawler.job.progress import left_to_fetch_s
from gorgias_crawler.wording import duration, many, size

_NAMED = 20  # failures shown; run.json and --json have all

_PHASES = {
    "listing_tickets": "listing tickets.",
    "messages_in_bulk": "fetching messages in bulk.",
    "messages_ticket_by_ticket": "fetching messages ticket by ticket.",
    "complete": "complete; the next run asks for what changed since.",
}


def told(archive: Archive, path: Path, now: datetime) -> dict[str, Any]:
    """Return what ``status --json`` says of the job at *path*, *now*.

    docs/deploy.md has the meaning of each key: they are stable.
    """
    was_running = directory.is_in_use(path)
    last, complete = archive.last_manifest(), _last_complete(archive)
    tickets, stored = counts.totals(archive), file_totals(archive)
    phase = _phase(archive)
    begun = archive.last_run() - (last["run"] if last else 0)
    # One that begins or ends while this is read was not killed.
    is_running = was_running or directory.is_in_use(path)
    return {
        "account": archive.facts.domain or archive.facts.host,
        "is_running": is_running,
        "phase": phase,
        "seconds_left": _left_s(archive, phase, complete) if is_running else None,
        "tickets": {
            "listed": tickets.tickets,
            "complete": tickets.tickets - tickets.due,
            "to_fetch": tickets.due,
            "deleted": tickets.gone,
        },
        "messages": {"archived": tickets.messages, "counted": tickets.expected},
        "files": {
            "known": stored.known,
            "stored": stored.stored,
            "bytes": stored.bytes,
            "to_fetch": stored.to_fetch,
            "not_at_gorgias": stored.missed + stored.missing,
        },
        "failures": [
            {"ticket_id": ticket_id, "reason": reason}
            for ticket_id, reason in counts.failures(archive)
        ],
        "last_complete_run": complete
        and _run(complete) | {"age_s": _age_s(complete, now)},
        "last_run": last and _run(last),
        "killed_runs": max(0, begun - is_running),
        "refused_start": None if is_running else directory.refused_start(path, last),
    }


def _run(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run": manifest["run"],
        "started": manifest["started"],
        "ended": manifest["ended"],
        "exit_status": manifest["exit_status"],
        "estimate": bool(manifest.get("estimate")),
        "ended_by": manifest["ended_by"],
    }


def _age_s(manifest: Mapping[str, Any], now: datetime) -> int:
    """Return the seconds since a run began: its files are current as of then."""
    began = datetime.fromisoformat(manifest["started"])
    return int((now - began).total_seconds())


def _left_s(
    archive: Archive, phase: str, complete: Mapping[str, Any] | None
) -> int | None:
    """Return the seconds that the calls for messages take, None where none is left.

    The crawl alone knows what its budget allows now. The size of the account's bucket
    is known from the last complete run; before, it is taken for the smallest.
    """
    limit = complete and complete["calls"]["bucket_limit"]
    calls_per_s = limit / SLOWEST_LEAK_S if limit else RATE_WITHOUT_HEADER
    fetch = Fetch.BULK if phase == "messages_in_bulk" else Fetch.PER_TICKET
    left_s = left_to_fetch_s(archive, fetch, calls_per_s)
    return None if left_s is None or phase == "complete" else round(left_s)


def _last_complete(archive: Archive) -> dict[str, Any] | None:
    """Return the manifest of the last complete run, whatever later ones came to."""
    complete = (
        manifest
        for manifest in archive.manifests()
        if manifest.get("exit_status") == EXIT_COMPLETE and not manifest.get("estimate")
    )
    return next(complete, None)


def _phase(archive: Archive) -> str:
    if not counts.is_listed(archive):
        return "listing_tickets"
    if counts.is_complete(archive):
        return "complete"
    if walks.get(archive, walks.NEWEST_MESSAGES):
        return "messages_in_bulk"
    return "messages_ticket_by_ticket"


def lines(archive: Archive, told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person wants to know of a job, of which `told` says *told*."""
    account = told["account"] or "not known yet"
    is_running = told["is_running"]
    at_work = "a crawl is at work on it now" if is_running else "no crawl is at work"
    yield f"Account {account}: {at_work}."
    left = told["seconds_left"]
    about = "" if left is None else f"About {duration(left)} left for messages."
    yield f"Phase: {_PHASES[told['phase']]} {about}".strip()
    tickets, messages = told["tickets"], told["messages"]
    yield (
        f"Tickets: {tickets['listed']:,} listed, {tickets['complete']:,} complete, "
        f"{tickets['to_fetch']:,} still to fetch, {tickets['deleted']:,} deleted."
    )
    yield (
        f"Messages: {messages['archived']:,} archived of {messages['counted']:,} that "
        "the tickets count."
    )
    if (stored := told["files"])["known"]:
        yield (
            f"Files: {stored['stored']:,} of {stored['known']:,} stored "
            f"({size(stored['bytes'])}), {stored['to_fetch']:,} to fetch, "
            f"{stored['not_at_gorgias']:,} not at Gorgias."
        )
    yield from _failures(told["failures"])
    yield from _last_run(archive.last_manifest())
    if complete := told["last_complete_run"]:
        yield f"Current as of {complete['started']}, when the last complete run began."
    if killed := told["killed_runs"]:
        yield f"Since then: {were_killed(killed)}"
    if refused := told["refused_start"]:
        yield (
            f"Last start: refused {refused['at']} with exit status "
            f"{refused['exit_status']}."
        )
        yield f"  {refused['reason']}"


def _failures(failures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not failures:
        return
    yield f"Failures: {many(len(failures), 'ticket')}; the next run tries them again:"
    for failure in failures[:_NAMED]:
        yield f"  {failure['ticket_id']}  {failure['reason']}"
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


_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def max_age_s(text: str) -> float:
    """Read ``26h``, ``90m`` or ``2d``; return seconds. Raises `CommandLineError`."""
    match = re.fullmatch(r"(\d{1,5})([mhd])", text.strip(), re.ASCII)
    if match is None or int(match[1]) == 0:
        raise CommandLineError(
            f"--max-age {text}: give minutes, hours or days, for example --max-age 90m, "
            "26h or 2d."
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])}).total_seconds()


def is_fresh(told: Mapping[str, Any], max_age_s: float) -> bool:
    """Tell whether the last complete run began no longer ago than that.

    *told* is what `status.told` says. A start that is ahead of this machine's clock
    proves nothing.
    """
    complete = told["last_complete_run"]
    return complete is not None and 0 <= complete["age_s"] <= max_age_s


def sentence(told: Mapping[str, Any], max_age_s: float, asked: str) -> str:
    """Say in one line how old what the job holds is; *asked* is the age as given."""
    complete = told["last_complete_run"]
    if complete is None:
        return f"No run of this job has been complete yet. {_since_then(told)}"
    age_s = complete["age_s"]
    began = f"began {complete['started']}"
    if age_s < 0:
        return (
            f"The last complete run {began}, which is ahead of this machine's clock: "
            "set the clock."
        )
    if is_fresh(told, max_age_s):
        return f"Current as of {complete['started']}, {duration(age_s)} ago."
    return (
        f"Too old: the last complete run {began}, {duration(age_s)} ago, and --max-age "
        f"is {asked}. {_since_then(told)}"
    )


def were_killed(runs: int) -> str:
    """End a sentence that says how many runs did not come to their end."""
    were = "was" if runs == 1 else "were"
    return f"{many(runs, 'run')} {were} killed before the end."


def _since_then(told: Mapping[str, Any]) -> str:
    """Say the last that is known of the job."""
    last, complete = told["last_run"], told["last_complete_run"]
    if told["is_running"]:
        return "A crawl is at work on it now."
    if refused := told["refused_start"]:
        return f"The last start was refused, {refused['at']}: {refused['reason']}"
    if killed := told["killed_runs"]:
        return f"Since then {were_killed(killed)}"
    if last is None or (complete and last["run"] == complete["run"]):
        return "No run has begun since."
    if last["estimate"]:
        return f"The last run, {last['ended']}, was an estimate only."
    why = last["ended_by"] or "status says what is missing."
    return f"The last run ended {last['ended']} with exit status {last['exit_status']}: {why}"
