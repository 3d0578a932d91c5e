"""Durations, rates, times of day and zones."""

import re
from datetime import time, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.config.reading.problems import did_you_mean
from tocsin.rules.window import Rate

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)?")
_RATE = re.compile(r"([0-9]+)(?:/([0-9]*)(s|m|h|d))?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LONGEST = timedelta(days=36500)
_MOST = 1_000_000


def duration(value: object) -> timedelta:
    """`"30s"`, `"10m"`, `"6h"`, `"180d"`; a bare number is seconds. At most 100 years."""
    found = _DURATION.fullmatch(_plain(value))
    seconds = float(found[1]) * _UNITS[found[2] or "s"] if found else float("inf")
    if seconds > _LONGEST.total_seconds():
        raise PydanticCustomError("duration", 'a duration is written "30s", "10m", "6h" or "180d"')
    return timedelta(seconds=seconds)


def lasting(value: timedelta) -> timedelta:
    """A time in which something can happen."""
    if not value:
        raise PydanticCustomError("lasting", "it has to be longer than nothing")
    return value


def rate(value: object) -> Rate:
    """`"5/2s"`, `"30/1m"`; a bare number is messages per minute."""
    found = _RATE.fullmatch(_plain(value).removesuffix(".0"))
    count = int(found[1]) if found and len(found[1]) <= len(str(_MOST)) else 0
    seconds = int(found[2] or 1) * _UNITS[found[3] or "m"] if found and len(found[2] or "") <= len(str(_MOST)) else 0
    if not (0 < count <= _MOST and 0 < seconds <= _UNITS["w"]):
        raise PydanticCustomError("rate", 'a rate is written "5/2s" or "30/1m"; a bare number is messages per minute')
    return Rate(count, timedelta(seconds=seconds))


def number(value: object) -> object:
    """Pydantic would take true for 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("number", "a number is expected")
    return value


def time_of_day(value: object) -> time:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("time_of_day", 'a time of day is written "23:00"')
    return time(int(found[1]), int(found[2]))


def zone(value: object) -> ZoneInfo:
    known = _zones()
    if not isinstance(value, str) or value not in known:
        near = did_you_mean(value, known) if isinstance(value, str) else ""
        raise PydanticCustomError(
            "zone", 'no such time zone, they are named like "Europe/Berlin"{near}', {"near": near}
        )
    return ZoneInfo(value)


@cache
def _zones() -> frozenset[str]:
    """Asking for them reads the whole zone database."""
    return frozenset(available_timezones())


def write_duration(value: timedelta) -> str:
    """The way back: `10m`, `1500ms`."""
    micros = round(value.total_seconds() * 1000)
    for unit, seconds in sorted(_UNITS.items(), key=lambda pair: -pair[1]):
        if unit != "w" and micros and micros % round(seconds * 1000) == 0:
            return f"{micros // round(seconds * 1000)}{unit}"
    return "0s"


def write_rate(value: Rate) -> str:
    return f"{value.count}/{write_duration(value.per)}"


def _plain(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


_TEXT: dict[str, Any] = {"type": "string"}
_TEXT_OR_NUMBER: dict[str, Any] = {"type": ["string", "number"]}
NotBoolean = BeforeValidator(number)
Percent = Annotated[Decimal, Field(ge=0, le=100), NotBoolean]
Price = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6), NotBoolean]
Duration = Annotated[
    timedelta, PlainValidator(duration), PlainSerializer(write_duration), WithJsonSchema(_TEXT_OR_NUMBER)
]
Lasting = Annotated[Duration, AfterValidator(lasting)]
RateLimit = Annotated[Rate, PlainValidator(rate), PlainSerializer(write_rate), WithJsonSchema(_TEXT_OR_NUMBER)]
TimeOfDay = Annotated[
    time, PlainValidator(time_of_day), PlainSerializer(lambda at: f"{at:%H:%M}"), WithJsonSchema(_TEXT)
]
Zone = Annotated[ZoneInfo, PlainValidator(zone), PlainSerializer(str), WithJsonSchema(_TEXT)]
