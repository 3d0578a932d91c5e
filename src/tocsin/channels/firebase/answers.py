"""What Firebase said to a message, as an outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from tocsin.channels.firebase.errors import (
    FCM,
    NEVER_REGISTERED,
    STATUSES,
    UNINSTALLED,
    UNKNOWN_ADDRESS,
    WRONG_MESSAGE,
    Code,
)
from tocsin.channels.status import outcome_of, retry_after
from tocsin.channels.text import cut, plain, utf16
from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refused, Sent, Unknown

LONGEST_WORDS = 256

_FCM_ERROR = "google.firebase.fcm.v1.FcmError"
_APNS_ERROR = "google.firebase.fcm.v1.ApnsError"
_BAD_REQUEST = "google.rpc.BadRequest"
_QUOTA_FAILURE = "google.rpc.QuotaFailure"
_ADDRESSES = ("message.token", "message.fid")
_OF_A_DEVICE = ("device", "registration", "token", "fid")


@dataclass(frozen=True, slots=True)
class Word:
    """What was said. `of_token`: the token that opens Firebase was refused, not a word is about the message.
    `of_platform` and `for_operators` as in the table of codes.
    """

    outcome: Outcome
    words: str = ""
    of_token: bool = False
    of_platform: bool = False
    for_operators: bool = False


def word_of(answer: Answer, now: datetime, *, by_fid: bool) -> Word:
    """Of a request that carried one message. `by_fid`: it was for a FID."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP successes
        return Word(_taken(answer))
    error = _error_in(answer)
    details = _Details(error.get("details"))
    words = _words(answer, error, details.code)
    if answer.status == 401 and details.code is None:  # noqa: PLR2004 - HTTP Unauthorized
        return Word(Deferred(Delay.CREDENTIALS, detail=words), words, of_token=True)
    code = _code(answer, error, details, now)
    outcome = _with_words(code.outcome, words, answer, now)
    if details.code == "UNREGISTERED" and by_fid and isinstance(outcome, Refused):
        outcome = replace(outcome, detail=NEVER_REGISTERED)
    if isinstance(outcome, Deferred) and details.quota_of_device:
        outcome = replace(outcome, part="device")
    return Word(outcome, words, of_platform=code.of_platform, for_operators=code.for_operators)


class _Details:
    """The details of an error by their types: unknown ones are passed over."""

    def __init__(self, told: object) -> None:
        self._told: Sequence[Mapping[str, Any]] = (
            [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        )

    @property
    def code(self) -> str | None:
        return next((str(one.get("errorCode")) for one in self._of(_FCM_ERROR) if one.get("errorCode")), None)

    @property
    def apns_reason(self) -> str:
        return next((str(one.get("reason")) for one in self._of(_APNS_ERROR)), "")

    @property
    def wrong_fields(self) -> Sequence[str]:
        return [str(one.get("field") or "") for one in self._listed(_BAD_REQUEST, "fieldViolations")]

    @property
    def quota_of_device(self) -> bool:
        """The budget of this one device is used up, not that of the project."""
        told = (f"{one.get('subject')} {one.get('description')}" for one in self._listed(_QUOTA_FAILURE, "violations"))
        return any(word in text.casefold() for text in told for word in _OF_A_DEVICE)

    def _of(self, kind: str) -> Sequence[Mapping[str, Any]]:
        return [one for one in self._told if str(one.get("@type", "")).endswith(f"/{kind}")]

    def _listed(self, kind: str, key: str) -> Sequence[Mapping[str, Any]]:
        lists = (one.get(key) for one in self._of(kind))
        return [each for told in lists if isinstance(told, list) for each in told if isinstance(each, dict)]


def _code(answer: Answer, error: Mapping[str, Any], details: _Details, now: datetime) -> Code:
    status = str(error.get("status") or "")
    if "INVALID_ARGUMENT" in (details.code, status):
        return Code(_invalid(error, details))
    return FCM.get(details.code or "") or Code(STATUSES.get(status) or outcome_of(answer, now))


def _invalid(error: Mapping[str, Any], details: _Details) -> Outcome:
    """INVALID_ARGUMENT says that the message is wrong, or that the address is: then a repeat to it is as wrong."""
    if details.apns_reason == "Unregistered":
        return UNINSTALLED
    fields = details.wrong_fields
    if any(field not in _ADDRESSES for field in fields):
        return WRONG_MESSAGE
    about_address = "registration token" in str(error.get("message")).casefold()
    return UNKNOWN_ADDRESS if fields or (details.code and about_address) else WRONG_MESSAGE


def _taken(answer: Answer) -> Outcome:
    """`name` is what Firebase calls the message from now on."""
    said = _parsed(answer)
    name = said.get("name") if isinstance(said, dict) else None
    if answer.broken or not isinstance(name, str) or not name:
        return Unknown(Doubt.ANSWER_LOST, "an answer without a message")
    return Sent(name)


def _with_words(outcome: Outcome, words: str, answer: Answer, now: datetime) -> Outcome:
    match outcome:
        case Deferred(after=after):
            return replace(outcome, after=retry_after(answer.headers, now) or after, detail=words)
        case Refused():
            return replace(outcome, detail=words)
        case Unknown():
            return replace(outcome, detail=words)
        case Sent():
            return outcome


def _words(answer: Answer, error: Mapping[str, Any], code: str | None) -> str:
    if not error:
        return _short(answer.body[: 8 * LONGEST_WORDS].decode("utf-8", "replace"))
    return _short(f"{code or error.get('status') or answer.status} {error.get('message') or ''}")


def _short(text: str) -> str:
    return cut(plain(text[: 4 * LONGEST_WORDS]), LONGEST_WORDS, utf16)


def _error_in(answer: Answer) -> Mapping[str, Any]:
    said = _parsed(answer)
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


def _parsed(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
