"""What SendGrid's answers mean for each of the people that a request was for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.channels.far_side import answers, far_side, says_then_hangs, says_then_resets
from tests.channels.scenes import NOW
from tests.channels.sendgrid.scenes import VIP, a_mailing, asked, base, channel

from tocsin.channels.contract import Budget, Report
from tocsin.channels.transport import Patience, Transport
from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown
from tocsin.core.secret import Secret
from tocsin.core.verification import Hindrance

CREDENTIALS, LIMITED = Delay.CREDENTIALS, Delay.RATE_LIMITED


async def report(status: int, *errors: tuple[str | None, str], people: int = 1, **headers: str) -> Report:
    told = [{"message": message, "field": field, "help": None} for field, message in errors]
    body = orjson.dumps({"errors": told}) if errors else b""
    async with far_side(answers(status, body, **headers)) as side, Transport() as transport:
        return await channel(transport, api_base=base(side)).send(a_mailing(people))


async def test_what_is_taken_keeps_the_name_that_it_has_there():
    told = await report(202, people=3, X_Message_Id="14c5d75ce93.dfd.64b469")
    assert told.outcomes == (Sent("14c5d75ce93.dfd.64b469"),) * 3
    assert (await report(202)).outcomes == (Sent(),)


@pytest.mark.parametrize(
    ("status", "message", "why", "after"),
    [
        (401, "The provided authorization grant is invalid, expired, or revoked", CREDENTIALS, None),
        (401, "Maximum credits exceeded", CREDENTIALS, timedelta(minutes=10)),
        (403, "The from address does not match a verified Sender Identity.", CREDENTIALS, None),
        (429, "too many requests", LIMITED, None),
    ],
)
async def test_a_bad_key_is_told_from_credits_that_are_used_up(
    status: int, message: str, why: Delay, after: timedelta | None
):
    told = await report(status, (None, message), people=2)
    outcome, other = told.outcomes
    assert isinstance(outcome, Deferred)
    assert outcome == other
    assert (outcome.why, outcome.after, told.whole_channel) == (why, after, True)
    assert message in outcome.detail
    assert ("credits of the account are used up" in outcome.detail) is (after is not None)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 42), "X_RateLimit_Remaining": "0"}, 41.51),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) - 5)}, 1),
        ({"X_RateLimit_Reset": "1" + "0" * 11}, 3600),
        ({"X_RateLimit_Reset": "soon"}, None),
        ({"Retry_After": "7", "X_RateLimit_Reset": str(int(NOW.timestamp()) + 42)}, 7),
    ],
)
async def test_too_many_requests_wait_for_the_second_that_the_limit_names(headers: dict[str, str], after: float | None):
    told = await report(429, (None, "too many requests"), **headers)
    (outcome,) = told.outcomes
    assert isinstance(outcome, Deferred)
    assert outcome.after == (None if after is None else timedelta(seconds=after))


async def test_what_is_left_of_a_limit_is_heeded():
    reset = str(int(NOW.timestamp()) + 30)
    told = await report(202, X_RateLimit_Remaining="3", X_RateLimit_Reset=reset)
    assert told.budget == Budget(3, timedelta(seconds=29.51))


async def test_only_whom_it_names_is_refused_and_the_others_go_again_at_once():
    told = await report(
        400,
        ("personalizations.1.to.0.email", "Does not contain a valid address."),
        ("personalizations.3.substitutions", "The substitutions are limited to 10,000 bytes."),
        people=5,
    )
    first, invalid, _, heavy, last = told.outcomes
    assert isinstance(invalid, Refused)
    assert (invalid.why, invalid.shuts) == (Refusal.INVALID_REQUEST, AddressWhy.GONE)
    assert isinstance(heavy, Refused)
    assert heavy.shuts is None
    assert first == last
    assert isinstance(first, Deferred)
    assert (first.why, first.after) == (Delay.PROVIDER_TROUBLE, timedelta())


@pytest.mark.parametrize("field", ["personalizations[0].to[0].email", "personalizations.0.to.0.email"])
async def test_one_alone_is_refused_as_it_is(field: str):
    (outcome,) = (await report(400, (field, "Does not contain a valid address."))).outcomes
    assert isinstance(outcome, Refused)
    assert outcome.shuts is AddressWhy.GONE


@pytest.mark.parametrize("field", ["from.email", "content", None, "personalizations", "personalizations.9.to"])
async def test_a_fault_of_the_mail_itself_refuses_it_for_all(field: str | None):
    told = await report(400, (field, "is wrong"), people=3)
    assert {type(one) for one in told.outcomes} == {Refused}
    assert not any(isinstance(one, Refused) and one.shuts for one in told.outcomes)


async def test_what_is_too_large_goes_in_halves_until_one_alone_is():
    async with far_side(answers(413, b"")) as side, Transport() as transport:
        post = channel(transport, api_base=base(side))
        sizes = []
        while (size := post.pack(VIP, [m.record for m in a_mailing(10).members])) > 1:
            sizes.append(size)
            told = await post.send(a_mailing(size))
            assert {type(one) for one in told.outcomes} == {Deferred}
        (outcome,) = (await post.send(a_mailing(1))).outcomes
    assert sizes == [10, 5, 2]
    assert outcome == Refused(Refusal.TOO_LARGE)


@pytest.mark.parametrize("status", [500, 503, 408])
async def test_trouble_there_leaves_a_doubt_for_each(status: int):
    told = await report(status, ("null", "internal server error"), people=2)
    assert told.outcomes == (Unknown(Doubt.PROVIDER_ERROR, "null: internal server error"),) * 2


@pytest.mark.parametrize("behaviour", [says_then_resets(b"HTTP/1.1 202 Acc"), says_then_hangs()])
async def test_a_lost_answer_leaves_a_doubt_for_each(behaviour: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tocsin.channels.sendgrid.channel.PATIENCE", Patience(connect=5.0, read=0.2, total=5.0))
    async with far_side(behaviour) as side, Transport() as transport:
        told = await channel(transport, api_base=base(side)).send(a_mailing(3))
    assert [type(one) for one in told.outcomes] == [Unknown] * 3


async def test_no_address_of_anybody_is_in_what_the_timeline_shows():
    told = await report(400, ("personalizations.0.to.0.email", "person1@example.com is none."), people=2)
    assert "example.com" not in repr(told)


async def test_a_target_of_nobody_is_refused():
    attempt = a_mailing(1)
    lonely = replace(attempt, members=(replace(attempt.members[0], recipient=None),))
    async with Transport() as transport:
        (outcome,) = (await channel(transport).send(lonely)).outcomes
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize(
    ("status", "hindrance"),
    [
        (202, None),
        (400, Hindrance.NO_SUCH_MAILBOX),
        (401, Hindrance.MISCONFIGURED),
        (429, Hindrance.UNAVAILABLE),
        (500, None),
    ],
)
async def test_a_link_goes_to_one_mailbox_and_carries_no_code_of_a_delivery(status: int, hindrance: Hindrance | None):
    async with far_side(answers(status, b"")) as side, Transport() as transport:
        link = "https://alerts.example/join/pass"
        told = await channel(transport, api_base=base(side)).send_link(Secret("ada@example.com"), link)
    assert (told and told.why) == hindrance
    _, body = asked(side.requests[0])
    assert body["personalizations"] == [{"to": [{"email": "ada@example.com"}]}]
    assert all(link in part["value"] for part in body["content"])
