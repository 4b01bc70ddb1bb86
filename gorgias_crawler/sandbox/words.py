"""What people write in the sandbox: plain words, and what breaks careless exporters."""

from html import escape

from gorgias_crawler.sandbox import files
from gorgias_crawler.sandbox.records import MessageRecord

QUESTIONS = (
    "Where is my parcel? It should have been here on Monday.",
    "I ordered M and got XL. Can I swap it?",
    "Please refund my order, I changed my mind.",
    'Is the "blue" one back in stock?',
    "El código no funciona 😕",
    "The mug arrived in two pieces; photos attached.",
)
CELLS = (
    "=1+1",
    '=HYPERLINK("https://evil.example","click")',
    "+49 30 901820",
    "-10% is not enough",
    "@kim please call",
    "0012345",
    "3/4",
    "1e10",
    "12:30",
)
"""What a spreadsheet takes for a formula, a number, a date or a time."""
_REPLIES = (
    "Thanks for your message! It is on its way and should arrive tomorrow.",
    "Of course. I have sent you a return label.",
    "Done: the refund takes three to five days.",
    "It is! Shall I put one aside for you?",
)
_QUOTED_TEXT = (
    "On Mon, 6 Jan 2025 at 10:12, Shop Help <help@shop.example> wrote:\n"
    "> Which size did you order?\n>> It does not fit."
)
_QUOTED_HTML = (
    '<br><div class="gmail_quote"><div class="gmail_attr">On Mon, 6 Jan 2025 at 10:12, '
    "Shop Help &lt;help@shop.example&gt; wrote:</div>"
    '<blockquote class="gmail_quote">Which size did you order?'
    "<blockquote>It does not fit.</blockquote></blockquote></div>"
)


def bodies(message: MessageRecord) -> dict[str, str | None]:
    """Return the five forms in which a message has its body."""
    number = message.number
    lines = _REPLIES if message.from_agent else QUESTIONS
    plain: str = lines[(message.ticket.number + number) % len(lines)]
    if message.is_first:
        plain = QUESTIONS[message.ticket.number % len(QUESTIONS)]
    text, html, stripped = _forms(message, plain)
    return {
        "body_text": text,
        "body_html": html,
        "stripped_text": stripped,
        "stripped_html": None if stripped is None else f"<div>{stripped}</div>",
        "stripped_signature": "Ana" if number % 16 == 0 else None,
    }


def _forms(
    message: MessageRecord, plain: str
) -> tuple[str | None, str | None, str | None]:
    """Return body_text, body_html and stripped_text of one of sixteen kinds."""
    number = message.number
    text: str | None = plain + _oddity(number)
    html: str | None = f"<div>{plain}<br>{number}</div>"
    stripped: str | None = plain
    match number % 16:
        case 2:
            html = stripped = None
        case 3 if number > 16:  # not in the first rows, which the README shows
            text = CELLS[number // 16 % len(CELLS)]
        case 5:
            text, html, stripped = None, _mail(message, plain), None
        case 6:
            text = f"{text}\n\n{_QUOTED_TEXT}"
            html = f'<div dir="ltr">{plain}</div>{_QUOTED_HTML}'
        case 10:
            text, html, stripped = "Carrier called", None, None
        case 13:
            text = " \n\t"
        case 14:
            text, html = None, "  " if number % 32 == 14 else None
            stripped = None if number % 64 == 14 else plain
    return text, html, stripped


def _mail(message: MessageRecord, plain: str) -> str:
    """Return a mail that is HTML alone, as mail programs and shops write it."""
    images = "".join(
        f'<img alt="" src="{escape(file.url)}{"?format=120x80&amp;v=1" * n}">'
        for n, file in enumerate(files.inline_of(message))
    )
    return (
        "<!DOCTYPE html><html><head><style>td { color: #333 }</style></head><body>"
        f"<p>{plain}</p><p>Price &amp; size: 10&nbsp;&euro; &lt; 12&#160;&#x20AC;</p>"
        "<table><tr><th>Article</th><th>Quantity</th></tr>"
        f"<tr><td>Mug no. {message.number}</td><td>2</td></tr></table>"
        '<ul><li>first</li><li>second</li></ul><a href="https://shop.example/o?a=1&amp;'
        'b=2">your order</a><img src="cid:logo@shop" alt="logo">'
        '<img src="https://cdn.shop.example/logo.png">'
        f"{images}</body></html>"
        "<p>Words after the end.</p><html><body>A second page.</body></html>"
    )


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
