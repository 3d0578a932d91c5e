"""What a detector may say: one table of fields, and everything that is wrong with a detection told at once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tocsin.core.errors import Detail, InvalidAlertError
from tocsin.pipeline.fields import (
    name,
    read_currency,
    read_price,
    read_priority,
    read_timestamp,
    read_type,
    read_url,
    word,
)
from tocsin.pipeline.mending import MendError, kind_of, nearest, shown
from tocsin.pipeline.metadata import read_metadata
from tocsin.rules.filters import from_the_future

_MAX_PROBLEMS = 8  # named in one answer

FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "type": read_type,
    "sku": word(128),
    "retailer": word(64),
    "price": read_price,
    "currency": read_currency,
    "product_name": name(512),
    "url": read_url,
    "priority": read_priority,
    "timestamp": read_timestamp,
    "variant": word(128),
    "seller": word(128),
    "metadata": read_metadata,
    "idempotency_key": word(255),
}


def read_fields(value: object, now: datetime) -> dict[str, Any]:
    """Checked values by field name; a field that is null or an empty text is not there.

    Raises InvalidAlertError that names everything wrong at once.
    """
    if not isinstance(value, Mapping):
        raise InvalidAlertError(f"an alert is a JSON object, not {kind_of(value)}")
    fields: dict[str, Any] = {}
    problems: list[Detail] = []
    for key, raw in value.items():
        if raw is None or raw == "":
            continue
        if len(problems) == _MAX_PROBLEMS:
            raise invalid(problems)
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


def read_ahead(value: object, now: datetime) -> tuple[str, timedelta] | None:
    """Of a detection that is wrong: its retailer, and how far it lies in the future; None where it does not."""
    if not isinstance(value, Mapping):
        return None
    try:
        retailer, detected = FIELDS["retailer"](value.get("retailer")), read_timestamp(value.get("timestamp"))
    except MendError:
        return None
    return (retailer, detected - now) if from_the_future(detected, now) else None


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
    if detected is not None and from_the_future(detected, now):
        minutes = (detected - now) // timedelta(minutes=1)
        problems.append(Detail("timestamp", f"lies {minutes} min in the future: check the clock of the detector"))


def _unknown(key: str) -> Detail:
    near = nearest(shown(key).lower(), tuple(FIELDS))
    mend = f"did you mean {near!r}?" if near else "what is your own belongs into metadata"
    return Detail(shown(key), f"is no field of an alert; {mend}")
