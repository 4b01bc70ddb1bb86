"""An account that changes while it is read, and counts that are not what they seem."""

import pytest

from gorgias_crawler.api.pages import Page
from gorgias_crawler.archive import Archive, counts, states, walks
from gorgias_crawler.errors import NotFoundError, RefusedError, UnansweredError
from gorgias_crawler.fetch import plans
from gorgias_crawler.fetch.calls import Call, TicketPage, TicketsById, WalkPage
from gorgias_crawler.fetch.plans import Fetch
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
        run.agenda.flow.back(call)
        run.answers.store(call, Page((), None), model.now_us)
    run.finish()
    assert [messages for _, messages in export(archive)[:1]] == [
        messages for _, messages in model.export()
    ]
    assert counts.totals(archive).messages == 3


@pytest.mark.parametrize("count", [0, 1])
def test_a_404_of_a_listed_ticket_is_a_failure_but_where_its_listing_counts_none(
    archive, monkeypatch, count
):
    model = AccountModel()
    ticket_id = model.add_ticket(1, count=count)
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
    assert counts.is_complete(archive) is (count == 0)
    assert [id_ for id_, _ in counts.failures(archive)] == [ticket_id] * count


@pytest.fixture
def miscounted(archive):
    """An account whose listing counts one message too few everywhere."""
    model = AccountModel()
    for _ in range(200):
        model.add_ticket(2, count=1)
    model.now_us += HOUR_US
    run = Run(archive, model, fetch=Fetch.BULK)
    advance_to(run, TicketPage)  # the first of the sample
    return model, run


LISTING, WALK = 67, 134  # pages of three of 200 tickets and 400 messages


@pytest.mark.parametrize("answered", [0, 1, states.SAMPLE_SIZE])
def test_a_kill_while_a_sample_is_asked_for_costs_nothing(
    archive, miscounted, answered
):
    model, run = miscounted
    for _ in range(answered):
        run.give()
        if answered < states.SAMPLE_SIZE:
            run.take(window=1)
        else:
            run.waiting += [call for call in [next_sampled(run)] if call]
    Run(archive, model).finish()
    assert counts.is_complete(archive)
    assert export(archive) == model.export()
    assert model.calls <= LISTING + WALK + states.SAMPLE_SIZE + 4


def next_sampled(run: Run):
    """Take a call as long as one is due, and so die before the judgement."""
    return run.agenda.take() if run.answers.tickets.due(1) else None


def test_one_sampled_ticket_that_fails_holds_up_no_other(archive, miscounted):
    model, run = miscounted
    failing = run.waiting[0].ticket_id
    run.give(error=UnansweredError("500"))
    run.finish()
    assert archive.db.execute("SELECT id FROM ticket WHERE due > 0").fetchall() == [
        (failing,)
    ]
    assert counts.failures(archive) == [(failing, "500")]
    Run(archive, model).finish()
    assert counts.is_complete(archive)


@pytest.mark.parametrize("fetch", [Fetch.AUTO, Fetch.PER_TICKET])
def test_what_changes_while_a_sample_is_asked_for_is_not_believed_of_the_walk(
    archive, miscounted, fetch
):
    model, run = miscounted
    run.give()
    changed = max(model.tickets)
    model.now_us += HOUR_US
    model.add_message(changed)
    Run(archive, model, fetch=fetch).finish()  # the first run was killed
    assert counts.is_complete(archive)
    assert export(archive) == model.export()


def test_a_ticket_that_failed_and_is_settled_by_a_walk_is_no_failure(archive):
    model = AccountModel()
    failing = [model.add_ticket(4), model.add_ticket(1)]
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    advance_to(run, TicketPage)
    run.give()  # the first page of the first; its second page fails
    run.take()
    while run.waiting:
        run.give(error=UnansweredError("500"))
        run.take()
    assert [id_ for id_, _ in counts.failures(archive)] == failing
    Run(archive, model, fetch=Fetch.BULK).finish()
    assert counts.is_complete(archive)
    assert counts.failures(archive) == []


def test_nothing_is_left_of_the_pages_of_a_ticket_that_a_walk_settled(archive):
    model = AccountModel()
    model.add_ticket(4)
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    advance_to(run, TicketPage)
    run.give()  # killed after the first of two pages
    Run(archive, model, fetch=Fetch.BULK).finish()
    assert archive.db.execute("SELECT count(*) FROM staged").fetchone() == (0,)
    assert export(archive) == model.export()


def test_a_walk_that_was_left_for_another_way_does_not_make_later_runs_dearer(archive):
    model = AccountModel()
    for _ in range(40):
        model.add_ticket(3)
    model.now_us += HOUR_US
    run = Run(archive, model, fetch=Fetch.BULK)
    advance_to(run, WalkPage)
    while not walks.get(archive, walks.NEWEST_MESSAGES):
        run.give()
        run.take()
    for _ in range(20):
        run.give()
        run.take()
    before = model.calls
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()  # the first was killed
    # half of the tickets are whole already: by the walk, though it was not finished
    assert model.calls - before <= 40 - 18 + 2
    assert export(archive) == model.export()
    model.now_us += DAY_US
    for ticket_id in sorted(model.tickets):
        model.tickets[ticket_id].updated_us = model.now_us
    before = model.calls
    model.now_us += HOUR_US
    Run(archive, model).finish()
    updates = 14  # pages of three of 40 tickets
    assert model.calls - before <= updates + 3
    assert export(archive) == model.export()


def test_a_second_walk_in_one_run_is_no_loop(archive):
    model = AccountModel()
    for _ in range(4):
        model.add_ticket(3)
    target, losing = sorted(model.tickets)[:2]
    run = Run(archive, model, fetch=Fetch.BULK)
    advance_to(run, WalkPage)
    while not walks.get(archive, walks.OLDEST_MESSAGES):
        run.give()
        run.take()
    ids = sorted(row.id for row in model.messages.values() if row.ticket_id == losing)
    model.merge(losing, target)
    model.delete_message(ids[0])
    run.finish()
    assert not run.answers.walks.bulk_refusal
    assert counts.is_complete(archive)


def test_a_ticket_that_is_updated_while_updates_are_read_is_not_passed_over(archive):
    model = AccountModel()
    for _ in range(8):
        model.add_ticket(1)
    model.now_us += DAY_US
    Run(archive, model).finish()
    model.now_us += DAY_US
    for ticket_id in sorted(model.tickets):
        model.add_message(ticket_id)
    model.now_us += 1_000_000
    before = model.export()
    run = Run(archive, model)
    run.take()
    run.give()  # the first page of updates
    model.now_us += 1_000_000
    last = min(model.tickets)
    model.tickets[last].updated_us = model.now_us
    run.finish()
    archived = export(archive)
    assert [messages for _, messages in archived] == [rows for _, rows in before]
    assert counts.is_complete(archive)


@pytest.mark.parametrize("relist", [False, True])
@pytest.mark.parametrize("days", [1, 7])
def test_a_message_that_is_sent_after_the_run_shows_it_whenever_the_next_one_is(
    archive, relist, days
):
    model = AccountModel()
    message_id = model.add_message(model.add_ticket(1), unsent=True)
    Run(archive, model).finish()
    model.now_us += days * DAY_US
    model.messages[message_id].unsent = False  # minutes later; no list shows it
    killed = Run(archive, model, relist=relist)
    killed.take()
    killed.give()
    model.now_us += days * DAY_US
    Run(archive, model, relist=relist).finish()
    assert export(archive) == model.export()


def test_a_message_that_is_never_sent_is_not_asked_for_for_ever(archive):
    model = AccountModel()
    model.add_message(model.add_ticket(1), unsent=True)
    for _ in range(3):
        Run(archive, model).finish()
        model.now_us += 7 * DAY_US
    before = model.calls
    Run(archive, model).finish()
    assert model.calls == before + 1


@pytest.mark.parametrize("relist", [False, True])
def test_a_wrong_count_that_comes_to_agree_is_not_believed(archive, relist):
    model = AccountModel()
    for _ in range(4):
        model.add_ticket(3, count=4)
    model.now_us += HOUR_US
    Run(archive, model, fetch=Fetch.BULK).finish()
    model.now_us += DAY_US
    for row in model.tickets.values():
        row.count, row.updated_us = 3, model.now_us
        model.delete_message(next(m.id for m in model._of(row.id)))
    Run(archive, model, fetch=Fetch.BULK, relist=relist).finish()
    assert export(archive) == model.export()


def test_a_sample_does_not_speak_for_what_a_short_walk_cannot_see(archive):
    model = AccountModel()
    targets = [model.add_ticket(1) for _ in range(4)]
    losing = [model.add_ticket(1) for _ in range(4)]
    model.now_us += HOUR_US
    Run(archive, model).finish()
    model.now_us += DAY_US
    for target, other in zip(targets, losing, strict=True):
        model.merge(other, target)
    for _ in range(200):
        model.add_ticket(1, count=2)
    Run(archive, model, fetch=Fetch.BULK).finish()
    Run(archive, model, fetch=Fetch.BULK, relist=True).finish()
    assert export(archive) == model.export()


def test_relisting_carries_a_deletion_through_where_the_count_is_unknown(archive):
    model = AccountModel()
    ticket_id = model.add_ticket(2, count=-1)
    model.now_us += HOUR_US
    Run(archive, model).finish()
    model.delete_message(max(model.messages))
    before = model.calls
    Run(archive, model).finish()
    assert model.calls == before + 1
    Run(archive, model, relist=True).finish()
    assert export(archive) == model.export()
    assert ticket_id in model.tickets


def test_a_ticket_without_a_date_does_not_end_the_walk_through_updates(archive):
    model = AccountModel()
    for _ in range(8):
        model.add_ticket(1)
    undated = max(model.tickets)
    model.tickets[undated].updated_us = 0
    model.now_us += HOUR_US
    Run(archive, model).finish()
    model.now_us += DAY_US
    for ticket_id in sorted(model.tickets):
        if ticket_id != undated:
            model.add_message(ticket_id)
    Run(archive, model).finish()
    assert export(archive) == model.export()


def test_a_ticket_on_the_next_page_of_an_answer_by_ids_is_not_erased(
    archive, monkeypatch
):
    model = AccountModel()
    for _ in range(8):
        model.add_ticket(1)
    vanished = min(model.tickets)
    model.now_us += HOUR_US
    Run(archive, model).finish()
    model.delete_ticket(vanished)
    answer = model.answer

    def in_short_pages(call: Call):
        page = answer(call)
        if isinstance(call, WalkPage):
            return Page((), None)  # a listing that shows nothing any more
        if isinstance(call, TicketsById) and len(page.rows) > 3:
            return Page(page.rows[:3], "next")
        return page

    monkeypatch.setattr(model, "answer", in_short_pages)
    Run(archive, model, relist=True).finish()
    assert export(archive) == model.export()


@pytest.mark.parametrize("relist", [False, True])
def test_a_ticket_that_was_gone_and_is_listed_is_fetched(archive, relist):
    model = AccountModel()
    ticket_id = model.add_ticket(2)
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    advance_to(run, TicketPage)
    run.give(error=NotFoundError("404", of_the_api=True))
    run.finish()
    model.now_us += HOUR_US if relist else 0
    Run(archive, model, relist=relist).finish()
    assert export(archive) == model.export()
    assert counts.totals(archive).gone == 0
    assert ticket_id in model.tickets


@pytest.mark.parametrize("fetch", [Fetch.BULK, Fetch.AUTO])
def test_a_page_that_fails_when_the_ends_have_met_is_not_missed(archive, fetch):
    model = AccountModel()
    for _ in range(3):
        model.add_ticket(2)
    run = Run(archive, model, fetch=fetch)
    run.take()
    while run.waiting:
        ends = [run.answers.walks.is_open(name) for name in walks.OF_MESSAGES]
        is_late = walks.get(archive, walks.NEWEST_MESSAGES) and not any(ends)
        run.give(error=RefusedError("403", status=403) if is_late else None)
        run.take()
    assert run.agenda.finished
    assert run.answers.walks.bulk_refusal is None
    assert counts.is_complete(archive)


@pytest.mark.parametrize("answers", [1, 2, 5, 9])
@pytest.mark.parametrize("is_first", [True, False])
def test_relisting_is_done_whatever_became_of_the_runs_before(
    archive, answers, is_first
):
    """A customer's erasure depends on it: the run ends 0 and says that all is there."""
    model = AccountModel()
    for _ in range(8):
        model.add_ticket(2)
    model.now_us += HOUR_US
    if not is_first:
        Run(archive, model, fetch=Fetch.PER_TICKET).finish()
        for ticket_id in model.tickets:
            model.add_message(ticket_id)
        model.now_us += DAY_US
    killed = Run(archive, model, fetch=Fetch.PER_TICKET)
    for _ in range(answers):
        killed.take(window=1)
        killed.give()
    model.delete_ticket(min(model.tickets))
    model.now_us += DAY_US
    Run(archive, model, fetch=Fetch.PER_TICKET, relist=True).finish()
    assert counts.is_complete(archive)
    assert export(archive) == model.export()


@pytest.mark.parametrize("answers", [1, 2, 3, 5, 9])
def test_a_relisting_that_was_killed_is_gone_on_with(archive, answers):
    model = AccountModel()
    for _ in range(8):
        model.add_ticket(2)
    model.now_us += HOUR_US
    killed = Run(archive, model, fetch=Fetch.PER_TICKET, relist=True)
    for _ in range(answers):
        killed.take(window=1)
        killed.give()
    model.now_us += HOUR_US
    Run(archive, model, fetch=Fetch.PER_TICKET, relist=True).finish()
    updates, listing, newest, fetching = 1, 3, 1, 8
    assert model.calls == updates + listing + newest + fetching
    assert export(archive) == model.export()


@pytest.mark.parametrize("is_complete", [True, False])
@pytest.mark.parametrize("refused", [True, False])
def test_an_unfinished_walk_settles_no_ticket_whose_messages_were_replaced(
    archive, is_complete, refused
):
    model = AccountModel()
    for _ in range(8):
        model.add_ticket(2)
    model.now_us += HOUR_US
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    if is_complete:
        run.finish()
    else:
        advance_to(run, TicketPage)
        run.give()
    model.now_us += DAY_US
    first = min(model.tickets)
    model.delete_message(min(model.messages))
    model.add_message(first)
    model.add_ticket(9)
    run = Run(archive, model, fetch=Fetch.AUTO if refused else Fetch.BULK)
    run.take()
    while not walks.get(archive, walks.NEWEST_MESSAGES):
        run.give()
        run.take()
    if refused:
        while run.waiting:
            is_walk = isinstance(run.waiting[0], WalkPage)
            error = RefusedError("403", status=403) if is_walk else None
            run.give(error=error)
            run.take()
    else:  # killed
        Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert counts.is_complete(archive)
    assert export(archive) == model.export()


def test_a_walk_is_not_made_again_for_what_only_a_tickets_own_url_can_tell(archive):
    model = AccountModel()
    for _ in range(10):
        model.add_ticket(3, count=4)
    run = Run(archive, model, fetch=Fetch.BULK)
    advance_to(run, TicketPage)
    run.give()
    before = model.calls
    Run(archive, model, fetch=Fetch.BULK).finish()  # the first was killed
    updates, answers = 4, 9 * 2  # a run sees twice itself what is missing
    assert model.calls - before <= updates + 1 + answers
    assert counts.is_complete(archive)


def test_a_short_walk_is_planned_with_all_that_it_passes(archive):
    """One ticket that fails every night keeps the last complete run far away."""
    model = AccountModel()
    model.add_ticket(1)
    model.now_us += HOUR_US
    Run(archive, model).finish()
    failing = model.add_ticket(1)
    for _ in range(3):
        model.now_us += DAY_US
        for _ in range(4):
            model.add_ticket(50)
        run = Run(archive, model, fetch=Fetch.PER_TICKET)
        run.take()
        while run.waiting:
            call = run.waiting[0]
            is_failing = isinstance(call, TicketPage) and call.ticket_id == failing
            error = UnansweredError("500") if is_failing else None
            run.give(error=error)
            run.take()
    short = next(p for p in plans.possible(archive) if p.floor_us is not None)
    assert short.calls >= 3 * 4 * 50 // 100
