"""Tickets and messages as the API gives them: full key sets, recorded types, oddities.

Which oddity an object has follows from its number alone, so that an account of fifty
tickets already holds each of them. Key sets and types:
https://developers.gorgias.com/reference/the-ticket-object and
``/the-ticketmessage-object``.
"""

from gorgias_crawler.sandbox import files, people, words
from gorgias_crawler.sandbox.records import Json, MessageRecord, TicketRecord, date

_SUBJECTS = (
    "Parcel late",
    "Wrong size",
    "Refund for order #1042",
    'The "blue" one, please',
    "Código de descuento 🎉",
    "Broken on arrival",
)
_TAGS: tuple[tuple[int, str, Json | None], ...] = (
    (1_800_001, "shipping", {"color": "#336699"}),
    (1_800_002, "vip", {}),
    (1_800_003, "refund", None),
)


def ticket_object(ticket: TicketRecord) -> Json:
    """Return the row of ``/api/tickets``."""
    number, messages = ticket.number, ticket.messages
    last_us = max((m.created_us for m in messages if not m.is_note), default=None)
    return {
        "id": ticket.id,
        "uri": f"/api/tickets/{ticket.id}/",
        "external_id": ticket.external_id,
        "language": "en" if number % 4 else None,
        "status": ticket.status,
        "priority": ("normal", "high", "low", "critical", None)[number % 5],
        "channel": ticket.channel,
        "via": "email" if ticket.channel == "email" else "api",
        "from_agent": (False, False, True, None)[number % 4],
        "customer": people.customer_person(ticket.owner)
        if ticket.has_customer
        else None,
        "assignee_user": people.user_person(people.AGENT_IDS[number % 4], None)
        | {"bio": None}
        if number % 3
        else None,
        "assignee_team": {"id": 4_001, "name": "Tier 1", "decoration": {}}
        if number % 5 == 1
        else None,
        "subject": _subject(number),
        "summary": None,
        "excerpt": words.QUESTIONS[number % len(words.QUESTIONS)][:200]
        if messages
        else None,
        "integrations": [
            {"name": "Shop Help", "address": "help@shop.example", "type": "email"}
        ]
        if ticket.channel == "email"
        else [],
        "meta": {"k": "v"} if number % 7 == 3 else None,
        "tags": tags(ticket),
        "messages_count": len(messages),
        "is_unread": number % 2 == 0,
        "spam": number % 23 == 11,
        "created_datetime": date(ticket.created_us, number),
        "opened_datetime": date(ticket.created_us + 300_000_000)
        if number % 6
        else None,
        "last_received_message_datetime": date(ticket.created_us) if messages else None,
        "last_message_datetime": None if last_us is None else date(last_us),
        "last_sent_message_not_delivered": False,
        "updated_datetime": date(ticket.updated_us, number),
        "closed_datetime": date(ticket.updated_us)
        if ticket.status == "closed"
        else None,
        "snooze_datetime": None,
        "trashed_datetime": date(ticket.updated_us) if ticket.is_trashed else None,
        "custom_fields": _custom_fields(number),
    }


def message_object(message: MessageRecord) -> Json:
    """Return the row of ``/api/messages``."""
    number, ticket = message.number, message.ticket
    kind = number % 16
    channel = ticket.channel
    if message.is_note:
        channel = "phone" if number % 32 == 10 else "internal-note"
    sent_us = message.sent_us
    bodies = (ticket.account.bodies or words.bodies)(message)
    return {
        "id": message.id,
        "uri": f"/api/tickets/{ticket.id}/messages/{message.id}/",
        "message_id": f"<m{message.id}@example.org>" if channel == "email" else None,
        "ticket_id": ticket.id,
        "external_id": None,
        "public": not message.is_note,
        "channel": channel,
        "via": _via(message, channel),
        "source": _source(message, channel),
        "sender": _sender(message),
        "auth_customer_identity": None,
        "integration_id": 130_001 if channel == "email" else None,
        "intents": [
            {"name": "shipping/status", "rejected": None, "is_user_feedback": False}
        ]
        if kind == 0
        else [],
        "rule_id": 120_001 if message.is_from_bot and number % 32 == 12 else None,
        "from_agent": message.from_agent,
        "receiver": _receiver(message, channel),
        "subject": _subject(ticket.number) if message.is_first else None,
        **bodies,
        "headers": {"From": "Ana Roe <ana@example.org>", "Message-Id": f"<m{number}>"}
        if channel == "email" and not message.from_agent
        else None,
        "attachments": _attachments(message),
        "actions": None,
        "macros": [{"id": 370_009}] if kind == 4 else [],
        "meta": None,
        "created_datetime": date(message.created_us, number),
        "processed_datetime": date(message.created_us + 180_000),
        "sent_datetime": None if sent_us is None else date(sent_us),
        "failed_datetime": date(message.created_us + 3_000_000)
        if message.has_failed
        else None,
        "deleted_datetime": None,
        "opened_datetime": None,
        "last_sending_error": {"error": "<b>Mailbox full</b>"}
        if message.has_failed
        else None,
        "is_retriable": True,
        "imported": (None, False)[number % 2],
    }


def _subject(number: int) -> str | None:
    if number % 5 == 3:
        return words.CELLS[number // 5 % len(words.CELLS)]
    if number % 19 == 8:
        return None
    return "" if number % 19 == 9 else _SUBJECTS[number % len(_SUBJECTS)]


def _via(message: MessageRecord, channel: str) -> str:
    if message.is_from_bot:
        return "rule" if message.number % 32 == 12 else "api"
    return "helpdesk" if message.from_agent else channel


def tags(ticket: TicketRecord) -> list[Json]:
    """Return the ticket's tags as it names them."""
    names = ticket.account.tag_names
    return [
        {"id": id_, "name": names.get(id_, name), "decoration": decoration}
        for n, (id_, name, decoration) in enumerate(_TAGS)
        if ticket.number % (n + 3) == 0
    ]


def _custom_fields(number: int) -> Json:
    if number % 4:
        return {}
    n = number // 4 % 4
    id_, value = 320_001 + n, ("Order::Delivery", 12, True, None)[n]
    return {str(id_): {"id": id_, "value": value}}


def _sender(message: MessageRecord) -> Json | None:
    if message.from_agent:
        return people.user_person(
            people.writer_id(message),
            {"name_set_via": "agent"} if message.number % 2 else None,
        )
    if message.number % 61 == 13:
        return None
    person = people.customer_person(message.ticket.customer)
    if message.number % 16 == 11:
        person |= {"email": None, "name": person["name"] or "Visitor"}
    return person


def _receiver(message: MessageRecord, channel: str) -> Json | None:
    if message.is_note or channel != "email" or message.number % 16 == 6:
        return None
    if message.from_agent:
        return people.customer_person(message.ticket.customer)
    return people.user_person(people.MAILBOX_ID, {})


def _source(message: MessageRecord, channel: str) -> Json | None:
    kind = message.number % 16
    if message.is_note:
        return {"type": "internal-note" if channel == "internal-note" else channel}
    if message.number % 53 == 20:
        return None
    shop = {"name": "Shop Help", "address": "help@shop.example"}
    customer = people.customer_person(message.ticket.customer)
    person = {
        "name": customer["name"] or "",
        "address": customer["email"] or "visitor-7",
    }
    ends = (shop, person) if message.from_agent else (person, shop)
    source: Json = {"type": channel, "from": ends[0], "to": [ends[1]]}
    if kind == 3:
        source |= {"cc": [{"name": "", "address": "bob@example.org"}], "bcc": []}
    if kind == 5:
        source |= {"to": [], "extra": {"include_thread": False}}
    if kind == 11:
        del source["from"]
    return source


def _attachments(message: MessageRecord) -> list[Json] | None:
    attached = [file.attachment for file in files.attached_to(message)]
    if message.ticket.channel == "instagram-direct-message" and attached:
        # social channels serve what is sent there themselves, for a while
        url = f"https://lookaside.social.example/{message.id}.jpg?sig=1"
        attached.append(attached[0] | {"url": url, "name": None, "size": None})
    return attached or (None if message.number % 2 else [])
