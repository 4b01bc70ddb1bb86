"""Cells that a spreadsheet shows as text, whatever customers wrote into them.

A spreadsheet runs a cell that begins like a formula, also one from a CSV file
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import json
import re
from typing import Any

LONGEST_CELL = 32_767
"""UTF-16 units that a cell of Excel holds; what is beyond is lost or moves elsewhere
(https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

CUT_MARK = " [cut here: too long for a cell]"
"""The end of a cell that was cut."""

# The signs that begin a formula, their full-width forms, which Excel takes for them in
# East Asian languages, and both after white space and control characters, which some
# programs trim. A cell that begins with tab or a line's end is treated alike.
_RUNS = re.compile(r"[\s\x00-\x1f\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")  # noqa: RUF001


def json_text(value: Any) -> str:
    """Return the cell of an object or of a list of other things than text."""
    return json.dumps(value, ensure_ascii=False)


def safe_cell(text: str) -> str:
    """Return *text* as a cell that is shown and not run, and fits.

    An apostrophe in front marks it as text; at most `LONGEST_CELL` units are left, and
    `CUT_MARK` stands where it was cut. Done again, it changes nothing.
    """
    return _fitting(f"'{text}" if _RUNS.match(text) else text)


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
