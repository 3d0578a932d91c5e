"""What the provider says of a text becomes an outcome."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.channels.scenes import NOW

from tocsin.channels.contract import Report
from tocsin.channels.transport import Answer
from tocsin.channels.twilio.answers import report_of
from tocsin.channels.twilio.codes import CODES
from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown
from tocsin.core.signal import Cost

SID = "SM" + "0123456789abcdef" * 2
MESSAGE = {
    "sid": SID, "status": "queued", "num_segments": "1", "price": None, "price_unit": "USD", "error_code": None,
    "body": "IN STOCK", "to": "+15005550100", "date_created": "Fri, 20 Nov 2026 14:00:00 +0000",
}  # fmt: skip


def answered(status: int, body: Any = None, **headers: str) -> Report:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return report_of(Answer(status, headers, written), NOW)


def refused(code: int, status: int = 400, message: str = "no", **headers: str) -> Report:
    return answered(status, {"code": code, "message": message, "status": status}, **headers)


def test_what_was_taken_is_sent_under_the_providers_name_for_it():
    report = answered(201, MESSAGE)
    assert report == Report((Sent(SID, "queued", units=1),), status=201)


def test_a_service_counts_and_bills_later():
    (outcome,) = answered(201, MESSAGE | {"status": "accepted", "num_segments": "0"}).outcomes
    assert outcome == Sent(SID, "accepted")
    (outcome,) = answered(201, MESSAGE | {"price": "-0.00750"}).outcomes
    assert isinstance(outcome, Sent)
    assert outcome.cost == Cost(Decimal("0.00750"), "USD")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", {}, {"sid": "SMx"}, {"sid": 7}, MESSAGE | {"sid": "CA" + "0" * 32}]
)
def test_a_yes_that_names_no_message_is_asked_after(body: Any):
    (outcome,) = answered(201, body).outcomes
    assert isinstance(outcome, Unknown)


_C, _R, _T = Delay.CREDENTIALS, Delay.RATE_LIMITED, Delay.PROVIDER_TROUBLE
TABLE: dict[int, Any] = {
    **dict.fromkeys((10001, 20003, 20005, 20404, 21212, 21603, 21606, 21608, 21704, 21705, 30002), _C),
    **dict.fromkeys((30032, 30034, 30035), _C),
    **dict.fromkeys((20429, 21611, 30001, 30022, 30023), _R),
    **dict.fromkeys((20500, 20503), Doubt.PROVIDER_ERROR),
    **dict.fromkeys((21211, 21217, 21401, 21614, 30005, 30006), Refusal.TARGET_GONE),
    **dict.fromkeys((21610, 63014), Refusal.OPTED_OUT),
    **dict.fromkeys((21408, 21612, 30004), Refusal.TARGET_FORBIDDEN),
    **dict.fromkeys((14107, 21602, 21604, 21609, 21620, 21624, 30045, 90007), Refusal.INVALID_REQUEST),
    21617: Refusal.TOO_LARGE,
    30007: Refusal.CONTENT_BLOCKED,
    **dict.fromkeys((30003, 30008, 30017, 30036, 30046, 30047, 30410, 30450, 30610), _T),
}


@pytest.mark.parametrize("code", TABLE)
def test_every_code_has_its_outcome(code: int):
    report = refused(code)
    (outcome,) = report.outcomes
    assert not isinstance(outcome, Sent)
    assert outcome.why is TABLE[code]
    assert outcome.detail == report.answer == f"{code} no"
    assert report.whole_channel is (TABLE[code] is _C)
    assert (code in TABLE) == (code in CODES)


def test_the_table_says_which_numbers_are_dead_and_who_has_opted_out():
    assert shutting(AddressWhy.PROVIDER_OPT_OUT) == {21610, 63014}
    assert shutting(AddressWhy.LANDLINE) == {21614, 30006}
    assert shutting(AddressWhy.UNKNOWN_NUMBER) == {21211, 21217, 21401, 30005}


def shutting(why: AddressWhy) -> set[int]:
    return {code for code, told in CODES.items() if told.shuts is why}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (400, Refusal.INVALID_REQUEST),
        (401, _C),
        (403, _C),
        (404, _C),
        (408, Doubt.PROVIDER_ERROR),
        (413, Refusal.TOO_LARGE),
        (429, _R),
        (500, Doubt.PROVIDER_ERROR),
        (502, Doubt.PROVIDER_ERROR),
        (503, Doubt.PROVIDER_ERROR),
        (504, Doubt.PROVIDER_ERROR),
        (307, Refusal.INVALID_REQUEST),
    ],
)
def test_a_code_that_nobody_knows_yet_goes_by_its_status(status: int, why: object):
    for report in (refused(99999, status), answered(status, b"<html>")):
        (outcome,) = report.outcomes
        assert not isinstance(outcome, Sent)
        assert outcome.why is why


def test_a_wait_is_the_one_that_the_answer_names_else_that_of_the_table():
    assert refused(20429, 429, **{"Retry-After": "7"}).outcomes[0] == Deferred(_R, timedelta(seconds=7), "20429 no")
    assert refused(21611).outcomes[0] == Deferred(_R, timedelta(minutes=1), "21611 no")


def test_the_number_that_an_error_repeats_is_not_repeated():
    message = "The 'To' number +15005550001 is not valid, nor is (500) 555-0001 or 4915112345678."
    report = refused(21211, message=message)
    assert report.answer == "21211 The 'To' number *** is not valid, nor is *** or ***."
    assert isinstance(report.outcomes[0], Refused)
    assert "555" not in repr(report)


def test_a_text_that_failed_already_is_refused_for_its_code():
    (outcome,) = answered(201, MESSAGE | {"status": "failed", "error_code": 21610}).outcomes
    assert outcome == Refused(Refusal.OPTED_OUT, "failed: 21610 the person has opted out", AddressWhy.PROVIDER_OPT_OUT)
