"""Cells that a spreadsheet shows as text, whatever customers wrote into them.

A spreadsheet runs a cell that begins like a formula, also one from a CSV file
(https://owasp.org/www-community/attacks/CSV_Injection). And it takes what looks like a
number, a date or a time for one: ``0012345`` becomes 12345, ``3/4`` the fourth of
March, ``1e10`` 10000000000, and of a long number only 15 digits stay
(https://support.microsoft.com/office/1bd2b793-5b1f-4e2a-a9d2-7a5bd0ba0b7b).
"""

import json
import re

LONGEST_CELL = 32_767
"""UTF-16 units that a cell of Excel holds; what is beyond is lost or moves elsewhere
(https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

CUT_MARK = " [cut here: too long for a cell]"
"""The end of a cell that was cut."""

# The signs that begin a formula, their full-width forms, which Excel takes for them in
# East Asian languages, and both after white space and control characters, which some
# programs trim. A cell that begins with tab or a line's end is treated alike.
_RUNS = re.compile(r"[\s\x00-\x1f\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")  # noqa: RUF001

# What a spreadsheet keeps as it is, though it takes it for a number: up to 11 digits (a
# cell shows 12 as 1.23E+11) without a zero in front.
_PLAIN = re.compile(r"0|[1-9][0-9]{0,10}")
# Digits with nothing but the signs of numbers, dates, times and money; by region a dot,
# a comma or a space may be any of them.
_NUMBER = re.compile(
    r"\s*[(+\-]*[$€£¥₹]?[.,]*\d[\d\s.,:/\-]*+(?:[de][+\-]?\d+)?"
    r"(?:[ap]\.?(?:m\.?)?|[%$€£¥₹])?[\s)]*",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"[\d\s.,/\-]*(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
    r"[\d\s.,:/\-]*",
    re.IGNORECASE,
)
# As Gorgias gives it without an offset: LibreOffice makes a date of it and cuts it to
# milliseconds (7.4, tried). With an offset it stays text in every spreadsheet.
_INSTANT = re.compile(r"\s*\d{4}-\d\d?-\d\d?T[\d:.,]+\s*", re.IGNORECASE)
_TRUTH = {"true", "false"}  # they would become TRUE and FALSE
_LONGEST_DATE = 40  # characters: "  September 30, 2025, 10:30:00.000" has fewer


json_text = json.JSONEncoder(ensure_ascii=False).encode
"""Returns the cell of an object or of a list of other things than text.

An encoder that is kept takes half of the time of `json.dumps`, which makes one."""


def safe_cell(text: str) -> str:
    """Return *text* as a cell that is shown as it is, not run, and fits.

    An apostrophe in front marks as text what would run, and what would become another
    number, a date, a time or a truth; at most `LONGEST_CELL` units are left, and
    `CUT_MARK` stands where it was cut. Done again, it changes nothing.
    """
    return _fitting(f"'{text}" if _RUNS.match(text) or _changes(text) else text)


def _changes(text: str) -> bool:
    """Tell whether a spreadsheet would take *text* for a value, shown otherwise."""
    if _PLAIN.fullmatch(text):
        return False
    if _NUMBER.fullmatch(text) or _INSTANT.fullmatch(text):
        return True
    if len(text) > _LONGEST_DATE:
        return False
    has_digit = any(map(str.isdigit, text))
    return text.strip().lower() in _TRUTH or (
        has_digit and _MONTH.fullmatch(text) is not None
    )


def _fitting(text: str) -> str:
    if len(text) <= LONGEST_CELL // 2:  # no character takes more than two units
        return text
    head = text[: LONGEST_CELL + 1].encode("utf-16-le", "surrogatepass")
    if len(head) <= 2 * LONGEST_CELL:
        return text
    kept = head[: 2 * (LONGEST_CELL - len(CUT_MARK))]
    if kept[-1] & 0xFC == 0xD8:  # the first half of a pair that the cut has split
        kept = kept[:-2]
    return kept.decode("utf-16-le", "surrogatepass") + CUT_MARK
