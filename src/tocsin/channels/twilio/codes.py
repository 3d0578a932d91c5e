"""What Twilio's error codes mean for a text and for the person it was for (Twilio, Error and Warning Dictionary).

One table for both ways in which a code comes: at once, as the answer to our request, and later, with a status callback.
Twilio changes the codes of messages as it learns more, so what is not here falls back to the HTTP status or, later, to
a failure of that one text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Unknown


@dataclass(frozen=True, slots=True)
class Code:
    """`outcome` is that of a request which was answered with the code; `shuts`: why nothing may go to that number any
    more, which most codes do not say.
    """

    words: str
    outcome: Outcome
    shuts: AddressWhy | None = None


def _mend(words: str) -> Code:
    """No text of the account, or of the sender, passes before."""
    return Code(words, Deferred(Delay.CREDENTIALS))


def _later(words: str, wait: timedelta | None = None) -> Code:
    return Code(words, Deferred(Delay.PROVIDER_TROUBLE, wait))


def _slower(words: str, wait: timedelta | None = None) -> Code:
    return Code(words, Deferred(Delay.RATE_LIMITED, wait))


def _ours(words: str, why: Refusal = Refusal.INVALID_REQUEST) -> Code:
    return Code(words, Refused(why))


def _forbidden(words: str) -> Code:
    """Nothing is wrong with the number, and this sender still cannot write to it."""
    return Code(words, Refused(Refusal.TARGET_FORBIDDEN))


def _dead(words: str, why: AddressWhy) -> Code:
    return Code(words, Refused(Refusal.TARGET_GONE), why)


def _opted_out(words: str) -> Code:
    return Code(words, Refused(Refusal.OPTED_OUT), AddressWhy.PROVIDER_OPT_OUT)


def _maybe(words: str) -> Code:
    """A repeat may send twice, says Twilio of these."""
    return Code(words, Unknown(Doubt.PROVIDER_ERROR))


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

CODES: Mapping[int, Code] = MappingProxyType(
    {
        # The account, its keys and its senders: a human has to mend them.
        10001: _mend("the account is not active"),
        20003: _mend("the account or its key is wrong"),
        20005: _mend("the account is suspended"),
        20404: _mend("there is no such account"),
        21212: _mend("the sender is no number"),
        21603: _mend("a sender is missing"),
        21606: _mend("the sender is not of this account, or cannot send texts"),
        21608: _mend("a trial account, or one without a compliance profile, texts verified numbers only"),
        21659: _mend("the sender is not of this account"),
        21660: _mend("the sender belongs to another account"),
        21704: _mend("the messaging service has no sender"),
        21705: _mend("there is no such messaging service"),
        30002: _mend("the account is suspended"),
        30032: _mend("the toll-free sender is not verified"),
        30034: _mend("the sender is not registered for 10DLC"),
        30035: _mend("the sender's 10DLC campaign is still being set up"),
        30915: _mend("the sender is not registered"),
        # Too much at once. 20429 was never processed: it is safe to send again.
        20429: _slower("too many requests at once"),
        21611: _slower("the sender's queue is full: ten hours of segments", _MINUTE),
        30001: _slower("the sender's queue is full: ten hours of segments", _MINUTE),
        30022: _slower("faster than the 10DLC campaign may send", _MINUTE),
        30023: _slower("the 10DLC campaign's texts of the day are used up, until midnight US Pacific", _HOUR),
        # Nobody knows whether it was processed.
        20500: _maybe("trouble at Twilio"),
        20503: _maybe("Twilio is busy"),
        # The number.
        21211: _dead("no phone number", AddressWhy.UNKNOWN_NUMBER),
        21217: _dead("no phone number", AddressWhy.UNKNOWN_NUMBER),
        21401: _dead("no phone number", AddressWhy.UNKNOWN_NUMBER),
        21614: _dead("no mobile phone", AddressWhy.LANDLINE),
        30005: _dead("the number is unknown, or no longer in use", AddressWhy.UNKNOWN_NUMBER),
        30006: _dead("a landline, or a carrier that takes no texts", AddressWhy.LANDLINE),
        21610: _opted_out("the person has opted out"),
        63014: _opted_out("the person has blocked or opted out of this channel"),
        21408: _forbidden("the account may not text that country (geo permissions)"),
        21612: _forbidden("there is no way from this sender to that number"),
        30004: _forbidden("the message is blocked: by the carrier, or by the phone"),
        # The text.
        14107: _ours("fifteen replies between two numbers in 30 seconds: taken for a loop"),
        21602: _ours("the text is empty"),
        21604: _ours("a recipient is missing"),
        21609: _ours("the address for status callbacks is none that Twilio calls"),
        21617: _ours("the text is longer than 1,600 characters", Refusal.TOO_LARGE),
        21620: _ours("the address of a picture is none"),
        21624: _ours("the validity period is not from 1 to 36,000 seconds"),
        30045: _ours("the validity period is not from 1 to 36,000 seconds"),
        90007: _ours("the validity period is not from 1 to 36,000 seconds"),
        30007: _ours("filtered: taken for spam by Twilio or the carrier", Refusal.CONTENT_BLOCKED),
        # That moment.
        30003: _later("the phone is off or out of reach", _MINUTE),
        30008: _later("failed, and nobody says why", _MINUTE),
        30017: _later("the carrier is congested", _MINUTE),
        30036: _later("its validity period ended before it could leave"),
        30046: _later("the phone is out of reach", _MINUTE),
        30047: _later("it was put off to a permitted hour, and that failed"),
        30410: _later("the carrier did not answer in time", _MINUTE),
        30450: _later("the number is blocked for a quarter of an hour or two", timedelta(minutes=15)),
        30610: _later("not at this hour (Compliance Toolkit)", _HOUR),
    }
)  # fmt: skip
