"""A verification shows whose an address is: a code or a link goes there, and comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

By = Literal["sms", "call"]


class Hindrance(StrEnum):
    """Why no code could be sent, or none was right."""

    WRONG = "wrong"
    EXPIRED = "expired"  # or used, or asked for too often: there is nothing to be checked any more
    TOO_MANY_SENDS = "too_many_sends"
    TOO_MANY_CHECKS = "too_many_checks"
    LANDLINE = "landline"  # it takes no texts: a call may bring the code
    BLOCKED = "blocked"  # by the provider's guard against fraud
    INVALID_NUMBER = "invalid_number"
    NO_SUCH_MAILBOX = "no_such_mailbox"
    MISCONFIGURED = "misconfigured"  # the account, its key or the service: operators have to mend it
    UNAVAILABLE = "unavailable"  # nobody can tell now


@dataclass(frozen=True, slots=True)
class CodeSent:
    """`sends_left`: so often it can be sent again, the same code within its life."""

    by: By
    expires_at: datetime
    sends_left: int


@dataclass(frozen=True, slots=True)
class Approved:
    """The phone is in the hands of whoever typed the code."""


@dataclass(frozen=True, slots=True)
class Hindered:
    """`after`: when to try again, where that is known. `detail` is for operators."""

    why: Hindrance
    after: timedelta | None = None
    detail: str = ""
