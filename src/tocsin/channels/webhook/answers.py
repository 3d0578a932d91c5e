"""What a receiver's answer means (Standard Webhooks 1.0.0, "Delivery success and failure")."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from yarl import URL

from tocsin.channels.contract import Report
from tocsin.channels.status import outcome_of, retry_after
from tocsin.channels.text import cut, plain, utf16
from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown

ANSWER_LENGTH = 256
_SHORTEST_SECRET = 6  # characters of a part of an address that may be a key: those of Zapier have 7

_MOVED = Refused(Refusal.INVALID_REQUEST, "a redirect is not followed: write the new address into the configuration")

# Where repeats are dropped, every answer but 2xx is a plain failure: what was processed all the same does not double.
_FAILURES: Mapping[int, Delay] = MappingProxyType(
    {
        408: Delay.PROVIDER_TROUBLE,
        500: Delay.PROVIDER_TROUBLE,
        502: Delay.RATE_LIMITED,  # under load: nothing else is sent there for a while, either
        503: Delay.PROVIDER_TROUBLE,
        504: Delay.RATE_LIMITED,
    }
)


def report_of(answer: Answer, url: URL, members: int, now: datetime, *, repeats_safely: bool) -> Report:
    """The receiver answers for all members at once."""
    words = _words(answer, url)
    outcome = _explained(_outcome(answer, now, repeats_safely=repeats_safely), words)
    return Report((outcome,) * members, status=answer.status, answer=words)


def _outcome(answer: Answer, now: datetime, *, repeats_safely: bool) -> Outcome:
    """A status that says yes is enough: nobody reads what follows it, complete or not."""
    match answer.status // 100:
        case 2:
            return Sent()
        case 3:
            return _MOVED
    if repeats_safely and answer.status in _FAILURES:
        return Deferred(_FAILURES[answer.status], retry_after(answer.headers, now))
    return outcome_of(answer, now)


def _explained(outcome: Outcome, words: str) -> Outcome:
    match outcome:
        case Deferred() | Refused(detail="") | Unknown():
            return replace(outcome, detail=words)
        case _:
            return outcome


def _words(answer: Answer, url: URL) -> str:
    """The beginning of what it said, as one line, without the parts of the address that it repeats."""
    said = answer.body[: 8 * ANSWER_LENGTH].decode(errors="replace")
    for part in sorted({*url.parts, *url.raw_parts, *url.query.values()}, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            said = said.replace(part, "***")
    return cut(plain(said), ANSWER_LENGTH, utf16)
