"""A request body, taken apart into the detections it carries: one object, an array, or NDJSON.

The bytes decide, whatever the content type says. Sizes are checked before anything is parsed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tocsin.core.errors import NotJsonError, TocsinError, TooLargeError

MAX_BODY = 16 * 1024 * 1024
MAX_ITEMS = 10_000
MAX_ITEM = 64 * 1024
# Objects and arrays in one body: memory is bounded before the parser builds a Python value for each of them.
MAX_CONTAINERS = 20 * MAX_ITEMS

_BOM = b"\xef\xbb\xbf"
_CURL = "send the bytes as they are, with curl: -H 'Content-Type: application/json' --data-binary @FILE"


@dataclass(frozen=True, slots=True)
class Framed:
    """`values` has a parsed value for each detection, or the error that it already is. `single`: one object alone."""

    values: Sequence[Any]
    single: bool


def frame(body: bytes) -> Framed:
    """Raises NotJsonError, and TooLargeError for the whole body or for an alert that came alone."""
    body = body.removeprefix(_BOM).strip(b" \t\r\n")
    _check_size(body)
    if body.startswith(b"["):
        return Framed(_array(body), single=False)
    if not body.startswith(b"{"):
        raise NotJsonError(f"the body is neither a JSON object nor an array nor NDJSON; {_CURL}")
    try:
        value = _parsed(body)
    except orjson.JSONDecodeError as problem:
        return Framed(_lines(body, problem), single=False)
    if len(body) > MAX_ITEM:
        raise _too_large_an_alert()
    return Framed((value,), single=True)


def _parsed(body: bytes) -> Any:
    """Raises JSONDecodeError, and MemoryError where it is not the sender who is wrong."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        if problem.msg.startswith("Not enough memory"):
            raise MemoryError from None
        raise


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise TooLargeError(f"a request holds at most {MAX_BODY >> 20} MiB: send it in parts")
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise TooLargeError(f"more than {MAX_CONTAINERS} objects and arrays in one request: send it in parts")


def _array(body: bytes) -> list[Any]:
    try:
        values: list[Any] = _parsed(body)
    except orjson.JSONDecodeError as problem:
        raise NotJsonError(f"the body is not JSON: {problem}") from None
    if len(values) > MAX_ITEMS:
        raise _too_many()
    if len(body) <= MAX_ITEM:
        return values
    return [_too_large_an_alert() if len(orjson.dumps(value)) > MAX_ITEM else value for value in values]


def _lines(body: bytes, problem: orjson.JSONDecodeError) -> list[Any]:
    """NDJSON, if its first line could be an object by itself; blank lines are skipped."""
    if not body.partition(b"\n")[0].rstrip().endswith(b"}") or b"\n" not in body:
        raise _not_one_object(problem)
    if body.count(b"\n") >= MAX_ITEMS:
        raise _too_many()
    values = [_line(line) for line in body.split(b"\n") if line.strip()]
    if all(isinstance(value, NotJsonError) for value in values):
        raise _not_one_object(problem)
    return values


def _line(line: bytes) -> Any:
    if len(line) > MAX_ITEM:
        return _too_large_an_alert()
    try:
        return _parsed(line)
    except orjson.JSONDecodeError as problem:
        return NotJsonError(f"this line is not JSON: {problem}")


def _not_one_object(problem: orjson.JSONDecodeError) -> NotJsonError:
    if problem.msg.startswith("unexpected content after document"):
        return NotJsonError(
            "more follows after the first object: NDJSON has one object on each line. If its newlines were lost"
            f" on the way (curl -d drops them), use --data-binary; {_CURL}"
        )
    return NotJsonError(f"the body is not JSON: {problem}; {_CURL}")


def _too_many() -> TocsinError:
    return TooLargeError(f"a request holds at most {MAX_ITEMS} alerts: send it in parts")


def _too_large_an_alert() -> TocsinError:
    return TooLargeError(f"one alert holds at most {MAX_ITEM >> 10} KiB")
