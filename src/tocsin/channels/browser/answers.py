"""What a push service said to a message (RFC 8030, 5 and 7; Mozilla, "autopush", error codes; Apple, "Sending web push
notifications").
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

from tocsin.channels.contract import Matter, Report
from tocsin.channels.status import outcome_of, retry_after
from tocsin.channels.text import cut, plain, utf16
from tocsin.channels.transport import Answer
from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown

ANSWER_LENGTH = 256
_LONGEST_NAME = 1000  # characters of a message's address

# Nobody listens there any more: the permission was taken back, or the browser is gone.
_GONE = frozenset({404, 410})
# The key or the contact that we signed with: Apple says `BadJwtToken`, Mozilla 401, Google 403. Nothing is wrong with
# the browser, and a human has to mend it.
_OUR_KEY = frozenset({401, 403})
# A repeat replaces what the first one brought, so that whatever became of it here does not matter.
_AGAIN: Mapping[int, Delay] = MappingProxyType(
    {
        408: Delay.PROVIDER_TROUBLE,
        429: Delay.RATE_LIMITED,
        500: Delay.PROVIDER_TROUBLE,
        502: Delay.PROVIDER_TROUBLE,
        503: Delay.RATE_LIMITED,
        504: Delay.PROVIDER_TROUBLE,
    }
)


def report_of(answer: Answer, endpoint: str, fallback: str, now: datetime) -> Report:
    """Of one message. `fallback` is what it is called where the service gives it no address of its own."""
    words = words_of(answer, endpoint)
    outcome = _outcome(answer, endpoint, fallback, words, now)
    by_hand = isinstance(outcome, Deferred) and outcome.why is Delay.CREDENTIALS
    matters = (Matter(f"Web Push, {urlsplit(endpoint).hostname}", words),) if by_hand else ()
    return Report((outcome,), status=answer.status, answer=words, matters=matters)


def words_of(answer: Answer, endpoint: str) -> str:
    """The beginning of what it said, as one line, without the address that whoever knows it may push to."""
    said = answer.body[: 8 * ANSWER_LENGTH].decode("utf-8", "replace")
    secret = urlsplit(endpoint)
    for part in (endpoint, secret.path, *secret.path.split("/")):
        if len(part) > 8:  # noqa: PLR2004 - what is shorter is no secret
            said = said.replace(part, "***")
    return "" if answer.status // 100 == 2 else cut(plain(said), ANSWER_LENGTH, utf16)  # noqa: PLR2004 - a success


def origin_of(endpoint: str) -> str:
    """The push service, as tokens name their audience (RFC 8292, 2) and people are told of it."""
    place = urlsplit(endpoint)
    return f"{place.scheme}://{place.netloc}"


def _outcome(answer: Answer, endpoint: str, fallback: str, words: str, now: datetime) -> Outcome:
    match _meaning(answer, now):
        case Sent():
            return Sent(_address(answer.headers.get("Location", ""), endpoint) or fallback)
        case Deferred() as later:
            return replace(later, detail=words, part=origin_of(endpoint))
        case Refused() | Unknown() as failed:
            return replace(failed, detail=words)


def _meaning(answer: Answer, now: datetime) -> Outcome:
    if answer.status // 100 == 2:  # noqa: PLR2004 - nobody reads what follows a yes
        return Sent()
    if answer.status in _GONE:
        return Refused(Refusal.TARGET_GONE, shuts=AddressWhy.GONE)
    if answer.status in _OUR_KEY:
        return Deferred(Delay.CREDENTIALS)
    if answer.status in _AGAIN:
        return Deferred(_AGAIN[answer.status], retry_after(answer.headers, now))
    return outcome_of(answer, now)


def _address(location: str, endpoint: str) -> str | None:
    """Where the message may be taken back. Only of the very service that took it: nobody else is called on its word."""
    try:
        address = urljoin(endpoint, location)
        same = origin_of(address) == origin_of(endpoint)
    except ValueError:
        return None
    return address if location and same and address.isprintable() and len(address) <= _LONGEST_NAME else None
