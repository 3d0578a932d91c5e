"""What SendGrid said to a request, as an outcome for each of its people (SendGrid, "Mail Send", "Errors")."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.contract import Budget, Report
from tocsin.channels.status import LONGEST_WAIT, outcome_of, retry_after
from tocsin.channels.text import cut, plain, utf16, without_mailboxes
from tocsin.channels.transport import Answer
from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown

ANSWER_LENGTH = 256
OUT_OF_CREDITS = timedelta(minutes=10)  # they come back with a new month, a new day, or another plan

_MOST_ERRORS = 1000
_SHORTEST_WAIT = timedelta(seconds=1)
# A sender that is not verified, a key that may not send, an address of the API that is none: a human has to mend it.
_STATUSES: Mapping[int, Outcome] = MappingProxyType(
    dict.fromkeys((403, 404), Deferred(Delay.CREDENTIALS)) | {406: Refused(Refusal.INVALID_REQUEST)}
)
_CREDITS = re.compile(r"credits? exceeded", re.IGNORECASE)
_OF_PERSON = re.compile(r"personalizations[.\[](\d{1,4})(?:[.\]]|$)")
_OF_MAILBOX = re.compile(r"personalizations[.\[]\d{1,4}\]?\.to[.\[]\d{1,4}\]?\.email$")
_ANOTHER = Deferred(Delay.PROVIDER_TROUBLE, timedelta(), "another recipient of the same request was refused")
_IN_HALVES = Deferred(Delay.PROVIDER_TROUBLE, timedelta(), "too large for one request: the next has half as many")


def report_of(answer: Answer, members: int, now: datetime) -> Report:
    """`members`: how many people the request was for, in their order."""
    errors = _errors(answer)
    words = _words(answer, errors)
    outcome = _outcome(answer, words, now)
    return Report(
        tuple(_by_member(outcome, errors, members)),
        budget=_budget(answer.headers, now),
        status=answer.status,
        answer=words,
        whole_channel=isinstance(outcome, Deferred) and outcome.why in (Delay.CREDENTIALS, Delay.RATE_LIMITED),
    )


def _outcome(answer: Answer, words: str, now: datetime) -> Outcome:
    match _STATUSES.get(answer.status) or outcome_of(answer, now):
        case Sent():
            return Sent(_reference(answer))
        case Deferred(why=Delay.CREDENTIALS) if _CREDITS.search(words):
            return Deferred(Delay.CREDENTIALS, OUT_OF_CREDITS, f"the credits of the account are used up: {words}")
        case Deferred(why=Delay.RATE_LIMITED):
            wait = retry_after(answer.headers, now) or _reset(answer.headers, now)
            return Deferred(Delay.RATE_LIMITED, wait, words)
        case Deferred(why=why, after=after):
            return Deferred(why, after, words)
        case Refused(why=why):
            return Refused(why, words)
        case Unknown(why=doubt):
            return Unknown(doubt, words)


def _by_member(outcome: Outcome, errors: Sequence[Mapping[str, Any]], members: int) -> Iterator[Outcome]:
    """Nothing of a request that is refused was taken. Where it names those whom it stumbled over, only they are
    refused; one that is too large goes again in halves.
    """
    if members > 1 and isinstance(outcome, Refused) and outcome.why is Refusal.TOO_LARGE:
        yield from (_IN_HALVES,) * members
        return
    faults = _faults(errors) if isinstance(outcome, Refused) else {}
    for number in range(members):
        fault = faults.get(number)
        if fault is None:
            yield _ANOTHER if faults.keys() & set(range(members)) else outcome
        else:
            field, message = fault
            no_mailbox = _OF_MAILBOX.search(field) is not None
            yield Refused(Refusal.INVALID_REQUEST, message, AddressWhy.GONE if no_mailbox else None)


def _faults(errors: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """By the number of the recipient: the first field that is wrong, and why."""
    told: dict[int, tuple[str, str]] = {}
    for error in errors:
        field = str(error.get("field") or "")
        if found := _OF_PERSON.search(field):
            told.setdefault(int(found[1]), (field, _short(f"{field}: {error.get('message', '')}")))
    return told


def _reset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long until the limit is a new one: SendGrid names the second of the epoch, and no Retry-After."""
    named = headers.get("X-RateLimit-Reset", "")
    if not (named.isascii() and named.isdecimal() and len(named) <= 12):  # noqa: PLR2004 - seconds of an epoch
        return None
    left = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(named)) - now
    return min(max(left, _SHORTEST_WAIT), LONGEST_WAIT)


def _budget(headers: Mapping[str, str], now: datetime) -> Budget | None:
    remaining, reset = headers.get("X-RateLimit-Remaining", ""), _reset(headers, now)
    if not (remaining.isascii() and remaining.isdecimal()) or reset is None:
        return None
    return Budget(int(remaining[:6]), reset)


def _reference(answer: Answer) -> str | None:
    """The mail's name at SendGrid, with which those of its events begin."""
    named = answer.headers.get("X-Message-Id", "")
    return named if named.isascii() and named.isprintable() and 0 < len(named) <= 100 else None  # noqa: PLR2004 - as long as its names are


def _errors(answer: Answer) -> Sequence[Mapping[str, Any]]:
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return ()
    told = said.get("errors") if isinstance(said, dict) else None
    return [error for error in told[:_MOST_ERRORS] if isinstance(error, dict)] if isinstance(told, list) else ()


def _words(answer: Answer, errors: Sequence[Mapping[str, Any]]) -> str:
    """For the timeline, without the addresses that texts of errors repeat."""
    if answer.status < 300:  # noqa: PLR2004 - a success is told by its reference
        return ""
    if not errors:
        return _short(answer.body[: 8 * ANSWER_LENGTH].decode("utf-8", "replace"))
    told = (f"{error.get('field') or ''}: {error.get('message') or ''}".removeprefix(": ") for error in errors)
    return _short("; ".join(told))


def _short(text: str) -> str:
    return cut(plain(without_mailboxes(text[: 4 * ANSWER_LENGTH])), ANSWER_LENGTH, utf16)
