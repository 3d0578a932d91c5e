"""Tables for spreadsheets (RFC 4180), in which no cell begins a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

MARK = b"\xef\xbb\xbf"
ROWS_AT_ONCE = 200

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")  # what a spreadsheet would work out (OWASP, "CSV Injection")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")  # a loss of 12.50 is no formula


def line(cells: Iterable[Any], *, amounts: bool = False) -> bytes:
    """Write one row. With `amounts` what reads as a number may begin with a minus: it is ours, not somebody's words."""
    written = io.StringIO()
    csv.writer(written).writerow([_cell(cell, amounts=amounts) for cell in cells])
    return written.getvalue().encode(errors="replace")


def table(rows: Sequence[Mapping[str, Any]], *, bom: bool = False) -> Iterator[bytes]:
    """The table of rows, part by part. What lies within another is a column of its own, `clicks.people`; there are as
    many columns as all rows together have.
    """
    flat = [dict(_flat(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    yield (MARK if bom else b"") + line(columns)
    for first in range(0, len(flat), ROWS_AT_ONCE):
        part = flat[first : first + ROWS_AT_ONCE]
        yield b"".join(line((row.get(column) for column in columns), amounts=True) for row in part)


def _flat(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _cell(value: Any, *, amounts: bool) -> str:
    text = "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    harmless = not text.startswith(_FORMULA) or (amounts and _NUMBER.fullmatch(text))
    return text if harmless else f"'{text}"
