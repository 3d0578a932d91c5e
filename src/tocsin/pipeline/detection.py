"""What a detector may say: one table of fields, each with its check and with words on how to mend it."""

import difflib
import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.core.alert import NOTHING, AlertType
from tocsin.core.errors import Detail, InvalidAlertError

AHEAD = timedelta(minutes=5)  # a detector's clock may run so far ahead of ours
MAX_METADATA = 16 * 1024
MAX_DEPTH = 8
_MAX_PROBLEMS = 8  # named in one answer
_MAX_SHOWN = 64  # characters of a wrong word that an answer repeats


class MendError(ValueError):
    """A field is not as it should be; the text says how to mend it. `at` is the path below the field."""

    def __init__(self, message: str, at: str = "") -> None:
        super().__init__(message)
        self.at = at


def read_fields(value: object, now: datetime) -> dict[str, Any]:
    """Checked values by field name; a field that is null or an empty text is not there.

    Raises InvalidAlertError that names everything wrong at once.
    """
    if not isinstance(value, Mapping):
        raise InvalidAlertError(f"an alert is a JSON object, not {_kind(value)}")
    fields: dict[str, Any] = {}
    problems: list[Detail] = []
    for key, raw in value.items():
        if raw is None or raw == "":
            continue
        if len(problems) == _MAX_PROBLEMS:
            break
        read = FIELDS.get(key)
        if read is None:
            problems.append(_unknown(str(key)))
            continue
        try:
            fields[key] = read(raw)
        except MendError as problem:
            problems.append(Detail(f"{key}.{problem.at}" if problem.at else key, str(problem)))
    _check_together(fields, {problem.path for problem in problems}, problems, now)
    if problems:
        raise invalid(problems)
    return fields


def invalid(problems: list[Detail]) -> InvalidAlertError:
    first, more = problems[0], len(problems) - 1
    also = f" (and {more} more)" if more else ""
    return InvalidAlertError(f"{first.path}: {first.message}{also}", problems)


def _check_together(fields: Mapping[str, Any], named: set[str], problems: list[Detail], now: datetime) -> None:
    """What one field alone cannot tell: what is missing, and whether the time can be."""
    missing = [key for key in ("type", "sku", "retailer") if key not in fields and key not in named]
    problems.extend(Detail(key, "is required") for key in missing)
    kind = fields.get("type")
    if kind is not None and kind.buyable and "price" not in fields and "price" not in named:
        problems.append(Detail("price", f'is required for {kind}: a number, or a decimal string like "1999.99"'))
    detected = fields.get("timestamp")
    if detected is not None and detected > now + AHEAD:
        minutes = (detected - now) // timedelta(minutes=1)
        problems.append(Detail("timestamp", f"lies {minutes} min in the future: check the clock of the detector"))


def _unknown(key: str) -> Detail:
    shown = _shown(key)
    near = _nearest(shown.lower(), tuple(FIELDS))
    mend = f"did you mean {near!r}?" if near else "what is your own belongs into metadata"
    return Detail(shown, f"is no field of an alert; {mend}")


def _shown(word: object) -> str:
    """A word of the sender's that an answer can repeat: short, and without lone surrogates."""
    return str(word)[:_MAX_SHOWN].encode(errors="replace").decode()


@functools.lru_cache(maxsize=256)  # a detector makes the same mistake in every alert
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1)), None)


# --- texts ----------------------------------------------------------------------------------------------------

_HARMFUL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def _word(limit: int) -> Callable[[Any], str]:
    """A name that machines compare: nothing invisible in it, or two that look the same would differ."""

    def read(raw: Any) -> str:
        text = _text(raw, limit).strip(" ")
        if not text:
            raise MendError("must not be blank")
        if not text.isprintable():
            raise MendError("holds control or invisible characters: send it without them")
        return text

    return read


def _name(limit: int) -> Callable[[Any], str | None]:
    """A name that people read. Controls become spaces; what turns or breaks the text around it is taken out."""

    def read(raw: Any) -> str | None:
        text = _text(raw, limit)
        if not text.isprintable():
            text = _CONTROL.sub(" ", _HARMFUL.sub("", text))
        return text.strip() or None

    return read


def _text(raw: Any, limit: int) -> str:
    if not isinstance(raw, str):
        raise MendError(f"must be a string, not {_kind(raw)}" + (f': write "{raw}"' if _is_int(raw) else ""))
    if len(raw) > limit:
        raise MendError(f"has {len(raw)} characters, at most {limit} are allowed")
    return raw


# --- links ----------------------------------------------------------------------------------------------------

_MAX_URL = 2048
# A host (no user before it: `https://shop.example@evil.example` deceives), a port, then anything without blanks.
_WEB = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[^\s/?#@\\:\[\]\"<>]+)(?::\d{1,5})?(?:[/?#][^\s\"<>]*)?", re.IGNORECASE | re.ASCII
)
_APP = re.compile(r"([a-z][a-z0-9+.-]*):[^\s\"<>]+", re.IGNORECASE | re.ASCII)
_RUNS_CODE = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


def is_web_url(text: str) -> bool:
    return len(text) <= _MAX_URL and text.isprintable() and _WEB.fullmatch(text) is not None


def _url(raw: Any) -> str:
    text = _text(raw, _MAX_URL)
    if not is_web_url(text):
        raise MendError("must be an http or https address without blanks or user names in it")
    return text


def _deep_link(raw: Any) -> str:
    text = _text(raw, _MAX_URL)
    scheme = _APP.fullmatch(text)
    if scheme is None or not text.isprintable() or scheme[1].lower() in _RUNS_CODE:
        raise MendError("must be the address of an app (scheme:…), without blanks")
    return text


# --- numbers and times ----------------------------------------------------------------------------------------

_DECIMAL = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)
_FREE = Decimal(0)
_PRICE_LIMIT = Decimal(10**12)  # in micros it still fits a BIGINT
_MICRO = Decimal("0.000001")


def _price(raw: Any) -> Decimal:
    amount = _decimal(raw)
    if not _FREE <= amount < _PRICE_LIMIT:
        raise MendError("must be at least 0 and below 1,000,000,000,000")
    if amount != amount.quantize(_MICRO):
        raise MendError("has more than 6 decimals")
    return amount.normalize() + _FREE  # adding takes the sign off -0.0


def _decimal(raw: Any) -> Decimal:
    if isinstance(raw, str):
        if not _DECIMAL.fullmatch(raw):
            raise MendError('must be a number or a decimal string like "1999.99", without sign, currency or commas')
        return Decimal(raw)
    if isinstance(raw, bool) or not isinstance(raw, (float, int, Decimal)):
        raise MendError(f"must be a number or a decimal string, not {_kind(raw)}")
    amount = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
    if not amount.is_finite():
        raise MendError("must be a finite number")
    return amount


def _priority(raw: Any) -> int:
    if not _is_int(raw) or not 1 <= raw <= 10:  # noqa: PLR2004 - the scale of priorities
        raise MendError("must be a whole number from 1 (low) to 10 (the most important)")
    return int(raw)


# RFC 3339, section 5.6; a blank for the T is allowed there.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


def read_timestamp(raw: Any) -> datetime:
    """RFC 3339 with its zone, as UTC. Raises MendError."""
    if isinstance(raw, datetime):
        return _utc(raw, raw.isoformat())
    text = _text(raw, 64)
    shape = _RFC3339.fullmatch(text)
    if shape is None:
        raise MendError("must be a time as RFC 3339 has it, like 2026-11-20T14:00:00.250Z")
    try:
        return _utc(datetime.fromisoformat(text.upper()), text)
    except MendError:
        raise
    except ValueError as problem:
        raise MendError(f"is no time that exists: {problem}") from None


def _utc(moment: datetime, said: str) -> datetime:
    if moment.tzinfo is None:
        raise MendError(f"has no zone: write {said}Z if it is UTC, else with its offset, like {said}-05:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise MendError("is no time that exists in UTC") from None


# --- words of a closed set ------------------------------------------------------------------------------------

_TYPES = {kind.value: kind for kind in AlertType}
_CURRENCY = re.compile("[A-Za-z]{3}")


def _type(raw: Any) -> AlertType:
    kind = _TYPES.get(raw) if isinstance(raw, str) else None
    if kind is None:
        near = _nearest(_shown(raw).lower(), tuple(_TYPES)) if isinstance(raw, str) else None
        hint = f"; did you mean {near!r}?" if near else ""
        raise MendError(f"must be one of {', '.join(_TYPES)}{hint}")
    return kind


def _currency(raw: Any) -> str:
    text = _text(raw, 64)
    if not _CURRENCY.fullmatch(text):
        raise MendError("must be a currency code of ISO 4217, like USD")
    return text.upper()


# --- metadata -------------------------------------------------------------------------------------------------


def _metadata(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise MendError(f"must be an object, not {_kind(raw)}")
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


def _deep_links(raw: Any) -> None:
    if not isinstance(raw, Mapping):
        raise MendError(f"must be an object with ios, android or both, not {_kind(raw)}")
    for system, link in raw.items():
        if system not in ("ios", "android"):
            raise MendError("is no system that has deep links: ios and android are", _shown(system))
        try:
            _deep_link(link)
        except MendError as problem:
            raise MendError(str(problem), system) from None


# The keys of metadata that have a meaning here; all others are the sender's own.
_KNOWN: Mapping[str, Callable[[Any], object]] = {
    "image_url": _url,
    "cart_url": _url,
    "previous_price": _price,
    "deep_links": _deep_links,
}


# --- the table ------------------------------------------------------------------------------------------------

FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "type": _type,
    "sku": _word(128),
    "retailer": _word(64),
    "price": _price,
    "currency": _currency,
    "product_name": _name(512),
    "url": _url,
    "priority": _priority,
    "timestamp": read_timestamp,
    "variant": _word(128),
    "seller": _word(128),
    "metadata": _metadata,
    "idempotency_key": _word(255),
}


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), f"a {type(value).__name__}")
