"""What a detector says, read by the table of fields; everything that is wrong with a detection is told at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from tocsin.core.alert import EpisodeKey
from tocsin.core.errors import Detail, InvalidAlertError, InvalidRequestError
from tocsin.core.money import digits_of
from tocsin.core.spelling import shown
from tocsin.pipeline.intake.field import FIELDS
from tocsin.pipeline.intake.fields import read_timestamp
from tocsin.pipeline.intake.validation import MendError, below, kind_of, nearest
from tocsin.rules.filters import from_the_future

DEFAULT_CURRENCY = "USD"
_REQUIRED = tuple(key for key, field in FIELDS.items() if field.required)
_MAX_PROBLEMS = 8  # named in one answer
_NOISE = 1e-6  # what rounding may take from a number without a word


def read_fields(value: object, now: datetime) -> tuple[dict[str, Any], list[Detail]]:
    """Checked values by field name, and notes on what was mended; a field that is null or blank is not there.

    Raises InvalidAlertError that names everything wrong at once.
    """
    if not isinstance(value, Mapping):
        raise InvalidAlertError(f"an alert is a JSON object, not {kind_of(value)}")
    fields: dict[str, Any] = {}
    problems: list[Detail] = []
    notes: list[Detail] = []
    for key, raw in value.items():
        if raw is None or raw == "":
            continue
        if len(problems) == _MAX_PROBLEMS:
            raise invalid(problems)
        field = FIELDS.get(key)
        if field is None:
            problems.append(_unknown(str(key)))
            continue
        try:
            fields[key] = field.read(raw)
        except MendError as problem:
            fields[key] = _mended(key, raw, problem, problems, notes)
    _round(fields, notes)
    _check_together(fields, problems, now)
    if problems:
        raise invalid(problems)
    return fields, notes


def read_episode(said: Mapping[str, Any]) -> EpisodeKey:
    """The key that tells restocks apart, with each name in the spelling that alerts have.

    Raises InvalidRequestError that names everything wrong at once.
    """
    read: dict[str, Any] = {}
    problems: list[Detail] = []
    for key in EpisodeKey._fields:
        try:
            read[key] = FIELDS[key].read(said.get(key)) or ""
        except MendError as problem:
            problems.append(below(key, problem.detail))
    if problems:
        raise InvalidRequestError.at(*problems)
    return EpisodeKey(**read)


def read_ahead(value: object, now: datetime) -> tuple[str, timedelta] | None:
    """Of a detection that is wrong: its retailer, and how far it lies in the future; None where it does not."""
    if not isinstance(value, Mapping):
        return None
    try:
        retailer, detected = FIELDS["retailer"].read(value.get("retailer")), read_timestamp(value.get("timestamp"))
    except MendError:
        return None
    return (retailer, detected - now) if from_the_future(detected, now) else None


def fault_of(error: Mapping[str, Any]) -> tuple[str, str]:
    """Of an answer's `error`: the first field that is wrong, or a stable word where no field of ours is, and what is
    said of it. The words are few, whatever a sender writes.
    """
    details = error.get("details") or ()
    if not details:
        return str(error["code"]), str(error["message"])
    path = str(details[0]["path"])
    field = path.partition(".")[0]
    return field if field in FIELDS else "unknown_field", f"{path}: {details[0]['message']}"


def invalid(problems: list[Detail]) -> InvalidAlertError:
    first, more = problems[0], len(problems) - 1
    also = f" (and {more} more)" if more else ""
    return InvalidAlertError(f"{first.path}: {first.message}{also}", problems)


def _mended(key: str, raw: Any, problem: MendError, problems: list[Detail], notes: list[Detail]) -> Any:
    """Mend a value that cannot be taken as it is; None and one more problem, where nothing can be made of it."""
    mend = FIELDS[key].mend
    if mend is None:
        problems.append(below(key, problem.detail))
        return None
    try:
        value, done = mend(raw)
    except MendError as remaining:
        problems.append(below(key, remaining.detail))
        return None
    notes += (below(key, note) for note in done)
    return value


def _round(fields: dict[str, Any], notes: list[Detail]) -> None:
    """JSON numbers, to the currency that another field names."""
    price = fields.get("price")
    if isinstance(price, float):
        fields["price"] = _rounded(price, fields, "price", notes)
    metadata = fields.get("metadata")
    if metadata and isinstance(previous := metadata.get("previous_price"), float):
        amount = _rounded(previous, fields, "metadata.previous_price", notes)
        fields["metadata"] = MappingProxyType({**metadata, "previous_price": float(amount)})


def _rounded(price: float, fields: Mapping[str, Any], path: str, notes: list[Detail]) -> Decimal:
    """The amount in the smallest units of its currency: below them a float has but the noise of the arithmetic that it
    comes from (`299.96999999999997`).
    """
    currency = fields.get("currency") or DEFAULT_CURRENCY
    amount = f"{price:.{digits_of(currency)}f}"
    if abs(price - float(amount)) >= _NOISE:
        notes.append(Detail(path, f"was rounded to {amount} {currency}: a decimal string keeps every digit"))
    return Decimal(amount)


def _check_together(fields: Mapping[str, Any], problems: list[Detail], now: datetime) -> None:
    """Find what one field alone cannot tell: a field is missing, or the time cannot be. One that is wrong is not
    missing.
    """
    problems += [Detail(key, "is required") for key in _REQUIRED if key not in fields]
    kind = fields.get("type")
    if kind is not None and kind.buyable and "price" not in fields:
        problems.append(Detail("price", f'is required for {kind}: a number, or a decimal string like "1999.99"'))
    detected = fields.get("timestamp")
    if detected is not None and from_the_future(detected, now):
        minutes = (detected - now) // timedelta(minutes=1)
        problems.append(Detail("timestamp", f"lies {minutes} min in the future: check the clock of the detector"))


def _unknown(key: str) -> Detail:
    near = nearest(shown(key).lower(), tuple(FIELDS))
    mend = f"did you mean {near!r}?" if near else "what is your own belongs into metadata"
    return Detail(shown(key), f"is no field of an alert; {mend}")
