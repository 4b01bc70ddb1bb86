"""Objects of any kind, fetched, refreshed, deleted and doubted."""

import json
from copy import deepcopy
from dataclasses import replace
from itertools import count

import pytest

from gorgias_crawler.api.kinds import KINDS, Refresh
from gorgias_crawler.api.objects import ById
from gorgias_crawler.archive import counts
from gorgias_crawler.archive.objects import Objects
from gorgias_crawler.errors import NotFoundError, RefusedError, UnansweredError
from gorgias_crawler.fetch import object_costs
from gorgias_crawler.fetch.plans import Relist
from tests.account_model import AccountModel, Run, open_archive
from tests.object_model import (
    BASE,
    DAY_US,
    FORBIDDEN,
    MINUTE_US,
    KilledError,
    Shop,
    archived,
    deleted,
    kind,
    run,
)

LISTS = [refresh for refresh in Refresh if refresh is not Refresh.SINGLE]
SEEN_BY_LIST = [Refresh.WHOLE, Refresh.UNORDERED]


@pytest.fixture
def archive(tmp_path):
    return open_archive(tmp_path / "archive.sqlite")


def shop_of(refresh, things=8, **changes):
    shop = Shop(kind(refresh, **changes))
    for _ in range(things):
        shop.add()
    return shop


@pytest.mark.parametrize("refresh", LISTS)
def test_every_object_of_a_list_is_archived_as_it_is(archive, refresh):
    shop = shop_of(refresh)
    fetch = run(archive, shop)
    assert archived(archive, shop) == shop.things
    assert (fetch.trouble, fetch.refusal) == (None, None)
    assert (fetch.changes.new, fetch.changes.changed) == (8, 0)
    is_long = refresh in (Refresh.BY_UPDATE, Refresh.SINCE, Refresh.WHILE_OPEN)
    assert shop.calls == 3 + is_long  # which is held against its newest objects


def test_a_single_object_is_one_call_and_one_row(archive):
    shop = shop_of(Refresh.SINGLE, things=1)
    run(archive, shop)
    assert (archived(archive, shop), shop.calls) == (shop.things, 1)


@pytest.mark.parametrize(
    ("refresh", "calls"),
    [
        (Refresh.WHOLE, 3),
        (Refresh.BY_UPDATE, 1),
        (Refresh.SINCE, 2),  # what is new, and what is the oldest still there
        (Refresh.WHILE_OPEN, 1),
        (Refresh.UNORDERED, 2),
    ],
)
def test_a_night_without_changes_takes_few_calls_and_changes_nothing(
    archive, refresh, calls
):
    shop = shop_of(refresh)
    run(archive, shop)
    shop.calls, shop.now_us = 0, shop.now_us + DAY_US
    fetch = run(archive, shop)
    assert shop.calls == calls
    assert (fetch.changes.new, fetch.changes.changed) == (0, 0)
    assert Objects(archive, shop.kind).count(changed_since=2) == 0


@pytest.mark.parametrize("refresh", LISTS)
def test_what_is_new_is_there_after_a_refresh(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    shop.now_us += DAY_US
    news = {shop.add() for _ in range(5)}
    fetch = run(archive, shop)
    assert fetch.trouble is None
    assert archived(archive, shop) == shop.things
    changed = Objects(archive, shop.kind).in_order(changed_since=2)
    assert {json.loads(raw)["id"] for raw, *_ in changed} == news


@pytest.mark.parametrize("refresh", [Refresh.WHOLE, Refresh.BY_UPDATE])
def test_what_has_changed_is_there_after_a_refresh(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    shop.now_us += DAY_US
    shop.change(2, name="renamed")
    fetch = run(archive, shop)
    assert archived(archive, shop) == shop.things
    assert (fetch.changes.new, fetch.changes.changed) == (0, 1)


@pytest.mark.parametrize("refresh", LISTS)
def test_killed_runs_ask_for_no_page_twice_and_lose_nothing(archive, refresh):
    shop = shop_of(refresh, things=14)
    asked = []
    shop.fault = lambda call: asked.append(call.url(BASE))
    for _ in range(3):
        with pytest.raises(KilledError):
            run(archive, shop, kill_after=1)
        shop.now_us += MINUTE_US
    assert run(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things
    pages = [url for url in asked if "cursor" in url]
    # A small list is begun anew; of one without an order the head is read again.
    if refresh not in SEEN_BY_LIST:
        assert len(pages) == len(set(pages))


@pytest.mark.parametrize("after", range(3))
def test_a_small_list_is_the_old_one_until_the_new_one_is_whole(archive, after):
    shop = shop_of(Refresh.WHOLE)
    run(archive, shop)
    old = deepcopy(shop.things)
    for id_ in range(1, 9):
        shop.change(id_, name="new")
    with pytest.raises(KilledError):
        run(archive, shop, kill_after=after)
    assert archived(archive, shop) == old
    run(archive, shop)
    assert archived(archive, shop) == shop.things


def test_a_small_list_that_another_run_began_is_read_anew(archive):
    shop = shop_of(Refresh.WHOLE)
    with pytest.raises(KilledError):
        run(archive, shop, kill_after=2)
    shop.change(1, name="new")
    del shop.things[2]
    run(archive, shop)
    assert archived(archive, shop) == shop.things


@pytest.mark.parametrize("refresh", SEEN_BY_LIST)
def test_what_the_list_and_the_object_itself_say_is_deleted_is_erased(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    del shop.things[3]
    shop.now_us += 31 * DAY_US
    fetch = run(archive, shop)
    assert (fetch.trouble, fetch.missing.deleted) == (None, 1)
    assert archived(archive, shop) == shop.things
    assert deleted(archive) == {3: 2}


@pytest.mark.parametrize("refresh", [Refresh.BY_UPDATE, Refresh.WHILE_OPEN])
def test_what_no_refresh_shows_deleted_a_relist_does(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    del shop.things[3]
    run(archive, shop)
    assert 3 in archived(archive, shop)
    run(archive, shop, relist=Relist.TICKETS)
    assert archived(archive, shop) == shop.things
    assert deleted(archive) == {3: 3}


@pytest.mark.parametrize("refresh", SEEN_BY_LIST)
def test_what_a_list_leaves_out_for_once_stays(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    hidden = {3: shop.things.pop(3)}
    shop.fault = lambda call: shop.things.update(hidden) if by_id(call) else None
    shop.now_us += 31 * DAY_US
    run(archive, shop)
    assert archived(archive, shop) == shop.things
    assert deleted(archive) == {}


def by_id(call):
    return isinstance(call.asked, ById)


def test_what_no_list_shows_though_it_is_there_is_asked_for_twice_and_by_a_relist(
    archive,
):
    shop = shop_of(Refresh.WHOLE)
    run(archive, shop)
    hidden = shop.things.pop(3)
    asked = []

    def hides(call):
        if by_id(call):
            asked.append(shop.things.__setitem__(3, hidden))
        else:
            shop.things.pop(3, None)

    shop.fault = hides
    for calls, relist in [
        (1, "NOTHING"),
        (2, "NOTHING"),
        (2, "NOTHING"),
        (3, "TICKETS"),
    ]:
        run(archive, shop, relist=Relist[relist])
        assert len(asked) == calls
    assert 3 in archived(archive, shop)


@pytest.mark.parametrize("refresh", LISTS)
def test_a_list_that_is_empty_for_a_moment_takes_nothing_away(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    shop.fault = lambda call: "empty"
    shop.now_us += 31 * DAY_US
    fetch = run(archive, shop)
    assert fetch.trouble
    assert archived(archive, shop) == shop.things
    shop.fault = lambda call: None
    assert run(archive, shop).trouble is None


def test_many_at_once_are_erased_with_the_users_word_alone(archive):
    shop = shop_of(Refresh.WHOLE, things=50)
    run(archive, shop)
    for id_ in range(1, 22):
        del shop.things[id_]
    fetch = run(archive, shop)
    assert fetch.trouble
    assert "lacks 21 of the 50" in fetch.trouble
    assert "-a allow_deletions=true" in fetch.trouble
    assert len(archived(archive, shop)) == 50
    assert run(archive, shop, allow_deletions=True).trouble is None
    assert archived(archive, shop) == shop.things


def test_what_others_refer_to_stays_and_is_marked(archive):
    shop = shop_of(Refresh.WHOLE, stays=True)
    run(archive, shop)
    gone = shop.things.pop(3)
    fetch = run(archive, shop)
    assert (fetch.trouble, fetch.missing.deleted) == (None, 0)
    assert archived(archive, shop) == shop.things | {3: gone}
    listed = {
        json.loads(raw)["id"]: listed
        for raw, _, listed in Objects(archive, shop.kind).in_order()
    }
    assert {id_ for id_, at in listed.items() if at == max(listed.values())} == set(
        shop.things
    )


@pytest.mark.parametrize(
    ("refresh", "stays", "change"),
    [
        (Refresh.WHOLE, False, lambda shop: shop.things.pop(3)),
        (Refresh.WHOLE, True, lambda shop: shop.things.pop(3)),
        (Refresh.BY_UPDATE, False, lambda shop: shop.change(3, name="renamed")),
        pytest.param(
            Refresh.SINCE, True, lambda shop: shop.things.pop(1), id="aged out"
        ),
        (Refresh.SINCE, True, Shop.add),
    ],
)
def test_a_run_that_sees_a_row_change_come_or_go_is_known_by_its_number(
    archive, refresh, stays, change
):
    shop = shop_of(refresh, stays=stays)
    run(archive, shop)
    run(archive, shop)
    assert not counts.has_changed_since(archive, 1)
    change(shop)
    run(archive, shop)
    assert counts.has_changed_since(archive, 2)
    assert not counts.has_changed_since(archive, 3)


def test_a_user_that_comes_back_is_listed_and_changed(archive):
    shop = shop_of(Refresh.WHOLE, stays=True)
    run(archive, shop)
    gone = shop.things.pop(3)
    run(archive, shop)
    run(archive, shop)
    shop.things[3] = gone
    assert run(archive, shop).changes.changed == 1
    assert run(archive, shop).changes.changed == 0


def test_users_that_left_over_the_years_are_no_doubt(archive):
    shop = shop_of(Refresh.WHOLE, things=30, stays=True)
    for id_ in range(1, 26):
        assert run(archive, shop).trouble is None
        del shop.things[id_]
    assert run(archive, shop).trouble is None


@pytest.mark.parametrize("error", [FORBIDDEN, NotFoundError("404", of_the_api=False)])
@pytest.mark.parametrize("refresh", list(Refresh))
def test_what_may_not_be_read_is_asked_for_once_and_named(
    archive, refresh, error, caplog
):
    shop = shop_of(refresh)
    shop.fault = lambda call: error
    fetch = run(archive, shop)
    assert (shop.calls, fetch.refusal) == (1, error.reason)
    assert fetch.trouble is None
    (line,) = caplog.messages
    assert "things" in line
    assert "the scope things:read" in line


@pytest.mark.parametrize("error", [FORBIDDEN, NotFoundError("404", of_the_api=True)])
@pytest.mark.parametrize("refresh", LISTS)
def test_a_list_that_is_refused_behind_its_first_page_is_not_left_out(
    archive, refresh, error
):
    shop = shop_of(refresh)
    shop.fault = lambda call: error if call.asked.cursor else None
    fetch = run(archive, shop)
    assert fetch.refusal is None
    assert fetch.trouble


@pytest.mark.parametrize("refresh", LISTS)
def test_what_was_archived_stays_where_it_may_not_be_read_any_more(archive, refresh):
    shop = shop_of(refresh)
    run(archive, shop)
    shop.fault = lambda call: FORBIDDEN
    shop.now_us += 31 * DAY_US
    assert run(archive, shop).refusal
    assert archived(archive, shop) == shop.things


def test_a_cursor_that_is_refused_begins_the_list_again(archive):
    shop = shop_of(Refresh.BY_UPDATE)
    answers = iter([None, RefusedError("400 Bad Request", status=400)])
    shop.fault = lambda call: next(answers, None)
    assert run(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(archive):
    shop = shop_of(Refresh.WHOLE)
    shop.limit = 100
    broken = UnansweredError("503")
    shop.fault = lambda call: broken if call.asked.limit > 1 else None
    assert run(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things


def test_what_goes_on_failing_is_told_and_tried_again_by_the_next_run(archive):
    shop = shop_of(Refresh.WHOLE)
    shop.fault = lambda call: UnansweredError("503")
    fetch = run(archive, shop)
    assert fetch.trouble
    assert "things cannot be read to the end: 503" in fetch.trouble
    shop.fault = lambda call: None
    assert run(archive, shop).trouble is None


def test_a_list_in_another_order_than_asked_for_is_read_whole(archive, caplog):
    shop = shop_of(Refresh.BY_UPDATE)
    run(archive, shop)
    shop.now_us += DAY_US
    shop.change(1, name="new")
    shop.fault = lambda call: "reversed"
    assert run(archive, shop).trouble is None
    assert archived(archive, shop) == shop.things
    assert "another order" in caplog.text


def test_all_walks_of_a_kind_make_one_list(archive):
    shop = Shop(
        kind(Refresh.WHOLE, walks=({"archived": "False"}, {"archived": "True"}))
    )
    for n in range(8):
        shop.add(archived=n % 3 == 0)
    run(archive, shop)
    assert archived(archive, shop) == shop.things
    run(archive, shop)
    assert deleted(archive) == {}


def test_events_are_asked_for_since_the_last_one_alone(archive):
    shop = shop_of(Refresh.SINCE)
    run(archive, shop)
    asked = []
    shop.fault = lambda call: asked.append(call.asked)
    shop.add()
    run(archive, shop)
    assert [page.since_us is None for page in asked] == [False, True]
    assert archived(archive, shop) == shop.things


def test_events_that_gorgias_has_forgotten_stay(archive):
    shop = shop_of(Refresh.SINCE, stays=True)
    run(archive, shop)
    old = dict(shop.things)
    for id_ in range(1, 6):
        del shop.things[id_]
    run(archive, shop)
    assert archived(archive, shop) == old
    objects = Objects(archive, shop.kind)
    oldest_us = objects.progress.oldest_us or 0
    listed = [us >= oldest_us for _, us, _ in objects.in_order()]
    assert listed == [False] * 5 + [True] * 3


def test_a_score_that_comes_late_is_seen_as_long_as_the_survey_is_open(archive):
    opened = {"open_until_us": lambda thing: thing["open"] or None}
    shop = Shop(kind(Refresh.WHILE_OPEN, **opened))
    for n in range(12):
        shop.add(open=0 if n != 4 else shop.now_us + 90 * DAY_US, score=None)
    run(archive, shop)
    shop.now_us += 40 * DAY_US
    shop.things[5] |= {"score": 5, "open": 0}
    run(archive, shop)
    assert archived(archive, shop) == shop.things
    shop.calls = 0
    run(archive, shop)
    assert shop.calls == 1


def test_an_unordered_list_is_read_until_two_pages_bring_nothing(archive):
    shop = shop_of(Refresh.UNORDERED, things=20)
    run(archive, shop)
    shop.calls = 0
    shop.add()
    run(archive, shop)
    assert shop.calls == 3
    assert archived(archive, shop) == shop.things


def test_an_unordered_list_from_the_oldest_is_always_read_whole(archive):
    shop = shop_of(Refresh.UNORDERED, things=20)
    shop.oldest_first = True
    run(archive, shop)
    shop.add()
    run(archive, shop)
    assert archived(archive, shop) == shop.things


def test_an_unordered_list_is_read_whole_after_a_month(archive):
    shop = shop_of(Refresh.UNORDERED, things=20)
    run(archive, shop)
    shop.things[1]["name"] = "behind"
    shop.now_us += 31 * DAY_US
    run(archive, shop)
    assert archived(archive, shop) == shop.things


def test_what_moves_to_the_head_while_updates_are_read_is_seen(archive):
    shop = shop_of(Refresh.BY_UPDATE, things=20)
    run(archive, shop)
    shop.now_us += DAY_US
    for id_ in range(1, 11):
        shop.change(id_, name="new")
    asked = count()

    def moves(call):
        if next(asked) == 1:
            shop.change(1, name="newer")

    shop.fault = moves
    run(archive, shop)
    assert archived(archive, shop) == shop.things


def test_one_that_comes_back_is_not_deleted_any_more(archive):
    shop = shop_of(Refresh.WHOLE)
    run(archive, shop)
    back = shop.things.pop(3)
    run(archive, shop)
    assert deleted(archive)
    shop.things[3] = back
    run(archive, shop)
    assert deleted(archive) == {}
    assert archived(archive, shop) == shop.things


@pytest.mark.parametrize(
    ("refresh", "first", "later"),
    [
        (Refresh.WHOLE, 1, 3),
        (Refresh.BY_UPDATE, 1, 1),
        (Refresh.SINCE, 1, 2),
        (Refresh.WHILE_OPEN, 1, 2),  # 130 of 250 are open
        (Refresh.UNORDERED, 1, 2),
    ],
)
@pytest.mark.parametrize("things", [50, 250])
def test_what_a_kind_costs_is_known_once_it_is_archived(
    archive, refresh, first, later, things
):
    opened = {"open_until_us": lambda thing: thing["id"] > 120 and 10_000 * DAY_US}
    shop = shop_of(refresh, things, **opened if refresh is Refresh.WHILE_OPEN else {})
    shop.limit = 100
    later = min(later, 1) if things == 50 and refresh is not Refresh.SINCE else later
    assert object_costs.calls(archive, shop.kind, shop.now_us) == first
    run(archive, shop)
    assert object_costs.calls(archive, shop.kind, shop.now_us) == later
    shop.calls = 0
    run(archive, shop)
    assert shop.calls == later


def test_the_dearest_kind_is_named_first_and_by_tickets_where_it_is_new(archive):
    model = AccountModel()
    for _ in range(50):
        model.add_ticket()
    Run(archive, model).finish()
    kinds = [KINDS["tags"], KINDS["events"]]
    assert object_costs.sentence(archive, kinds, model.now_us) == (
        "Other objects take about 14 calls: events 13, tags 1."
    )
    assert object_costs.sentence(archive, [], model.now_us) == ""


def test_a_last_page_that_leads_back_to_the_first_ends_in_a_sentence(archive):
    shop = shop_of(Refresh.UNORDERED)
    honest = shop.answer

    def leads_back(call):
        answer = honest(call)
        cursor = answer.page.next_cursor or "[]"
        return replace(answer, page=replace(answer.page, next_cursor=cursor))

    shop.answer = leads_back
    fetch = run(archive, shop)
    assert fetch.trouble
    assert "things cannot be read to the end" in fetch.trouble
    assert shop.calls < 20
    assert archived(archive, shop) == shop.things


def test_where_a_list_has_ended_it_is_not_asked_without_a_cursor_again(archive):
    shop = shop_of(Refresh.UNORDERED)
    asked = []
    shop.fault = lambda call: asked.append(call.asked.cursor)
    run(archive, shop)
    assert asked.count(None) == 1
