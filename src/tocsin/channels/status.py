"""What an HTTP status means for a delivery: one table for all channels, which a provider's own table may refine."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown

LONGEST_WAIT = timedelta(hours=1)  # what a provider names beyond this is taken for a mistake, and asked again then

_OK, _TOO_MANY = 200, 429
_NOT_UNDERSTOOD = Refused(Refusal.INVALID_REQUEST)
_GONE = Refused(Refusal.TARGET_GONE)
_TOO_LARGE = Refused(Refusal.TOO_LARGE)
_NO_KEY = Deferred(Delay.CREDENTIALS)
_MAYBE = Unknown(Doubt.PROVIDER_ERROR)

# By the hundred. A redirect is not followed: whoever it would have told was not told by the one we know.
_CLASSES: Mapping[int, Outcome] = MappingProxyType(
    {1: _MAYBE, 2: Sent(), 3: _NOT_UNDERSTOOD, 4: _NOT_UNDERSTOOD, 5: _MAYBE}
)

# Single codes that say more than their hundred (RFC 9110, RFC 6585, RFC 7725, RFC 8470).
_CODES: Mapping[int, Outcome] = MappingProxyType(
    {
        401: _NO_KEY,
        402: _NO_KEY,  # the account is out of funds: nothing passes until a human has paid
        403: Refused(Refusal.TARGET_FORBIDDEN),
        404: _GONE,
        407: Deferred(Delay.UNREACHABLE),  # a proxy on the way wants a password: the provider never saw it
        408: _MAYBE,
        410: _GONE,
        413: _TOO_LARGE,
        414: _TOO_LARGE,
        425: Deferred(Delay.PROVIDER_TROUBLE),  # "too early": sent again it is taken
        _TOO_MANY: Deferred(Delay.RATE_LIMITED),
        431: _TOO_LARGE,
        451: Refused(Refusal.CONTENT_BLOCKED),
        501: _NOT_UNDERSTOOD,
        505: _NOT_UNDERSTOOD,
        511: Deferred(Delay.UNREACHABLE),  # a captive portal on the way
    }
)


def works(said: Answer | Deferred | Unknown) -> bool | None:
    """Tell what was said to a question that does no harm: that the provider works, or does not; None where we are only
    asking too much.
    """
    if isinstance(said, Answer) and said.status == _TOO_MANY:
        return None
    return isinstance(said, Answer) and said.status == _OK and not said.broken


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """`now` is for a Retry-After that names a date. The detail is the caller's, who knows the provider's words."""
    outcome = _CODES.get(answer.status) or _CLASSES.get(answer.status // 100, _MAYBE)
    if isinstance(outcome, Sent) and answer.broken:
        return Unknown(Doubt.ANSWER_LOST)
    if isinstance(outcome, Deferred):
        return Deferred(outcome.why, retry_after(answer.headers, now))
    return outcome


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The wait that `Retry-After` names, as seconds (whole or not) or a date, at most `LONGEST_WAIT`.

    None where it is absent, unreadable or already past: the caller's own back-off decides then.
    """
    named = headers.get("Retry-After", "").strip()
    wait = seconds_of(named)
    if wait is None:
        wait = _until(named, now)
    return wait if wait and wait > timedelta() else None


def seconds_of(named: object) -> timedelta | None:
    """A number of seconds from a header or a body, bounded; None for anything else, NaN and negative ones included."""
    try:
        seconds = float(named)  # type: ignore[arg-type]  # whatever the provider put there
    except (TypeError, ValueError):
        return None
    if math.isnan(seconds) or seconds < 0:
        return None
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))


def _until(named: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(named)
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(zoned - now, LONGEST_WAIT)
