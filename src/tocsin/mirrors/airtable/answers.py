"""What Airtable says, and what it means.

Source: Airtable's Web API, "Errors"; "Managing API call limits" of support.airtable.com (five requests a second and
base, thirty seconds of refusals after that; a number of calls a month on some plans). The bodies of errors are as users
report them: an object with `type`, a bare word, or a list under `errors`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tocsin.channels.status import outcome_of as usual_outcome
from tocsin.channels.status import retry_after
from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused

SILENCE = timedelta(seconds=30)  # after "too many requests": each request before its end begins it anew
QUOTA = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
UNTIL_ASKED_AGAIN = timedelta(hours=1)  # where the month is used up by others too, nobody says until when

_UNPROCESSABLE, _TOO_MANY = 422, 429
_FORBIDDEN = (401, 403, 404)
_QUOTED = re.compile(r'"([^"]{1,100})"')
_NAMES_A_FIELD = ("UNKNOWN_FIELD_NAME", "INVALID_VALUE_FOR_COLUMN", "CANNOT_CREATE_NEW_OPTION")
_MEND: Mapping[int, str] = MappingProxyType(
    {
        401: "the token is not known: make one at airtable.com/create/tokens",
        403: "the token may not write there (data.records:write for this base), or there is no such base or table",
        404: "there is no such base",
    }
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What Airtable says is wrong: a word, and a sentence."""

    word: str
    message: str = ""

    @property
    def column(self) -> str | None:
        """The column that does not take what it was given, or is not there."""
        found = _QUOTED.search(self.message) if self.word in _NAMES_A_FIELD else None
        return found[1] if found else None

    def __str__(self) -> str:
        return f"{self.word}: {self.message}"[:200] if self.message else self.word


def complaint_of(answer: Answer) -> Complaint:
    """Read what an error says, in each of its shapes."""
    told = _parsed(answer)
    listed = told.get("errors")
    error: Any = listed[0] if isinstance(listed, list) and listed else told.get("error", "")
    if isinstance(error, Mapping):
        return Complaint(str(error.get("type") or error.get("error") or ""), str(error.get("message", "")))
    return Complaint(str(error))


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """What one answer means for all that the request carried. Every request may be sent again: rows are found by their
    key.
    """
    said = complaint_of(answer)
    if answer.status == _TOO_MANY:
        if said.word == QUOTA:
            return Deferred(Delay.RATE_LIMITED, UNTIL_ASKED_AGAIN, "the month's calls of this workspace are used up")
        return Deferred(Delay.RATE_LIMITED, max(SILENCE, retry_after(answer.headers, now) or SILENCE), str(said))
    if answer.status in _FORBIDDEN:
        return Deferred(Delay.CREDENTIALS, timedelta(minutes=1), f"{said}: {_MEND[answer.status]}")
    if answer.status == _UNPROCESSABLE:
        return Refused(Refusal.INVALID_REQUEST, str(said))
    return usual_outcome(answer, now)


def _parsed(answer: Answer) -> Mapping[str, Any]:
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, Mapping) else {}
