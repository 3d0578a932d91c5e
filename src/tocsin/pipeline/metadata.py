"""What a sender adds for itself: any JSON within bounds, and a few keys that have a meaning here."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.core.alert import NOTHING
from tocsin.pipeline.fields import read_deep_link, read_price, read_url
from tocsin.pipeline.mending import MendError, kind_of, shown

MAX_METADATA = 16 * 1024
MAX_DEPTH = 8


def read_metadata(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise MendError(f"must be an object, not {kind_of(raw)}")
    if not raw:
        return NOTHING
    try:
        written = orjson.dumps(dict(raw), default=as_plain)
    except TypeError as problem:
        raise MendError(f"is not JSON: {problem}") from None
    _check_metadata(raw, written)
    # A copy of our own, of JSON values alone: what a caller in the same process still holds cannot change an alert.
    return MappingProxyType(orjson.loads(written))


def as_plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _check_metadata(raw: Mapping[str, Any], written: bytes) -> None:
    if len(written) > MAX_METADATA:
        raise MendError(f"has {len(written)} bytes, at most {MAX_METADATA} are allowed")
    if b"\\u0000" in written:
        raise MendError("holds a NUL character: send it without")
    if written.count(b"{") + written.count(b"[") > MAX_DEPTH and _depth(orjson.loads(written)) > MAX_DEPTH:
        raise MendError(f"is nested more than {MAX_DEPTH} deep")
    for key, read in _KNOWN.items():
        if raw.get(key):
            try:
                read(raw[key])
            except MendError as problem:
                raise MendError(str(problem), f"{key}.{problem.at}" if problem.at else key) from None


def _depth(value: Any) -> int:
    """By level, not by recursion: the parser let up to 1,024 levels through."""
    depth, level = 0, [value]
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]
    return depth


def read_deep_links(raw: Any) -> None:
    if not isinstance(raw, Mapping):
        raise MendError(f"must be an object with ios, android or both, not {kind_of(raw)}")
    for system, link in raw.items():
        if system not in ("ios", "android"):
            raise MendError("is no system that has deep links: ios and android are", shown(system))
        try:
            read_deep_link(link)
        except MendError as problem:
            raise MendError(str(problem), system) from None


# The keys of metadata that have a meaning here; all others are the sender's own.
_KNOWN: Mapping[str, Callable[[Any], object]] = {
    "image_url": read_url,
    "cart_url": read_url,
    "previous_price": read_price,
    "deep_links": read_deep_links,
}
