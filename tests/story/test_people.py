"""A person from the first code to the last alert, over HTTP and by the phone that they hold."""

import asyncio
import hashlib
from typing import Any

from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.sandbox.twilio.account import SENDER

PHONE = "+14155550101"
CONTACTS = "/api/v1/contacts"
ADA = {"name": "Ada", "external_id": "a:1", "tags": ["vip"], "phones": [{"number": PHONE}]}
GRANTED = {"source": "sign_up_page", "wording": "Text me about restocks. STOP ends it."}
FIRST = "Restock Club: alerts you agreed to. Reply STOP to end them."
ROUTES = [{"name": "all", "match": {}, "to": ["sms:vip"]}]


def texts_of(town: ServiceRig) -> dict[str, Any]:
    account = town.sandbox.twilio.account
    return {
        "enabled": True,
        "twilio_sid": account.sid,
        "twilio_auth": account.token,
        "from_number": SENDER,
        "verify_service": account.verify_service,
        "api_base": town.sandbox.url,
        "lists": {"vip": {"tag": "vip"}},
    }


async def test_a_phone_is_verified_told_and_left_alone(town: ServiceRig):
    await town.open(alerts={"channels": {"sms": texts_of(town)}}, routes=ROUTES)
    phone = town.sandbox.twilio.phone(PHONE)
    contact = await town.call("POST", CONTACTS, ADA, 201)
    trial = {"address": contact["addresses"][0]["id"]}
    refused = await town.call("POST", f"{CONTACTS}/{contact['id']}/test", trial, 422)
    assert "may not be told" in refused["error"]["message"]
    unverified = await town.report("Too early")
    assert (await town.get(f"/api/v1/alerts/{unverified.id}"))["deliveries"] == []
    address = contact["addresses"][0]["id"]
    verification = f"{CONTACTS}/{contact['id']}/phones/{address}/verification"
    await town.call("POST", verification, {"consent": GRANTED}, 202)
    code = await phone.expect_code()
    assert (await town.call("POST", f"{verification}/check", {"code": code}))["state"] == "active"
    await town.settled(await town.report("Now"), DeliveryState.SENT)
    await phone.expect_sms("Now")
    tested = await town.call("POST", f"{CONTACTS}/{contact['id']}/test", trial)
    assert (tested["state"], tested["status"], tested["shown"]) == ("sent", 201, "+1 *** *** 0101")
    await phone.expect_sms("TEST")
    withdrawn = {"address": address, "event": "withdrawn", "source": "operator"}
    await town.call("POST", f"{CONTACTS}/{contact['id']}/consents", withdrawn, 201)
    late = await town.report("Too late")
    assert (await town.get(f"/api/v1/alerts/{late.id}"))["deliveries"] == []
    await town.call("DELETE", f"{CONTACTS}/{contact['id']}")
    assert (await town.call("POST", CONTACTS, ADA, 409))["error"]["code"] == "suppressed"
    assert [text for text in phone.texts if "Too" in text] == []
    assert PHONE not in repr(town.facts)


async def test_who_stopped_by_text_and_comes_back_on_the_page_is_let_through_by_the_provider_too(town: ServiceRig):
    texts = texts_of(town) | {"tell_twilio_of_consent": True}
    await town.open(alerts={"channels": {"sms": texts}}, routes=ROUTES)
    account, handset = town.sandbox.twilio.account, town.sandbox.twilio.phone(PHONE)
    contact = await town.call("POST", CONTACTS, ADA, 201)
    address = contact["addresses"][0]["id"]
    account.opted_out.add((PHONE, SENDER))  # Twilio has its own block of a STOP, which only its owner lifts, or this
    verification = f"{CONTACTS}/{contact['id']}/phones/{address}/verification"
    await town.call("POST", verification, {"consent": GRANTED}, 202)
    await town.call("POST", f"{verification}/check", {"code": await handset.expect_code()})
    async with asyncio.timeout(DEADLINE_S):
        while account.opted_out:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.05)
    await town.settled(await town.report("Now"), DeliveryState.SENT)
    await handset.expect_sms("Now")


async def test_the_first_text_to_whoever_was_imported_says_who_writes_and_how_to_stop(town: ServiceRig):
    await town.open(alerts={"channels": {"sms": texts_of(town) | {"first_text": FIRST}}}, routes=ROUTES)
    columns = "phone,tags,consent_at,consent_source,consent_text"
    await town.upload(f"{CONTACTS}/import", f"{columns}\n{PHONE},vip,2026-11-01,the shop's form,Text me.\n")
    handset = town.sandbox.twilio.phone(PHONE)
    await town.settled(await town.report("One"), DeliveryState.SENT)
    await town.settled(await town.report("Two"), DeliveryState.SENT)
    first, second = (await handset.expect_sms("One")).body, (await handset.expect_sms("Two")).body
    assert first.startswith(f"{FIRST} IN STOCK: One")
    assert second.startswith("IN STOCK: Two")
    kept = await town.alerts.ledger.people.wording(hashlib.sha256(FIRST.encode()).hexdigest())
    assert kept is not None
    assert (kept.text, (kept.version or "").partition("-")[0]) == (FIRST, "first")


async def unverified(town: ServiceRig, number: str) -> str:
    """Where the phone of somebody new is verified."""
    contact = await town.call("POST", CONTACTS, {"tags": ["vip"], "phones": [{"number": number}]}, 201)
    return f"{CONTACTS}/{contact['id']}/phones/{contact['addresses'][0]['id']}/verification"


async def test_from_the_code_to_the_first_alert_to_stop_to_silence_to_start(town: ServiceRig):
    await town.open(alerts={"channels": {"sms": texts_of(town)}}, routes=ROUTES)
    town.sandbox.call_back(town.alerts.url)
    handset, place = town.sandbox.twilio.phone(PHONE), await unverified(town, PHONE)
    await town.call("POST", place, {"consent": GRANTED}, 202)
    await town.call("POST", f"{place}/check", {"code": await handset.expect_code()})
    await town.report("First")
    await handset.expect_sms("First")
    await handset.write("STOP")
    silent = await town.report("Silence")
    assert (await town.get(f"/api/v1/alerts/{silent.id}"))["deliveries"] == []
    await handset.write("START")
    await town.report("Again")
    await handset.expect_sms("Again")
    assert not any("Silence" in text for text in handset.texts)


async def test_five_wrong_codes_are_enough_and_a_landline_says_so(town: ServiceRig):
    await town.open(alerts={"channels": {"sms": texts_of(town)}}, routes=ROUTES)
    place = await unverified(town, PHONE)
    await town.call("POST", place, {"consent": GRANTED}, 202)
    right = await town.sandbox.twilio.phone(PHONE).expect_code()
    wrong = str((int(right) + 1) % 10**6).zfill(6)
    left = [(await town.call("POST", f"{place}/check", {"code": wrong}, 422))["error"] for _ in range(5)]
    assert {one["code"] for one in left} == {"wrong_code"}
    assert (await town.call("POST", f"{place}/check", {"code": right}, 429))["error"]["code"] == "too_many_checks"
    landline = await unverified(town, "+15005560205")
    assert (await town.call("POST", landline, {}, 422))["error"]["code"] == "landline"
