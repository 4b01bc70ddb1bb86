"""What a crawl asks its archive: nothing may read all objects of an account."""

import re

import pytest

from gorgias_crawler.api.budget import Budget
from gorgias_crawler.archive import Archive, counts, order
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.plans import Fetch
from gorgias_crawler.job import manifest, progress
from tests.account_model import AccountModel, Run


class Listener:
    """Explains every statement that an archive is given."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.statements: set[str] = set()
        archive.db.set_trace_callback(self._hear)

    def _hear(self, statement: str) -> None:
        # values differ, plans do not
        self.statements.add(re.sub(r"\b\d+\b|x?'[^']*'", "1", statement))

    def full_scans(self) -> dict[str, str]:
        """Return the statements that read a whole table of objects, with the step."""
        self.archive.db.set_trace_callback(None)
        return {
            statement: detail
            for statement in self.statements
            if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH"))
            # once an export, which reads all of it anyway: a count that no index tells
            and "NOT INDEXED" not in statement
            # once a run: what is staged are pages of the tickets that are in progress
            and not statement.endswith("FROM staged WHERE unsent")
            for *_, detail in self.archive.db.execute(f"EXPLAIN QUERY PLAN {statement}")
            if re.match(r"SCAN (ticket|message|staged)\b(?!.*COVERING INDEX)", detail)
        }


def account() -> AccountModel:
    model = AccountModel()
    for number in range(40):
        # counts that differ for many, so that a sample is drawn
        count = number + 9 if number % 3 else -1
        model.add_ticket(messages=number % 5, count=count if number > 20 else None)
    return model


@pytest.mark.parametrize("fetch", [Fetch.BULK, Fetch.PER_TICKET])
def test_no_query_of_a_crawl_reads_a_whole_table_of_objects(tmp_path, fetch):
    archive = Archive.open(tmp_path / "archive.sqlite")
    listener = Listener(archive)
    model = account()
    Run(archive, model, fetch=fetch).finish()
    orphaned = model.add_ticket(messages=2)
    run = Run(archive, model, fetch=fetch)
    run.take()
    progress.measure(archive, Budget(0.8), run.agenda, 0, 1.0, 0.0)
    run.finish()
    model.delete_ticket(orphaned)
    Run(archive, model, fetch=fetch, relist=True).finish()
    plans.possible(archive)
    ending = manifest.Ending(None, True, False, 0, {}, [], [])
    manifest.manifest(archive, ending, run.answers.memory.changes, [], {})
    for _, messages in order.in_order(archive, only_complete=True):
        list(messages)
    counts.incomplete(archive)
    assert len(listener.statements) > 40
    assert listener.full_scans() == {}
    archive.close()


def test_an_export_reads_on_from_where_it_was_and_sorts_nothing(tmp_path):
    """Else each hundred tickets would cost as much as all that are left."""
    archive = Archive.open(tmp_path / "archive.sqlite")
    Run(archive, account()).finish()
    listener = Listener(archive)
    for _, messages in order.in_order(archive, only_complete=True):
        list(messages)
    archive.db.set_trace_callback(None)
    steps = [
        detail
        for statement in listener.statements
        if "ORDER BY" in statement
        for *_, detail in archive.db.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert any("ticket USING INTEGER PRIMARY KEY (rowid>?)" in step for step in steps)
    assert any("USING INDEX message_in_order (ticket_id=?" in step for step in steps)
    assert not any("TEMP B-TREE" in step or "MULTI-INDEX" in step for step in steps)
    archive.close()
