"""A text on its way: what is asked of the provider, what its answer means, and how a lost one is found."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import NOW, a_record, an_attempt
from tests.channels.twilio.scenes import (
    ACCOUNT,
    ADA,
    CODES,
    PUBLIC,
    SERVICE,
    VIP,
    a_text,
    base,
    channel,
    of_sandbox,
    official,
    seen,
    settings,
    short_link,
)
from tests.material import SHARED, needs
from twilio.request_validator import RequestValidator

from tocsin.channels.abilities import Finds, Measures, Receives
from tocsin.channels.transport import Transport
from tocsin.channels.twilio.channel import TwilioChannel
from tocsin.channels.twilio.setup import ApiKey, Replies
from tocsin.channels.twilio.template import compile_template
from tocsin.core.address import AddressWhy
from tocsin.core.alert import AlertType
from tocsin.core.callback import Callback
from tocsin.core.clock import ManualClock
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown
from tocsin.core.secret import Secret
from tocsin.core.signal import Cost, SignalKind
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.twilio.account import SENDER

SPEC = SHARED / "specs/twilio/twilio_api_v2010.json"
KEY = ApiKey(sid="SK" + "0" * 32, secret=Secret("secret"))


@pytest.fixture
async def sms(sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[TwilioChannel]:
    """Without an address of our own: nothing here listens to callbacks."""
    async with Transport() as transport:
        yield channel(of_sandbox(sandbox, public_url=None), transport, clock)


# What is asked.


CREATE = {
    "to": ADA, "body": f"IN STOCK: GeForce RTX 5090, Best Buy, $1,999.99 {PUBLIC}/r/{CODES.of(100)}",
    "validity_period": 600, "status_callback": f"{PUBLIC}/hooks/twilio/status?d={CODES.of(100)}",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "login", "asked"),
    [
        ({}, (ACCOUNT, "token"), CREATE | {"from_": SENDER}),
        ({"api_key": KEY}, (KEY.sid, "secret"), CREATE | {"from_": SENDER}),
        (
            {"from_number": None, "messaging_service": SERVICE},
            (ACCOUNT, "token"),
            CREATE | {"messaging_service_sid": SERVICE},
        ),
        (
            {"messaging_service": SERVICE},
            (ACCOUNT, "token"),
            CREATE | {"from_": SENDER, "messaging_service_sid": SERVICE},
        ),
    ],
)
async def test_a_text_is_asked_for_as_the_official_library_asks(
    changes: dict[str, Any], login: tuple[str, str], asked: dict[str, Any], clock: ManualClock
):
    ours = await on_the_wire(lambda sms: sms.send(a_text()), clock, **changes)
    assert ours == without_host(official(lambda client: client.messages.create(**asked), *login))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda sms: sms.find(a_text()),
            lambda client: client.messages.page(to=ADA, page_size=50),
        ),
        (
            lambda sms: sms.price("SM" + "0" * 32),
            lambda client: client.messages("SM" + "0" * 32).fetch(),
        ),
    ],
)
async def test_a_question_is_asked_as_the_official_library_asks(ours: Any, theirs: Any, clock: ManualClock):
    """The library names a type for the body that its lists do not have."""
    asked = without_host(official(theirs))
    assert await on_the_wire(ours, clock) == {**asked, "kind": None}


async def on_the_wire(ask: Any, clock: ManualClock, **changes: Any) -> Mapping[str, Any]:
    async with far_side(answers(body=b"{}")) as side, Transport() as transport:
        await ask(channel(settings(api_base=base(side), **changes), transport, clock))
    return seen(side.requests[0])


def without_host(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    assert asked["host"] == "api.twilio.com"
    return {name: value for name, value in asked.items() if name != "host"}


@needs(SPEC)
@pytest.mark.parametrize("changes", [{}, {"from_number": None, "messaging_service": SERVICE}, {"public_url": None}])
async def test_every_request_is_one_of_the_official_specification(changes: dict[str, Any], clock: ManualClock):
    ours = await on_the_wire(lambda sms: sms.send(a_text()), clock, **changes)
    form: dict[str, Any] = dict(ours["form"])
    form["ValidityPeriod"] = int(form["ValidityPeriod"])
    requested().validate(form)
    assert set(form) <= set(create()["properties"])


@lru_cache
def create() -> Mapping[str, Any]:
    paths = json.loads(SPEC.read_text())["paths"]
    operation = paths["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    told: Mapping[str, Any] = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    return told


def requested() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"components": json.loads(SPEC.read_text())["components"], **create()})


@pytest.mark.parametrize(("left", "seconds"), [(600, "600"), (0.4, "1"), (-5, "1"), (43_200, "36000")])
async def test_a_text_may_wait_there_for_the_rest_of_its_life(left: float, seconds: str, clock: ManualClock):
    ours = await on_the_wire(lambda sms: sms.send(a_text(deadline=NOW + timedelta(seconds=left))), clock)
    assert dict(ours["form"])["ValidityPeriod"] == seconds


async def test_without_an_address_of_our_own_nothing_calls_back(clock: ManualClock):
    ours = await on_the_wire(lambda sms: sms.send(a_text()), clock, public_url=None)
    assert "StatusCallback" not in dict(ours["form"])


@pytest.mark.parametrize("changes", [{"auth_token": None}, {"from_number": None}])
async def test_settings_under_which_nothing_would_be_taken_are_refused(changes: dict[str, Any], clock: ManualClock):
    async with Transport() as transport:
        with pytest.raises(ValueError, match=r"missing"):
            channel(settings(**changes), transport, clock)


# What the answer means.


async def test_a_text_that_was_taken_arrives(sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock):
    report = await sms.send(a_text())
    (outcome,) = report.outcomes
    (message,) = sandbox.twilio.account.messages.values()
    assert outcome == Sent(message.sid, "queued", units=1)
    assert report.status == 201
    await passing(clock, sandbox, lambda: sandbox.twilio.phone(ADA).texts)
    assert sandbox.twilio.phone(ADA).texts == [CREATE["body"]]


async def passing(clock: ManualClock, sandbox: Sandbox, reached: Any) -> None:
    """Time passes in small steps until that is so."""
    async with asyncio.timeout(20):
        while not reached():
            clock.advance(0.1)
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("to", "outcome"),
    [
        ("+15005550001", Refused(Refusal.TARGET_GONE, shuts=AddressWhy.UNKNOWN_NUMBER)),
        ("+15005550002", Refused(Refusal.TARGET_FORBIDDEN)),
        ("+15005550003", Refused(Refusal.TARGET_FORBIDDEN)),
        ("+15005550004", Refused(Refusal.OPTED_OUT, shuts=AddressWhy.PROVIDER_OPT_OUT)),
        ("+15005550009", Refused(Refusal.TARGET_GONE, shuts=AddressWhy.LANDLINE)),
        ("+15005520429", Deferred(Delay.RATE_LIMITED)),
        ("+15005521608", Deferred(Delay.CREDENTIALS)),
        ("+15005520500", Unknown(Doubt.PROVIDER_ERROR)),
    ],
)
async def test_what_was_refused_says_why(sms: TwilioChannel, to: str, outcome: Any):
    (told,) = (await sms.send(a_text(to=to))).outcomes
    assert replace(told, detail="") == outcome
    assert to not in repr(told)


async def test_wrong_keys_stop_the_channel(sandbox: Sandbox, clock: ManualClock):
    async with Transport() as transport:
        sms = channel(of_sandbox(sandbox, auth_token=Secret("wrong")), transport, clock)
        report = await sms.send(a_text())
    assert report.outcomes == (Deferred(Delay.CREDENTIALS, None, "20003 Authenticate"),)
    assert report.whole_channel


async def test_a_full_queue_is_waited_for(sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock):
    sandbox.twilio.account.own(SENDER).free_at = clock.monotonic() + 36_000
    (outcome,) = (await sms.send(a_text())).outcomes
    assert isinstance(outcome, Deferred)
    assert (outcome.why, outcome.after) == (Delay.RATE_LIMITED, timedelta(minutes=1))


async def test_a_text_is_for_a_person(sms: TwilioChannel, sandbox: Sandbox):
    for report in (await sms.send(an_attempt([a_record()], VIP)), await sms.find(an_attempt([a_record()], VIP))):
        assert report is not None
        assert isinstance(report.outcomes[0], Refused)
    assert len(sandbox.journal) == 0


async def test_what_the_toolkit_puts_off_is_cancelled_there(sms: TwilioChannel, sandbox: Sandbox):
    sandbox.twilio.account.rescheduling = True
    (outcome,) = (await sms.send(a_text())).outcomes
    assert outcome == Deferred(
        Delay.PROVIDER_TROUBLE, timedelta(hours=1), "Twilio put it off to a permitted hour: cancelled there"
    )
    assert [one.status for one in sandbox.twilio.account.messages.values()] == ["canceled"]


async def test_what_could_not_be_cancelled_is_asked_after(sms: TwilioChannel, sandbox: Sandbox):
    sandbox.twilio.account.rescheduling = True
    sandbox.faults.next("twilio", Fault.status(500), action="update")
    assert isinstance((await sms.send(a_text())).outcomes[0], Unknown)
    report = await sms.find(a_text())
    assert report is not None
    assert isinstance(report.outcomes[0], Deferred)
    assert [one.status for one in sandbox.twilio.account.messages.values()] == ["canceled"]


# What a lost answer was.


@pytest.mark.parametrize("link", [short_link, lambda _, record: record.alert.url])
async def test_a_text_whose_answer_was_lost_is_found(sandbox: Sandbox, clock: ManualClock, link: Any):
    async with Transport() as transport:
        sms = channel(of_sandbox(sandbox, public_url=None), transport, clock, link)
        sandbox.faults.next("twilio", Fault.lost("reset"), action="create")
        assert isinstance((await sms.send(a_text())).outcomes[0], Unknown)
        report = await sms.find(a_text())
    (message,) = sandbox.twilio.account.messages.values()
    assert report is not None
    (outcome,) = report.outcomes
    assert isinstance(outcome, Sent)
    assert (outcome.reference, outcome.units) == (message.sid, 1)


async def test_a_text_that_never_arrived_is_sent_again_once_the_list_must_show_it(
    sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock
):
    sandbox.faults.next("twilio", Fault.reset("after_reading"), action="create")
    assert isinstance((await sms.send(a_text())).outcomes[0], Unknown)
    assert await sms.find(a_text()) is None
    clock.advance(29)
    assert await sms.find(a_text()) is None
    clock.advance(1)
    report = await sms.find(a_text())
    assert report is not None
    assert report.outcomes == (Deferred(Delay.PROVIDER_TROUBLE, timedelta(), "Twilio was asked: it never arrived"),)


async def test_while_the_list_lags_behind_nobody_can_tell(sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock):
    sandbox.twilio.account.list_lag = 20.0
    sandbox.faults.next("twilio", Fault.lost("reset"), action="create")
    await sms.send(a_text())
    assert await sms.find(a_text()) is None
    clock.advance(20)
    found = await sms.find(a_text())
    assert found is not None
    assert isinstance(found.outcomes[0], Sent)


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.garbage("html"), Fault.garbage("list"), Fault.reset()])
async def test_where_the_list_cannot_be_read_nobody_can_tell(
    sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock, fault: Fault
):
    clock.advance(60)
    sandbox.faults.next("twilio", fault, action="list")
    assert await sms.find(a_text()) is None


async def test_other_texts_to_the_same_person_are_not_taken_for_it(
    sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock
):
    """An older one with the same words, a newer one with others, one to somebody else: none is this one."""
    await sms.send(a_text())
    clock.advance(120)
    again = a_text(started_at=clock.now(), key=9)
    await sms.send(replace(again, members=(replace(again.members[0], record=a_record(2, product_name="PS5")),)))
    await sms.send(a_text(to="+15005550101", started_at=clock.now()))
    clock.advance(40)
    report = await sms.find(again)
    assert report is not None
    (outcome,) = report.outcomes
    # The short link names the delivery, whatever else the text has come to say.
    assert isinstance(outcome, Sent)
    other = a_text(started_at=clock.now() - timedelta(seconds=40))
    member = other.members[0]
    delivery = replace(member.delivery, key=555)
    report = await sms.find(replace(other, members=(replace(member, delivery=delivery),)))
    assert report is not None
    assert isinstance(report.outcomes[0], Deferred)


async def test_the_list_is_read_page_by_page_down_to_the_attempt(
    sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock
):
    await sms.send(a_text())
    for number in range(60):
        sandbox.twilio.account.keep(to=ADA, sender=SENDER, body=f"{number}", status="sent", direction="outbound-api")
    found = await sms.find(a_text())
    assert found is not None
    assert isinstance(found.outcomes[0], Sent)
    assert len(sandbox.journal.accepted("twilio", "list")) == 2


@pytest.mark.parametrize(
    "uri", ["https://evil.example/2010-04-01/x", "/2010-04-01/Accounts/AC0/Messages.json?Page=1", 7, None]
)
async def test_a_page_that_leads_elsewhere_is_not_followed(uri: Any, clock: ManualClock):
    page = json.dumps({"messages": [], "next_page_uri": uri}).encode()
    async with far_side(answers(body=page)) as side, Transport() as transport:
        await channel(settings(api_base=base(side)), transport, clock).find(a_text())
        assert len(side.requests) == 1


async def test_one_that_failed_there_is_refused_for_its_reason(
    sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock
):
    sandbox.faults.next("twilio", Fault.lost("reset"), action="create")
    await sms.send(a_text())
    (message,) = sandbox.twilio.account.messages.values()
    for status, error, why in (
        ("undelivered", 30006, Refusal.TARGET_GONE),
        ("failed", 30036, Refusal.UNDELIVERED),
        ("failed", None, Refusal.UNDELIVERED),
    ):
        sandbox.twilio.account.move(message, status, error)
        report = await sms.find(a_text())
        assert report is not None
        (outcome,) = report.outcomes
        assert isinstance(outcome, Refused)
        assert (outcome.why, outcome.detail.partition(":")[0]) == (why, status)


# What is heard later.


async def test_a_price_is_fetched_once_it_is_known(sms: TwilioChannel, sandbox: Sandbox, clock: ManualClock):
    (outcome,) = (await sms.send(a_text())).outcomes
    assert isinstance(outcome, Sent)
    assert outcome.reference is not None
    assert await sms.price(outcome.reference) is None
    await passing(clock, sandbox, lambda: sandbox.twilio.phone(ADA).texts)
    clock.advance(60)
    signal = await sms.price(outcome.reference)
    assert signal is not None
    assert (signal.kind, signal.reference, signal.units) == (SignalKind.PRICED, outcome.reference, 1)
    assert signal.cost == Cost(Decimal("0.00790"), "USD")
    assert await sms.price("SM" + "0" * 32) is None


async def test_what_calls_back_is_verified_read_and_answered(clock: ManualClock):
    async with Transport() as transport:
        sms = channel(settings(replies=Replies(on_help="Restock Club")), transport, clock)
        deaf = channel(settings(auth_token=None, api_key=KEY), transport, clock)
    fields = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "To": ADA}
    url = f"{PUBLIC}/hooks/twilio/status?d={CODES.of(100)}"
    signature = RequestValidator("token").compute_signature(url, fields)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    callback = Callback(kind="status", url=url, headers=headers, body=urlencode(fields).encode(), at=NOW)
    assert sms.verify(callback) is None
    assert sms.verify(replace(callback, body=callback.body.replace(b"delivered", b"failed"))) is not None
    assert "none is configured" in str(deaf.verify(callback))
    (signal,) = sms.read(callback)
    assert (signal.channel, signal.delivery, signal.kind) == ("sms", 100, SignalKind.DELIVERED)
    assert sms.thank(callback)[0] == "text/xml"
    help_asked = urlencode({"MessageSid": "SM" + "0" * 32, "From": ADA, "Body": "help"}).encode()
    assert b"Restock Club" in sms.thank(replace(callback, kind="inbound", body=help_asked))[1]


async def test_a_text_takes_as_many_units_as_it_has_segments(clock: ManualClock):
    templates = {AlertType.IN_STOCK: compile_template("emoji")}
    async with Transport() as transport:
        assert channel(settings(), transport, clock).units(a_text()) == 1
        sms = channel(settings(templates=templates), transport, clock)
    assert sms.units(a_text()) == 2
    assert sms.pack(VIP, [a_record(), a_record(2)]) == 1
    assert isinstance(sms, Measures)
    assert isinstance(sms, Finds)
    assert isinstance(sms, Receives)
    assert sms.render(VIP, [a_record()])["From"] == SENDER
