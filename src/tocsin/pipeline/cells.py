"""Cells: a file as spreadsheets write it, taken apart row by row. One that is broken harms no other."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

CUT = "the file ends in the middle of this row: was it written to its end?"
SHORT = "it has fewer cells than there are columns"
SEP_LINE = re.compile(r"sep=(.)\r?\n?")  # how spreadsheets tell each other

_SEPARATORS = (",", ";", "\t", "|")
_MOST_LINES = 50  # of one row, in quoted cells
_LONGEST = 64 * 1024  # characters of a row
_UTF8, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_OPEN = "a quote in it is not closed"
_QUOTE = "a quote stands where none may: a cell with quotes in it is quoted whole, and each of them doubled"
_GOES_ON = "unexpected end of data"  # what the standard library calls a quoted cell that goes on in the next line


def decoded(content: bytes) -> str:
    """What is not UTF-8 stays in as lone surrogates, and is its row's fault alone."""
    if content.startswith(_UTF16):
        return content.decode("utf-16", errors="replace")
    return content.removeprefix(_UTF8).decode("utf-8", errors="surrogateescape")


def lines_of(text: str) -> list[str]:
    """With their ends; those of old machines too."""
    return list(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")))


def separator_of(header: str) -> str:
    return max(_SEPARATORS, key=header.count)


def records(lines: Sequence[str], separator: str) -> Iterator[tuple[list[str], str]]:
    """The cells of each row, or why there are none. A quote that is never closed costs its own line, and no other."""
    begin = 0
    while begin < len(lines):
        cells, problem, many = _record(lines[begin : begin + _MOST_LINES], separator)
        if problem == _OPEN and begin + 1 == len(lines):
            problem = CUT
        yield cells, problem
        begin += many


def _record(lines: Sequence[str], separator: str) -> tuple[list[str], str, int]:
    """The row that begins with these lines, why there is none, and how many of them it has taken."""
    for many in range(1, len(lines) + 1):
        text = "".join(lines[:many])
        if problem := unreadable(text):
            return [], problem, 1
        try:
            cells = next(csv.reader(io.StringIO(text), delimiter=separator, strict=True), [])
        except csv.Error as error:
            if _GOES_ON in str(error):
                continue
            return [], _QUOTE, 1
        return cells, "", many
    return [], _OPEN, 1


def unreadable(text: str) -> str:
    if len(text) > _LONGEST:
        return f"it has more than {_LONGEST:,} characters"
    if "\0" in text:
        return "it has a character in it that no text has (NUL)"
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        return "it is not UTF-8: save the file as CSV UTF-8"
    return ""
