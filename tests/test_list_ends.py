"""Ends of lists, orders and answers by ids that prove nothing by themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import pytest

from gorgias_crawler.api.kinds import Refresh
from gorgias_crawler.api.pages import Ticket
from gorgias_crawler.archive import Archive, counts
from gorgias_crawler.errors import RefusedError, RunEndError
from gorgias_crawler.fetch.calls import TicketsById
from gorgias_crawler.fetch.object_calls import ObjectCall
from gorgias_crawler.fetch.plans import Fetch
from tests.account_model import DAY_US, HOUR_US, SECOND_US, AccountModel, Run, export
from tests.history_faults import (
    Empty,
    EmptyEnds,
    Fault,
    NotFound,
    RefusedCursors,
    Short,
    Unanswered,
    Unordered,
    WrongCounts,
    cursor_of,
    kind,
)
from tests.object_model import Shop, archived
from tests.object_model import kind as object_kind
from tests.object_model import run as run_of_kind


@pytest.fixture
def archive(tmp_path):
    archive = Archive.open(tmp_path / "archive.sqlite")
    yield archive
    archive.close()


@dataclass
class EmptyFrom(Empty):
    """Lists that are empty when ``after`` pages have been shown."""

    after: int = 1
    shown: int = 0

    def strikes(self, call, number):
        self.shown += super().strikes(call, number)
        return super().strikes(call, number) and self.shown > self.after


@dataclass
class Breaks(Unanswered):
    """A walk that breaks after ``after`` pages, in the middle of a ticket."""

    after: int = 3
    pages: int = 0

    def strikes(self, call, number):
        self.pages += super().strikes(call, number)
        return super().strikes(call, number) and self.pages > self.after


@dataclass
class OnlySmallPages(Unanswered):
    """Pages of more than one object fail, so that all limits of the walk are tried."""

    def strikes(self, call, number):
        return super().strikes(call, number) and call.limit > 1


@dataclass
class Gap(Fault):
    """The second page of a list is empty, or the first again, and names the third."""

    shows_first: bool = False
    pages: int = 0
    rows: tuple[Ticket, ...] = ()

    def page(self, call, page, number):
        self.pages += self.strikes(call, number)
        if self.pages == 1 and self.shows_first:
            self.rows = page.rows
        return replace(page, rows=self.rows) if self.pages == 2 else page


@dataclass
class Uneven(Fault):
    """No lie, but a way to page: all pages but the first have one row less."""

    def page(self, call, page, number):
        if not self.strikes(call, number) or cursor_of(call) is None:
            return page
        rows = page.rows[:-1] or page.rows
        last = rows[-1]
        is_last = page.next_cursor is None and rows == page.rows
        at_us = last.updated_us if kind(call) == "updates" else last.created_us
        next_cursor = None if is_last else json.dumps([at_us, last.id])
        return replace(page, rows=rows, next_cursor=next_cursor)


def account(tickets: int) -> AccountModel:
    model = AccountModel(call_us=SECOND_US // 5)
    for _ in range(tickets):
        model.add_ticket(2)
    model.now_us += HOUR_US
    return model


def is_exact(archive: Archive, model: AccountModel) -> bool:
    return counts.is_complete(archive) and export(archive) == model.export()


def test_what_stands_behind_the_empty_end_of_the_listing_is_read_from_the_updates(
    archive,
):
    model = account(2)
    Run(archive, model).finish()
    model.now_us += DAY_US
    for _ in range(4):
        model.add_ticket(2)
    model.faults = [EmptyFrom(("listing",))]
    Run(archive, model, relist=True).finish()
    assert is_exact(archive, model)


@pytest.mark.parametrize("tickets", [1, 3, 9])
def test_lists_that_always_end_with_an_empty_page_are_complete_each_night(
    archive, tickets
):
    model = account(tickets)
    model.faults = [EmptyEnds()]
    for relist in (False, False, True):
        Run(archive, model, relist=relist).finish()
        assert is_exact(archive, model)
        model.now_us += DAY_US
        model.delete_ticket(min(model.tickets))
        model.add_ticket(1)
    Run(archive, model, relist=True).finish()
    assert is_exact(archive, model)


@pytest.mark.parametrize("shows_first", [False, True])
def test_a_page_in_the_midst_of_a_list_hides_nothing(archive, shows_first):
    model = account(12)
    model.faults = [Gap(("listing",), shows_first=shows_first)]
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)


@dataclass
class EndsEarly(Fault):
    """A list that ends with half of its second page, ``times`` times."""

    times: int = 1

    def page(self, call, page, number):
        if not self.strikes(call, number) or not cursor_of(call) or not self.times:
            return page
        self.times -= 1
        return replace(page, rows=page.rows[:1], next_cursor=None)


def test_a_first_listing_that_ends_too_early_is_not_believed(archive):
    model = account(12)
    model.faults = [EndsEarly(("listing",))]
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)


def test_a_first_listing_that_ends_too_early_each_time_ends_the_run(archive):
    model = account(12)
    model.faults = [EndsEarly(("listing",), times=9)]
    with pytest.raises(RunEndError, match="cut short each time"):
        Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert not counts.is_complete(archive)
    model.faults = []
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)


@pytest.mark.parametrize("answers", range(1, 12))
def test_nor_is_it_where_the_run_is_killed(archive, answers):
    model = account(12)
    model.faults = [EndsEarly(("listing",))]
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    for _ in range(answers):
        run.take(window=1)
        run.give()
    model.now_us += HOUR_US
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)


def test_a_walk_that_shows_tickets_behind_the_end_of_the_listing_has_all_listed(
    archive,
):
    model = account(12)
    for _ in range(3):
        model.add_ticket(0)  # no message tells of it
    model.now_us += HOUR_US
    model.faults = [EndsEarly(("listing",))]
    Run(archive, model, fetch=Fetch.BULK).finish()
    assert is_exact(archive, model)


@dataclass
class FirstPages(Fault):
    """Lists from the oldest that are said to end with their first page."""

    def page(self, call, page, number):
        is_walk = kind(call) == "walk" and call.walk.is_ascending
        is_cut = kind(call) == "listing" and call.walk.is_ascending
        return replace(page, next_cursor=None) if is_walk or is_cut else page


def test_a_page_in_flight_shows_what_stands_behind_the_end_of_the_other_walk(archive):
    model = account(12)
    model.faults = [FirstPages(("listing", "walk"))]
    run = Run(archive, model, fetch=Fetch.BULK)
    with pytest.raises(RunEndError, match="cut short each time"):
        run.finish()
    assert not counts.is_complete(archive)


def test_a_listing_that_leaves_some_out_of_its_pages_is_proven_by_the_updates(archive):
    model = account(24)
    model.faults = [Short(("listing",), share=40)]
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)


def test_pages_that_are_uneven_for_good_cost_few_calls(archive):
    model = account(7)
    model.faults = [Uneven(("listing", "updates"))]
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)
    pages = 1 + 2 + 1  # of 7 tickets: 3, 2, 1 and 1
    another_look_at_the_head = 1
    newest = 1
    assert model.calls <= 2 * (pages + 1) + another_look_at_the_head + newest + 7
    before = model.calls
    Run(archive, model).finish()
    assert is_exact(archive, model)
    assert model.calls <= before + pages + 1


def test_a_look_at_the_head_does_not_hide_that_the_updates_ended_too_early(archive):
    model = account(12)
    Run(archive, model).finish()
    model.now_us += DAY_US
    for id_ in sorted(model.tickets)[:9]:
        model.add_message(id_)
    fault = EmptyFrom(("updates",), after=2)
    model.faults = [fault]
    run = Run(archive, model)
    while fault.shown < 2 + 2:  # the empty page is asked for twice
        run.take(window=1)
        run.give()
    model.faults = []
    run.finish()
    assert is_exact(archive, model)


def test_one_object_on_a_page_shows_no_order(archive):
    model = account(6)
    model.faults = [Unordered(("updates",))]
    Run(archive, model).finish()
    model.now_us += DAY_US
    model.add_message(max(model.tickets))
    model.faults.append(OnlySmallPages(("updates",)))
    Run(archive, model).finish()
    assert is_exact(archive, model)


def test_a_ticket_that_comes_during_a_first_run_is_asked_though_it_counts_none(
    archive,
):
    model = account(6)
    model.faults = [WrongCounts(by=None, share=100)]
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    run.take(window=1)
    while kind(run.waiting[0]) != "own":
        run.give()
        run.take(window=1)
    model.add_ticket(2)
    # A ticket whose messages are all gone is looked for among the updates.
    run.agenda.memory.may_be_merged = True
    run.finish()
    assert [messages for _, messages in export(archive)] == [
        messages for _, messages in model.export()
    ]


def test_a_walk_that_breaks_settles_no_ticket_by_its_count_alone(archive):
    model = account(9)
    model.faults = [WrongCounts(by=-1, share=100), Breaks(("walk",))]
    Run(archive, model).finish()
    assert [len(messages) for _, messages in export(archive)] == [2] * 9
    assert counts.is_complete(archive)


def test_a_broken_walk_saves_the_calls_for_what_it_has_passed(archive):
    model = account(30)
    model.faults = [Breaks(("walk",))]
    Run(archive, model).finish()
    assert is_exact(archive, model)
    by_url = (
        30 - 3
    )  # of nine messages, which the counts say are four tickets and a half
    assert model.calls <= 10 + 3 + 4 * 2 + by_url


def test_an_answer_by_ids_without_a_ticket_that_is_there_proves_nothing(archive):
    model = account(12)
    Run(archive, model).finish()
    model.now_us += DAY_US
    model.faults = [Short(("listing", "updates"), share=30), Empty(("ids",))]
    Run(archive, model, relist=True).finish()
    assert export(archive) == model.export()
    assert not counts.is_complete(archive)
    model.faults = []
    model.now_us += HOUR_US
    Run(archive, model).finish()
    assert is_exact(archive, model)


def test_what_waits_to_be_sent_is_not_taken_from_pages_of_an_earlier_run(archive):
    model = AccountModel()
    ticket_id = model.add_ticket(1)
    first = model.add_message(ticket_id, unsent=True)
    for _ in range(4):
        model.add_message(ticket_id)
    model.now_us += HOUR_US
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    run.take(window=1)
    while kind(run.waiting[0]) != "own":
        run.give()
        run.take(window=1)
    run.give()  # its first page, and then the run dies
    model.now_us += DAY_US
    model.send(first)
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert is_exact(archive, model)


def test_a_message_that_came_meanwhile_makes_no_short_answer_agree_with_the_count(
    archive,
):
    model = account(1)
    (ticket_id,) = model.tickets
    run = Run(archive, model, fetch=Fetch.PER_TICKET)
    run.take(window=1)
    while kind(run.waiting[0]) != "own":
        run.give()
        run.take(window=1)
    hidden = model.messages.pop(min(model.messages))  # by this answer alone
    model.add_message(ticket_id)
    run.give()
    model.messages = {hidden.id: hidden} | model.messages
    run.finish()
    assert [len(messages) for _, messages in export(archive)] == [3]
    assert counts.is_complete(archive)


def test_two_runs_that_are_each_shown_nothing_once_erase_nothing(archive):
    model = account(3)
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    model.now_us += DAY_US
    model.add_message(min(model.tickets))
    for _ in range(2):
        model.faults = [Empty(("own",))]
        run = Run(archive, model, fetch=Fetch.PER_TICKET)
        run.take(window=1)
        while kind(run.waiting[0]) != "own":
            run.give()
            run.take(window=1)
        run.give()
        model.faults = []
        assert counts.totals(archive).messages == 6
        model.now_us += HOUR_US  # and the run dies
    Run(archive, model).finish()
    assert is_exact(archive, model)


def at_call(
    number: int, fault: str, numbers: Iterator[int], _: ObjectCall
) -> str | None:
    return fault if next(numbers) == number else None


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        ("empty", 2),
        *((fault, number) for fault in ("gap", "short") for number in (1, 2)),
    ],
)
def test_an_object_that_a_page_hides_is_read(archive, fault, number):
    shop = Shop(object_kind(Refresh.BY_UPDATE))
    for _ in range(shop.limit * 2 + 1):
        shop.add()
    shop.fault = partial(at_call, number, fault, count(1))
    assert run_of_kind(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things


@pytest.mark.parametrize(
    "refresh", [Refresh.BY_UPDATE, Refresh.WHILE_OPEN, Refresh.SINCE]
)
def test_a_first_list_of_a_kind_without_dates_is_believed(archive, refresh):
    shop = Shop(object_kind(refresh))
    for _ in range(shop.limit * 2 + 1):
        shop.add(created_datetime="")
    assert run_of_kind(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things


@pytest.mark.parametrize("fault", ["empty", "ends"])
@pytest.mark.parametrize(
    "refresh", [Refresh.BY_UPDATE, Refresh.WHILE_OPEN, Refresh.SINCE]
)
def test_a_first_list_of_a_kind_that_ends_too_early_is_not_believed(
    archive, refresh, fault
):
    shop = Shop(object_kind(refresh))
    for _ in range(shop.limit * 2 + 1):
        shop.add()
    shop.fault = partial(at_call, 1, fault, count(1))
    assert "ends before its newest object" in str(run_of_kind(archive, shop).trouble)
    shop.fault = lambda _: None
    assert run_of_kind(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things


@dataclass
class EverySecondIsMissing(NotFound):
    """The messages of every second ticket answer 404, night for night."""

    def strikes(self, call, number):
        return super().strikes(call, number) and call.ticket_id // 3 % 2 == 0


def test_tickets_that_answer_404_here_and_there_hold_up_no_other(archive):
    model = account(40)
    model.faults = [EverySecondIsMissing(("own",))]
    Run(archive, model, fetch=Fetch.PER_TICKET).finish()
    assert [id_ for id_, _ in counts.failures(archive)] == [
        id_ for id_ in sorted(model.tickets) if id_ // 3 % 2 == 0
    ]
    assert counts.totals(archive).messages == 40


@dataclass
class OneAtOnce(RefusedCursors):
    """Tickets are shown by their ids one at a time."""

    def refuse(self, call, number):
        if isinstance(call, TicketsById) and len(call.asked) > 1:
            raise RefusedError("400", status=400)


def test_ids_that_are_taken_one_at_a_time_are_asked_for_so(archive):
    model = account(6)
    Run(archive, model).finish()
    model.now_us += DAY_US
    model.delete_ticket(min(model.tickets))
    model.faults = [OneAtOnce(("ids",))]
    Run(archive, model, relist=True).finish()
    assert is_exact(archive, model)


def test_the_first_ticket_of_an_account_may_come_while_it_is_found_empty(archive):
    model = account(0)
    run = Run(archive, model)
    run.take(window=1)
    while kind(run.waiting[0]) != "walk":
        run.give()
        run.take(window=1)
    model.add_ticket(1)
    run.finish()
    assert is_exact(archive, model)
