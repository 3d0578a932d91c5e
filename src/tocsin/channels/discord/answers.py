"""What Discord said, as an outcome for each member (Discord documentation, Opcodes and Status Codes, Rate Limits)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.contract import Budget, Report
from tocsin.channels.status import LONGEST_WAIT, outcome_of, retry_after, seconds_of
from tocsin.channels.text import cut, plain
from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown

ANSWER_LENGTH = 256
SHUT_OUT_FOR = timedelta(minutes=10)  # the window in which Cloudflare counts an address's refused requests

_GONE = Refused(Refusal.TARGET_GONE)
_FORBIDDEN = Refused(Refusal.TARGET_FORBIDDEN)
_NOT_UNDERSTOOD = Refused(Refusal.INVALID_REQUEST)
_TOO_LARGE = Refused(Refusal.TOO_LARGE)
_BLOCKED = Refused(Refusal.CONTENT_BLOCKED)
_SLOWER = Deferred(Delay.RATE_LIMITED)
_LATER = Deferred(Delay.PROVIDER_TROUBLE)

# By the `code` of Discord's error body.
_CODES: Mapping[int, Outcome] = MappingProxyType(
    {
        10003: _GONE,  # unknown channel
        10004: _GONE,  # unknown server
        10008: Refused(Refusal.MESSAGE_GONE),
        10015: _GONE,  # unknown webhook: calling it again brings a restriction upon us
        20016: _SLOWER,
        20028: _SLOWER,
        20029: _SLOWER,
        30046: _SLOWER,  # too many edits of messages older than an hour
        40004: _LATER,
        40005: _TOO_LARGE,
        40006: _LATER,
        40062: _SLOWER,
        50001: _FORBIDDEN,
        50006: _NOT_UNDERSTOOD,
        50013: _FORBIDDEN,
        50027: _GONE,  # the webhook's token is not valid (any more)
        50035: _NOT_UNDERSTOOD,
        50045: _TOO_LARGE,
        50109: _NOT_UNDERSTOOD,
        130000: _LATER,
        200000: _BLOCKED,
        200001: _BLOCKED,
        220001: _FORBIDDEN,  # a forum needs `thread_id` or `thread_name`: the configuration has to be mended
        220002: _FORBIDDEN,
        220003: _FORBIDDEN,  # `thread_name` is for forums only
        240000: _BLOCKED,
    }
)

# By status, where Discord, or Cloudflare before it, says more than HTTP does.
_STATUSES: Mapping[int, Outcome] = MappingProxyType(
    {
        401: _GONE,  # a webhook's only key is the token in its address
        500: _LATER,
        502: _LATER,
        503: _LATER,
        521: _LATER,  # Cloudflare reached no server behind it
        523: _LATER,
        525: _LATER,
        526: _LATER,
    }
)
_SHUT_OUT_CODE = 40333  # Cloudflare blocks our requests


def report_of(answer: Answer, members: int, now: datetime) -> Report:
    """`members`: how many alerts the request carried, one embed each, in their order."""
    said = _object(answer.body)
    shut_out = _is_shut_out(answer, said)
    outcome = _shut_out(answer, said, now) if shut_out else _outcome(answer, said, now)
    return Report(
        _by_member(outcome, said, members),
        budget=_budget(answer.headers),
        status=answer.status,
        answer=_words(answer, said),
        whole_channel=shut_out or _is_global(answer, said),
    )


def _outcome(answer: Answer, said: Mapping[str, Any], now: datetime) -> Outcome:
    refined = _CODES.get(_code(said)) if answer.status >= 400 else None  # noqa: PLR2004 - errors begin there
    words = _words(answer, said)
    match refined or _STATUSES.get(answer.status) or outcome_of(answer, now):
        case Sent():
            return Sent(_reference(said))
        case Deferred(why=why):
            return Deferred(why, _wait(answer, said, now), words)
        case Refused(why=why):
            return Refused(why, words)
        case Unknown(why=why):
            return Unknown(why, words)


def _by_member(outcome: Outcome, said: Mapping[str, Any], members: int) -> tuple[Outcome, ...]:
    """Where Discord names the embeds that it does not take, only they are refused; nothing of the message was saved."""
    faulty = _faulty_embeds(said) & frozenset(range(members))
    if not (faulty and isinstance(outcome, Refused)):
        return (outcome,) * members
    spared = Deferred(Delay.PROVIDER_TROUBLE, timedelta(), "another alert of the same message was refused")
    return tuple(outcome if index in faulty else spared for index in range(members))


def _faulty_embeds(said: Mapping[str, Any]) -> frozenset[int]:
    errors = said.get("errors")
    embeds = errors.get("embeds") if isinstance(errors, dict) else None
    return frozenset(int(index) for index in embeds if index.isdecimal()) if isinstance(embeds, dict) else frozenset()


def _is_shut_out(answer: Answer, said: Mapping[str, Any]) -> bool:
    """Cloudflare's own page, not Discord's answer: too many refused requests came from our address."""
    if _code(said) == _SHUT_OUT_CODE:
        return True
    if answer.status not in (403, 429):
        return False
    if not said:
        return True
    return answer.status == 429 and not any(  # noqa: PLR2004 - HTTP 429
        name in answer.headers for name in ("Via", "X-RateLimit-Bucket", "X-RateLimit-Scope", "X-RateLimit-Global")
    )


def _shut_out(answer: Answer, said: Mapping[str, Any], now: datetime) -> Deferred:
    wait = max(retry_after(answer.headers, now) or SHUT_OUT_FOR, SHUT_OUT_FOR)
    return Deferred(Delay.RATE_LIMITED, wait, f"Cloudflare shuts our address out: {_words(answer, said)}")


def _is_global(answer: Answer, said: Mapping[str, Any]) -> bool:
    scope = answer.headers.get("X-RateLimit-Scope", "")
    return scope == "global" or "X-RateLimit-Global" in answer.headers or said.get("global") is True


def _wait(answer: Answer, said: Mapping[str, Any], now: datetime) -> timedelta | None:
    """The header counts whole seconds, the body fractions of the same wait; where they disagree the header is right
    (the body once counted milliseconds).
    """
    header = retry_after(answer.headers, now)
    body = seconds_of(said.get("retry_after"))
    if header is None:
        return body or seconds_of(answer.headers.get("X-RateLimit-Reset-After"))
    return body if body and timedelta() <= header - body < timedelta(seconds=1) else header


def _budget(headers: Mapping[str, str]) -> Budget | None:
    remaining = headers.get("X-RateLimit-Remaining", "")
    resets_after = seconds_of(headers.get("X-RateLimit-Reset-After"))
    if not (remaining.isascii() and remaining.isdecimal()) or resets_after is None:
        return None
    return Budget(int(remaining[:6]), min(resets_after, LONGEST_WAIT))


def _reference(said: Mapping[str, Any]) -> str | None:
    """The message's id. An answer without one still means that the message stands."""
    named = said.get("id")
    return named if isinstance(named, str) and named.isascii() and named.isdecimal() else None


def _code(said: Mapping[str, Any]) -> int:
    code = said.get("code")
    return code if isinstance(code, int) else 0


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _words(answer: Answer, said: Mapping[str, Any]) -> str:
    """What goes to the timeline: Discord's code and message with the first fault named, or the start of the page."""
    if answer.status < 300:  # noqa: PLR2004 - a success is told by its reference
        return ""
    if not said:
        return _short(answer.body.decode("utf-8", "replace"))
    fault = _first_fault(said.get("errors"), "")
    return _short(f"{_code(said)} {said.get('message', '')}{f' ({fault})' if fault else ''}")


def _first_fault(errors: object, path: str, depth: int = 0) -> str:
    """`embeds.0.title: Must be 256 or fewer in length.`"""
    if not isinstance(errors, dict) or depth > 8:  # noqa: PLR2004 - deeper than any message is
        return ""
    found = errors.get("_errors")
    if isinstance(found, list) and found and isinstance(found[0], dict):
        return f"{path}: {found[0].get('message', '')}"
    below = (_first_fault(error, f"{path}.{name}".lstrip("."), depth + 1) for name, error in errors.items())
    return next(filter(None, below), "")


def _short(text: str) -> str:
    return cut(plain(text[: 4 * ANSWER_LENGTH]), ANSWER_LENGTH, len)
