"""Checks what a sender adds for itself: any JSON within bounds, and a few keys that have a meaning here."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.core.alert import NOTHING
from tocsin.core.errors import Detail
from tocsin.core.spelling import shown
from tocsin.pipeline.intake.fields import mended_link, read_deep_link, read_price, read_url, word
from tocsin.pipeline.intake.validation import Mended, MendError, below, kind_of

MAX_METADATA = 16 * 1024
MAX_DEPTH = 8


def read_metadata(raw: Any) -> Mapping[str, Any]:
    """A copy of our own, of JSON values alone: what a caller in the same process still holds cannot change an alert."""
    if raw == []:
        return NOTHING  # what PHP makes of an object without members
    _check_kind(raw)
    if not raw:
        return NOTHING
    for key, read in _READERS.items():
        if raw.get(key):
            read(raw[key])
    return _kept(raw)


def mended_metadata(raw: Any) -> Mended:
    """The metadata without values that would have a meaning here but are of no use, and without what no text holds."""
    _check_kind(raw)
    notes: list[Detail] = []
    kept = {key: value for key, value in raw.items() if key not in _READERS or not value}
    for key in _READERS:
        if raw.get(key) and (value := _usable(raw[key], _MENDERS[key], key, notes)):
            kept[key] = value
    _check_depth(kept)
    legible = _legible(kept)
    if legible != kept:
        notes.append(Detail("", "NUL and halves of characters in it were left out"))
    return _kept(legible), notes


def as_plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _check_kind(raw: Any) -> None:
    if not isinstance(raw, Mapping):
        raise MendError(f"must be an object, not {kind_of(raw)}")


def _kept(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        written = orjson.dumps(dict(raw), default=as_plain)
    except TypeError as problem:
        raise MendError(f"is not JSON: {problem}") from None
    if len(written) > MAX_METADATA:
        raise MendError(f"has {len(written)} bytes, at most {MAX_METADATA} are allowed")
    if b"\\u0000" in written:
        raise MendError("holds a NUL character: send it without")
    read = orjson.loads(written)
    if written.count(b"{") + written.count(b"[") > MAX_DEPTH:
        _check_depth(read)
    return MappingProxyType(read)


def _check_depth(value: Any) -> None:
    """By level, not by recursion: the parser let up to 1,024 levels through."""
    depth, level = 0, [value]
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise MendError(f"is nested more than {MAX_DEPTH} deep")
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]


_ILLEGIBLE = re.compile("[\0\ud800-\udfff]")


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return _ILLEGIBLE.sub("", value)
    if isinstance(value, dict):
        return {_legible(key): _legible(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_legible(inner) for inner in value]
    return value


# --- the keys with a meaning: they are read where they can be used, and all others are the sender's own -------------


def _read_deep_links(raw: Any) -> None:
    _check_kind(raw)
    for system, link in raw.items():
        if system not in _SYSTEMS:
            raise MendError("is no system that has deep links", system)
        read_deep_link(link)


def _mended_deep_links(raw: Any) -> Mended:
    """Each by itself: one that cannot be used takes no other with it."""
    _check_kind(raw)
    notes = [
        Detail(shown(system), "was left out: ios and android have deep links")
        for system in raw
        if system not in _SYSTEMS
    ]
    links = {system: _usable(raw[system], _mended_deep_link, system, notes) for system in _SYSTEMS if raw.get(system)}
    return {system: link for system, link in links.items() if link}, notes


def _read_stock(raw: Any) -> None:
    """How many there are: a number, or the words of the shop ("5+")."""
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise MendError(f"must be a whole number or a text, not {kind_of(raw)}")
    if isinstance(raw, str):
        _WORD(raw)


def _mended_stock(raw: Any) -> Mended:
    if isinstance(raw, float) and raw.is_integer():
        return int(raw), ()
    _read_stock(raw)
    return raw, ()


def _usable(raw: Any, mend: Callable[[Any], Mended], path: str, notes: list[Detail]) -> Any:
    """The value, mended where it had to be; None where there is no use for it. The notes say so."""
    try:
        value, done = mend(raw)
    except MendError as problem:
        notes.append(Detail(path, f"was left out: it {problem}"))
        return None
    notes += (below(path, note) for note in done)
    return value


def _as_it_is(read: Callable[[Any], object]) -> Callable[[Any], Mended]:
    """For what cannot be mended."""

    def mend(raw: Any) -> Mended:
        read(raw)
        return raw, ()

    return mend


_SYSTEMS = ("ios", "android")
_WORD = word(64)
_READERS: Mapping[str, Callable[[Any], object]] = {
    "image_url": read_url,
    "cart_url": read_url,
    "previous_price": read_price,
    "deep_links": _read_deep_links,
    "sound": _WORD,
    "stock": _read_stock,
}
_MENDERS = {key: _as_it_is(read) for key, read in _READERS.items()} | {
    "image_url": mended_link(read_url),
    "cart_url": mended_link(read_url),
    "deep_links": _mended_deep_links,
    "stock": _mended_stock,
}
_mended_deep_link = mended_link(read_deep_link)
