"""What people write in the sandbox: plain words, and what breaks careless exporters."""

from gorgias_crawler.sandbox.records import MessageRecord

QUESTIONS = (
    "Where is my parcel? It should have been here on Monday.",
    "I ordered M and got XL. Can I swap it?",
    "Please refund my order, I changed my mind.",
    'Is the "blue" one back in stock?',
    "El código no funciona 😕",
    "The mug arrived in two pieces; photos attached.",
)
_REPLIES = (
    "Thanks for your message! It is on its way and should arrive tomorrow.",
    "Of course. I have sent you a return label.",
    "Done: the refund takes three to five days.",
    "It is! Shall I put one aside for you?",
)


def bodies(message: MessageRecord) -> dict[str, str | None]:
    """Return the five forms in which a message has its body."""
    number, kind = message.number, message.number % 16
    lines = _REPLIES if message.from_agent else QUESTIONS
    plain: str = lines[(message.ticket.number + number) % len(lines)]
    if message.is_first:
        plain = QUESTIONS[message.ticket.number % len(QUESTIONS)]
    text: str | None = plain + _oddity(number)
    html: str | None = f"<div>{plain}<br>{number}</div>"
    stripped: str | None = plain
    if message.is_note:
        text, html, stripped = "Carrier called", None, None
    elif kind == 13:
        text = " \n\t"
    elif kind == 14:
        text, html = (None, "  ") if number % 32 == 14 else (None, None)
        stripped = None if number % 64 == 14 else plain
    elif kind == 2:
        html, stripped = None, None
    return {
        "body_text": text,
        "body_html": html,
        "stripped_text": stripped,
        "stripped_html": None if stripped is None else f"<div>{stripped}</div>",
        "stripped_signature": "Ana" if kind == 0 else None,
    }


def _oddity(number: int) -> str:
    """Return what a customer may well write, and what breaks a careless exporter."""
    if number % 97 == 5:
        return "\n> " + "All the thread so far, quoted once more. " * 500
    return {
        12: '\n=HYPERLINK("https://evil.example";"click")',
        29: '\nTwo lines,\r\na comma and a "quote"',
        46: "\ud83d half of an emoji",
        63: "\x00NUL, \u2028 a line separator, a lone \r return",
        80: "\n\n👩‍👩‍👧 مرحبا 你好",
    }.get(number % 89, "")
