"""Tables as CSV that stay text in a spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

from airflow_entra.escape.terminal import line

# At the start, and behind a semicolon: where numbers have a decimal comma, Excel splits rows there, whatever is quoted.
_FORMULA = re.compile(r"""(^|;)(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A header and rows, all in quotes, one line each."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: str) -> str:
    """A value on one line, with an apostrophe before what a spreadsheet would take for a formula."""
    return _FORMULA.sub(r"\1'", line(value))
