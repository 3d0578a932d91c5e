"""How Firebase says no: google.rpc.Status as JSON, with details by type (Firebase, "FCM error codes"; google.rpc)."""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.sandbox.exchange import Answer

_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_APNS = "type.googleapis.com/google.firebase.fcm.v1.ApnsError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_QUOTA = "type.googleapis.com/google.rpc.QuotaFailure"

STATUSES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "UNAVAILABLE": 503,
}  # fmt: skip

# By the code of the FcmError: the status beside it, and the sentence.
CODES: Mapping[str, tuple[str, str]] = {
    "UNREGISTERED": ("NOT_FOUND", "Requested entity was not found."),
    "INVALID_ARGUMENT": ("INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
    "SENDER_ID_MISMATCH": ("PERMISSION_DENIED", "SenderId mismatch"),
    "THIRD_PARTY_AUTH_ERROR": ("UNAUTHENTICATED", "Auth error from APNS or Web Push Service"),
    "QUOTA_EXCEEDED": ("RESOURCE_EXHAUSTED", "Quota exceeded."),
    "UNAVAILABLE": ("UNAVAILABLE", "The service is currently unavailable."),
    "INTERNAL": ("INTERNAL", "Internal error encountered."),
}


class RefusedError(Exception):
    """Carries the answer out of the checks."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refused(
    status: str,
    message: str,
    details: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    error: dict[str, Any] = {"code": STATUSES[status], "message": message, "status": status}
    return Answer.json(STATUSES[status], {"error": error | ({"details": list(details)} if details else {})}, headers)


def by_code(code: str, headers: Mapping[str, str] | None = None) -> Answer:
    """With an FcmError of that code."""
    status, message = CODES[code]
    return refused(status, message, _details(code), headers)


def wrong_message(path: str, words: str) -> RefusedError:
    """What stands in the message is wrong, there."""
    violation = {"field": path, "description": words}
    return RefusedError(refused("INVALID_ARGUMENT", words, [{"@type": _BAD_REQUEST, "fieldViolations": [violation]}]))


def exhausted(subject: str, description: str, retry_after: float | None = None) -> RefusedError:
    details: list[dict[str, Any]] = [
        {"@type": _QUOTA, "violations": [{"subject": subject, "description": description}]},
        {"@type": _FCM, "errorCode": "QUOTA_EXCEEDED"},
    ]
    headers = None if retry_after is None else {"Retry-After": str(int(retry_after) + 1)}
    return RefusedError(refused("RESOURCE_EXHAUSTED", description, details, headers))


def _details(code: str) -> list[dict[str, Any]]:
    fcm = {"@type": _FCM, "errorCode": code}
    if code == "THIRD_PARTY_AUTH_ERROR":
        return [fcm, {"@type": _APNS, "statusCode": 403, "reason": "InvalidProviderToken"}]
    return [fcm]
