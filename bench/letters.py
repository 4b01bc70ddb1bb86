"""Letters of realistic size and variety, for measuring: what bodies weigh in bytes.

The words of `words` repeat, so they would compress far better than mail does. These
are made up of syllables and drawn as words of a language are, a few often and most
seldom; zlib shrinks them a little less than English prose.
"""

import random
from functools import lru_cache
from itertools import accumulate

from gorgias_crawler.sandbox.records import MessageRecord

_CONSONANTS = (*"bcdfghklmnprstvw", "sh", "th", "st", "tr", "pl")
_VOWELS = (*"aeiou", "ea", "ou")
_VOCABULARY = 4_000  # words of a language that make up nine tenths of its mail
_MEAN_WORDS, _MOST_WORDS = 52, 400
_QUOTES_EVERY = 5  # messages; such a mail carries what was written before it


@lru_cache(maxsize=1)
def _words() -> tuple[list[str], list[float]]:
    """Return the vocabulary with its cumulative weights (Zipf's law)."""
    draw = random.Random(1)
    words = [
        "".join(
            draw.choice(_CONSONANTS) + draw.choice(_VOWELS)
            for _ in range(draw.choice((1, 2, 2, 3, 3)))
        )
        for _ in range(_VOCABULARY)
    ]
    return words, list(accumulate(1 / rank for rank in range(3, _VOCABULARY + 3)))


def bodies(message: MessageRecord) -> dict[str, str | None]:
    """Return the five forms in which a message has its body."""
    lines = _lines(message.number)
    text, html = "\n".join(lines), "<br>".join(lines)
    quoted_text = quoted_html = ""
    if message.number % _QUOTES_EVERY == 0 and not message.is_first:
        before = [*_lines(message.number - 1), *_lines(message.number - 2)]
        quoted_text = "\n\nOn Tuesday, somebody wrote:\n> " + "\n> ".join(before)
        quoted_html = f'<blockquote class="gmail_quote">{"<br>".join(before)}'
        quoted_html += "</blockquote>"
    return {
        "body_text": text + quoted_text,
        "body_html": f'<div dir="ltr">{html}</div>{quoted_html}',
        "stripped_text": text,
        "stripped_html": f'<div dir="ltr">{html}</div>',
        "stripped_signature": None,
    }


def _lines(number: int) -> list[str]:
    draw = random.Random(number)
    words, weights = _words()
    count = min(3 + int(draw.expovariate(1 / _MEAN_WORDS)), _MOST_WORDS)
    drawn = draw.choices(words, cum_weights=weights, k=count)
    lines = []
    while drawn:
        length = draw.randrange(5, 16)
        sentence = " ".join(drawn[:length])
        lines.append(f"{sentence[:1].upper()}{sentence[1:]}.")
        drawn = drawn[length:]
    return [*lines, f"#{draw.randrange(10**6)}"]
