"""What Firebase says, row by row of its table of errors."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.channels.scenes import NOW

from tocsin.channels.firebase.answers import Word, word_of
from tocsin.channels.transport import Answer
from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown

FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
APNS = "type.googleapis.com/google.firebase.fcm.v1.ApnsError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
QUOTA = "type.googleapis.com/google.rpc.QuotaFailure"


def said(status: int, name: str, message: str = "", *details: Any, **headers: str) -> Word:
    error = {"code": status, "status": name, "message": message, "details": list(details)}
    body = orjson.dumps({"error": error})
    return word_of(Answer(status, headers, body), NOW, by_fid=False)


def heard(status: int, body: bytes) -> Word:
    return word_of(Answer(status, {}, body), NOW, by_fid=True)


def fcm(code: str) -> dict[str, str]:
    return {"@type": FCM, "errorCode": code}


def wrong(*fields: str) -> dict[str, Any]:
    return {"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": "no"} for field in fields]}


def gone(why: AddressWhy) -> Outcome:
    return Refused(Refusal.TARGET_GONE, shuts=why)


def kind(outcome: Outcome) -> Outcome:
    """Without its words."""
    match outcome:
        case Deferred(why=why, after=after, part=part):
            return Deferred(why, after, part=part)
        case Refused(why=why, shuts=shuts):
            return Refused(why, shuts=shuts)
        case _:
            return outcome


SECONDS = timedelta(seconds=1)
MESSAGE = Refused(Refusal.INVALID_REQUEST)
TOKEN_WORDS = "The registration token is not a valid FCM registration token"

TABLE: dict[str, tuple[Word, Outcome]] = {
    "unregistered": (said(404, "NOT_FOUND", "", fcm("UNREGISTERED")), gone(AddressWhy.UNREGISTERED)),
    "a bare 404 deletes nobody": (said(404, "NOT_FOUND"), Refused(Refusal.UNDELIVERED)),
    "a field of ours": (said(400, "INVALID_ARGUMENT", "no", wrong("message.android.ttl")), MESSAGE),
    "a field of ours beside its code": (
        said(400, "INVALID_ARGUMENT", TOKEN_WORDS, fcm("INVALID_ARGUMENT"), wrong("message.data")), MESSAGE),
    "a bad token": (said(400, "INVALID_ARGUMENT", TOKEN_WORDS, fcm("INVALID_ARGUMENT")), gone(AddressWhy.GONE)),
    "a bad token by its field": (
        said(400, "INVALID_ARGUMENT", "x", fcm("INVALID_ARGUMENT"), wrong("message.token")), gone(AddressWhy.GONE)),
    "an argument that nobody explains": (said(400, "INVALID_ARGUMENT", "x", fcm("INVALID_ARGUMENT")), MESSAGE),
    "apple knows it no more": (
        said(400, "INVALID_ARGUMENT", "x", fcm("INVALID_ARGUMENT"), {"@type": APNS, "reason": "Unregistered"}),
        gone(AddressWhy.UNREGISTERED)),
    "of another project": (said(403, "PERMISSION_DENIED", "", fcm("SENDER_ID_MISMATCH")), gone(AddressWhy.GONE)),
    "permission": (said(403, "PERMISSION_DENIED"), Deferred(Delay.CREDENTIALS)),
    "the token of the service": (said(401, "UNAUTHENTICATED"), Deferred(Delay.CREDENTIALS)),
    "a key of apple": (said(401, "UNAUTHENTICATED", "", fcm("THIRD_PARTY_AUTH_ERROR")), Deferred(Delay.CREDENTIALS)),
    "quota": (said(429, "RESOURCE_EXHAUSTED", "", fcm("QUOTA_EXCEEDED")), Deferred(Delay.RATE_LIMITED, 60 * SECONDS)),
    "quota that names its time": (
        said(429, "RESOURCE_EXHAUSTED", "", fcm("QUOTA_EXCEEDED"), **{"Retry-After": "5"}),
        Deferred(Delay.RATE_LIMITED, 5 * SECONDS)),
    "quota of one device": (
        said(429, "RESOURCE_EXHAUSTED", "", fcm("QUOTA_EXCEEDED"),
             {"@type": QUOTA, "violations": [{"subject": "device:x", "description": "too many"}]}),
        Deferred(Delay.RATE_LIMITED, 60 * SECONDS, part="device")),
    "unavailable": (said(503, "UNAVAILABLE", "", fcm("UNAVAILABLE")), Deferred(Delay.PROVIDER_TROUBLE, 10 * SECONDS)),
    "internal": (said(500, "INTERNAL", "", fcm("INTERNAL")), Deferred(Delay.PROVIDER_TROUBLE, 10 * SECONDS)),
    "a new code": (said(400, "FAILED_PRECONDITION", "", fcm("WHAT_IS_THIS")), MESSAGE),
    "a page of a proxy": (heard(502, b"<html>"), Unknown(Doubt.PROVIDER_ERROR, "<html>")),
    "taken": (heard(200, b'{"name": "projects/p/messages/1"}'), Sent("projects/p/messages/1")),
    "taken without a name": (heard(200, b"[]"), Unknown(Doubt.ANSWER_LOST, "an answer without a message")),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_a_row_of_the_table(name: str):
    word, expected = TABLE[name]
    assert kind(word.outcome) == expected


@pytest.mark.parametrize("name", TABLE)
def test_only_a_401_without_a_code_of_its_own_is_about_our_token(name: str):
    assert TABLE[name][0].of_token is (name == "the token of the service")
    assert TABLE[name][0].of_platform is (name == "a key of apple")
    assert TABLE[name][0].for_operators is (name in ("a key of apple", "of another project"))


@pytest.mark.parametrize(
    "details",
    [None, "x", [1, None, "x"], [{}], [{"@type": 5}], [wrong()], [{"@type": BAD_REQUEST, "fieldViolations": "x"}]],
)
@pytest.mark.parametrize("message", [None, 5, {"a": 1}])
def test_an_error_of_a_shape_that_nobody_knows_is_no_fault_of_ours(details: Any, message: Any):
    body = orjson.dumps({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": message, "details": details}})
    assert isinstance(word_of(Answer(400, {}, body), NOW, by_fid=True).outcome, Refused)
