"""A request body, taken apart into the detections it carries: one object, an array, or NDJSON.

The bytes decide, whatever the content type says. Sizes are checked before anything is parsed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from tocsin.core.errors import NotJsonError, TocsinError, TooLargeError
from tocsin.pipeline.intake.parsing import items_of, parse, words

MAX_BODY = 16 * 1024 * 1024
MAX_ITEMS = 10_000
MAX_ITEM = 64 * 1024
# Objects and arrays in one body: memory is bounded before the parser builds a Python value for each of them.
MAX_CONTAINERS = 20 * MAX_ITEMS
MAX_QUOTES = 200 * MAX_ITEMS  # in an array that is not JSON as a whole

_BOM = b"\xef\xbb\xbf"
_CURL = "send the bytes as they are, with curl: -H 'Content-Type: application/json' --data-binary @FILE"


@dataclass(frozen=True, slots=True)
class Framed:
    """`values` has a parsed value for each detection, or the error that it already is. `single`: one object alone."""

    values: Sequence[Any]
    single: bool


def frame(body: bytes) -> Framed:
    """Raises NotJsonError, and TooLargeError for the whole body or for an alert that came alone."""
    body = _trimmed(body)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        return _with_halves(body) or _in_pieces(body, problem)
    return _framed(value, body)


def frame_whole(body: bytes) -> Framed | None:
    """The same for a body that is JSON as a whole, which is a matter of moments; None for any other."""
    body = _trimmed(body)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return _framed(value, body)


def _trimmed(body: bytes) -> bytes:
    body = body.removeprefix(_BOM).strip(b" \t\r\n")
    _check_size(body)
    return body


def _framed(value: Any, body: bytes) -> Framed:
    if isinstance(value, list):
        return Framed(_array(value, body), single=False)
    return _one(value, body)


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise TooLargeError(f"a request holds at most {MAX_BODY >> 20} MiB: send it in parts")
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise TooLargeError(f"more than {MAX_CONTAINERS} objects and arrays in one request: send it in parts")


def _one(value: Any, body: bytes) -> Framed:
    if not isinstance(value, dict):
        raise NotJsonError(f"the body is neither a JSON object nor an array nor NDJSON; {_CURL}")
    if len(body) > MAX_ITEM:
        raise _too_large_an_alert()
    return Framed((value,), single=True)


def _array(values: list[Any], body: bytes) -> list[Any]:
    if len(values) > MAX_ITEMS:
        raise _too_many()
    if len(body) <= MAX_ITEM:
        return values
    return [_too_large_an_alert() if _is_too_large(value) else value for value in values]


def _is_too_large(value: Any) -> bool:
    try:
        return len(orjson.dumps(value)) > MAX_ITEM
    except TypeError:  # too deep to be written, and for any field of an alert
        return False


# --- what is not JSON as a whole


def _with_halves(body: bytes) -> Framed | None:
    """One object that is JSON but for halves of characters in it."""
    if len(body) > MAX_ITEM or not body.startswith(b"{"):
        return None
    try:
        return _one(parse(body), body)
    except NotJsonError:
        return None


def _in_pieces(body: bytes, problem: orjson.JSONDecodeError) -> Framed:
    """NDJSON, or an array: what is wrong in one place harms no other. Where no piece is an object, nothing is."""
    for pieces in (_items, _lines):
        values = [_piece(piece) for piece in pieces(body)]
        if any(isinstance(value, dict) for value in values):
            return Framed(values, single=False)
    raise _not_json(body, problem)


def _items(body: bytes) -> list[bytes]:
    """None where it is no array, or would take too long to look through."""
    if not body.startswith(b"[") or body.count(b'"') > MAX_QUOTES:
        return []
    try:
        items = list(islice(items_of(body), MAX_ITEMS + 1))
    except NotJsonError:
        return []
    if len(items) > MAX_ITEMS:
        raise _too_many()
    return items


def _lines(body: bytes) -> list[bytes]:
    """The lines that are not blank; none where there is but one."""
    if b"\n" not in body:
        return []
    if body.count(b"\n") >= MAX_ITEMS:
        raise _too_many()
    return [line for line in body.split(b"\n") if line.strip()]


def _piece(text: bytes) -> Any:
    if len(text) > MAX_ITEM:
        return _too_large_an_alert()
    try:
        return parse(text)
    except NotJsonError as problem:
        return NotJsonError(f"this is not JSON: {problem.message}")


def _not_json(body: bytes, problem: orjson.JSONDecodeError) -> NotJsonError:
    if body.startswith(b"{") and problem.msg.startswith("unexpected content after document"):
        return NotJsonError(
            "more follows after the first object: NDJSON has one object on each line. If its newlines were lost"
            f" on the way (curl -d drops them), use --data-binary; {_CURL}"
        )
    return NotJsonError(f"the body is not JSON: {words(body, problem)}; {_CURL}")


def _too_many() -> TocsinError:
    return TooLargeError(f"a request holds at most {MAX_ITEMS} alerts: send it in parts")


def _too_large_an_alert() -> TocsinError:
    return TooLargeError(f"one alert holds at most {MAX_ITEM >> 10} KiB")
