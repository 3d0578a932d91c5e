"""What Twilio said to a request, as an outcome (Twilio, Message Resource; Error and Warning Dictionary)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.contract import Report
from tocsin.channels.status import outcome_of, retry_after
from tocsin.channels.text import cut, plain, utf16
from tocsin.channels.transport import Answer
from tocsin.channels.twilio.codes import CODES, Code
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.core.signal import Cost

ANSWER_LENGTH = 256
MESSAGE = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")

# By status, where there is no code: a path that is not there is an account that is not there.
_STATUSES: Mapping[int, Outcome] = MappingProxyType(dict.fromkeys((403, 404), Deferred(Delay.CREDENTIALS)))
_FAILED = frozenset({"failed", "undelivered", "canceled"})
_UNDELIVERED = Refused(Refusal.UNDELIVERED)
_NUMBER = re.compile(r"[+(]?\d(?:[\d ().-]{5,}\d)")  # texts of errors repeat the number; a code has five digits


@dataclass(frozen=True, slots=True)
class Message:
    """What Twilio says of one message. `units` is None while it has not counted, `cost` while it has not billed."""

    sid: str
    status: str
    body: str = ""
    created: str = ""
    code: int | None = None
    units: int | None = None
    cost: Cost | None = None

    @classmethod
    def of(cls, said: object) -> "Message | None":
        """None where it is no message."""
        if not isinstance(said, dict) or not MESSAGE.fullmatch(str(said.get("sid"))):
            return None
        return cls(
            said["sid"],
            str(said.get("status") or ""),
            str(said.get("body") or ""),
            str(said.get("date_created") or ""),
            code_of(said.get("error_code")),
            units_of(said.get("num_segments")),
            _cost(said.get("price"), said.get("price_unit")),
        )

    @property
    def words(self) -> str:
        """Its status, with the reason where it failed."""
        return f"{self.status}: {explained(self.code)}" if self.code else self.status

    def outcome(self) -> Outcome:
        """What it means for the delivery that the message carries."""
        if self.status in _FAILED:
            known = CODES.get(self.code or 0)
            refused = known.outcome if known and isinstance(known.outcome, Refused) else _UNDELIVERED
            return Refused(refused.why, self.words, known.shuts if known else None)
        return Sent(self.sid, self.words, self.units, self.cost)


def report_of(answer: Answer, now: datetime) -> Report:
    """Of a request that carried one text."""
    said = parsed(answer)
    code = CODES.get(code_of(said.get("code")) or 0) if answer.status >= 400 else None  # noqa: PLR2004 - errors begin there
    outcome = _outcome(answer, said, code, now)
    stops_all = isinstance(outcome, Deferred) and outcome.why is Delay.CREDENTIALS
    return Report((outcome,), status=answer.status, answer=words_of(answer, said), whole_channel=stops_all)


def parsed(answer: Answer) -> Mapping[str, Any]:
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def words_of(answer: Answer, said: Mapping[str, Any]) -> str:
    """For the timeline: code and words of an error, without the number that they repeat."""
    if answer.status < 300:  # noqa: PLR2004 - a success is told by its reference
        return ""
    if not said:
        return short(answer.body[: 8 * ANSWER_LENGTH].decode("utf-8", "replace"))
    return short(f"{said.get('code', '')} {said.get('message', '')}")


def explained(code: int | None) -> str:
    known = CODES.get(code or 0)
    return f"{code} {known.words}" if known else str(code or "")


def code_of(value: object) -> int | None:
    """Codes come as numbers, and as text in callbacks."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None  # noqa: PLR2004 - codes have five digits


def units_of(value: object) -> int | None:
    """`0` is said as long as no sender is chosen."""
    text = str(value)
    return (int(text) or None) if text.isascii() and text.isdecimal() and len(text) < 4 else None  # noqa: PLR2004 - a text has 11 at most


def short(text: str) -> str:
    return cut(plain(_NUMBER.sub("***", text[: 4 * ANSWER_LENGTH])), ANSWER_LENGTH, utf16)


def _outcome(answer: Answer, said: Mapping[str, Any], code: Code | None, now: datetime) -> Outcome:
    words = words_of(answer, said)
    match (code.outcome if code else None) or _STATUSES.get(answer.status) or outcome_of(answer, now):
        case Sent():
            message = Message.of(said)
            return message.outcome() if message else Unknown(Doubt.ANSWER_LOST, "an answer without a message")
        case Deferred(why=why, after=after):
            return Deferred(why, retry_after(answer.headers, now) or after, words)
        case Refused(why=why):
            return Refused(why, words, code.shuts if code else None)
        case Unknown(why=doubt):
            return Unknown(doubt, words)


def _cost(price: object, unit: object) -> Cost | None:
    """Twilio writes what it takes as a negative amount."""
    if not isinstance(price, str) or not isinstance(unit, str):
        return None
    try:
        amount = abs(Decimal(price))
    except InvalidOperation:
        return None
    return Cost(amount, unit.upper()) if amount.is_finite() else None
