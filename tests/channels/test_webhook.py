"""One POST to a program: what it is told, how it knows that it is ours, and what its answer means."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Official
from standardwebhooks.webhooks import WebhookVerificationError
from tests.channels.far_side import Behaviour, FarSide, answers, far_side, says_then_resets
from tests.channels.scenes import NOW, a_record, an_attempt

from tocsin.channels.abilities import RepeatsSafely
from tocsin.channels.contract import Report
from tocsin.channels.transport import Transport
from tocsin.channels.webhook import Endpoint, Webhooks
from tocsin.channels.webhook.body import LARGEST, body_of
from tocsin.channels.webhook.signature import headers_of, key_of
from tocsin.core.clock import ManualClock, SystemClock
from tocsin.core.delivery import Target
from tocsin.core.networks import networks
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown
from tocsin.core.secret import Secret

PARTNER = Target("webhook", "partner")
SECRET = Secret("whsec_" + base64.b64encode(bytes(range(32))).decode())
NEXT = Secret("whsec_" + base64.b64encode(bytes(range(32, 64))).decode())
HERE = networks(["127.0.0.0/8"])
TOKEN = "very-secret-token"


def test_a_signature_is_the_one_that_the_official_library_makes():
    body = b'{"test": 2432232314}'
    for moment in (NOW, NOW.astimezone(timezone(timedelta(hours=2))), datetime(1970, 1, 2, tzinfo=UTC)):
        told = headers_of("msg-1", moment, body, [SECRET])
        official = Official(SECRET.reveal()).sign("msg-1", moment.astimezone(UTC), body.decode())
        assert told == {
            "webhook-id": "msg-1",
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": official,
        }


@given(st.binary(min_size=24, max_size=64), st.text(), st.uuids())
def test_any_key_and_any_body_are_verified_by_the_official_library(key: bytes, text: str, identifier: Any):
    body = json.dumps({"text": text}).encode()
    secret = "whsec_" + base64.b64encode(key).decode()
    told = headers_of(str(identifier), SystemClock().now(), body, [Secret(secret)])
    assert Official(secret).verify(body, dict(told)) == {"text": text}


def test_while_secrets_change_either_of_them_verifies():
    told = dict(headers_of("msg-1", SystemClock().now(), b"{}", [NEXT, SECRET]))
    for secret in (SECRET, NEXT):
        Official(secret.reveal()).verify(b"{}", told)
    with pytest.raises(WebhookVerificationError):
        Official(base64.b64encode(bytes(32)).decode()).verify(b"{}", told)


@pytest.mark.parametrize(
    "written",
    ["", "whsec_", "whsec_AAAA", "not base64!", "whsec_" + "A" * 88, "whsec_" + "A" * 31, "whsk_" + "A" * 44],
)
def test_a_secret_under_which_anybody_could_sign_is_refused_without_being_repeated(written: str):
    with pytest.raises(ValueError, match="24 to 64 random bytes") as problem:
        key_of(Secret(written))
    assert not written or written == "whsec_" or written not in str(problem.value)


async def test_what_arrives_is_verified_by_the_official_library():
    async with far_side(answers()) as side, Transport() as transport:
        channel = Webhooks({"partner": endpoint(side)}, transport, SystemClock(), lambda *_: "https://t.example/r/1")
        attempt = an_attempt([a_record()], PARTNER)
        report = await channel.send(attempt)
    head, body = request(side)
    assert report.outcomes == (Sent(),)
    assert Official(SECRET.reveal()).verify(body, head)["type"] == "alert.in_stock"
    assert head["webhook-id"] == str(attempt.members[0].delivery.id)
    assert (head["content-type"], head["user-agent"][:7]) == ("application/json", "Tocsin/")
    assert json.loads(body)["data"]["link"] == "https://t.example/r/1"


async def test_a_repeat_has_the_same_id_and_the_time_of_its_own_attempt():
    clock = ManualClock(NOW)
    async with far_side(answers()) as side, Transport() as transport:
        channel = Webhooks({"partner": endpoint(side)}, transport, clock, lambda *_: None)
        await channel.send(an_attempt([a_record()], PARTNER, key=7))
        clock.advance(90)
        await channel.send(an_attempt([a_record()], PARTNER, key=8))
    (first, body), (again, same) = request(side, 0), request(side, 1)
    assert (first["webhook-id"], body) == (again["webhook-id"], same)
    assert int(again["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 90
    assert first["webhook-signature"] != again["webhook-signature"]


async def test_without_a_secret_nothing_is_signed():
    async with far_side(answers()) as side, Transport() as transport:
        channel = Webhooks({"partner": endpoint(side, secrets=())}, transport, ManualClock(NOW), lambda *_: None)
        await channel.send(an_attempt([a_record()], PARTNER))
    head, _ = request(side)
    assert "webhook-signature" not in head
    assert "webhook-id" in head


@pytest.mark.parametrize(
    ("changes", "safely"),
    [({}, True), ({"secrets": ()}, False), ({"form": "plain"}, False), ({"form": "ifttt", "secrets": ()}, False)],
)
async def test_repeats_are_only_safe_where_the_receiver_goes_by_their_id(changes: dict[str, Any], safely: bool):  # noqa: FBT001 - a column of the table
    async with Transport() as transport:
        channel = Webhooks({"partner": endpoint(FarSide(), **changes)}, transport, ManualClock(NOW), lambda *_: None)
        assert isinstance(channel, RepeatsSafely)
        assert channel.repeats_safely(PARTNER) is safely
        assert not channel.repeats_safely(Target("webhook", "gone"))


NOT_FOLLOWED = Refused(
    Refusal.INVALID_REQUEST, "a redirect is not followed: write the new address into the configuration"
)
SIGNED = [
    (200, Sent()),
    (202, Sent()),
    (204, Sent()),
    (299, Sent()),
    (301, NOT_FOLLOWED),
    (302, NOT_FOLLOWED),
    (304, NOT_FOLLOWED),
    (307, NOT_FOLLOWED),
    (308, NOT_FOLLOWED),
    (400, Refused(Refusal.INVALID_REQUEST, "{}")),
    (401, Deferred(Delay.CREDENTIALS, None, "{}")),
    (403, Refused(Refusal.TARGET_FORBIDDEN, "{}")),
    (404, Refused(Refusal.TARGET_GONE, "{}")),
    (408, Deferred(Delay.PROVIDER_TROUBLE, None, "{}")),
    (410, Refused(Refusal.TARGET_GONE, "{}")),
    (413, Refused(Refusal.TOO_LARGE, "{}")),
    (429, Deferred(Delay.RATE_LIMITED, None, "{}")),
    (500, Deferred(Delay.PROVIDER_TROUBLE, None, "{}")),
    (502, Deferred(Delay.RATE_LIMITED, None, "{}")),
    (503, Deferred(Delay.PROVIDER_TROUBLE, None, "{}")),
    (504, Deferred(Delay.RATE_LIMITED, None, "{}")),
    (599, Unknown(Doubt.PROVIDER_ERROR, "{}")),
]


@pytest.mark.parametrize(("status", "outcome"), SIGNED)
async def test_every_status_has_its_meaning(status: int, outcome: Any):
    body = b"" if status in (204, 304) else b"{}"
    assert (await told(answers(status, body))).outcomes == (outcome,)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_where_nobody_drops_a_repeat_trouble_leaves_a_doubt(status: int):
    report = await told(answers(status), form="plain", secrets=())
    assert report.outcomes == (Unknown(Doubt.PROVIDER_ERROR, "{}"),)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_the_time_that_a_receiver_names_is_waited_for(status: int):
    (outcome,) = (await told(answers(status, Retry_After="7"))).outcomes
    assert isinstance(outcome, Deferred)
    assert outcome.after == timedelta(seconds=7)


async def test_a_yes_whose_rest_is_cut_off_is_a_yes():
    report = await told(says_then_resets(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
    assert report.outcomes == (Sent(),)


async def test_an_answer_that_never_comes_is_a_doubt():
    (outcome,) = (await told(says_then_resets(b""))).outcomes
    assert isinstance(outcome, Unknown)
    assert outcome.why is Doubt.ANSWER_LOST


async def test_what_a_receiver_says_is_cut_and_does_not_repeat_its_address():
    report = await told(answers(400, f"<b>No hook {TOKEN}\x1b[31m\r\n".encode() + b"x" * 5000))
    assert len(report.answer) == 256
    assert report.answer.startswith("<b>No hook ***[31m xxx")
    assert TOKEN not in repr(report)


async def test_no_part_of_an_address_that_may_be_a_key_is_repeated():
    said = b"Cannot POST /hooks/catch/1234567/b12abcd/ for b12abcd?key=s3cr3t%21 or s3cr3t!"
    async with far_side(answers(400, said)) as side, Transport() as transport:
        url = Secret(f"http://127.0.0.1:{side.port}/hooks/catch/1234567/b12abcd/?key=s3cr3t!")
        channel = Webhooks({"partner": endpoint(side, url=url)}, transport, ManualClock(NOW), lambda *_: None)
        report = await channel.send(an_attempt([a_record()], PARTNER))
    assert "b12abcd" not in repr(report)
    assert "1234567" not in repr(report)
    assert "s3cr3t!" not in repr(report)


async def test_an_endpoint_that_is_not_configured_any_more_waits():
    async with Transport() as transport:
        channel = Webhooks({}, transport, ManualClock(NOW), lambda *_: None)
        (outcome,) = (await channel.send(an_attempt([a_record()], PARTNER))).outcomes
    assert isinstance(outcome, Deferred)


@pytest.mark.parametrize("changes", [{"url": Secret("http://x.example")}, {"secrets": (Secret(""),), "vouched": HERE}])
async def test_a_wrong_address_or_secret_is_told_at_once(changes: dict[str, Any]):
    async with Transport() as transport:
        with pytest.raises(ValueError, match=r"https|whsec_"):
            Webhooks(
                {"partner": Endpoint(**({"url": Secret("https://x.example")} | changes))},
                transport, ManualClock(NOW), lambda *_: None,
            )  # fmt: skip


async def test_several_alerts_go_into_one_body_where_the_endpoint_asks_for_it():
    records = [a_record(number, product_name=f"Product {number}") for number in range(3)]
    async with far_side(answers()) as side, Transport() as transport:
        channel = Webhooks({"partner": endpoint(side, bundle=10)}, transport, SystemClock(), lambda *_: None)
        assert channel.pack(PARTNER, records) == 3
        report = await channel.send(an_attempt(records, PARTNER))
        await channel.send(an_attempt(records, PARTNER, key=8))
        await channel.send(an_attempt(records[:2], PARTNER, key=9))
        assert not channel.repeats_safely(PARTNER)
    head, body = request(side)
    alerts = Official(SECRET.reveal()).verify(body, head)["data"]["alerts"]
    assert [alert["product_name"] for alert in alerts] == ["Product 0", "Product 1", "Product 2"]
    assert report.outcomes == (Sent(),) * 3
    ids = [request(side, number)[0]["webhook-id"] for number in range(3)]
    assert ids[0] == ids[1] != ids[2]


async def test_a_bundle_stays_below_what_receivers_are_used_to():
    records = [a_record(number, metadata={"notes": "n" * 4000}) for number in range(10)]
    async with far_side(answers()) as side, Transport() as transport:
        channel = Webhooks({"partner": endpoint(side, bundle=10)}, transport, ManualClock(NOW), lambda *_: None)
        fit = channel.pack(PARTNER, records)
        await channel.send(an_attempt(records[:fit], PARTNER))
        assert channel.pack(Target("webhook", "gone"), records) == 1
    assert 1 < fit < 10
    assert len(request(side)[1]) < LARGEST


async def test_an_endpoint_that_does_not_ask_gets_one_alert_at_a_time():
    async with Transport() as transport:
        channel = Webhooks({"partner": endpoint(FarSide())}, transport, ManualClock(NOW), lambda *_: None)
        assert channel.pack(PARTNER, [a_record(1), a_record(2)]) == 1
        assert channel.render(PARTNER, [a_record(1)])["data"]["link"] == a_record(1).alert.url


@pytest.mark.parametrize("form", ["standard", "plain"])
def test_metadata_that_would_make_a_body_too_large_is_left_out(form: Any):
    body = body_of(form, a_record(metadata={"notes": "x" * LARGEST, "stock": 4}), None)
    assert len(json.dumps(body)) < LARGEST
    told = body["data"] if form == "standard" else body
    assert told["metadata_omitted"] is True


def endpoint(side: FarSide, **changes: Any) -> Endpoint:
    given: dict[str, Any] = {
        "url": Secret(f"http://127.0.0.1:{side.port or 9}/hooks/{TOKEN}"),
        "secrets": (SECRET,),
        "vouched": HERE,
    }
    return Endpoint(**(given | changes))


async def told(behaviour: Behaviour, **changes: Any) -> Report:
    """What the channel makes of this answer."""
    async with far_side(behaviour) as side, Transport() as transport:
        channel = Webhooks({"partner": endpoint(side, **changes)}, transport, ManualClock(NOW), lambda *_: None)
        return await channel.send(an_attempt([a_record()], PARTNER))


def request(side: FarSide, number: int = 0) -> tuple[dict[str, str], bytes]:
    """Headers in lower case, and the body as it came."""
    head, _, body = side.requests[number].partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().splitlines()[1:])
    return {name.lower(): value for name, _, value in lines}, body
