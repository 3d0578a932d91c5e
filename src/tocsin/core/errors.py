"""Everything that Tocsin raises on purpose.

TocsinError
├── InvalidAlertError         one detection is not as the HTTP reference says; nothing of it was kept
├── InvalidRequestError       a request around alerts is malformed: a bad cursor, an unknown query key
│   ├── NotJsonError             its body is not JSON at all
│   ├── InvalidPhoneError        no phone that could be told anything, and why
│   │   └── CountryNotAllowedError  one of a country that the configuration leaves out
│   ├── InvalidMailboxError      no mailbox that could be written to
│   ├── UnknownZoneError         no time zone of the IANA database
│   ├── UnknownClickError        no code of a link that was given out here
│   ├── UnknownCurrencyError     no currency of ISO 4217
│   ├── OtherCurrencyError       what is known of a purchase is in another currency
│   ├── UnknownPurchaseError     a correction of a purchase that is not known
│   └── AmbiguousAmountError     an amount that could be one of two
├── InvalidConfigError        the configuration file, with every problem in it at once
├── TooLargeError             a body, an item or a message is over its bound
├── UnauthorizedError         no token, or one that is not known, ended or revoked
├── ForbiddenError            a known token without the scope that is needed
├── ForgedError               a call in a provider's name whose signature does not fit
├── NotFoundError             no such alert, delivery, target, token or link
├── ConflictError             the same idempotency key with another body
├── StandsInTheWayError       it cannot be as things stand; what stands in the way is named
│   ├── AddressTakenError        the address belongs to another contact
│   ├── ExternalIdTakenError     another contact has this `external_id`
│   ├── SuppressedError          its owner does not want to be told, and only the owner can change that
│   ├── FromConfigurationError   it stands in the configuration file, and is changed there
│   ├── BrowserPushOffError      no channel here tells browsers
│   ├── AlreadyVerifiedError     its owner has shown already that it is theirs
│   └── VerificationOffError     nothing here could bring a code or a link there
├── WrongCodeError            it is not the code that was sent
├── CodeExpiredError          no code is waited for: it has expired, or was used
├── LandlineError             it takes no texts: a call may bring the code
├── FraudGuardError           the provider's guard against fraud lets no code through to it
├── ChangedMeanwhileError     somebody else has changed it since it was read
├── RateLimitedError          more messages a second than this caller may send
│   ├── TooManySendsError        more codes or links than one address may be sent
│   └── TooManyChecksError       more codes than may be tried
├── ProviderUnavailableError  who would have to do it cannot now
├── MirrorError               a copy of the history elsewhere cannot be kept as it was asked for
├── UnreachableError          no service answers there; raised by clients
├── CannotListenError         the port is taken, or the address is none of this machine's
├── IllegalMoveError          a delivery was to make a move that its table does not have: a bug, never a user's fault
└── LedgerError               the ledger cannot do what was asked
    ├── LedgerUnavailableError   not now (locked, disk full, stopping): try again later, nothing was kept
    │   ├── StaleDirectoryError     who may be told has changed meanwhile: decided anew by whoever is told so
    │   └── LedgerGoneError         its file was taken away or replaced while it was open: nothing is taken
    ├── LedgerOwnedError         another process owns this ledger
    ├── LedgerNewerError         it was written by a newer Tocsin
    ├── LedgerCorruptError       what is on disk is not what was written
    └── PeopleKeyError           what people are kept with is not the key that they were kept with before

Each has a stable word `code` for programs, and `details` that name the fields.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail is one thing that is wrong, or was mended: its path (`metadata.image_url`, `items.3.price`), and what to
    do, or what was done.
    """

    path: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "message": self.message}


class TocsinError(Exception):
    """An error of ours has a stable word `code` for programs, a message for people, and `details` that
    name the fields.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def as_json(self) -> dict[str, Any]:
        """The error as every door answers it."""
        details = [detail.as_json() for detail in self.details]
        return {"error": {"code": self.code, "message": self.message, "details": details}}


class InvalidAlertError(TocsinError):
    code = "invalid_alert"


class InvalidRequestError(TocsinError):
    code = "invalid_request"

    @classmethod
    def at(cls, *details: Detail) -> Self:
        """Say what is wrong where: the first of these in words, all of them as details. At least one."""
        first = details[0]
        return cls(f"{first.path}: {first.message}" if first.path else first.message, details)


class NotJsonError(InvalidRequestError):
    code = "not_json"


class InvalidPhoneError(InvalidRequestError):
    code = "invalid_phone"


class CountryNotAllowedError(InvalidPhoneError):
    code = "country_not_allowed"


class InvalidMailboxError(InvalidRequestError):
    code = "invalid_mailbox"


class UnknownZoneError(InvalidRequestError):
    code = "unknown_zone"


class UnknownClickError(InvalidRequestError):
    code = "unknown_click"


class UnknownCurrencyError(InvalidRequestError):
    code = "unknown_currency"


class OtherCurrencyError(InvalidRequestError):
    code = "other_currency"


class UnknownPurchaseError(InvalidRequestError):
    code = "unknown_purchase"


class AmbiguousAmountError(InvalidRequestError):
    code = "ambiguous_amount"


class InvalidConfigError(TocsinError):
    code = "invalid_config"


class TooLargeError(TocsinError):
    code = "too_large"


class UnauthorizedError(TocsinError):
    """`owner` is the name of a token that is good no more: for the log, never for the answer."""

    code = "unauthorized"

    def __init__(self, message: str, details: Sequence[Detail] = (), *, owner: str = "") -> None:
        super().__init__(message, details)
        self.owner = owner


class ForbiddenError(TocsinError):
    code = "forbidden"


class ForgedError(TocsinError):
    code = "forged"


class NotFoundError(TocsinError):
    code = "not_found"


class ConflictError(TocsinError):
    code = "idempotency_conflict"


class StandsInTheWayError(TocsinError):
    code = "stands_in_the_way"


class AddressTakenError(StandsInTheWayError):
    code = "address_taken"


class ExternalIdTakenError(StandsInTheWayError):
    code = "external_id_taken"


class SuppressedError(StandsInTheWayError):
    code = "suppressed"


class FromConfigurationError(StandsInTheWayError):
    code = "from_configuration"


class BrowserPushOffError(StandsInTheWayError):
    code = "browser_push_off"


class AlreadyVerifiedError(StandsInTheWayError):
    code = "already_verified"


class VerificationOffError(StandsInTheWayError):
    code = "verification_off"


class WrongCodeError(TocsinError):
    """`checks_left`: so often another one can be tried."""

    code = "wrong_code"

    def __init__(self, message: str, details: Sequence[Detail] = (), *, checks_left: int = 0) -> None:
        super().__init__(message, details)
        self.checks_left = checks_left

    def as_json(self) -> dict[str, Any]:
        told = super().as_json()
        told["error"]["checks_left"] = self.checks_left
        return told


class CodeExpiredError(TocsinError):
    code = "code_expired"


class LandlineError(TocsinError):
    code = "landline"


class FraudGuardError(TocsinError):
    code = "blocked_by_fraud_guard"


class ChangedMeanwhileError(TocsinError):
    code = "changed_meanwhile"


class RateLimitedError(TocsinError):
    """`retry_after` is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManySendsError(RateLimitedError):
    code = "too_many_sends"


class TooManyChecksError(RateLimitedError):
    code = "too_many_checks"


class ProviderUnavailableError(TocsinError):
    """`retry_after` is in seconds."""

    code = "provider_unavailable"

    def __init__(self, message: str, retry_after: float = 30.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MirrorError(TocsinError):
    code = "mirror_failed"


class UnreachableError(TocsinError):
    code = "unreachable"


class CannotListenError(TocsinError):
    code = "cannot_listen"

    def __init__(self, where: str, problem: OSError, mend: str) -> None:
        known = problem.errno is not None and problem.errno > 0  # name resolution counts below zero
        why = os.strerror(problem.errno).lower() if known and problem.errno else str(problem)
        super().__init__(f"cannot listen on {where} ({why}): {mend}")


class IllegalMoveError(TocsinError):
    code = "illegal_move"


class LedgerError(TocsinError):
    code = "ledger"


class LedgerUnavailableError(LedgerError):
    """`retry_after` is in seconds."""

    code = "ledger_unavailable"

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StaleDirectoryError(LedgerUnavailableError):
    """Who may be told has changed since that was read by which it was decided."""

    code = "stale_directory"

    def __init__(self) -> None:
        super().__init__("who may be told changes faster than it can be read: send it again a little later")


class LedgerGoneError(LedgerUnavailableError):
    code = "ledger_gone"


class LedgerOwnedError(LedgerError):
    code = "ledger_owned"


class LedgerNewerError(LedgerError):
    code = "ledger_newer"


class LedgerCorruptError(LedgerError):
    code = "ledger_corrupt"


class PeopleKeyError(LedgerError):
    code = "people_key"
