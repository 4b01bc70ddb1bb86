"""Archives of older formats, taken over: nobody fetches again because of an upgrade.

Each step leads from one format to the next. All steps of an archive are one
transaction, so a migration that is killed leaves the old archive as it was.
"""

import logging
import re
import sqlite3
from collections.abc import Callable

from gorgias_crawler.api.pages import parse_unsent
from gorgias_crawler.archive.compression import unpacked
from gorgias_crawler.archive.schema import FORMAT, TABLES_OF_3, TICKET_COUNTS

logger = logging.getLogger(__name__)

# A message that failed: before format 3 it was not asked for again (see `_to_3`).
_HAS_FAILED = re.compile(rb'"failed_datetime":\s*"')


def migrate(db: sqlite3.Connection, old: int) -> None:
    """Bring the archive *db* from format *old* to the present one, or leave it.

    Raises `sqlite3.Error` and what `compression.unpacked` raises of damaged archives.
    """
    logger.warning(
        "The archive is of an older version of gorgias_crawler (format %d): taking it "
        "over without a call to Gorgias. It takes some seconds for 100,000 tickets; if "
        "it is stopped, the next run does it again.",
        old,
    )
    try:
        db.execute("BEGIN IMMEDIATE")
        for step in range(old, FORMAT):
            _STEPS[step](db)
        db.execute(f"PRAGMA user_version = {FORMAT}")
        db.execute("COMMIT")
        logger.warning("The archive is taken over (format %d).", FORMAT)
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


_ALTER_TO_3 = f"""
ALTER TABLE walk ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE walk ADD COLUMN unordered INTEGER NOT NULL DEFAULT 0;
DROP INDEX ticket_counts;
ALTER TABLE ticket RENAME COLUMN answered TO settled_rows;
ALTER TABLE ticket ADD COLUMN settled_count INTEGER;
ALTER TABLE ticket ADD COLUMN changed_run INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ticket_changed ON ticket (changed_run);
ALTER TABLE ticket ADD COLUMN asked_run INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;
UPDATE ticket SET settled_count = messages_count WHERE settled_rows IS NOT NULL;
{TICKET_COUNTS}
DROP INDEX message_unsent;
ALTER TABLE message ADD COLUMN read_run INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_unsent ON message (read_run, created_us, ticket_id) WHERE unsent;
ALTER TABLE run ADD COLUMN began_us INTEGER;
{TABLES_OF_3}
-- A watermark may have been taken from a clock that was ahead.
INSERT OR REPLACE INTO fact SELECT 'newest_us', max(updated_us) FROM ticket
    WHERE updated_us <= (SELECT value FROM fact WHERE name = 'watermark_us');
UPDATE fact SET value = min(value, coalesce(
        (SELECT value FROM fact WHERE name = 'newest_us'), value))
    WHERE name IN ('watermark_us', 'complete_us') AND value IS NOT NULL;
DELETE FROM fact WHERE name = 'unsent_us';
UPDATE fact SET value = 'true' WHERE name = 'relisting' AND value = 1;
"""


def _to_3(db: sqlite3.Connection) -> None:
    for statement in _statements(_ALTER_TO_3):
        db.execute(statement)
    _see_what_failed_as_unsent(db)


def _see_what_failed_as_unsent(db: sqlite3.Connection) -> None:
    failed = [
        id_
        for id_, raw in db.execute("SELECT id, raw FROM message WHERE NOT unsent")
        if _HAS_FAILED.search(unpacked(raw)) and parse_unsent(unpacked(raw))
    ]
    db.executemany(
        "UPDATE message SET unsent = 1 WHERE id = ?", ((id_,) for id_ in failed)
    )


def _statements(script: str) -> list[str]:
    lines = (line.partition("--")[0] for line in script.splitlines())
    return [part for part in "\n".join(lines).split(";") if part.strip()]


_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {2: _to_3}

OLDEST = min(_STEPS)
"""The oldest format that is taken over; no older one was ever published."""
