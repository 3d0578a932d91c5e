"""How single values are written: durations, rates, times of day, zones, targets, secrets, addresses.

Each reader takes what JSON (or a variable, always text) gave and raises a `PydanticCustomError` that says what is
expected. No message repeats the value: who reports the problem knows whether it may be shown.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from pydantic import AfterValidator, PlainSerializer, PlainValidator, StringConstraints, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.config.problems import did_you_mean
from tocsin.core.delivery import Target
from tocsin.core.errors import InvalidRequestError
from tocsin.core.secret import Secret
from tocsin.rules.gate import Rate
from tocsin.rules.match import Match, parse_match

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)?")
_RATE = re.compile(r"([0-9]+)(?:/([0-9]*)(s|m|h|d))?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SNOWFLAKE = re.compile(r"[0-9]{15,20}")
_SQLITE_FILE = re.compile(r"sqlite:///[^?#:]+")
_LONGEST = timedelta(days=36500)
_MOST = 1_000_000


class ServiceUrl(Secret):
    """The address of a database or a server, which may carry a password."""

    __slots__ = ()

    @property
    def without_password(self) -> str:
        parts = urlsplit(self.reveal())
        if parts.password is None:
            return self.reveal()
        place = f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}"
        return urlunsplit(parts._replace(netloc=place))


def duration(value: object) -> timedelta:
    """`"30s"`, `"10m"`, `"6h"`, `"180d"`; a bare number is seconds. At most 100 years."""
    found = _DURATION.fullmatch(_plain(value))
    seconds = float(found[1]) * _UNITS[found[2] or "s"] if found else float("inf")
    if seconds > _LONGEST.total_seconds():
        raise PydanticCustomError("duration", 'a duration is written "30s", "10m", "6h" or "180d"')
    return timedelta(seconds=seconds)


def rate(value: object) -> Rate:
    """`"5/2s"`, `"30/1m"`; a bare number is messages per minute."""
    found = _RATE.fullmatch(_plain(value).removesuffix(".0"))
    count = int(found[1]) if found and len(found[1]) <= len(str(_MOST)) else 0
    seconds = int(found[2] or 1) * _UNITS[found[3] or "m"] if found and len(found[2] or "") <= len(str(_MOST)) else 0
    if not (0 < count <= _MOST and 0 < seconds <= _UNITS["w"]):
        raise PydanticCustomError("rate", 'a rate is written "5/2s" or "30/1m"; a bare number is messages per minute')
    return Rate(count, timedelta(seconds=seconds))


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


def target(value: object) -> Target:
    try:
        return Target.parse(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("target", 'a target is written "channel:name"') from None


def match(value: object) -> Match:
    """Problems inside keep their own paths: they travel in the context of the error."""
    return _match(value, unrouted_allowed=False)


def route_match(value: object) -> Match:
    return _match(value, unrouted_allowed=True)


def secret(value: object) -> Secret:
    if not isinstance(value, str) or not value:
        raise PydanticCustomError("secret", 'a secret is text, best left outside: "${NAME}" or "${file:/path}"')
    return Secret(value)


def service_url(*schemes: str) -> Callable[[object], ServiceUrl]:
    """A reader of addresses with one of these schemes."""

    def read(value: object) -> ServiceUrl:
        parts = split_url(value)
        if parts is None or parts.scheme.lower() not in schemes:
            expected = ", ".join(f"{scheme}://" for scheme in schemes)
            raise PydanticCustomError("service_url", "an address that starts with {expected}", {"expected": expected})
        return ServiceUrl(str(value))

    return read


def ledger_url(value: object) -> ServiceUrl:
    """`sqlite:///file` or a PostgreSQL address."""
    url = service_url("sqlite", "postgresql", "postgresql+psycopg")(value)
    if url.reveal().startswith("sqlite:") and not _SQLITE_FILE.fullmatch(url.reveal()):
        raise PydanticCustomError("ledger_url", "the ledger is a file: sqlite:///tocsin.db")
    return url


def web_url(value: str) -> str:
    parts = split_url(value)
    if parts is None or parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        raise PydanticCustomError("web_url", "an address that starts with https:// or http://")
    return value


def snowflake(value: object) -> str:
    """An id of Discord: a number too long for JavaScript, so it is written as text."""
    text = str(value) if isinstance(value, (str, int)) else ""
    if not _SNOWFLAKE.fullmatch(text):
        raise PydanticCustomError("snowflake", 'an id of Discord is a long number in quotes: "1180000000000000002"')
    return text


def sender(value: str) -> str:
    """By shape alone: the provider knows its senders."""
    if not _E164.fullmatch(value):
        raise PydanticCustomError("sender", 'a number is written in the form of E.164: "+14155550100"')
    return value


def recipient(value: str) -> str:
    """A number that can exist."""
    try:
        number = phonenumbers.parse(sender(value))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("recipient", "there is no such phone number")
    return value


def network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise PydanticCustomError("network", 'an address or a network: "10.0.0.0/8"') from None
    return value


def some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list that says something. Only asked once every item is right."""
    if not values:
        raise PydanticCustomError("too_short", "it may not be empty")
    return values


def beside_the_file(path: Path, info: ValidationInfo) -> Path:
    """Relative paths start at the configuration file."""
    return Path(info.context["base"]) / path if info.context else path


def split_url(value: object) -> SplitResult | None:
    """None for what is no address, has spaces or control characters, or a port that is none."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return None
    return parts


def is_loopback(host: str | None) -> bool:
    """Whether nobody outside this machine can be meant by it."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def write_duration(value: timedelta) -> str:
    """The way back: `10m`, `1500ms`."""
    micros = round(value.total_seconds() * 1000)
    for unit, seconds in sorted(_UNITS.items(), key=lambda pair: -pair[1]):
        if unit != "w" and micros and micros % round(seconds * 1000) == 0:
            return f"{micros // round(seconds * 1000)}{unit}"
    return "0s"


def write_rate(value: Rate) -> str:
    return f"{value.count}/{write_duration(value.per)}"


def write_match(value: Match) -> dict[str, Any]:
    """Only the conditions that it has."""
    return {
        key: sorted(held) if isinstance(held := getattr(value, key), frozenset) else held
        for key, default in _NO_CONDITION.items()
        if getattr(value, key) != default
    }


_NO_CONDITION: Mapping[str, Any] = {
    "types": frozenset(),
    "bands": frozenset(),
    "min_priority": 1,
    "skus": frozenset(),
    "retailers": frozenset(),
    "families": frozenset(),
    "products": frozenset(),
    "unrouted": False,
}


def _plain(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _match(value: object, *, unrouted_allowed: bool) -> Match:
    if not isinstance(value, Mapping):
        raise PydanticCustomError("match", "an object of conditions is expected", {"details": []})
    try:
        return parse_match(value, unrouted_allowed=unrouted_allowed)
    except InvalidRequestError as error:
        raise PydanticCustomError("match", error.message, {"details": list(error.details)}) from None


_NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_MATCH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "types": {"type": "array", "items": {"enum": ["in_stock", "price_drop", "restock_soon", "back_order"]}},
        "bands": {"type": "array", "items": {"enum": ["high", "medium", "low"]}},
        "min_priority": {"type": "integer", "minimum": 1, "maximum": 10},
        **dict.fromkeys(("skus", "retailers", "families", "products"), _NAMES),
    },
}
_ROUTE_MATCH_SCHEMA = {**_MATCH_SCHEMA, "properties": {**_MATCH_SCHEMA["properties"], "unrouted": {"type": "boolean"}}}
_TEXT: dict[str, Any] = {"type": "string"}
_TEXT_OR_NUMBER: dict[str, Any] = {"type": ["string", "number"]}


def _mask(value: Secret) -> str:
    return value.without_password if isinstance(value, ServiceUrl) else str(value)


Duration = Annotated[
    timedelta, PlainValidator(duration), PlainSerializer(write_duration), WithJsonSchema(_TEXT_OR_NUMBER)
]
RateLimit = Annotated[Rate, PlainValidator(rate), PlainSerializer(write_rate), WithJsonSchema(_TEXT_OR_NUMBER)]
TimeOfDay = Annotated[
    time, PlainValidator(time_of_day), PlainSerializer(lambda at: f"{at:%H:%M}"), WithJsonSchema(_TEXT)
]
Zone = Annotated[ZoneInfo, PlainValidator(zone), PlainSerializer(str), WithJsonSchema(_TEXT)]
TargetName = Annotated[Target, PlainValidator(target), PlainSerializer(str), WithJsonSchema(_TEXT)]
Conditions = Annotated[Match, PlainValidator(match), PlainSerializer(write_match), WithJsonSchema(_MATCH_SCHEMA)]
RouteConditions = Annotated[
    Match, PlainValidator(route_match), PlainSerializer(write_match), WithJsonSchema(_ROUTE_MATCH_SCHEMA)
]
SecretText = Annotated[Secret, PlainValidator(secret), PlainSerializer(_mask), WithJsonSchema(_TEXT)]
RedisUrl = Annotated[
    ServiceUrl,
    PlainValidator(service_url("redis", "rediss", "unix")),
    PlainSerializer(_mask),
    WithJsonSchema(_TEXT),
]
LedgerUrl = Annotated[
    ServiceUrl,
    PlainValidator(ledger_url),
    PlainSerializer(_mask),
    WithJsonSchema(_TEXT),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
WebUrl = Annotated[Text, AfterValidator(web_url)]
Snowflake = Annotated[str, PlainValidator(snowflake), WithJsonSchema(_TEXT_OR_NUMBER)]
Sender = Annotated[str, AfterValidator(sender)]
Recipient = Annotated[str, AfterValidator(recipient)]
Network = Annotated[str, AfterValidator(network)]
File = Annotated[Path, AfterValidator(beside_the_file)]
