"""An outcome is what a channel answers for each delivery of an attempt: one of four values, never a flag or an
exception.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tocsin.core.address import AddressWhy
from tocsin.core.signal import Cost


class Delay(StrEnum):
    """The reasons why a delivery comes back to the queue: surely nothing was delivered."""

    RATE_LIMITED = "rate_limited"  # the provider said 429, or a limit we share with others is used up
    UNREACHABLE = "unreachable"  # no connection came about: DNS, refused, connect time-out, TLS
    PROVIDER_TROUBLE = "provider_trouble"  # a temporary failure that the provider documents as "not processed"
    CREDENTIALS = "credentials"  # the key was refused; the channel pauses until it is mended
    FAILED_HERE = "failed_here"  # our own code failed before anything left
    WITHHELD = "withheld"  # its target went into shadow after the claim: nothing has left


class Refusal(StrEnum):
    """The reasons why a delivery will never succeed as it is."""

    TARGET_GONE = "target_gone"  # the webhook, device or mailbox does not exist any more
    TARGET_FORBIDDEN = "target_forbidden"  # it exists, and we may not write to it
    OPTED_OUT = "opted_out"  # the person said stop
    INVALID_REQUEST = "invalid_request"  # the provider does not understand what we sent: our fault
    TOO_LARGE = "too_large"  # the provider takes less than we sent
    UNDELIVERED = "undelivered"  # it was taken, and did not arrive: a phone that is off, a carrier in trouble
    CONTENT_BLOCKED = "content_blocked"  # a filter at the provider does not let this text through
    MESSAGE_GONE = (
        "message_gone"  # the message to be edited was deleted or is too old; nothing is wrong with the target
    )

    @property
    def disables_target(self) -> bool:
        """Whether calling again would be a storm of refusals: then the target rests until a human enables it."""
        return self in (Refusal.TARGET_GONE, Refusal.TARGET_FORBIDDEN, Refusal.OPTED_OUT)


class Doubt(StrEnum):
    """The reasons why nobody can say whether the message arrived."""

    ANSWER_LOST = "answer_lost"  # the request was on its way when the connection broke or time ran out
    PROVIDER_ERROR = "provider_error"  # 5xx or 408: it may have been processed all the same
    CRASHED = "crashed"  # we stopped between the claim and the answer


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message. `reference` names it there, where it can be edited or found again; `units` and
    `cost` are what the provider counts and takes for it, where it says so at once.
    """

    reference: str | None = None
    detail: str = ""
    units: int | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """The message surely was not delivered: try again, not before `after` where the provider named a time. `part` is
    what the word is about, where that is less than the lane: one device, a platform, one push service. The rest of the
    lane goes on then.
    """

    why: Delay
    after: timedelta | None = None
    detail: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The message will never be delivered as it is; `detail` is what the provider said. `shuts`: what that says of the
    address of the one person whom it was for.
    """

    why: Refusal
    detail: str = ""
    shuts: AddressWhy | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The message may have been delivered, and nobody can say: the answer was lost."""

    why: Doubt
    detail: str = ""


Outcome = Sent | Deferred | Refused | Unknown
