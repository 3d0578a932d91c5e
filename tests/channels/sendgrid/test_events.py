"""What SendGrid calls us with: whose word it is, and what it says."""

import base64
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from sendgrid.helpers.eventwebhook import EventWebhook
from tests.channels.scenes import NOW
from tests.channels.sendgrid.scenes import CODES, SIGNATURE, TIMESTAMP, called, channel, events, public

from tocsin.channels.sendgrid.channel import SendGridChannel
from tocsin.channels.sendgrid.signature import key_of, signature_fault
from tocsin.channels.transport import Transport
from tocsin.core.address import AddressWhy
from tocsin.core.callback import Callback
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind

K, W = SignalKind, AddressWhy
ADA = "ada@example.com"
CODE = CODES.of(100)


@pytest.fixture
def post() -> SendGridChannel:
    return channel(Transport())


def event(name: str, **more: Any) -> dict[str, Any]:
    told = {"email": ADA, "timestamp": 1795183200, "event": name, "sg_event_id": f"id-{name}", "tocsin_delivery": CODE}
    return told | {"sg_message_id": "m1.recvd-1", "smtp-id": "<m1@geopod>"} | more


def heard(post: SendGridChannel, *told: Any) -> list[tuple[SignalKind, int | None, AddressWhy | None]]:
    return [(signal.kind, signal.delivery, signal.why) for signal in post.read(called(events(*told)))]


def test_the_official_vector_is_verified():
    """From the tests of SendGrid's own library, with the end of its line."""
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
        "Ec6wEA3F+g=="
    )
    signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    told = {
        "email": "hello@world.com",
        "event": "dropped",
        "reason": "Bounced Address",
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "timestamp": 1600112492,
    }
    body = orjson.dumps([told]) + b"\r\n"
    at = NOW.fromtimestamp(1600112502, NOW.tzinfo)
    headers = {SIGNATURE: signature, TIMESTAMP: "1600112502"}
    callback = Callback(kind="events", url="", headers=headers, body=body, at=at)
    assert signature_fault(callback, key_of(Secret(key))) is None
    stripped = Callback(kind="events", url="", headers=headers, body=body.strip(), at=at)
    assert signature_fault(stripped, key_of(Secret(key))) == "the signature does not fit"


def test_what_we_take_for_signed_the_official_library_does_too(post: SendGridChannel):
    callback = called(events(event("delivered")))
    judge = EventWebhook()
    own = judge.convert_public_key_to_ecdsa(public())
    assert judge.verify_signature(callback.body.decode(), callback.headers[SIGNATURE], callback.headers[TIMESTAMP], own)
    assert post.verify(callback) is None


@pytest.mark.parametrize(
    ("off", "fault"),
    [
        (timedelta(minutes=4), None),
        (timedelta(minutes=6), "it was signed in the future"),
        (-timedelta(hours=24, minutes=59), None),
        (-timedelta(hours=25, minutes=1), "it was signed too long ago"),
    ],
)
def test_the_window_takes_a_day_of_repeats_and_no_future(post: SendGridChannel, off: timedelta, fault: str | None):
    assert post.verify(called(events(), signed_at=str(int((NOW + off).timestamp())))) == fault


@pytest.mark.parametrize("damage", ["body", "stamp", "key", "none", "rubbish", "not base64", "words"])
def test_what_is_forged_is_not_heard(post: SendGridChannel, damage: str):
    good = called(events(event("delivered")))
    headers = dict(good.headers)
    damaged = {
        "body": ({}, events(event("bounce"))),
        "stamp": ({TIMESTAMP: str(int(headers[TIMESTAMP]) + 1)}, good.body),
        "key": (dict(called(good.body, key=generate_private_key(SECP256R1())).headers), good.body),
        "none": ({SIGNATURE: ""}, good.body),
        "rubbish": ({SIGNATURE: base64.b64encode(b"rubbish").decode()}, good.body),
        "not base64": ({SIGNATURE: "é"}, good.body),
        "words": (dict(called(good.body, signed_at="soon").headers), good.body),
    }[damage]
    callback = Callback(kind="events", url="", headers=headers | damaged[0], body=damaged[1], at=NOW)
    assert post.verify(callback)


def test_without_a_key_nothing_is_heard():
    assert "event_key" in (channel(Transport(), event_key=None).verify(called(events())) or "")


@pytest.mark.parametrize(
    "key", ["nonsense", base64.b64encode(b"nonsense").decode(), public(generate_private_key(SECP384R1()))]
)
def test_a_key_that_is_none_is_refused_at_once(key: str):
    with pytest.raises(ValueError, match=r"event_key: ") as problem:
        channel(Transport(), event_key=key)
    assert key not in str(problem.value)


# The event, and what is heard: of the mail, and of the person.
HEARD: list[tuple[dict[str, Any], list[tuple[SignalKind, AddressWhy | None]]]] = [
    (event("processed"), [(K.ACCEPTED, None)]),
    (event("deferred", response="400 try again", attempt="3"), [(K.ACCEPTED, None)]),
    (event("delivered", response="250 OK"), [(K.DELIVERED, None)]),
    (event("bounce", type="bounce", status="5.1.1", reason="no such user"), [(K.FAILED, None), (K.SHUT, W.BOUNCED)]),
    (event("bounce", status="5.1.1"), [(K.FAILED, None), (K.SHUT, W.BOUNCED)]),
    (event("bounce", type="blocked", status="5.7.1"), [(K.FAILED, None)]),
    (event("dropped", reason="Bounced Address"), [(K.FAILED, None), (K.SHUT, W.BOUNCED)]),
    (event("dropped", reason="Spam Reporting Address"), [(K.FAILED, None), (K.SHUT, W.COMPLAINT)]),
    (event("dropped", reason="Unsubscribed Address"), [(K.FAILED, None), (K.SHUT, W.PROVIDER_OPT_OUT)]),
    (event("dropped", reason="Invalid"), [(K.FAILED, None), (K.SHUT, W.GONE)]),
    (event("dropped", reason="Spam Content (if spam checker app enabled)"), [(K.FAILED, None)]),
    (event("dropped", reason="Recipient List over Package Quota"), [(K.FAILED, None)]),
    (event("dropped", reason="Invalid SMTPAPI header"), [(K.FAILED, None)]),
    (event("open"), [(K.OPENED, None)]),
    (event("open", sg_machine_open=True), [(K.DELIVERED, None)]),
    (event("open", sg_machine_open=False), [(K.OPENED, None)]),
    (event("click", url="https://a.example"), [(K.DELIVERED, None)]),
    (event("spamreport"), [(K.DELIVERED, None), (K.SHUT, W.COMPLAINT)]),
    (event("unsubscribe"), [(K.DELIVERED, None), (K.OPTED_OUT, W.ONE_CLICK)]),
    (event("group_unsubscribe", asm_group_id=10), [(K.DELIVERED, None), (K.OPTED_OUT, W.ONE_CLICK)]),
    (event("group_resubscribe", asm_group_id=10), [(K.OPTED_IN, None)]),
    (event("account_status_change"), []),
    (event("something_new"), []),
]


@pytest.mark.parametrize(("told", "meant"), HEARD, ids=[f"{one['event']}-{n}" for n, (one, _) in enumerate(HEARD)])
def test_an_event_says_what_became_of_the_mail_and_what_the_person_wants(
    post: SendGridChannel, told: dict[str, Any], meant: list[tuple[SignalKind, AddressWhy | None]]
):
    signals = post.read(called(events(told)))
    assert [(one.kind, one.why) for one in signals] == meant
    for one in signals:
        assert one.delivery == (None if one.kind.is_of_person else 100)
        assert (one.person is not None) is one.kind.is_of_person
        assert ADA not in repr(one)
    assert len({one.event_id for one in signals}) == len(signals)


def test_of_mail_that_is_none_of_ours_only_the_person_is_heard(post: SendGridChannel):
    assert heard(post, event("delivered", tocsin_delivery=None), event("delivered", tocsin_delivery="guessed")) == []
    assert heard(post, event("bounce", tocsin_delivery=None)) == [(K.SHUT, None, W.BOUNCED)]


BROKEN: list[Any] = [
    None,
    7,
    "delivered",
    [],
    {},
    {"event": 7, "sg_event_id": "x"},
    event("delivered", sg_event_id=None),
    event("delivered", sg_event_id="x" * 500),
    event("delivered", sg_event_id={"a": 1}),
    event("bounce", email=7, tocsin_delivery=None),
    event("bounce", email="x" * 1000, tocsin_delivery=None),
    event("delivered", tocsin_delivery=["x"]),
    event(""),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_of_128_events_with_one_broken_127_are_heard(post: SendGridChannel, broken: Any):
    told = [event("delivered", sg_event_id=f"id-{number}") for number in range(127)]
    assert len(heard(post, *told[:60], broken, *told[60:])) == 127


@pytest.mark.parametrize("body", [b"", b"{}", b'"x"', b"[", b"\xff\xfe"])
def test_what_is_no_list_of_events_is_refused(post: SendGridChannel, body: bytes):
    with pytest.raises(ValueError, match=r"no JSON|a list"):
        post.read(called(body))
    with pytest.raises(ValueError, match="nothing is reported"):
        post.read(called(events(), kind="elsewhere"))


def test_what_it_says_is_shown_without_the_address(post: SendGridChannel):
    (failed, _) = post.read(called(events(event("bounce", status="5.1.1", reason=f"550 <{ADA}> unknown"))))
    assert failed.detail == "bounce: 5.1.1 550 <***> unknown"


def test_the_same_event_is_the_same_signal(post: SendGridChannel):
    def read() -> list[Signal]:
        return list(post.read(called(events(event("spamreport")))))

    assert [one.event_id for one in read()] == [one.event_id for one in read()]
