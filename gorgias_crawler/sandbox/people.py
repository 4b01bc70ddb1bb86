"""Who works at the account and who writes to it, as tickets and messages name them.

Users and customers draw their ids from one sequence, so that none is in both.
"""

from gorgias_crawler.sandbox import words
from gorgias_crawler.sandbox.kinds import KINDS
from gorgias_crawler.sandbox.records import Json, MessageRecord, customer_id

_USERS = KINDS["users"]
MAILBOX_ID, APP_ID = 500_000_001, 500_000_005
AGENT_IDS = (500_000_002, 500_000_003, 500_000_004, 500_000_006)
_NAMES = ("Ana Roe", "Ben Okafor", "Chloé Martin", "Dmitri Volkov", "Eva Lindqvist")


def writer_id(message: MessageRecord) -> int:
    """Return the id of the user who wrote a message of an agent; some are programs."""
    return APP_ID if message.is_from_bot else AGENT_IDS[message.number % len(AGENT_IDS)]


def user_person(user_id: int, meta: Json | None) -> Json:
    """Return a user as a ticket or a message names one."""
    user = _USERS.vary[0][user_id - _USERS.first_id]
    return _person(user_id, user["email"], user["name"], meta)


def customer_person(index: int) -> Json:
    """Return a customer as a ticket or a message names one."""
    name: str | None = _NAMES[index % len(_NAMES)]
    first = _NAMES[index % len(_NAMES)].split()[0].lower()
    email: str | None = f"{first}{index}@example.org"
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
