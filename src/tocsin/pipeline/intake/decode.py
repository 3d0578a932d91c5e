"""From bytes to a submission: each detection a frozen alert, or the receipt that says what is wrong with it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from tocsin.core.alert import NOTHING, Alert, EpisodeKey, new_id
from tocsin.core.decision import Decision, Receipt
from tocsin.core.errors import Detail, InvalidRequestError, TocsinError
from tocsin.core.facts import Emit, Fact, Misdated
from tocsin.ledger.contract import Idempotency, Item, Submission
from tocsin.pipeline.active import Active
from tocsin.pipeline.intake.detection import DEFAULT_CURRENCY, read_ahead, read_episode, read_fields
from tocsin.pipeline.intake.field import FIELDS
from tocsin.pipeline.intake.framing import MAX_BODY, MAX_ITEM, MAX_ITEMS, Framed, frame, frame_whole
from tocsin.pipeline.intake.metadata import as_plain
from tocsin.pipeline.intake.validation import MendError
from tocsin.rules.filters import priority_of

__all__ = ["MAX_BODY", "MAX_ITEM", "MAX_ITEMS", "PART", "Decoder", "Request"]

# Detections in one transaction: some 30 ms, after which others have their turn. Answers are kept by parts for a day:
# where this changes, a request that is repeated over the change is decided anew.
PART = 250


@dataclass(frozen=True, slots=True)
class Request:
    """The detections that came in one body. `values` has a parsed value for each detection, or the error that it
    already is.
    """

    values: Sequence[Any]
    single: bool
    owner: str
    idempotency: Idempotency | None

    @property
    def parts(self) -> range:
        """Where each begins; a request of nothing is one, too."""
        return range(0, max(1, len(self.values)), PART)


def _nobody(_: Fact) -> None:
    """Facts that nobody listens to."""


class Decoder:
    """Speaks for the rulebook in force: folds the retailer's spelling and sets the priority."""

    def __init__(self, active: Active, emit: Emit = _nobody) -> None:
        self._active = active
        self._emit = emit

    def request(self, body: bytes, *, owner: str, key: str | None) -> Request:
        """A body, taken apart; none of its detections is read yet. `key` covers the whole request.

        Raises NotJsonError, TooLargeError, and InvalidRequestError for a key that cannot be one.
        """
        return _request(frame(body), body, owner, key)

    def whole(self, body: bytes, *, owner: str, key: str | None) -> Request | None:
        """The same for a body that is JSON as a whole; None for one that is to be looked through, and takes longer."""
        framed = frame_whole(body)
        return None if framed is None else _request(framed, body, owner, key)

    def part(self, request: Request, begins: int, now: datetime) -> Submission:
        """The detections from there on, as many as one transaction is to hold."""
        values = request.values[begins : begins + PART]
        items = tuple(self.one(value, owner=request.owner, now=now) for value in values)
        return Submission(items, request.idempotency, begins)

    def one(self, value: object, *, owner: str, now: datetime) -> Item:
        """One detection, as JSON values or as a program in this process says it."""
        try:
            if isinstance(value, TocsinError):
                raise value
            fields, notes = read_fields(value, now)
        except TocsinError as problem:
            self._tell_if_misdated(value, now)
            return Item(invalid=Receipt(decision=Decision.INVALID, error=problem.as_json()["error"]))
        key = fields.pop("idempotency_key", None)
        idempotency = None if key is None else Idempotency(owner, key, _digest(fields))
        return Item(alert=self._alert(fields, now), idempotency=idempotency, notes=tuple(notes))

    def episode(self, **said: Any) -> EpisodeKey:
        """The key of the episode that has ended. Raises InvalidRequestError."""
        key = read_episode(said)
        return key._replace(retailer=self._active.rulebook.catalog.canonical(key.retailer))

    def _tell_if_misdated(self, value: object, now: datetime) -> None:
        if found := read_ahead(value, now):
            retailer, ahead = found
            self._emit(Misdated(self._active.rulebook.catalog.canonical(retailer), ahead.total_seconds()))

    def _alert(self, fields: dict[str, Any], now: datetime) -> Alert:
        rules = self._active.rulebook
        retailer = rules.catalog.canonical(fields["retailer"])
        asked = fields.get("priority")
        return Alert(
            id=new_id(now),
            type=fields["type"],
            priority=priority_of(fields["type"], fields["sku"], retailer, asked, rules.filters),
            sku=fields["sku"],
            retailer=retailer,
            timestamp=fields.get("timestamp", now),
            price=fields.get("price"),
            currency=fields.get("currency", DEFAULT_CURRENCY),
            product_name=fields.get("product_name"),
            url=fields.get("url"),
            variant=fields.get("variant"),
            seller=fields.get("seller"),
            metadata=fields.get("metadata", NOTHING),
        )


def _request(framed: Framed, body: bytes, owner: str, key: str | None) -> Request:
    covered = None if key is None else Idempotency(owner, _checked(key), hashlib.sha256(body).hexdigest())
    return Request(framed.values, framed.single, owner, covered)


def _checked(key: str) -> str:
    try:
        return str(FIELDS["idempotency_key"].read(key))
    except MendError as problem:
        raise InvalidRequestError(
            f"the header Idempotency-Key {problem}", (Detail("Idempotency-Key", str(problem)),)
        ) from None


def _digest(fields: Mapping[str, Any]) -> str:
    """Equal for the same detection however it was spelled; the key itself is no part of it."""
    said = {key: value for key, value in fields.items() if value is not None}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS, default=_plain)).hexdigest()


def _plain(value: object) -> object:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else as_plain(value)
