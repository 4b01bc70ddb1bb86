"""What may happen to a sandbox's account in a night, drawn from what it then holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from gorgias_crawler.sandbox import people
from gorgias_crawler.sandbox.records import DAY_US, Record, customer_id, date

if TYPE_CHECKING:
    from gorgias_crawler.sandbox.world import World

Pool = Callable[["World"], Collection[int]]
Act = Callable[["World", random.Random, int], Any]


def change(world: World, seed: int = 1, **counts: int) -> None:
    """Let a night pass: so many of each of `CHANGES`, or all there are."""
    if unknown := counts.keys() - CHANGES.keys():
        raise TypeError(f"no such change: {', '.join(sorted(unknown))}")
    draw = random.Random(seed)
    with world.lock:
        for name, (pool, act) in CHANGES.items():
            count = counts.get(name, 0)
            there = [] if pool is None else sorted(pool(world))
            drawn = draw.sample(there, min(count, len(there)))
            for id_ in range(count) if pool is None else drawn:
                act(world, draw, id_)


def set_status(world: World, ticket_id: int, status: str) -> None:
    """Open or close a ticket."""
    world.tickets[ticket_id].status = status
    type_ = "ticket-closed" if status == "closed" else "ticket-reopened"
    world.write(type_, "Ticket", ticket_id, user_id=500_000_002)
    world.touch(world.tickets[ticket_id])


def send_late(world: World, message_id: int) -> None:
    """Send what is not sent; only where it is old does its ticket move."""
    message = world.messages[message_id]
    if message.sent_us is not None or message.is_note or not message.from_agent:
        return
    message.sent_late_us = world.now_us()
    if world.now_us() - message.created_us > 2 * DAY_US:
        world.touch(message.ticket)


def delete_message(world: World, message_id: int) -> None:
    """Delete a message; as with Gorgias, neither ticket nor log tells of it."""
    message = world.messages.pop(message_id)
    message.ticket.messages.remove(message)
    world.forget_order()


def merge(world: World, loser_id: int, winner_id: int) -> None:
    """Move a ticket's messages to another one and delete it."""
    with world.lock:
        loser, winner = world.tickets.pop(loser_id), world.tickets[winner_id]
        for message in loser.messages:
            message.ticket = winner
            winner.messages.append(message)
        world.write("ticket-deleted", "Ticket", loser_id, user_id=500_000_002)
        data = {"source_ticket_id": loser_id}
        world.write("ticket-merged", "Ticket", winner_id, data=data)
        world.touch(winner)


def _change(world: World, kind: str, id_: int, type_: str = "", **values: Any) -> None:
    """Give an object new values; the log tells of it by *type_*."""
    record = world.records(kind)[id_]
    record.changes |= values
    if record.updated_us is not None:
        record.updated_us = world.now_us()
        record.changes["updated_datetime"] = date(record.updated_us)
    if type_:
        object_type = type_.partition("-")[0].title()
        world.write(type_, object_type, id_, user_id=people.AGENT_IDS[0])
    world.forget_order()


def _remove(world: World, name: str, id_: int, type_: str) -> Record:
    removed: Record = world.records(name).pop(id_)
    world.write(type_, type_.partition("-")[0].title(), id_)
    return removed


def _removal(name: str, type_: str) -> Act:
    return lambda world, _, id_: _remove(world, name, id_, type_)


def _of(name: str) -> Pool:
    return lambda world: world.records(name)


def _merge(world: World, draw: random.Random, loser_id: int) -> None:
    others = sorted(id_ for id_ in world.tickets if id_ != loser_id)
    merge(world, loser_id, draw.choice(others))


def _new_customer(world: World, draw: random.Random, _: int) -> None:
    customers, now_us = world.records("customers"), world.now_us()
    index = max((c.number for c in customers.values()), default=-1) + 1
    index = max(index, world.account.customers)
    id_ = customer_id(index)
    person = people.customer_person(index) | {"updated": date(now_us)}
    customers[id_] = Record(id_, now_us, now_us, index, person)
    world.write("customer-created", "Customer", id_)


def _merge_customer(world: World, draw: random.Random, source_id: int) -> None:
    customers = world.records("customers")
    target_id = draw.choice(sorted(id_ for id_ in customers if id_ != source_id))
    source = _remove(world, "customers", source_id, "customer-deleted")
    world.account.merged[source.number] = customers[target_id].number
    _change(world, "customers", target_id)
    data = {"source_customer_id": source_id}
    world.write("customer-merged", "Customer", target_id, data=data)


def _silent(world: World) -> Collection[int]:
    """Return the customers without a ticket."""
    writers = {ticket.owner for ticket in world.tickets.values()}
    customers = world.records("customers").items()
    return [id_ for id_, customer in customers if customer.number not in writers]


def _unscored(world: World) -> Collection[int]:
    surveys = world.objects("satisfaction_surveys")
    return [s["id"] for s in surveys if s["sent_datetime"] and not s["score"]]


def _score(world: World, draw: random.Random, id_: int) -> None:
    score, now = draw.randrange(1, 6), date(world.now_us())
    _change(world, "satisfaction_surveys", id_, score=score, scored_datetime=now)


def _rename_tag(world: World, draw: random.Random, id_: int) -> None:
    name = f"renamed {draw.randrange(10**6)}"  # tickets show it, and do not move
    world.account.tag_names[id_] = name
    _change(world, "tags", id_, "tag-renamed", name=name)


def _edit_macro(world: World, draw: random.Random, id_: int) -> None:
    macro = world.records("macros")[id_]
    macro.updated_us = world.now_us()  # it had none before it was first edited
    _change(world, "macros", id_, "macro-updated", name=f"edited {draw.random()}")


def _deactivate(world: World, draw: random.Random, id_: int) -> None:
    now = date(world.now_us())
    _change(world, "users", id_, "user-updated", active=False, deactivated_datetime=now)


def _log_in(world: World, draw: random.Random, _: int) -> None:
    user_id, data = draw.choice(people.AGENT_IDS), {"remote_addr": "192.0.2.9"}
    world.write("user-logged-in", "User", user_id, data=data)


def _forget_a_day(world: World, draw: random.Random, _: int) -> None:
    log = world.records("events")
    until_us = min((e.created_us for e in log.values()), default=0) + DAY_US
    for id_ in [id_ for id_, event in log.items() if event.created_us < until_us]:
        del log[id_]
    world.forget_order()


def _unsent(world: World) -> Collection[int]:
    return [m.id for m in world.messages.values() if m.is_unsent]


def _failed(world: World) -> Collection[int]:
    return [m.id for m in world.messages.values() if m.has_failed and not m.sent_us]


def _unchanged_users(world: World) -> Collection[int]:
    return [user.id for user in world.records("users").values() if not user.changes]


def _change_customer(world: World, draw: random.Random, id_: int) -> None:
    note = f"Called, {draw.random()}"
    _change(world, "customers", id_, "customer-updated", note=note)


def _add_ticket(world: World, draw: random.Random, _: int) -> None:
    world.add_ticket(draw.randrange(1, 4))


CHANGES: Mapping[str, tuple[Pool | None, Act]] = {
    "new_tickets": (None, _add_ticket),
    "replies": (_of("tickets"), lambda w, _, id_: w.reply(id_)),
    "closings": (_of("tickets"), lambda w, _, id_: set_status(w, id_, "closed")),
    "late_sent": (_unsent, lambda w, _, id_: send_late(w, id_)),
    "failed_sent": (_failed, lambda w, _, id_: send_late(w, id_)),
    "deleted_tickets": (_of("tickets"), lambda w, _, id_: w.delete_ticket(id_)),
    "deleted_messages": (_of("messages"), lambda w, _, id_: delete_message(w, id_)),
    "merges": (_of("tickets"), _merge),
    "new_customers": (None, _new_customer),
    "changed_customers": (_of("customers"), _change_customer),
    "customer_merges": (_of("customers"), _merge_customer),
    "deleted_customers": (_silent, _removal("customers", "customer-deleted")),
    "survey_scores": (_unscored, _score),
    "tag_renames": (_of("tags"), _rename_tag),
    "deleted_tags": (_of("tags"), _removal("tags", "tag-deleted")),
    "edited_macros": (_of("macros"), _edit_macro),
    "deactivated_users": (_of("users"), _deactivate),
    "removed_users": (_unchanged_users, _removal("users", "user-deleted")),
    "new_events": (None, _log_in),
    "days_of_events_lost": (None, _forget_a_day),
}
"""What may happen: of which objects one is drawn (None: a new one), and what then."""
