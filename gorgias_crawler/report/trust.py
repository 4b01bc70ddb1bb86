"""What the page rests on: what is complete, what is missing, and the runs."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from gorgias_crawler import errors
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.emit.beside import Beside
from gorgias_crawler.report.words import NO_VALUE, Section, number, utc_minute
from gorgias_crawler.wording import duration, many

_RUNS = 30  # a month of nights
_FAILURES = 20  # run.json has all
_ENDS = {
    errors.EXIT_COMPLETE: "complete",
    errors.EXIT_CANNOT_START: "could not start",
    errors.EXIT_INCOMPLETE: "incomplete",
}


def sections(archive: Archive, beside: Beside) -> Iterator[Section]:
    """Yield the parts of the page's last section."""
    yield _completeness(archive)
    yield _kinds(archive, beside)
    yield _runs(archive)


def _completeness(archive: Archive) -> Section:
    totals = counts.totals(archive)
    failures = counts.failures(archive)
    listed, archived = many(totals.tickets, "ticket"), many(totals.messages, "message")
    lines = [
        f"{listed} listed, with {archived} archived of {totals.expected:,} they count."
    ]
    if not counts.is_listed(archive):
        lines.append("The list of tickets is not finished: more are missing.")
    elif counts.is_complete(archive):
        lines.append("Every listed ticket is archived with all its messages.")
    if missing := counts.incomplete(archive):
        lines.append(
            f"Still to fetch, and not on this page: {many(missing, 'ticket')}."
        )
    if totals.gone:
        lines.append(f"Deleted in Gorgias: {many(totals.gone, 'ticket')}.")
    if len(failures) > _FAILURES:
        lines.append(f"Of {len(failures):,} that failed, the first are shown.")
    return Section(
        "complete",
        "What is complete, and what is missing",
        " ".join(lines),
        ["ticket", "why it could not be fetched"],
        [[str(ticket_id), reason] for ticket_id, reason in failures[:_FAILURES]],
    )


def _kinds(archive: Archive, beside: Beside) -> Section:
    needed = [
        ("users", beside.bots, "who is a person and who a bot"),
        ("account", beside.hours, "business hours and their time zone"),
        ("events", beside.histories, "reopens, merges and when tickets were closed"),
        ("custom_fields", beside.reason_fields, "contact reasons"),
        ("satisfaction_surveys", beside.scores, "scores"),
    ]
    told = (archive.last_manifest() or {}).get("objects", {})
    return Section(
        "kinds",
        "What else it needs",
        "Without one of these some figures are unknown; no figure is guessed. To archive "
        "one: crawl with -a objects=KIND,KIND.",
        ["kind", "archived", "in the last run", "what it tells"],
        [
            [kind, "no" if has is None else "yes", _told(told.get(kind)), what]
            for kind, has, what in needed
        ],
    )


def _told(of: Mapping[str, Any] | None) -> str:
    """Return what the last run's manifest says of a kind."""
    if of is None:
        return "not asked for"
    if of["not_permitted"]:
        return f"not permitted: {of['not_permitted']}"
    said = [f"{of[name]:,} {name}" for name in ("new", "changed", "deleted")]
    return ", ".join([*said, *filter(None, [of["incomplete"]])])


def _runs(archive: Archive) -> Section:
    return Section(
        "runs",
        "Runs of the crawl",
        f"The newest {_RUNS} that came to an end. The API budget belongs to the account: "
        "how full a run saw it at most, other integrations included, and how many calls "
        "were refused because it was full.",
        ["run", "ended", "result", "calls", "took", "refused", "fullest budget"],
        [_run(manifest) for manifest in islice(archive.manifests(), _RUNS)],
        empty="No run has come to its end yet.",
    )


def _run(manifest: Mapping[str, Any]) -> list[str]:
    calls = manifest["calls"]
    level, limit = calls.get("highest_level"), calls.get("bucket_limit")
    return [
        str(manifest["run"]),
        utc_minute(manifest["ended"]),
        _ENDS.get(manifest["exit_status"], NO_VALUE),
        number(calls["made"]),
        duration(manifest["seconds"]),
        number(calls["refused"]),
        f"{level:,.0f} of {limit:,.0f}" if level is not None and limit else NO_VALUE,
    ]
