"""How old what a job holds is: from the start of its last complete run."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gorgias_crawler.errors import CommandLineError
from gorgias_crawler.wording import duration, many

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
