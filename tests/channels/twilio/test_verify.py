"""A phone is verified by a code, and whatever hinders that is a value."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import NOW
from tests.channels.twilio.scenes import ADA, base, of_sandbox, official, seen, settings

from tocsin.channels.transport import Transport
from tocsin.channels.twilio.verify import TwilioVerify
from tocsin.core.clock import ManualClock
from tocsin.core.secret import Secret
from tocsin.core.verification import Approved, CodeSent, Hindered, Hindrance
from tocsin.sandbox import Fault, Sandbox

H = Hindrance
PHONE = Secret(ADA)
SERVICE = "VA" + "0" * 32


@pytest.fixture
async def verify(sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[TwilioVerify]:
    async with Transport() as transport:
        yield TwilioVerify(of_sandbox(sandbox), transport, clock)


async def test_the_right_code_approves_a_phone_once(verify: TwilioVerify, sandbox: Sandbox):
    sent = await verify.send(PHONE, "sms")
    assert isinstance(sent, CodeSent)
    assert sent == CodeSent("sms", NOW.replace(microsecond=0) + timedelta(minutes=10), 4)
    code = await sandbox.twilio.phone(ADA).expect_code()
    assert await verify.check(PHONE, "000") == Hindered(H.WRONG)
    assert await verify.check(PHONE, code) == Approved()
    assert await why(verify.check(PHONE, code)) is H.EXPIRED


async def test_a_code_can_be_sent_again_and_its_life_goes_on(
    verify: TwilioVerify, sandbox: Sandbox, clock: ManualClock
):
    first = await verify.send(PHONE, "sms")
    clock.advance(300)
    again = await verify.send(PHONE, "call")
    assert isinstance(first, CodeSent)
    assert isinstance(again, CodeSent)
    assert (again.by, again.expires_at, again.sends_left) == ("call", first.expires_at, 3)
    clock.advance(300)
    assert (await why(verify.check(PHONE, await sandbox.twilio.phone(ADA).expect_code()))) is H.EXPIRED


async def test_what_is_done_too_often_is_refused_with_a_time(verify: TwilioVerify):
    sent = [await verify.send(PHONE, "sms") for _ in range(6)]
    assert [each.sends_left for each in sent if isinstance(each, CodeSent)] == [4, 3, 2, 1, 0]
    assert (await why(verify.send(PHONE, "sms"))) is H.TOO_MANY_SENDS
    assert [await why(verify.check(PHONE, "000")) for _ in range(6)] == [H.WRONG] * 5 + [H.TOO_MANY_CHECKS]


@pytest.mark.parametrize(
    ("number", "hindrance"),
    [
        ("+15005560205", H.LANDLINE),
        ("+15005560410", H.BLOCKED),
        ("+15005560203", H.TOO_MANY_SENDS),
        ("+15005560212", H.TOO_MANY_SENDS),
        ("5005550100", H.INVALID_NUMBER),
    ],
)
async def test_a_number_that_cannot_have_a_code_says_why(verify: TwilioVerify, number: str, hindrance: Hindrance):
    told = await verify.send(Secret(number), "sms")
    assert isinstance(told, Hindered)
    assert told.why is hindrance
    assert number not in repr(told)


@pytest.mark.parametrize(
    ("fault", "hindrance"),
    [
        (Fault.status(500), H.UNAVAILABLE),
        (Fault.status(503), H.UNAVAILABLE),
        (Fault.status(429, json.dumps({"code": 20429})), H.UNAVAILABLE),
        (Fault.status(401, json.dumps({"code": 20003})), H.MISCONFIGURED),
        (Fault.status(400, json.dumps({"code": 60200})), H.INVALID_NUMBER),
        (Fault.status(403), H.BLOCKED),
        (Fault.reset(), H.UNAVAILABLE),
        (Fault.garbage("list", taken=False), H.UNAVAILABLE),
    ],
)
async def test_what_goes_wrong_is_a_value(verify: TwilioVerify, sandbox: Sandbox, fault: Fault, hindrance: Hindrance):
    await verify.send(PHONE, "sms")
    sandbox.faults.next("twilio", fault, action="check_code")
    assert (await why(verify.check(PHONE, "000"))) is hindrance


async def test_a_service_that_is_not_there_is_for_operators_to_mend(sandbox: Sandbox, clock: ManualClock):
    async with Transport() as transport:
        verify = TwilioVerify(of_sandbox(sandbox, verify_service=SERVICE), transport, clock)
        assert (await why(verify.send(PHONE, "sms"))) is H.MISCONFIGURED
        with pytest.raises(ValueError, match="Verify service"):
            TwilioVerify(of_sandbox(sandbox, verify_service=None), transport, clock)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda verify: verify.send(PHONE, "sms", "de"),
            lambda service: service.verifications.create(to=ADA, channel="sms", locale="de"),
        ),
        (
            lambda verify: verify.check(PHONE, "123456"),
            lambda service: service.verification_checks.create(to=ADA, code="123456"),
        ),
    ],
)
async def test_it_is_asked_as_the_official_library_asks(ours: Any, theirs: Any, clock: ManualClock):
    async with far_side(answers(body=b"{}")) as side, Transport() as transport:
        await ours(TwilioVerify(settings(api_base=base(side), verify_service=SERVICE), transport, clock))
    asked = dict(official(lambda client: theirs(client.verify.v2.services(SERVICE))))
    assert asked.pop("host") == "verify.twilio.com"
    assert seen(side.requests[0]) == asked


async def why(asked: Any) -> Hindrance | None:
    told = await asked
    return told.why if isinstance(told, Hindered) else None
