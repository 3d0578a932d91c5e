"""The fields of a detection, one reader for each kind: the checked value, or a MendError that says how to mend it."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote

from tocsin.core.alert import AlertType
from tocsin.core.errors import Detail
from tocsin.core.spelling import shown, spelled
from tocsin.pipeline.intake.validation import Mended, MendError, kind_of, nearest

Amount = TypeVar("Amount", float, Decimal)

MAX_TEXT = 64 * 1024  # that is worth mending

# --- texts -----------------------------------------------------------------------------------------------------

_HARMFUL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def word(limit: int) -> Callable[[Any], str]:
    """A name that programs compare, in its one spelling."""

    def read(raw: Any) -> str:
        text = spelled(raw) if isinstance(raw, str) else ""
        if not (0 < len(text) <= limit and text.isprintable()):
            raise _no_word(raw, text, limit)
        return text

    return read


def optional_word(limit: int) -> Callable[[Any], str | None]:
    """The same for what need not be said: null and a blank one say nothing."""
    required = word(limit)

    def read(raw: Any) -> str | None:
        return None if raw is None or (isinstance(raw, str) and not spelled(raw)) else required(raw)

    return read


def _no_word(raw: Any, text: str, limit: int) -> MendError:
    if not isinstance(raw, str):
        return _no_string(raw)
    if not text:
        return MendError("must not be blank")
    if len(text) > limit:
        return _too_long(text, limit)
    return MendError("holds control characters: send it without them")


def name(limit: int) -> Callable[[Any], str | None]:
    """A name that people read; a blank one says nothing."""

    def read(raw: Any) -> str | None:
        text = _text(raw, limit)
        if not text.isprintable():
            raise MendError("holds control characters")
        return text.strip() or None

    return read


def mended_name(limit: int) -> Callable[[Any], Mended]:
    """Controls become spaces; what turns or breaks the text around it is taken out, and so is what is too much."""

    def mend(raw: Any) -> Mended:
        said = _text(raw, MAX_TEXT)
        text = _CONTROL.sub(" ", _HARMFUL.sub("", said))
        notes = [] if text == said else [Detail("", "control characters and halves of characters in it were left out")]
        text = text.strip()
        if len(text) > limit:
            notes.append(Detail("", f"was cut after {limit} of {len(text)} characters"))
        return text[:limit] or None, notes

    return mend


def _text(raw: Any, limit: int) -> str:
    if not isinstance(raw, str):
        raise _no_string(raw)
    if len(raw) > limit:
        raise _too_long(raw, limit)
    return raw


def _no_string(raw: Any) -> MendError:
    return MendError(f"must be a string, not {kind_of(raw)}" + (": put it in quotes" if _is_int(raw) else ""))


def _too_long(text: str, limit: int) -> MendError:
    return MendError(f"has {len(text)} characters, at most {limit} are allowed")


# --- links -----------------------------------------------------------------------------------------------------

_MAX_URL = 2048
# A host (no user before it: `https://shop.example@evil.example` deceives), a port, then anything without blanks.
_WEB = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[^\s/?#@\\:\[\]\"<>]+)(?::\d{1,5})?(?:[/?#][^\s\"<>\\]*)?", re.IGNORECASE | re.ASCII
)
_APP = re.compile(r"([a-z][a-z0-9+.-]*):[^\s\"<>]+", re.IGNORECASE | re.ASCII)
_RUNS_CODE = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


def is_web_url(text: str) -> bool:
    return len(text) <= _MAX_URL and text.isprintable() and _WEB.fullmatch(text) is not None


def read_url(raw: Any) -> str:
    text = _text(raw, _MAX_URL)
    if not is_web_url(text):
        raise MendError("must be an http or https address without blanks or user names in it")
    return text


def read_deep_link(raw: Any) -> str:
    text = _text(raw, _MAX_URL)
    scheme = _APP.fullmatch(text)
    if scheme is None or not text.isprintable() or scheme[1].lower() in _RUNS_CODE:
        raise MendError("must be the address of an app (scheme:…), without blanks")
    return text


def mended_link(read: Callable[[Any], str]) -> Callable[[Any], Mended]:
    """Links, mended as browsers do it (WHATWG URL, section 4.4): blanks and controls around them go, and ends of lines
    inside; what else may not stand there is encoded. Not in the host: that would be another one.
    """

    def mend(raw: Any) -> Mended:
        trimmed = _ENDS_OF_LINES.sub("", _trimmed(_text(raw, MAX_TEXT))).replace("\\", "/")
        if not trimmed:
            return None, ()
        host = _HOST.match(trimmed)
        start = host.end() if host else 0
        text = trimmed[:start] + "".join(map(_encoded, trimmed[start:]))
        done = "blanks, and what else may not stand in a link, were encoded or left out"
        return read(text), () if text == raw else (Detail("", done),)

    return mend


_ENDS_OF_LINES = re.compile("[\t\r\n]")
_HOST = re.compile(r"[^:/?#]*:(?://[^/?#]*)?")


def _trimmed(text: str) -> str:
    return text.strip("".join({char for char in text if char == " " or not char.isprintable()}))


def _encoded(char: str) -> str:
    return char if char.isprintable() and char not in ' "<>' else quote(char, errors="replace")


# --- numbers and times -----------------------------------------------------------------------------------------

_DECIMAL = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)
_PRICE_LIMIT = 10**12  # in micros it still fits a BIGINT
_MICRO = Decimal("0.000001")


def read_price(raw: Any) -> Decimal | float:
    """An amount of at least 0. What a text says is exact; a float is still to be rounded to its currency."""
    if isinstance(raw, float):
        if not math.isfinite(raw):
            raise MendError("must be a finite number")
        return _within_limits(raw)
    amount = _within_limits(_decimal(raw))
    if amount != amount.quantize(_MICRO):
        raise MendError("has more than 6 decimals")
    return amount


def _within_limits(amount: Amount) -> Amount:
    if not 0 <= amount < _PRICE_LIMIT:
        raise MendError("must be at least 0 and below 1,000,000,000,000")
    return abs(amount)  # -0.0 is a number, too


def _decimal(raw: Any) -> Decimal:
    if isinstance(raw, str):
        if not _DECIMAL.fullmatch(raw):
            raise MendError('must be a number or a decimal string like "1999.99", without sign, currency or commas')
        return Decimal(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal)):
        raise MendError(f"must be a number or a decimal string, not {kind_of(raw)}")
    amount = Decimal(raw)
    if not amount.is_finite():
        raise MendError("must be a finite number")
    return amount


def read_priority(raw: Any) -> int:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if not _is_int(raw) or not 1 <= raw <= 10:  # noqa: PLR2004 - the scale of priorities
        raise MendError("must be a whole number from 1 (low) to 10 (the most important)")
    return int(raw)


# RFC 3339, section 5.6; a blank for the T is allowed there.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


YEARS = (1970, 8999)  # the first and the last: days before, hours after, and any zone of a time in them exist, too
_OUT_OF_YEARS = f"is no time that exists here: years go from {YEARS[0]} to {YEARS[1]}"


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
        told = moment.astimezone(UTC)
    except OverflowError:
        raise MendError(_OUT_OF_YEARS) from None
    if not YEARS[0] <= told.year <= YEARS[1]:
        raise MendError(_OUT_OF_YEARS)
    return told


# --- words of a closed set -------------------------------------------------------------------------------------

_TYPES = {kind.value: kind for kind in AlertType}
_CURRENCY = re.compile("[A-Za-z]{3}")


def read_type(raw: Any) -> AlertType:
    kind = _TYPES.get(raw) if isinstance(raw, str) else None
    if kind is None:
        near = nearest(shown(raw).lower(), tuple(_TYPES)) if isinstance(raw, str) else None
        hint = f"; did you mean {near!r}?" if near else ""
        raise MendError(f"must be one of {', '.join(_TYPES)}{hint}")
    return kind


def read_currency(raw: Any) -> str:
    text = _text(raw, 64).strip()
    if not _CURRENCY.fullmatch(text):
        raise MendError("must be a currency code of ISO 4217, like USD")
    return text.upper()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
