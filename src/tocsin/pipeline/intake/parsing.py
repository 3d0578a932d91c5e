"""JSON as strangers send it: whatever is wrong with it is told in the same words at every door."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import orjson

from tocsin.core.errors import NotJsonError


def parse(text: bytes | str) -> Any:
    """Half an emoji (what JavaScript's `slice` leaves, and JSON can escape) is kept in its string: whoever reads the
    field says what becomes of it. Raises NotJsonError.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        if problem.msg.startswith("Not enough memory"):
            raise MemoryError from None
        written = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        if written.startswith(BOM_UTF8):  # of a file that was put behind another one
            return parse(written.removeprefix(BOM_UTF8))
        if _HALF.search(written):
            return _with_halves(written)
        raise NotJsonError(words(written, problem)) from None


def items_of(array: bytes) -> Iterator[bytes]:
    """The items of an array that is not JSON as a whole, cut at the commas between them: what is wrong inside of one
    stays there. The last may be cut short.

    Raises NotJsonError where more follows after the array.
    """
    begin = at = 1
    closings = bytearray()  # of what is open
    while found := (_INSIDE if closings else _AT_TOP).match(array, at):
        at = found.end()
        mark = array[at - 1]
        if mark in b"{[":
            closings.append(mark + 2)  # as ASCII has them
        elif closings:
            # What was left open inside ends here, too. A mark that closes nothing (-1) was meant for the last one.
            del closings[closings.rfind(mark) :]
        else:
            yield array[begin : at - 1]
            begin = at
            if mark == _END:
                if array[at:].strip():
                    raise NotJsonError(f"more follows after the array, which ends at byte {at}")
                return
    yield array[begin:]


_END = ord("]")
# Anything but strings; whole strings, which end on the line where they begin; the first mark of one that does not.
_PASSED = rb'(?:[^"\\MARKS]++|\\.|"(?:[^"\\\n]++|\\[^\n])*+"|")*+[MARKS]'
_INSIDE = re.compile(_PASSED.replace(b"MARKS", rb"\[\]{}"), re.DOTALL)
_AT_TOP = re.compile(_PASSED.replace(b"MARKS", rb"\[\]{,"), re.DOTALL)


def words(text: bytes, problem: Exception) -> str:
    """Say what is wrong with a text that is not JSON."""
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        return f"byte {wrong.start + 1} is not UTF-8"
    return str(problem)


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def _with_halves(text: bytes) -> Any:
    """The standard library lets them pass; for all else orjson is obeyed."""
    number = orjson.loads
    try:
        return json.loads(text.decode(), parse_int=number, parse_float=number, parse_constant=number)
    except (ValueError, RecursionError) as problem:
        raise NotJsonError(words(text, problem)) from None
