"""A file of people, taken apart into rows of named cells: CSV as spreadsheets write it, or NDJSON.

The bytes decide which. Every row is by itself: one that is broken harms no other.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.core.errors import Detail, InvalidRequestError, TooLargeError
from tocsin.core.spelling import shown
from tocsin.pipeline.cells import CUT, SEP_LINE, SHORT, decoded, lines_of, records, separator_of, unreadable
from tocsin.pipeline.intake.validation import nearest

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 10_000
MOST_LINES = 20 * MOST_ROWS  # blank ones, and those within cells: memory is bounded before any is looked at

# What each column may be called, whatever its case, with blanks or hyphens for the underscores.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "external_id": ("external_id", "externalid", "id", "user_id", "member_id", "discord_id"),
        "name": ("name", "full_name", "display_name"),
        "phone": ("phone", "number", "mobile", "phone_number", "mobile_number", "mobile_phone", "cell", "telephone"),
        "email": ("email", "e_mail", "mail", "mailbox", "email_address"),
        "tags": ("tags", "tag", "groups", "labels"),
        "zone": ("zone", "time_zone", "timezone", "tz"),
        "locale": ("locale", "language", "lang"),
        "consent_at": ("consent_at", "consent_date", "consent_time", "opted_in_at"),
        "consent_source": ("consent_source", "source"),
        "consent_text": ("consent_text", "consent_wording", "wording"),
    }
)
_MEANT = {name: column for column, names in COLUMNS.items() for name in names}
_WHOM = ("phone", "email", "external_id")  # who a row is about


@dataclass(frozen=True, slots=True)
class TableRow:
    """`row` is its number in the file: of a CSV as spreadsheets count, the header being the first; of NDJSON its line.
    `cells` are by column, without those that are empty; `problem` says why there are none.
    """

    row: int
    cells: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`notes` are about the file as a whole."""

    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()


def read_table(content: bytes) -> Table:
    """Raises TooLargeError, and InvalidRequestError for what is no such file at all."""
    if len(content) > MOST_BYTES:
        raise TooLargeError(f"a file of people holds at most {MOST_BYTES >> 20} MiB: send it in parts")
    if content.count(b"\n") + content.count(b"\r") > MOST_LINES:
        raise TooLargeError(f"a file of people holds at most {MOST_LINES:,} lines: send it in parts")
    text = decoded(content)
    table = _of_objects(text) if text.lstrip().startswith("{") else _of_cells(text)
    if len(table.rows) > MOST_ROWS:
        raise TooLargeError(f"a file of people holds at most {MOST_ROWS:,} rows: send it in parts")
    return table


# --- NDJSON ----------------------------------------------------------------------------------------------------


def _of_objects(text: str) -> Table:
    lines = text.split("\n")
    unknown: dict[str, None] = {}
    rows = [
        _object_row(number, line, unknown, last=number == len(lines))
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    return Table(tuple(rows), _unused(unknown))


def _object_row(number: int, line: str, unknown: dict[str, None], *, last: bool) -> TableRow:
    if problem := unreadable(line):
        return TableRow(number, {}, problem)
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return TableRow(number, {}, CUT if last else "it is not JSON: one object on each line")
    if not isinstance(told, dict):
        return TableRow(number, {}, "it is no JSON object")
    meant = {key: _MEANT.get(_plain(key)) for key in told}
    unknown |= dict.fromkeys(key for key, column in meant.items() if column is None)
    cells: dict[str, Any] = {}
    for key, value in told.items():
        column = meant[key]
        if column is None or value is None or value == "":
            continue
        if column in cells:
            return TableRow(number, {}, f"it says {column} twice")
        cells[column] = value
    return TableRow(number, cells)


# --- CSV -------------------------------------------------------------------------------------------------------


def _of_cells(text: str) -> Table:
    lines = lines_of(text)
    told = SEP_LINE.fullmatch(lines[0]) if lines else None
    skipped = 1 if told else 0
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    if skipped == len(lines):
        raise InvalidRequestError("the file is empty: its first row names the columns, and each other one is a person")
    separator = told[1] if told else separator_of(lines[skipped])
    rows_of_cells = records(lines[skipped:], separator)
    columns, unknown = _columns(next(rows_of_cells)[0])
    complete = text.endswith(("\n", "\r"))
    rows = [
        _cell_row(number, cells, problem, columns)
        for number, (cells, problem) in zip(count(skipped + 2), rows_of_cells, strict=False)
        if problem or any(cell.strip() for cell in cells)
    ]
    if rows and not complete and rows[-1].problem == SHORT:
        rows[-1] = TableRow(rows[-1].row, {}, CUT)
    return Table(tuple(rows), _unused(unknown))


def _cell_row(number: int, cells: Sequence[str], problem: str, columns: Sequence[str | None]) -> TableRow:
    if problem:
        return TableRow(number, {}, problem)
    if len(cells) < len(columns):
        return TableRow(number, {}, SHORT)
    if any(cell.strip() for cell in cells[len(columns) :]):
        return TableRow(
            number, {}, "it has more cells than there are columns: put what has a separator in it into quotes"
        )
    named = zip(columns, cells, strict=False)
    return TableRow(number, {column: cell.strip() for column, cell in named if column and cell.strip()})


def _columns(header: Sequence[str]) -> tuple[list[str | None], dict[str, None]]:
    """What each cell of a row is; and what the header names that is no column. Raises InvalidRequestError."""
    columns = [_MEANT.get(_plain(name)) for name in header]
    twice = {column for column, many in Counter(columns).items() if column and many > 1}
    if twice:
        names = [name for name, column in zip(header, columns, strict=True) if column in twice]
        raise _no_table(f"the columns {', '.join(map(shown, names[:20]))} say the same: leave one")
    if not set(_WHOM) & set(columns):
        raise _no_table(
            "the first row names no column that says who a row is about: it has at least one of phone, email and"
            f" external_id, and names {', '.join(map(shown, header[:20]))}"
        )
    while columns and columns[-1] is None and not header[len(columns) - 1].strip():
        columns.pop()  # spreadsheets leave separators at the end
    unknown = {name: None for name, column in zip(header, columns, strict=False) if column is None and name.strip()}
    return columns, unknown


def _no_table(problem: str) -> InvalidRequestError:
    return InvalidRequestError(problem, [Detail("header", problem)])


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _unused(names: Mapping[str, None]) -> tuple[str, ...]:
    """At most twenty: a wrong separator makes many of them."""
    return tuple(map(_unknown, list(names)[:20]))


def _unknown(name: str) -> str:
    near = nearest(_plain(name), tuple(_MEANT))
    return f"the column {shown(name)} is not read" + (f"; did you mean {near!r}?" if near else "")
