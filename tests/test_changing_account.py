"""An account that changes while it is read, and counts that are not what they seem."""

import pytest

from gorgias_crawler.api import Page
from gorgias_crawler.archive import Archive, reckoning
from gorgias_crawler.calls import Call, TicketPage
from gorgias_crawler.plans import Fetch
from tests.account_model import HOUR_US, AccountModel, Run, export

DAY_US = 24 * HOUR_US


@pytest.fixture
def archive(tmp_path):
    archive = Archive.open(tmp_path / "archive.sqlite")
    yield archive
    archive.close()


def advance_to(run: Run, kind: type[Call]) -> None:
    """Answer calls until the next one is of *kind*."""
    run.take(window=1)
    while not isinstance(run.waiting[0], kind):
        run.give()
        run.take(window=1)


@pytest.mark.parametrize("is_empty_list", [False, True])
def test_a_merge_into_a_ticket_that_was_fetched_before_loses_no_message(
    archive, is_empty_list
):
    model = AccountModel()
    target, losing = model.add_ticket(1), model.add_ticket(2)
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    advance_to(run, TicketPage)
    run.give()  # the target
    run.take(window=1)
    model.merge(losing, target)
    if is_empty_list:  # how a ticket without messages is answered is not documented
        call = run.waiting.pop()
        assert isinstance(call, TicketPage)
        run.agenda.back(call)
        run.answers.store_ticket_messages(call, Page((), None))
    run.finish()
    assert [messages for _, messages in export(archive)[:1]] == [
        messages for _, messages in model.export()
    ]
    assert reckoning.totals(archive).messages == 3


def test_a_ticket_that_is_listed_but_gone_does_not_keep_a_run_from_ending(
    archive, monkeypatch
):
    model = AccountModel()
    ticket_id = model.add_ticket(1)
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    advance_to(run, TicketPage)
    answer = model.answer

    def without_messages(call: Call):
        if isinstance(call, TicketPage):
            model.tickets, kept = {}, model.tickets
            try:
                return answer(call)
            finally:
                model.tickets = kept
        return answer(call)

    monkeypatch.setattr(model, "answer", without_messages)
    run.finish()
    assert reckoning.is_complete(archive)
    assert ticket_id in model.tickets
