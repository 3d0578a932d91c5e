"""A phone is verified by a code, a mailbox by a link, and whatever hinders it is told by its own word."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.channels.twilio.scenes import CODES, of_sandbox, short_link
from tests.web.house import House, bearer, open_house
from tests.web.people.codes import Codes, open_with_codes
from tests.web.people.desk import CONTACTS, GRANTED, MAILBOX, PHONE, asked, imported, made, refused

from tocsin.channels.transport import Transport
from tocsin.channels.twilio.channel import TwilioChannel
from tocsin.core.clock import ManualClock
from tocsin.core.errors import CodeExpiredError
from tocsin.core.facts import Trouble, Verified
from tocsin.core.secret import Secret
from tocsin.core.verification import Hindered, Hindrance
from tocsin.pipeline.people.verification import RESEND_AFTER
from tocsin.sandbox import Sandbox

SOON = RESEND_AFTER.total_seconds() + 1


@dataclass
class Scene:
    house: House
    clock: ManualClock
    channel: Codes
    phone: str
    mailbox: str

    async def send(self, status: int = 202, **body: Any) -> Any:
        return await asked(self.house, "POST", f"{self.phone}/verification", status, json={"by": "sms", **body})

    async def check(self, code: str, status: int = 200) -> Any:
        return await asked(self.house, "POST", f"{self.phone}/verification/check", status, json={"code": code})

    async def confirm(self, status: int = 202) -> Any:
        return await asked(self.house, "POST", f"{self.mailbox}/confirmation", status, json={"consent": GRANTED})


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_with_codes(tmp_path) as (house, clock, channel):
        told = await made(house, phones=[{"number": PHONE}], mailboxes=[{"address": MAILBOX}])
        ids = {one["kind"]: one["id"] for one in told["addresses"]}
        one = f"{CONTACTS}/{told['id']}"
        yield Scene(house, clock, channel, f"{one}/phones/{ids['phone']}", f"{one}/mailboxes/{ids['mailbox']}")


async def test_the_right_code_makes_a_phone_active_once(scene: Scene):
    begun = await scene.send(consent=GRANTED)
    assert begun == {"resend_after": 30, "expires_at": "2026-11-30T12:10:00.000Z", "sends_left": 4}
    assert scene.channel.asked == [(Secret(PHONE), "sms")]
    told = await scene.check("123456")
    assert (told["state"], told["consent"], told["verified_at"]) == ("active", "granted", "2026-11-30T12:00:00.000Z")
    contact = scene.phone.partition("/phones")[0]
    (entry,) = (await asked(scene.house, "GET", f"{contact}/consents"))["consents"]
    assert (entry["event"], entry["source"], entry["by"]) == ("confirmed", "sign_up_page", "token:people")
    assert entry["wording"] is not None
    assert (await scene.check("123456", 410))["error"]["code"] == "code_expired"
    assert (await scene.send(409))["error"]["code"] == "already_verified"
    assert [(fact.by, fact.result) for fact in scene.house.facts if isinstance(fact, Verified)] == [
        ("sms", "sent"),
        ("sms", "approved"),
    ]


async def test_five_wrong_codes_are_enough(scene: Scene):
    await scene.send()
    left = [(await scene.check("000000", 422))["error"] for _ in range(5)]
    assert [(error["code"], error["checks_left"]) for error in left] == [("wrong_code", n) for n in (4, 3, 2, 1, 0)]
    path = f"{scene.phone}/verification/check"
    async with scene.house.client.post(path, headers=bearer("people"), json={"code": "123456"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "600")
        assert (await answer.json())["error"]["code"] == "too_many_checks"


async def test_a_code_expires_and_another_can_be_asked_for(scene: Scene):
    await scene.send()
    scene.clock.advance(601)
    assert (await scene.check("123456", 410))["error"]["code"] == "code_expired"
    assert (await scene.send())["sends_left"] == 4


async def test_a_code_is_not_sent_twice_at_once_but_a_call_may_follow(scene: Scene):
    await scene.send()
    assert (await scene.send(429))["error"]["code"] == "too_many_sends"
    await scene.send(by="call")
    scene.clock.advance(SOON)
    await scene.send(by="call")
    assert [by for _, by in scene.channel.asked] == ["sms", "call", "call"]


@pytest.mark.parametrize(
    ("why", "status", "code"),
    [
        (Hindrance.LANDLINE, 422, "landline"),
        (Hindrance.BLOCKED, 403, "blocked_by_fraud_guard"),
        (Hindrance.TOO_MANY_SENDS, 429, "too_many_sends"),
        (Hindrance.INVALID_NUMBER, 422, "invalid_phone"),
        (Hindrance.MISCONFIGURED, 503, "provider_unavailable"),
        (Hindrance.UNAVAILABLE, 503, "provider_unavailable"),
    ],
)
async def test_what_hinders_a_code_has_its_own_word(scene: Scene, why: Hindrance, status: int, code: str):
    scene.channel.hindered = Hindered(why, timedelta(seconds=7))
    path = f"{scene.phone}/verification"
    async with scene.house.client.post(path, headers=bearer("people"), json={"by": "sms"}) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
        assert (answer.headers.get("Retry-After") == "7") == (status in {429, 503})
    trouble = [fact.what for fact in scene.house.facts if isinstance(fact, Trouble)]
    assert trouble == (["codes_refused"] if why is Hindrance.MISCONFIGURED else [])
    assert PHONE not in repr(scene.house.facts)


async def test_without_a_service_nothing_is_verified(scene: Scene):
    scene.channel.verifies = False
    assert (await scene.send(409))["error"]["code"] == "verification_off"
    scene.house.services.active.channels = {}
    assert (await scene.confirm(409))["error"]["code"] == "verification_off"


@pytest.mark.parametrize("code", ["", "12", "12345678901", "letters", "12 34 56"])
async def test_what_can_be_no_code_is_refused(scene: Scene, code: str):
    await refused(scene.house, "POST", f"{scene.phone}/verification/check", 422, json={"code": code})


async def test_a_phone_is_no_mailbox_and_of_one_contact(scene: Scene):
    other = (await made(scene.house, external_id="2", name="Grace"))["id"]
    phone = scene.phone.rpartition("/")[2]
    await refused(scene.house, "POST", f"{CONTACTS}/{other}/phones/{phone}/verification", 404, json={})
    await refused(scene.house, "POST", f"{scene.mailbox.rpartition('/')[0]}/{phone}/confirmation", 404, json={})


async def test_a_link_that_is_followed_confirms_a_mailbox_once(scene: Scene):
    await scene.confirm()
    (link,) = scene.channel.links
    start, _, token = link.rpartition("/")
    assert start == "https://alerts.example/join"
    verification = scene.house.services.pipeline.verification
    row = await verification.follow(token)
    assert (row.state.value, row.consent.value) == ("active", "granted")
    for wrong in (token, token[:-2] + "AA", "", "é", "AAAA"):
        with pytest.raises(CodeExpiredError):
            await verification.follow(wrong)
    assert (await scene.confirm(409))["error"]["code"] == "already_verified"


async def test_a_link_is_over_after_three_days_and_three_go_out_in_a_day(scene: Scene):
    for _ in range(3):
        await scene.confirm()
    assert (await scene.confirm(429))["error"]["code"] == "too_many_sends"
    scene.clock.advance(3 * 86400 + 1)
    with pytest.raises(CodeExpiredError):
        await scene.house.services.pipeline.verification.follow(scene.channel.links[-1].rpartition("/")[2])
    await scene.confirm()


async def test_an_import_asks_whom_it_added_without_proof(scene: Scene):
    content = f"name,phone,email\nGrace,+14155550103,grace@example.com\nAda,{PHONE},\n"
    dry = await imported(scene.house, content, "?dry_run=1&confirm=1")
    assert (dry["confirmations"], scene.channel.asked) == (None, [])
    report = await imported(scene.house, content, "?confirm=1")
    assert report["confirmations"] == {"sent": 2, "failed": 0, "left": 0}
    assert (scene.channel.asked, len(scene.channel.links)) == ([(Secret("+14155550103"), "sms")], 1)
    scene.channel.hindered = Hindered(Hindrance.LANDLINE)
    report = await imported(scene.house, "phone\n+14155550104\n", "?confirm=1")
    assert (report["created"], report["confirmations"]) == (1, {"sent": 0, "failed": 1, "left": 0})
    scene.house.services.active.channels = {}
    error = await refused(scene.house, "POST", f"{CONTACTS}/import?confirm=1", 409, data=b"phone\n+14155550105\n")
    assert error["code"] == "verification_off"


async def test_whoever_stopped_comes_back_by_a_code(scene: Scene):
    contact, _, phone = scene.phone.partition("/phones/")
    withdrawn = {"address": phone, "event": "withdrawn", "source": "inbound_text"}
    await asked(scene.house, "POST", f"{contact}/consents", 201, json=withdrawn)
    await scene.send()
    assert (await scene.check("123456"))["state"] == "active"


async def test_a_code_comes_to_a_phone_and_back(tmp_path: Path):
    async with Sandbox() as sandbox, Transport() as transport, open_house(tmp_path) as house:
        channel = TwilioChannel(of_sandbox(sandbox), transport, house.services.clock, short_link, CODES)
        house.services.active.channels = {"sms": channel}
        told = await made(house, phones=[{"number": PHONE}])
        phone = f"{CONTACTS}/{told['id']}/phones/{told['addresses'][0]['id']}/verification"
        await asked(house, "POST", phone, 202, json={})
        code = await sandbox.twilio.phone(PHONE).expect_code()
        wrong = "000000" if code != "000000" else "111111"
        assert (await refused(house, "POST", f"{phone}/check", 422, json={"code": wrong}))["checks_left"] == 4
        assert (await asked(house, "POST", f"{phone}/check", json={"code": code}))["state"] == "active"
