"""Texts and phones, as the official client and a person with a phone find them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
from aiohttp import web
from playwright.async_api import Browser, expect
from tests.browser.visitor import barriers
from tests.material import SHARED, needs
from twilio.request_validator import RequestValidator

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.twilio.account import SENDER, Message
from tocsin.sandbox.twilio.refusal import MESSAGES
from tocsin.sandbox.twilio.segments import segments_of

from .conftest import Sender
from .twilio_sdk import Official

ADA = "+15005550100"
SPEC = SHARED / "specs/twilio/twilio_api_v2010.json"
VERIFY_SPEC = SHARED / "specs/twilio/twilio_verify_v2.json"


class Listener:
    """Our end of the callbacks: it checks each by the official library and keeps it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.heard: list[dict[str, str]] = []
        self.forged = 0
        self.answer = ""
        self.url = ""

    async def listen(self, request: web.Request) -> web.Response:
        fields = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        url = f"{self.url}{request.query_string and '?' + request.query_string}"
        signature = request.headers["X-Twilio-Signature"]
        if not RequestValidator(self.sandbox.twilio.account.token).validate(url, fields, signature):
            self.forged += 1
            return web.Response(status=403)
        self.heard.append(fields)
        return web.Response(text=self.answer, content_type="text/xml")

    @property
    def statuses(self) -> list[str]:
        return [fields["MessageStatus"] for fields in self.heard]

    async def until(self, count: int) -> list[str]:
        await self.sandbox.journal.until(lambda: len(self.heard) >= count or None, 20)
        return self.statuses


@pytest.fixture
async def quick() -> AsyncIterator[Sandbox]:
    """By the real clock, with no queue and a fast carrier."""
    async with Sandbox(limits=False) as sandbox:
        sandbox.twilio.lives.carrier_s = 0.0
        yield sandbox


@pytest.fixture
async def listener(quick: Sandbox) -> AsyncIterator[Listener]:
    listener = Listener(quick)
    application = web.Application()
    application.router.add_post("/hook", listener.listen)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield listener
    await runner.cleanup()


def text(to: str = ADA, body: str = "IN STOCK: RTX 5090", **more: Any) -> Any:
    return lambda client: client.messages.create(to=to, body=body, **({"from_": SENDER} | more))


async def test_a_text_lives_and_every_step_calls_back_signed(quick: Sandbox, listener: Listener) -> None:
    official = Official(quick)
    message = await official(text(status_callback=f"{listener.url}?d=abc", validity_period=60))
    assert (message.status, message.num_segments, message.price) == ("queued", "1", None)
    assert (await quick.twilio.phone(ADA).expect_sms("RTX 5090")).sid == message.sid
    assert await listener.until(2) == ["sent", "delivered"]
    assert {fields["MessageSid"] for fields in listener.heard} == {message.sid}
    assert "RawDlrDoneDate" in listener.heard[1]
    (created,) = quick.journal.accepted("twilio", "create")
    assert (created.references, created.message) == (("abc",), message.sid)
    assert created.body["ValidityPeriod"] == "60"
    assert [entry.status for entry in quick.journal if entry.action == "callback"] == [200, 200]


async def test_a_service_chooses_the_sender_after_it_has_taken_the_text(quick: Sandbox, listener: Listener) -> None:
    service = quick.twilio.account.service
    told = text(from_=None, messaging_service_sid=service, status_callback=listener.url)
    message = await Official(quick)(told)
    assert (message.status, message.num_segments, message.from_) == ("accepted", "0", None)
    assert await listener.until(3) == ["queued", "sent", "delivered"]
    assert {(fields["From"], fields["MessagingServiceSid"]) for fields in listener.heard} == {(SENDER, service)}


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"to": "5005550100"}, 21211),
    ({"to": ""}, 21604),
    ({"to": "+15005550001"}, 21211),
    ({"to": "+15005550002"}, 21612),
    ({"to": "+15005550003"}, 21408),
    ({"to": "+15005550004"}, 21610),
    ({"to": "+15005550009"}, 21614),
    ({"to": "+15005520429"}, 20429),
    ({"to": "+15005521608"}, 21608),
    ({"from_": "+15005550001"}, 21212),
    ({"from_": "+15005550007"}, 21606),
    ({"from_": "+15005550008"}, 21611),
    ({"from_": "+15005550099"}, 21606),
    ({"from_": "no number at all"}, 21212),
    ({"from_": None}, 21603),
    ({"from_": None, "messaging_service_sid": "MG" + "0" * 32}, 21705),
    ({"body": ""}, 21602),
    ({"body": "a" * 1601}, 21617),
    ({"status_callback": "ftp://a.example"}, 21609),
    ({"status_callback": "https://my_host.example/hook"}, 21609),
    ({"status_callback": "nowhere"}, 21609),
    ({"validity_period": 0}, 21624),
    ({"validity_period": 36_001}, 21624),
]


async def test_what_is_wrong_is_refused_with_its_code(quick: Sandbox) -> None:
    official = Official(quick)
    assert [(changes, await official.code(text(**changes))) for changes, _ in REFUSED] == REFUSED
    assert quick.twilio.account.messages == {}


async def test_every_code_can_be_had_by_the_number_that_ends_in_it(quick: Sandbox) -> None:
    official, codes = Official(quick), [code for code in MESSAGES if 20_000 < code < 30_000]
    assert [await official.code(text(f"+150055{code}")) for code in codes] == codes


async def test_a_text_can_fail_after_it_was_taken(quick: Sandbox, listener: Listener) -> None:
    for count, code in enumerate((30003, 30005, 30006, 30007, 30008, 30017, 30034, 30410), 1):
        await Official(quick)(text(f"+150055{code}", status_callback=listener.url))
        assert (await listener.until(2 * count))[-2:] == ["sent", "undelivered"]
        assert listener.heard[-1]["ErrorCode"] == str(code)
        assert quick.twilio.phone(f"+150055{code}").texts == []


async def test_only_who_has_the_token_or_a_key_comes_in(quick: Sandbox) -> None:
    account = quick.twilio.account
    assert await Official(quick, account.sid, "wrong").code(text()) == 20003
    assert await Official(quick, account.key.sid, account.key.secret).code(text()) is None
    other = Official(quick, account.key.sid, account.key.secret)
    other.client.account_sid = "AC" + "0" * 32
    assert await other.code(text()) == 20404


async def test_a_sender_leaves_a_segment_a_second_and_its_queue_holds_ten_hours(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    official, phone = Official(sandbox), sandbox.twilio.phone(ADA)
    await official(text(body="first " + "a" * 200))
    await official(text(body="second"))
    await official(text(body="too late", validity_period=1))
    await until_asleep(sandbox, clock, phone_shows=1)
    clock.advance(1.0)
    last = list(sandbox.twilio.account.messages.values())[-1]
    await settled(sandbox, last, "failed")
    assert (last.error, phone.texts) == (30036, ["first " + "a" * 200])
    await until_asleep(sandbox, clock, phone_shows=2)
    assert phone.texts[1] == "second"
    sandbox.twilio.account.own(SENDER).free_at = clock.monotonic() + 10 * 3600
    assert await official.code(text()) == 21611
    taken = await official(text(from_=None, messaging_service_sid=sandbox.twilio.account.service))
    message = sandbox.twilio.account.messages[taken.sid]
    await settled(sandbox, message, "failed")
    assert message.error == 30001


async def until_asleep(sandbox: Sandbox, clock: ManualClock, phone_shows: int) -> None:
    """Time passes in small steps until the phone shows so many texts."""
    phone = sandbox.twilio.phone(ADA)
    async with asyncio.timeout(20):
        while len(phone.texts) < phone_shows:
            clock.advance(0.2)
            await asyncio.sleep(0.005)


async def settled(sandbox: Sandbox, message: Message, status: str) -> None:
    await sandbox.journal.until(lambda: message.status == status or None, 20)


async def test_the_list_is_newest_first_by_pages_and_lags_behind(sandbox: Sandbox, clock: ManualClock) -> None:
    official = Official(sandbox)
    for number in range(5):
        await official(text(body=f"number {number}"))
    await official(text("+15005550101"))
    found = await official(lambda client: client.messages.list(to=ADA, page_size=2))
    assert [message.body for message in found] == [f"number {number}" for number in (4, 3, 2, 1, 0)]
    assert await official(lambda client: client.messages.list(to=ADA, from_="+15005550199")) == []
    sandbox.twilio.account.list_lag = 5.0
    assert await official(lambda client: client.messages.list(to=ADA)) == []
    clock.advance(5.0)
    assert len(await official(lambda client: client.messages.list(to=ADA))) == 5


async def test_a_filter_by_the_day_of_sending_passes_over_what_waits(sandbox: Sandbox, clock: ManualClock) -> None:
    official, today = Official(sandbox), clock.now().date()
    await official(text(body="first " + "a" * 1000))
    await official(text(body="waits"))
    await settled(sandbox, next(iter(sandbox.twilio.account.messages.values())), "sent")
    found = await official(lambda client: client.messages.list(to=ADA, date_sent=today))
    assert [message.body[:5] for message in found] == ["first"]


async def test_a_price_is_known_some_time_after_the_text(sandbox: Sandbox, clock: ManualClock) -> None:
    official = Official(sandbox)
    sid = (await official(text(body="ş" * 71))).sid
    await until_asleep(sandbox, clock, phone_shows=1)
    assert (await official(lambda client: client.messages(sid).fetch())).price is None
    clock.advance(60)
    told = await official(lambda client: client.messages(sid).fetch())
    assert (told.price, told.price_unit, told.num_segments) == ("-0.01580", "USD", "2")
    assert await official.code(lambda client: client.messages("SM" + "0" * 32).fetch()) == 20404


async def test_what_the_toolkit_puts_off_can_be_cancelled_or_leaves_in_the_morning(quick: Sandbox) -> None:
    official, account = Official(quick), quick.twilio.account
    account.rescheduling = True
    first, second = [(await official(text(body=body))) for body in ("first", "second")]
    assert {first.status, second.status} == {"scheduled"}
    assert (await official(lambda client: client.messages(first.sid).update(status="canceled"))).status == "canceled"
    quick.twilio.lives.morning()
    await quick.twilio.phone(ADA).expect_sms("second")
    assert await official.code(lambda client: client.messages(second.sid).update(status="canceled")) == 30409
    assert quick.twilio.phone(ADA).texts == ["second"]


async def test_stop_is_obeyed_answered_and_told_and_start_takes_it_back(quick: Sandbox, listener: Listener) -> None:
    official, phone = Official(quick), quick.twilio.phone(ADA)
    quick.twilio.inbox.url = listener.url
    await phone.write(" stop ")
    assert "unsubscribed" in phone.texts[-1]
    assert await official.code(text()) == 21610
    service = quick.twilio.account.service
    assert await official.code(text(from_=None, messaging_service_sid=service)) == 21610
    await phone.write("START")
    assert await official.code(text()) is None
    assert [(fields["Body"], "OptOutType" in fields) for fields in listener.heard] == [
        (" stop ", False),
        ("START", False),
    ]


async def test_with_advanced_opt_out_it_says_what_was_understood(quick: Sandbox, listener: Listener) -> None:
    quick.twilio.inbox.url, quick.twilio.inbox.advanced = listener.url, True
    await quick.twilio.phone(ADA).write("Help")
    await quick.twilio.phone(ADA).write("thanks")
    assert [fields.get("OptOutType") for fields in listener.heard] == ["HELP", None]


@pytest.mark.parametrize("answer", ["", "<Response/>", "<html>", "no markup"])
async def test_an_answer_without_a_message_says_nothing(quick: Sandbox, listener: Listener, answer: str) -> None:
    quick.twilio.inbox.url, listener.answer = listener.url, answer
    await quick.twilio.phone(ADA).write("thanks")
    assert quick.twilio.phone(ADA).texts == []


async def test_our_answer_reaches_the_phone_unless_it_has_opted_out(quick: Sandbox, listener: Listener) -> None:
    quick.twilio.inbox.url = listener.url
    listener.answer = "<Response><Message>Restock Club &amp; friends</Message></Response>"
    await quick.twilio.phone(ADA).write("who are you?")
    assert quick.twilio.phone(ADA).texts == ["Restock Club & friends"]
    await quick.twilio.phone(ADA).write("STOP")
    assert "unsubscribed" in quick.twilio.phone(ADA).texts[-1]


async def test_callbacks_can_be_held_turned_round_repeated_and_forged(quick: Sandbox, listener: Listener) -> None:
    caller = quick.twilio.caller
    caller.held = True
    await Official(quick)(text(status_callback=listener.url))
    await quick.journal.until(lambda: len(caller.waiting) == 2 or None, 20)
    assert listener.heard == []
    url, fields = caller.waiting[1]
    assert (await caller.call_now(url, fields, token="another")).status == 403
    await caller.release(backwards=True, times=2)
    assert listener.statuses == ["delivered", "delivered", "sent", "sent"]
    assert listener.forged == 1


async def test_a_carrier_may_never_report(quick: Sandbox, listener: Listener) -> None:
    quick.twilio.phone(ADA).phone.silent = True
    await Official(quick)(text(status_callback=listener.url))
    await quick.twilio.phone(ADA).expect_sms("RTX")
    assert await listener.until(1) == ["sent"]


async def test_an_answer_can_be_lost_after_the_text_was_taken(quick: Sandbox) -> None:
    quick.faults.next("twilio", Fault.lost("reset"), action="create")
    with pytest.raises(Exception, match=r"Connection"):
        await Official(quick)(text())
    await quick.twilio.phone(ADA).expect_sms("RTX")


async def test_verify_sends_a_code_and_asks_for_it(sandbox: Sandbox, clock: ManualClock) -> None:
    official, verify = Official(sandbox), sandbox.twilio.account.verify_service
    begun = await official(lambda client: service(client, verify).verifications.create(to=ADA, channel="sms"))
    assert (begun.status, len(begun.send_code_attempts)) == ("pending", 1)
    code = await sandbox.twilio.phone(ADA).expect_code()
    again = await official(lambda client: service(client, verify).verifications.create(to=ADA, channel="sms"))
    assert (again.sid, await sandbox.twilio.phone(ADA).expect_code()) == (begun.sid, code)

    def check(code: str) -> Any:
        return lambda client: service(client, verify).verification_checks.create(to=ADA, code=code)

    assert (await official(check("wrong"))).status == "pending"
    assert (await official(check(code))).status == "approved"
    assert await official.code(check(code)) == 20404
    await official(lambda client: service(client, verify).verifications.create(to=ADA, channel="sms"))
    clock.advance(600)
    assert await official.code(check(await sandbox.twilio.phone(ADA).expect_code())) == 20404
    assert len(await official(lambda client: client.messages.list(to=ADA))) == 0


async def test_verify_ends_what_is_sent_or_asked_too_often(sandbox: Sandbox) -> None:
    official, verify = Official(sandbox), sandbox.twilio.account.verify_service

    def send(to: str = ADA, channel: str = "sms") -> Any:
        return lambda client: service(client, verify).verifications.create(to=to, channel=channel)

    def check() -> Any:
        return lambda client: service(client, verify).verification_checks.create(to=ADA, code="000")

    assert [await official.code(send()) for _ in range(6)] == [None] * 5 + [60203]
    assert [await official.code(check()) for _ in range(7)] == [None] * 5 + [60202, 20404]
    assert await official.code(send("+15005560205")) == 60205
    assert await official.code(send("+15005560410")) == 60410
    assert await official.code(send("5005550100")) == 60200
    assert await official.code(send(channel="pigeon")) == 60200
    begun = await official(send())
    ended = await official(lambda client: service(client, verify).verifications(begun.sid).update(status="canceled"))
    assert ended.status == "canceled"
    assert await official.code(check()) == 20404


def service(client: Any, sid: str) -> Any:
    return client.verify.v2.services(sid)


@pytest.mark.parametrize(
    ("body", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 66 + "😀" + "a" * 66, 3), ("a" * 152 + "€" + "a" * 152, 3), ("ç" * 71, 2)],
)
def test_segments_are_counted_part_by_part(body: str, count: int) -> None:
    assert segments_of(body) == count


@needs(SPEC)
async def test_every_answer_is_one_of_the_official_specification(quick: Sandbox, sender: Sender) -> None:
    account = quick.twilio.account
    sid = (await Official(quick)(text())).sid
    await quick.twilio.phone(ADA).expect_sms("RTX")
    base, auth = f"{quick.url}/2010-04-01/Accounts/{account.sid}", {"Authorization": basic(quick)}
    for path in (f"/Messages/{sid}.json", "/Messages.json"):
        _, told, _ = await sender.call("GET", base + path, headers=auth)
        for message in told.get("messages", [told]):
            schema(SPEC, "api.v2010.account.message").validate(message)


@needs(VERIFY_SPEC)
async def test_every_answer_of_verify_is_one_of_the_official_specification(quick: Sandbox, sender: Sender) -> None:
    base = f"{quick.url}/v2/Services/{quick.twilio.account.verify_service}"
    auth = {"Authorization": basic(quick)}
    _, begun, _ = await sender.call("POST", f"{base}/Verifications", data={"To": ADA, "Channel": "sms"}, headers=auth)
    schema(VERIFY_SPEC, "verify.v2.service.verification").validate(begun)
    _, asked, _ = await sender.call("POST", f"{base}/VerificationCheck", data={"To": ADA, "Code": "0"}, headers=auth)
    schema(VERIFY_SPEC, "verify.v2.service.verification_check").validate(asked)


def basic(sandbox: Sandbox) -> str:
    import base64

    account = sandbox.twilio.account
    return "Basic " + base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()


@lru_cache
def schema(spec: Any, name: str) -> jsonschema.Draft202012Validator:
    """OpenAPI 3.0 says `nullable` where JSON Schema says a second type."""
    schemas = json.loads(spec.read_text())["components"]["schemas"]
    whole = {"components": {"schemas": {key: _nulls(value) for key, value in schemas.items()}}}
    return jsonschema.Draft202012Validator(whole | {"$ref": f"#/components/schemas/{name}"})


def _nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_nulls(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    told = {name: _nulls(one) for name, one in value.items()}
    if told.pop("nullable", False) and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    return told


async def test_a_person_writes_and_reads_on_the_page(chromium: Browser, quick: Sandbox) -> None:
    page = await chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    await page.goto(quick.url)
    await Official(quick)(text(body="<img src=x onerror=alert(1)> https://alerts.example/r/1x7"))
    await page.click(f"text={ADA}")
    await expect(page.locator(".bubble")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.locator(".bubble a")).to_have_attribute("href", "https://alerts.example/r/1x7")
    await page.fill("#text", "stop")
    await page.click("#writing button")
    await expect(page.locator(".bubble.mine")).to_contain_text("stop")
    await expect(page.locator(".bubble").last).to_contain_text("unsubscribed")
    assert await Official(quick).code(text()) == 21610
    await page.fill("#inbound-url", "nowhere")
    await page.click("#inbound button")
    await expect(page.locator("#refusal")).to_contain_text("http address")
    await page.fill("#inbound-url", "http://127.0.0.1:1/hooks/twilio/inbound")
    await page.click("#inbound button")
    await expect(page.locator("#refusal")).to_have_text("")
    assert quick.twilio.inbox.url == "http://127.0.0.1:1/hooks/twilio/inbound"
    assert await barriers(page) == []
    assert [one for one in complaints if "400" not in one] == []


async def test_a_text_over_http_has_a_number_and_words(quick: Sandbox, sender: Sender) -> None:
    for wrong in ({}, {"number": ADA}, {"number": "100", "text": "x"}, {"number": ADA, "text": ""}, []):
        assert (await sender.call("POST", f"{quick.url}/texts", wrong))[0] == 400
    status, told, _ = await sender.call("POST", f"{quick.url}/texts", {"number": ADA, "text": "HELP"})
    assert (status, [one["mine"] for one in told["phones"][0]["texts"]]) == (200, [True, False])
