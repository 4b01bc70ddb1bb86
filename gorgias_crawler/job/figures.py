"""What monitors are told of a run: numbers, and nobody's name or word."""

from collections.abc import Mapping
from typing import Any

from gorgias_crawler.errors import EXIT_COMPLETE, EXIT_INCOMPLETE

UNKNOWN = {"exit_status": EXIT_INCOMPLETE, "incomplete": 1}
"""The figures of a run of which nothing more can be told."""


def figures(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures of a run from its *manifest*; see docs/deploy.md."""
    tickets, exit_status = manifest["tickets"], int(manifest["exit_status"])
    return {
        "exit_status": exit_status,
        "incomplete": int(exit_status != EXIT_COMPLETE),
        "tickets": tickets["listed"],
        "tickets_to_fetch": tickets["due"],
        "tickets_new": tickets["new"],
        "tickets_changed": tickets["changed"],
        "messages": manifest["messages"]["archived"],
        "rows": manifest["messages"]["exported"],
        "rows_dropped": sum(manifest["dropped"].values()),
        "failures": len(manifest["failed"]),
        "files_to_fetch": manifest["files"]["to_fetch"],
    }
