"""Whatever happens between two calls, the archive becomes the account."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorgias_crawler.archive import counts, doubts, states
from gorgias_crawler.errors import (
    NotFoundError,
    RefusedError,
    RunEndError,
    UnansweredError,
)
from gorgias_crawler.fetch.calls import TicketPage, WalkPage
from gorgias_crawler.fetch.plans import Fetch
from tests.account_model import HOUR_US, AccountModel, Run, export, open_archive

WAYS = [Fetch.PER_TICKET, Fetch.BULK, Fetch.AUTO]


@pytest.fixture
def archive(tmp_path):
    archive = open_archive(tmp_path / "archive.sqlite")
    yield archive
    archive.close()


@pytest.fixture
def model():
    model = AccountModel()
    for messages in [2, 0, 1, 7, 4, 1, 0, 3]:
        model.add_ticket(messages)
    model.now_us += HOUR_US  # longer than a refresh looks back
    return model


@pytest.mark.parametrize("fetch", WAYS)
def test_a_run_archives_the_whole_account(archive, model, fetch):
    Run(archive, model, fetch=fetch).finish()
    assert export(archive) == model.export()
    assert counts.is_complete(archive)


@pytest.mark.parametrize("fetch", WAYS)
def test_an_empty_account_is_complete_with_nothing(archive, fetch):
    Run(archive, AccountModel(), fetch=fetch).finish()
    assert export(archive) == []
    assert counts.is_complete(archive)


@pytest.mark.parametrize("fetch", WAYS)
@pytest.mark.parametrize("kill_after", range(1, 16))
def test_a_killed_run_is_finished_by_the_next(archive, model, fetch, kill_after):
    killed = Run(archive, model, fetch=fetch)
    for _ in range(kill_after):
        killed.take()
        if killed.waiting:
            killed.give()
    Run(archive, model, fetch=fetch).finish()
    assert export(archive) == model.export()
    assert counts.is_complete(archive)


def test_tickets_without_messages_need_no_call(archive, model):
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    # 3 pages of 8 tickets, 1 of the newest; 6 have messages on 1, 1, 3, 2, 1, 1 pages.
    assert model.calls == 3 + 1 + 9


def test_a_count_of_zero_beside_an_excerpt_is_not_believed(archive):
    model = AccountModel()
    for messages in (2, 1, 0, 3):
        model.add_ticket(messages)
    lied_about = min(model.tickets)
    model.tickets[lied_about].count = 0  # among true counts, in a first listing
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert export(archive) == model.export()


def test_a_null_count_is_unknown_and_asked_for(archive):
    model = AccountModel()
    model.add_ticket(2, count=-1)
    Run(archive, model).finish()
    assert export(archive) == model.export()


def test_a_refresh_of_an_unchanged_account_takes_one_call(archive, model):
    Run(archive, model).finish()
    model.now_us += 24 * HOUR_US
    before = model.calls
    run = Run(archive, model)
    run.finish()
    assert model.calls == before + 1
    assert (run.answers.memory.changes.new, run.answers.memory.changes.changed) == (
        0,
        0,
    )


@pytest.mark.parametrize("fetch", WAYS)
def test_a_refresh_brings_what_changed(archive, model, fetch):
    Run(archive, model, fetch=fetch).finish()
    model.now_us += 24 * HOUR_US
    old = sorted(model.tickets)
    model.add_ticket(3)
    model.add_message(old[0])
    model.add_message(old[1])
    model.tickets[old[2]].updated_us = model.now_us
    model.merge(old[3], old[4])
    Run(archive, model, fetch=fetch, relist=True).finish()
    assert export(archive) == model.export()


def test_a_relisting_drops_what_vanished(archive, model):
    Run(archive, model).finish()
    for ticket_id in sorted(model.tickets)[::2]:
        model.delete_ticket(ticket_id)
    run = Run(archive, model, relist=True)
    run.finish()
    assert export(archive) == model.export()
    assert run.answers.memory.changes.vanished == 4


def test_a_message_that_is_sent_later_is_read_again(archive, model):
    ticket_id = model.add_ticket(1)
    message_id = model.add_message(ticket_id, unsent=True)
    Run(archive, model).finish()
    model.now_us += HOUR_US
    model.messages[message_id].unsent = False
    Run(archive, model).finish()
    assert export(archive) == model.export()


def test_a_gone_ticket_has_no_rows_and_is_no_failure(archive, model):
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    run.take()
    while isinstance(run.waiting[0], WalkPage):
        run.give()
        run.take()
    gone = next(call for call in run.waiting if isinstance(call, TicketPage))
    model.delete_ticket(gone.ticket_id)
    run.finish()
    assert run.answers.memory.changes.vanished == 1
    assert counts.is_complete(archive)
    assert counts.failures(archive) == []


def test_a_ticket_that_is_asked_for_by_its_id_is_not_waited_for(archive, model):
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    run.take()
    while isinstance(run.waiting[0], WalkPage):
        run.give()
        run.take()
    call, tickets = run.waiting[0], run.answers.tickets
    assert isinstance(call, TicketPage)
    with archive.transaction():
        doubts.note(archive, call.ticket_id, [], model.now_us, takes_away=False)
    assert tickets.next_ready_us() > model.now_us
    run.give(error=NotFoundError("404", of_the_api=True))
    assert tickets.next_ready_us() is None


def test_a_ticket_that_cannot_be_fetched_stops_no_other_and_is_tried_again(
    archive, model
):
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    failing = sorted(model.tickets)[3]
    run.take()
    while run.waiting:
        call = run.waiting[0]
        is_failing = isinstance(call, TicketPage) and call.ticket_id == failing
        error = UnansweredError("500") if is_failing else None
        run.give(error=error)
        run.take()
    assert run.agenda.finished
    assert counts.failures(archive) == [(failing, "500")]
    assert not counts.is_complete(archive)
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert export(archive) == model.export()
    assert counts.failures(archive) == []


CURSOR_REFUSALS = [
    RefusedError("400", status=400),
    NotFoundError("404", of_the_api=True),
    RefusedError("422", status=422),
]


@pytest.mark.parametrize("fetch", WAYS)
@pytest.mark.parametrize("refusal", CURSOR_REFUSALS)
def test_a_refused_cursor_begins_that_walk_again(archive, model, fetch, refusal):
    run = Run(archive, model, fetch=fetch)
    refused = set()
    run.take()
    while run.waiting:
        call = run.waiting[0]
        cursor = call.walk.cursor if isinstance(call, WalkPage) else None
        if isinstance(call, TicketPage):
            cursor = call.cursor
        error = None
        if cursor is not None and call.key not in refused:
            refused.add(call.key)
            error = refusal
        run.give(error=error)
        run.take()
    assert refused
    assert export(archive) == model.export()


def test_a_cursor_that_is_always_refused_ends_the_listing(archive, model):
    run = Run(archive, model)
    with pytest.raises(RunEndError, match="cannot be read to its end"):
        for _ in range(20):
            run.take()
            call = run.waiting[0]
            refuse = isinstance(call, WalkPage) and call.walk.cursor
            run.give(error=RefusedError("400", status=400) if refuse else None)


def test_a_page_that_fails_is_asked_for_with_fewer_rows(archive, model):
    run = Run(archive, model)
    limits = []
    run.take()
    while run.waiting:
        call = run.waiting[0]
        error = None
        if isinstance(call, WalkPage):
            limits.append(call.limit)
            if call.limit > 1 and len(limits) < 8:
                error = UnansweredError("too large")
        run.give(error=error)
        run.take()
    assert limits[:4] == [100, 50, 10, 1]
    assert export(archive) == model.export()


def test_a_refused_walk_falls_back_to_per_ticket(archive, model):
    run = Run(archive, model, fetch=Fetch.AUTO)
    run.take()
    while run.waiting:
        call = run.waiting[0]
        refuse = isinstance(call, WalkPage) and call.is_of_messages
        run.give(error=RefusedError("403", status=403) if refuse else None)
        run.take()
    assert run.answers.walks.bulk_refusal
    assert export(archive) == model.export()


def test_a_refused_walk_ends_a_run_that_asked_for_bulk(archive, model):
    run = Run(archive, model, fetch=Fetch.BULK)
    with pytest.raises(RunEndError, match="fetch=bulk"):
        while True:
            run.take()
            call = run.waiting[0]
            refuse = isinstance(call, WalkPage) and call.is_of_messages
            run.give(error=RefusedError("403", status=403) if refuse else None)


def test_counts_that_differ_for_many_are_settled_by_a_sample(archive):
    model = AccountModel()
    for _ in range(200):
        model.add_ticket(2, count=1)
    run = Run(archive, model, fetch=Fetch.BULK)
    run.finish()
    assert export(archive) == model.export()
    assert counts.is_complete(archive)
    listing, walk, sample = 67, 134, states.SAMPLE_SIZE
    assert model.calls <= listing + walk + sample + 2
    assert len(run.answers.memory.notes) == 1


@pytest.mark.parametrize("fetch", [Fetch.BULK, Fetch.PER_TICKET])
def test_a_ticket_with_fewer_messages_than_counted_is_never_accepted_unasked(
    archive, fetch
):
    model = AccountModel()
    for _ in range(200):
        model.add_ticket(1, count=2)
    run = Run(archive, model, fetch=fetch)
    run.finish()
    assert export(archive) == model.export()
    assert counts.is_complete(archive)
    assert len(counts.noted(archive)) == 200
    asked = 200 if fetch is Fetch.BULK else 400  # the walk is an answer, too
    listing, walk = 67, 68 if fetch is Fetch.BULK else 0
    assert model.calls <= listing + walk + asked + 2
    before = model.calls
    Run(archive, model, fetch=fetch, relist=True).finish()
    updates = 1
    # what was settled is not asked for again
    assert model.calls == before + listing + updates


def test_counts_that_differ_for_few_are_asked_for_one_by_one(archive, model):
    odd = model.add_ticket(2, count=5)
    run = Run(archive, model, fetch=Fetch.BULK)
    run.finish()
    assert counts.noted(archive) == [(odd, 5, 2)]
    assert counts.is_complete(archive)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("give"), st.integers(0, 5)),
        st.tuples(st.just("fail"), st.integers(0, 5)),
        st.tuples(st.just("refuse"), st.integers(0, 5)),
        st.tuples(st.just("kill"), st.sampled_from(WAYS)),
        st.tuples(st.just("change"), st.integers(0, 2**16)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(events=EVENTS, sizes=st.lists(st.integers(0, 8), max_size=8))
def test_any_order_of_answers_failures_kills_and_changes_ends_complete(
    tmp_path_factory, events, sizes
):
    archive = open_archive(tmp_path_factory.mktemp("job") / "archive.sqlite")
    model = AccountModel()
    for size in sizes:
        model.add_ticket(size)
    run = Run(archive, model)
    for event, value in events:
        run = step(run, event, value)
    # A later run is asked to look at everything, as deletions leave no trace.
    model.now_us += 24 * HOUR_US
    Run(archive, model).finish()
    Run(archive, model, relist=True).finish()
    assert export(archive) == model.export()
    archive.close()


def step(run: Run, event: str, value) -> Run:
    if event == "kill":
        return Run(run.archive, run.model, fetch=value)
    if event == "change":
        change(run.model, random.Random(value))
        return run
    run.take()
    if run.waiting:
        errors = {
            "fail": UnansweredError("503"),
            "refuse": RefusedError("400", status=400),
        }
        try:
            run.give(value % len(run.waiting), errors.get(event))
        except RunEndError:
            return Run(run.archive, run.model)
    return run


def change(model: AccountModel, rng: random.Random) -> None:
    ids = sorted(model.tickets)
    kind = rng.choice(["new", "reply", "delete", "erase", "merge"])
    if kind == "new" or len(ids) < 2:
        model.add_ticket(rng.randrange(5))
    elif kind == "reply":
        model.add_message(rng.choice(ids))
    elif kind == "delete":
        model.delete_ticket(rng.choice(ids))
    elif kind == "erase" and model.messages:
        model.delete_message(rng.choice(sorted(model.messages)))
    elif kind == "merge":
        losing, target = rng.sample(ids, 2)
        model.merge(losing, target)
