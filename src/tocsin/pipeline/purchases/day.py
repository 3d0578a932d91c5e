"""The day and the time of a purchase, as reports of networks write them: in many ways, and mostly without a zone."""

import contextlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from tocsin.core.attribution import Span
from tocsin.pipeline.intake.fields import YEARS

_MICRO = timedelta(microseconds=1)
_SLASHED = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})")
_MONTH_FIRST = re.compile(r"([a-z]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})\.?[\s\-]+(?:de\s+)?([a-z]{3,})\.?,?[\s\-]+(?:de\s+)?(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([ap])?\.?(?:m\.?)?\s*([a-z]{1,4})?", re.IGNORECASE)
_CENTURY = 2000
_MONTHS = 12

# By their first letters, in English, German, French, Spanish and Italian; the longer ones count first.
_NAMES = {
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "mar": 3, "mrz": 3, "mae": 3, "apr": 4, "avr": 4, "abr": 4,
    "may": 5, "mai": 5, "mag": 5, "jun": 6, "juin": 6, "giu": 6, "jul": 7, "juil": 7, "lug": 7, "aug": 8, "aou": 8,
    "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
}  # fmt: skip
_HOURS = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}


def read_span(day: str, clock: str, zone: tzinfo, *, day_first: bool) -> Span:
    """The instant, or the whole day where no time is told. Raises ValueError for what is no day."""
    with contextlib.suppress(OverflowError):
        span = _span(day, clock, zone, day_first=day_first)
        if YEARS[0] <= span.first.year <= YEARS[1]:
            return span
    raise ValueError(f"is no day that could be meant: years go from {YEARS[0]} to {YEARS[1]}")


def _span(day: str, clock: str, zone: tzinfo, *, day_first: bool) -> Span:
    text = " ".join(filter(None, (day.strip(), clock.strip())))
    told, rest = _day(text, day_first=day_first)
    if isinstance(told, datetime):
        moment = told.replace(tzinfo=zone) if told.tzinfo is None else told
        return Span(moment.astimezone(UTC), moment.astimezone(UTC))
    if not rest:
        begin, end = (datetime.combine(each, time(), zone) for each in (told, told + timedelta(days=1)))
        return Span(begin.astimezone(UTC), end.astimezone(UTC) - _MICRO)
    moment = _at(told, rest, zone).astimezone(UTC)
    return Span(moment, moment)


def days_first(days: Iterable[str], *, usual: bool) -> bool:
    """Whether the day stands before the month where both are numbers: as those say that can be read in one way only."""
    found = [match for match in (_SLASHED.match(text.strip()) for text in days) if match and match[2] != "."]
    first = any(int(match[1]) > _MONTHS for match in found)
    second = any(int(match[3]) > _MONTHS for match in found)
    return usual if first is second else first


def _day(text: str, *, day_first: bool) -> tuple[date | datetime, str]:
    """And what follows it. A day with its time in one piece is a moment already."""
    whole = _iso(text)
    if whole is not None:
        return whole, ""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(each))
    for pattern, read in _SHAPES:
        match = pattern.match(plain)
        if match is not None:
            return read(match, day_first), text[match.end() :].lstrip(" ,T")
    raise ValueError("is no day that could be read: write it like 2026-09-15")


def _iso(text: str) -> date | datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if ":" in text:
        return moment
    return moment.date() if " " not in text else None


def _of_numbers(match: re.Match[str], day_first: bool) -> date:  # noqa: FBT001 - one of a table of readers
    one, other, year = int(match[1]), int(match[3]), int(match[4])
    by_day = match[2] == "." or (day_first if max(one, other) <= _MONTHS else one > _MONTHS)
    day, month = (one, other) if by_day else (other, one)
    return date(year if year >= 100 else _CENTURY + year, month, day)  # noqa: PLR2004 - two digits of a year


def _of_year(match: re.Match[str], _: bool) -> date:  # noqa: FBT001 - one of a table of readers
    return date(int(match[1]), int(match[2]), int(match[3]))


def _of_month(match: re.Match[str], _: bool) -> date:  # noqa: FBT001 - one of a table of readers
    return date(int(match[3]), _month(match[1]), int(match[2]))


def _of_day(match: re.Match[str], _: bool) -> date:  # noqa: FBT001 - one of a table of readers
    return date(int(match[3]), _month(match[2]), int(match[1]))


_SHAPES = ((_SLASHED, _of_numbers), (_YEAR_FIRST, _of_year), (_MONTH_FIRST, _of_month), (_DAY_FIRST, _of_day))


def _month(name: str) -> int:
    found = _NAMES.get(name[:4]) or _NAMES.get(name[:3])
    if found is None:
        raise ValueError(f"there is no month {name[:12]!r}")
    return found


def _at(day: date, clock: str, zone: tzinfo) -> datetime:
    match = _TIME.fullmatch(clock)
    if match is None:
        raise ValueError("is no time of day that could be read: write it like 13:45")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
    word = (match[5] or "").upper()
    if word and word not in _HOURS:
        raise ValueError(f"there is no zone {word!r} that could be read")
    there = timezone(timedelta(hours=_HOURS[word])) if word else zone
    return datetime.combine(day, time(hour, minute, second), there)
