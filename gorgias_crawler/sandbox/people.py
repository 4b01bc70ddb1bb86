"""Who works at the account and who writes to it.

Users and customers draw their ids from one sequence, so that none is in both.
"""

from typing import Any, NamedTuple

from gorgias_crawler.sandbox import words

Json = dict[str, Any]


class User(NamedTuple):
    """Someone, or a program, that works for the account."""

    id: int
    name: str
    email: str
    role: str
    timezone: str | None
    client_id: str | None = None


MAILBOX = User(500_000_001, "Gorgias Bot", "help@shop.example", "bot", None)
APP = User(
    500_000_005, "Returns App", "bot@63f0a1b2c3d4", "bot", None, "63f0a1b2c3d4"
)  # the e-mail of an app is no address
AGENTS = (
    User(500_000_002, "Kim Agent", "kim@shop.example", "agent", "Europe/Paris"),
    User(500_000_003, "Sam Support", "sam@shop.example", "agent", "America/New_York"),
    User(500_000_004, "Lena Lead", "lena@shop.example", "admin", "Asia/Kolkata"),
    User(500_000_006, "Nia Night", "nia@shop.example", "lite-agent", "Pacific/Apia"),
)
OTHERS = (
    User(500_000_007, "Olu Owner", "olu@shop.example", "observer-agent", None),
    User(500_000_008, "Fay Former", "fay@shop.example", "basic-agent", "Europe/Rome"),
)
USERS = (MAILBOX, *AGENTS, APP, *OTHERS)

_FIRST_CUSTOMER_ID = 500_000_101
_NAMES = ("Ana Roe", "Ben Okafor", "Chloé Martin", "Dmitri Volkov", "Eva Lindqvist")


def user_person(user: User, number: int = 0) -> Json:
    """Return *user* as a ticket or a message names one."""
    meta = {"name_set_via": "agent"} if number % 2 else None
    return _person(user.id, user.email, user.name, meta)


def customer_id(index: int) -> int:
    """Return the id of the customer with that index."""
    return _FIRST_CUSTOMER_ID + index * 3 + index % 2


def customer_person(index: int) -> Json:
    """Return a customer as a ticket or a message names one."""
    name: str | None = _NAMES[index % len(_NAMES)]
    email: str | None = f"{_NAMES[index % len(_NAMES)].split()[0].lower()}{index}"
    email = f"{email}@example.org"
    if index % 10 == 9:
        email, name = None, None if index % 20 == 9 else "+1 555 0100"
    elif index % 7 == 4:
        name = words.CELLS[index // 7 % len(words.CELLS)]
    meta = {"name_set_via": "email"} if index % 2 else None
    return _person(customer_id(index), email, name, meta)


def _person(id_: int, email: str | None, name: str | None, meta: Json | None) -> Json:
    first, _, last = (name or "").partition(" ")
    return {
        "id": id_,
        "email": email,
        "name": name,
        "firstname": first,
        "lastname": last,
        "meta": meta,
    }
